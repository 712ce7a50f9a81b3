"""The tables that other programs read."""

import csv
from decimal import Decimal
from io import StringIO

import pytest

from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.orders.reports import Refused
from engine.reports.tables import ATTRIBUTION, FILLS, ORDERS, attribution_csv, fills_csv, orders_csv
from tests.support.journals import FIRST, Journal, at, opened, order, tape, two_legs

STORY = tell(two_legs().rows, tape())


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_every_order_that_was_sent_is_a_row_with_what_became_of_it() -> None:
    """Two of the first leg and one of the second, which is full after a fill of its survey."""
    found = rows(orders_csv(STORY))
    assert [(o["leg"], o["standing"], o["sold"], o["fills"]) for o in found] == [
        ("a", "cancelled", "0.3", "1"), ("a", "filled", "0.5", "1"), ("b", "filled", "40000", "2"),
    ]  # fmt: skip
    assert tuple(found[0]) == ORDERS
    assert (found[0]["decided_at"], found[2]["start"]) == ("2026-05-02T10:00:02.000000Z", "2")


def test_every_fill_is_a_row_with_its_evidence() -> None:
    found = rows(fills_csv(gather(STORY)))
    assert [f["trade_id"] for f in found] == ["t1", "t2", "t3", "t4"]
    assert tuple(found[0]) == FILLS
    assert (found[1]["proceeds"], found[1]["fee"], found[1]["fee_asset"]) == ("32482.5", "32.4825", "USDT")
    assert (found[1]["slippage_arrival_bp"], found[1]["interval_vwap"]) == ("5.3846", "64985.00000000")
    assert (found[1]["learned_by"], found[1]["missing"]) == ("look-up", "")


def test_a_missing_price_is_an_empty_cell_with_its_reason_at_the_end() -> None:
    found = rows(fills_csv(gather(tell(two_legs().rows))))
    assert (found[0]["interval_vwap"], found[0]["slippage_vwap_bp"]) == ("", "")
    assert found[0]["missing"] == "interval_vwap: no tape of the pair"


def test_the_numbers_of_the_tables_add_up_to_what_was_sold_and_received() -> None:
    first = [f for f in rows(fills_csv(gather(STORY))) if f["leg"] == "a"]
    assert sum(Decimal(f["quantity"]) for f in first) == Decimal("0.8")
    assert sum(Decimal(f["proceeds"]) for f in first) == Decimal("51979.5")


def test_no_cell_has_an_exponent() -> None:
    """0.00000001 is `1E-8` to Python and `0.00000001` to everybody else."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.place(order(FIRST, 1, "10:00:02", "0.00000001", "64980"))
    assert rows(orders_csv(tell(j.rows)))[0]["quantity"] == "0.00000001"


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_the_words_of_a_venue_are_no_formula_in_a_spreadsheet(words: str) -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.1", "64980"))
    j.placed("10:00:03", child, Refused("", words))
    assert rows(orders_csv(tell(j.rows)))[0]["reason"] == "'" + words


def test_the_tables_of_a_run_without_orders_have_their_heads() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    story = tell(j.rows)
    assert orders_csv(story).splitlines() == [",".join(ORDERS)]
    assert fills_csv(gather(story)).splitlines() == [",".join(FILLS)]


def test_every_part_of_a_stablecoin_s_fill_is_a_row_with_the_sale_that_brought_it() -> None:
    """t1 brought 19477.503 net of its fee; t3 takes all of it and 10522.497 of what t2 brought, t4 more of that."""
    found = rows(attribution_csv(STORY))
    assert tuple(found[0]) == ATTRIBUTION
    assert [(f["trade_id"], f["asset"], f["origin_trade_id"], Decimal(f["quantity"])) for f in found] == [
        ("t3", "BTC", "t1", Decimal("19477.503")),
        ("t3", "BTC", "t2", Decimal("10522.497")),
        ("t4", "BTC", "t2", Decimal(10000)),
    ]
    assert sum(Decimal(f["proceeds"]) for f in found) == Decimal(39975)
