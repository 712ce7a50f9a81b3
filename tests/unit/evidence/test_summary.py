"""`summary.json`, schema 1."""

import json
from decimal import Decimal

import msgspec
import pytest

from engine.evidence.reading import tell
from engine.evidence.summary import summarise, summary_json
from tests.support.journals import FIRST, Journal, at, fill, opened, order, tape, two_legs

RESULT = msgspec.json.decode(summary_json(summarise(tell(two_legs().rows, tape()))))
FIRST_LEG, SECOND_LEG = RESULT["legs"]


def test_the_result_has_the_fields_of_schema_1_in_their_order() -> None:
    assert list(RESULT) == [
        "schema", "run", "case", "status", "started", "ended", "config_sha256", "code", "legs",
        "attribution", "orders", "fills", "unknown", "differences", "journal",
    ]  # fmt: skip
    assert list(FIRST_LEG) == [
        "sell", "buy", "mandated", "sold", "residue", "residue_reason", "received", "fees", "average_price",
        "arrival_price", "slippage_bp", "market_vwap", "participation", "footprint", "falls",
    ]  # fmt: skip


def test_the_counts_are_orders_sent_and_fills_counted_once() -> None:
    assert (RESULT["orders"], RESULT["fills"]) == (3, 4)
    assert (RESULT["status"], RESULT["unknown"], RESULT["differences"]) == ("short", 0, 1)
    assert (RESULT["started"], RESULT["ended"]) == ("2026-05-02T10:00:00.000000Z", "2026-05-02T10:30:01.000000Z")


def test_a_leg_is_what_its_fills_say() -> None:
    """0.3 at 64990 and 0.5 at 64965, a thousandth of it for the venue."""
    assert {k: FIRST_LEG[k] for k in ("mandated", "sold", "residue", "residue_reason", "received", "fees")} == {
        "mandated": "1",
        "sold": "0.8",
        "residue": "0.2",
        "residue_reason": "deadline",
        "received": "51979.5",
        "fees": {"USDT": "51.9795"},
    }
    assert FIRST_LEG["average_price"] == "64974.37500000"
    assert (FIRST_LEG["arrival_price"], FIRST_LEG["slippage_bp"]) == ("65000", "3.9423")


def test_the_stablecoin_leg_was_given_what_the_first_one_received_net_of_fees() -> None:
    assert (SECOND_LEG["mandated"], SECOND_LEG["sold"], SECOND_LEG["residue"]) == ("51927.5205", "40000", "11927.5205")


def test_participation_is_our_share_of_all_that_was_traded_until_the_leg_ended() -> None:
    """Others traded 1, 3 and 2 BTC until the deadline; we 0.8."""
    assert FIRST_LEG["participation"] == "0.117647"
    assert FIRST_LEG["market_vwap"] == "64656.66666667"


def test_what_the_tape_lost_of_ours_still_counts_as_traded() -> None:
    """Of our 40000 USDT the tape shows 30000; others traded 30000."""
    assert SECOND_LEG["participation"] == "0.571429"


def test_without_a_tape_share_and_market_price_are_null() -> None:
    legs = msgspec.json.decode(summary_json(summarise(tell(two_legs().rows))))["legs"]
    assert [(leg["market_vwap"], leg["participation"]) for leg in legs] == [(None, None)] * 2


def test_a_run_without_a_closing_row_is_running_and_nobody_has_compared_its_balances() -> None:
    summary = summarise(tell(two_legs(closed=False).rows))
    assert (summary.status, summary.ended, summary.differences) == ("running", None, None)
    assert summary.legs[0].residue_reason == "the run is not closed"


def test_a_run_that_has_only_begun_has_no_average_and_nothing_sold() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    first, second = summarise(tell(j.rows)).legs
    assert (first.sold, first.residue, first.average_price) == (Decimal(0), Decimal(1), None)
    assert (second.mandated, second.residue, second.market) == (Decimal(0), Decimal(0), None)


def test_a_leg_that_sold_more_than_it_had_is_refused() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "1.1", "64980"))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", "1.1", "64990"))
    with pytest.raises(AssertionError, match=r"more than there was"):
        summarise(tell(j.rows))


def test_no_number_in_the_result_is_a_float() -> None:
    text = summary_json(summarise(tell(two_legs().rows, tape())))
    assert json.loads(text, parse_float=pytest.fail)["schema"] == 1
