"""Every fee against the schedule: exact, by the instant of the trade, and what differs by name."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.evidence.fees import Difference, FeeCheck, check, record
from engine.evidence.reading import tell
from engine.kernel.clock import parse_instant
from engine.kernel.money import Amount, Asset
from engine.market.fees import FeeRow
from engine.orders import commands as c
from engine.orders import quotes
from engine.orders.order import ChildOrder
from tests.support.journals import BTC, FIRST, USD, USDT, VENUE, Journal, at, fill, opened, order, stranger, two_legs

MIDNIGHT = "16:00:00"
"""In Hong Kong, eight hours before it is so in UTC."""
VIP0 = FeeRow(
    since=parse_instant("2026-01-01T00:00:00+08:00"),
    tier="VIP0",
    maker=Decimal("0.0020"),
    taker=Decimal("0.0029"),
    source="the notice of December",
)
VIP1 = replace(
    VIP0, since=parse_instant("2026-05-03T00:00:00+08:00"), tier="VIP1", taker=Decimal("0.0025"), source="a letter"
)


def run(*rows: FeeRow) -> Journal:
    """One that has begun, at a venue with this schedule."""
    j, first = Journal(), opened()
    there = {VENUE: first.capabilities[VENUE].under(rows, first.at)}
    j.write(first.at, replace(first, capabilities=there))
    return j


def sold(j: Journal, child: ChildOrder, trade: str, time: str, quantity: str, fee: str, **changes: Any) -> None:
    """At 64,000 USDT a coin."""
    told = fill(child, trade, time, quantity, "64000")
    j.filled(time, replace(told, fee=Amount(Decimal(fee), changes.pop("asset", USDT)), **changes))


def placed(j: Journal, index: int, time: str, quantity: str) -> ChildOrder:
    return j.place(order(FIRST, index, time, quantity, "63900"))


def checked(j: Journal) -> FeeCheck:
    found = check(tell(j.rows))
    assert found is not None
    return found


def one(quantity: str, fee: str, rows: tuple[FeeRow, ...] = (VIP0,), of: str = "", **changes: Any) -> FeeCheck:
    """A single fill in the morning, of an order of as much or of more."""
    j = run(*rows)
    sold(j, placed(j, 1, "10:00:02", of or quantity), "t1", "10:00:03", quantity, fee, **changes)
    return checked(j)


def differences(found: FeeCheck) -> list[tuple[tuple[str, ...], Decimal, str]]:
    return [(each.trade_ids, each.more, each.basis) for each in found.differences]


def test_a_tier_that_changes_at_midnight_is_owed_from_the_first_trade_of_the_new_day() -> None:
    """Half a coin a trade, 32,000 USDT: 92.80 by 0.29 %, and 80.00 by 0.25 %. The venue goes on charging 92.80."""
    j = run(VIP0, VIP1)
    for index, time in enumerate(("15:59:59.999999", MIDNIGHT)):
        sold(j, placed(j, index, "15:59:59", "0.5"), f"t{index}", time, "0.5", "92.8")
    found = checked(j)
    assert [(t.tier, t.fills, t.charged, t.scheduled, t.more) for t in found.tariffs] == [
        ("VIP0", 1, Decimal("92.8"), Decimal("92.80"), Decimal(0)),
        ("VIP1", 1, Decimal("92.8"), Decimal(80), Decimal("12.8")),
    ]
    assert found.differences == (
        Difference(
            venue=VENUE,
            client_id=order(FIRST, 1, MIDNIGHT, "0.5", "63900").client_id,
            trade_ids=("t1",),
            asset=USDT,
            charged=Decimal("92.8"),
            scheduled=Decimal(80),
            basis="tier VIP1, taker",
        ),
    )


def test_one_order_that_trades_on_both_sides_of_midnight_owes_each_part_by_its_own_row() -> None:
    j = run(VIP0, VIP1)
    child = placed(j, 1, "15:59:50", "1")
    sold(j, child, "t1", "15:59:59", "0.5", "92.8")
    sold(j, child, "t2", "16:00:01", "0.5", "80")
    assert [t.tier for t in checked(j).tariffs] == ["VIP0", "VIP1"]
    assert checked(j).differences == ()


@pytest.mark.parametrize(("maker", "fee"), [(True, "64"), (False, "92.8")])
def test_a_maker_owes_the_maker_s_rate_and_a_taker_the_taker_s(maker: bool, fee: str) -> None:
    assert differences(one("0.5", fee, maker=maker)) == []
    (wrong,) = differences(one("0.5", fee, maker=not maker))
    assert abs(wrong[1]) == Decimal("28.8")


@pytest.mark.parametrize(("fee", "more"), [("92.800001", []), ("92.799999", []), ("92.800002", ["0.000002"])])
def test_one_smallest_unit_is_rounding_and_two_are_not(fee: str, more: list[str]) -> None:
    """A USDT is counted to the millionth."""
    assert [each[1] for each in differences(one("0.5", fee))] == [Decimal(units) for units in more]


def test_a_venue_that_charges_less_is_told_as_well() -> None:
    assert differences(one("0.5", "90")) == [(("t1",), Decimal("-2.8"), "tier VIP0, taker")]


LEAST = replace(VIP0, minimum=Decimal("1.99"), minimum_in=(USD, USDT))


def test_a_small_order_that_was_filled_whole_owes_the_minimum_with_whichever_of_its_fills() -> None:
    """0.01 BTC is 640 USDT and 1.856 by its rate. The venue takes what is lacking with the first part or the last."""
    for fees in (("1.062", "0.928"), ("0.928", "1.062")):
        j = run(LEAST)
        child = placed(j, 1, "10:00:02", "0.01")
        for index, fee in enumerate(fees):
            sold(j, child, f"t{index}", f"10:00:0{3 + index}", "0.005", fee)
        assert checked(j).differences == ()
        assert sum(t.scheduled for t in checked(j).tariffs) == Decimal("1.99")


def test_an_order_whose_minimum_was_not_met_is_named_with_all_its_fills() -> None:
    j = run(LEAST)
    child = placed(j, 1, "10:00:02", "0.01")
    sold(j, child, "t1", "10:00:03", "0.005", "0.928")
    sold(j, child, "t2", "10:00:04", "0.005", "2")
    (found,) = differences(checked(j))
    assert found == (("t1", "t2"), Decimal("0.938"), "tier VIP0, minimum of an order")


def test_an_order_that_was_filled_in_part_owes_no_minimum() -> None:
    assert differences(one("0.005", "0.928", (LEAST,), of="0.01")) == []
    (charged,) = differences(one("0.005", "1.99", (LEAST,), of="0.01"))
    assert charged[2] == "tier VIP0, taker"


def test_a_minimum_in_another_currency_is_not_owed() -> None:
    assert differences(one("0.005", "0.928", (replace(LEAST, minimum_in=(USD,)),))) == []


def test_a_fee_in_the_coin_is_reckoned_in_the_coin() -> None:
    found = one("0.5", "0.00145", asset=BTC)
    assert [(t.asset, t.scheduled) for t in found.tariffs] == [(BTC, Decimal("0.00145"))]
    assert found.differences == ()


def test_a_fee_in_a_third_asset_can_not_be_judged_and_is_named() -> None:
    found = one("0.5", "12", asset=Asset("HSK"))
    assert found.unjudged == ("hashkey t1: charged in HSK, of which the schedule says nothing",)
    assert (found.tariffs, found.differences) == ((), ())


def test_a_pair_without_a_row_in_force_can_not_be_judged() -> None:
    other = replace(VIP0, sell=USDT, buy=USD)
    assert one("0.5", "92.8", (other,)).unjudged == ("hashkey t1: no row was in force",)


@pytest.mark.parametrize(("fee", "more"), [("64", []), ("92.8", []), ("100", ["7.2"])])
def test_a_sale_that_only_a_paper_proves_may_have_been_either_maker_or_taker(fee: str, more: list[str]) -> None:
    j = run(VIP0)
    child = placed(j, 1, "10:00:02", "0.5")
    told = replace(fill(child, "t1", "10:00:03", "0.5", "64000"), fee=Amount(Decimal(fee), USDT))
    j.write(at("10:00:09"), c.Book(paper_sha256="a" * 64, order=child, fill=told, checks=()))
    assert [each[1] for each in differences(checked(j))] == [Decimal(units) for units in more]


def test_a_deal_with_a_desk_is_no_fill_of_a_book_and_owes_no_fee() -> None:
    j = run(VIP0)
    child = replace(order(FIRST, 1, "10:00:02", "0.5", "63900"), slice=quotes.FIRST)
    j.place(child)
    sold(j, child, "t1", "10:00:03", "0.5", "3.2")
    assert checked(j) == FeeCheck((), (), ())


def test_without_a_schedule_nothing_is_checked() -> None:
    assert check(tell(two_legs().rows)) is None


def test_a_fill_without_a_fee_owes_one_all_the_same() -> None:
    assert differences(one("0.5", "0")) == [(("t1",), Decimal("-92.8"), "tier VIP0, taker")]


def test_the_record_has_exact_numbers_and_the_ids_of_what_differs() -> None:
    told = record(one("0.5", "100", (VIP0,)))
    assert told["tariffs"] == [
        {
            "venue": "hashkey",
            "tier": "VIP0",
            "since": "2025-12-31T16:00:00.000000Z",
            "asset": "USDT",
            "fills": 1,
            "charged": "100",
            "scheduled": "92.8",
            "difference": "7.2",
        }
    ]
    assert [each["trade_ids"] for each in told["differences"]] == [["t1"]]


def test_a_fill_that_no_order_of_the_run_made_is_in_no_line() -> None:
    j = run(VIP0)
    j.filled("10:03:31", stranger("10:03:30"))
    assert checked(j) == FeeCheck((), (), ())
