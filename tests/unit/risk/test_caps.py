"""Caps on all that is sold: how an account counts, and what the gate holds against one order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.errors import Denied
from engine.kernel.money import ZERO, total
from engine.orders.order import Approved, Check
from engine.orders.reports import Quote, Wire
from engine.risk import gate
from engine.risk.caps import NAMES, Account, Cap, counted_at, day_ends, day_of, dearest, fitting
from engine.risk.world import World
from tests.support.builders import BTC, START, USDT, VENUE, at, child, d, view, world

HONG_KONG = Span(8 * HOUR)
UNIT = d("100.38996")
"""The best bid of 99.99, raised by the collar of 40 bp: what a BTC of an order at 99.60 counts at."""
SALES = st.lists(st.tuples(st.integers(0, 3 * HOUR), st.integers(0, 30 * MINUTE)), max_size=40)
"""When each was made, and how much later it was told."""


def capped(name: str, sold: str, working: str = "0", bound: str = "1000") -> World:
    return world(caps=(Cap(name, d(sold), d(working), d(bound)),))


def broken(picture: World) -> list[str]:
    verdict = gate.check(child(), picture)
    return [] if isinstance(verdict, Approved) else [denied.limit for denied in verdict]


# The gate


@pytest.mark.parametrize("name", NAMES)
def test_an_order_may_fill_a_cap_to_its_last_unit_and_not_beyond(name: str) -> None:
    """1 BTC, which counts 100.38996, with 900 minus that sold or working already."""
    assert broken(capped(name, str(1000 - UNIT))) == []
    assert broken(capped(name, str(1000 - UNIT + d("0.00001")))) == [name]
    assert broken(capped(name, "500", str(500 - UNIT))) == []
    assert broken(capped(name, "500", str(500 - UNIT + d("0.00001")))) == [name]


def test_a_denial_says_what_it_would_come_to_and_what_the_cap_is() -> None:
    (denied,) = gate.check(child(), capped("day cap", "900", "50"))  # type: ignore[misc]
    assert denied == Denied("day cap", "1050.38996", "1000")


def test_the_price_at_which_an_order_counts_is_on_record() -> None:
    verdict = gate.check(child(), capped("hour cap", "0"))
    assert isinstance(verdict, Approved)
    assert counted_at(verdict.checks) == UNIT
    assert Check("hour cap", "100.38996", "1000") in verdict.checks


def test_without_caps_nothing_of_them_is_on_record() -> None:
    verdict = gate.check(child(), world())
    assert isinstance(verdict, Approved)
    assert counted_at(verdict.checks) is None


def test_an_order_above_what_is_bid_counts_at_its_own_price() -> None:
    assert dearest(d("105"), view().bids, d("40")) == d("105")
    assert dearest(d("99"), (), d("40")) == d("99")


# Quotes and deals


def offered(proceeds: str) -> gate.Offered:
    quote = Quote(VENUE, "q1", BTC, USDT, d("3"), d(proceeds), at("00:01"), Wire("a" * 64, "b" * 64))
    return gate.Offered(quote=quote, until=at("00:01"), book=ZERO, taken=False, working=None)


@pytest.mark.parametrize(("proceeds", "found"), [("300", []), ("300.03", ["total cap"])])
def test_a_quote_counts_what_it_pays(proceeds: str, found: list[str]) -> None:
    """3 BTC, with room for 300 USDT."""
    price = d(proceeds) / 3
    verdict = gate.check_quote(child(quantity=d("3"), price=price), offered(proceeds), capped("total cap", "700"))
    assert ([] if isinstance(verdict, Approved) else [denied.limit for denied in verdict]) == found


def test_a_quote_whose_price_does_not_end_counts_as_it_is_booked() -> None:
    """100 USDT for 3 BTC: booked at 33.33333334 a coin, and 0.00000002 of fee."""
    order = child(quantity=d("3"), price=d("33.33333333"))
    found = gate.check_quote(order, offered("100"), capped("hour cap", "0"))
    assert not isinstance(found, Approved)  # it lies under the collar; the cap is kept all the same
    assert "hour cap" not in {denied.limit for denied in found}
    full = gate.check_quote(order, offered("100"), capped("hour cap", "900"))
    assert Denied("hour cap", "1000.00000002", "1000") in full  # type: ignore[operator]


def test_a_deal_counts_what_was_paid_before_its_fee() -> None:
    """1 BTC for 100, of which 99.70 are left of it."""
    deal = child(price=d("99.70"))
    kept = gate.check_deal(deal, capped("day cap", "900"), gross=d("100"))
    over = gate.check_deal(deal, capped("day cap", "900.01"), gross=d("100"))
    assert [verdict.limit for verdict in kept if isinstance(verdict, Denied)] == []
    assert [verdict for verdict in over if isinstance(verdict, Denied)] == [Denied("day cap", "1000.01", "1000")]


# The account


def test_a_sale_leaves_the_hour_when_its_minute_is_over_an_hour_ago() -> None:
    account = Account()
    account.sell(at("00:10:59"), Span(0), d("5"))
    assert account.hour(at("01:10:59")) == 5
    assert account.hour(at("01:11")) == 0
    assert account.frees(at("00:30"), d("5")) == at("01:11")
    assert account.frees(at("00:30"), d("5.01")) is None


def test_a_day_is_local() -> None:
    """Midnight in Hong Kong is 16:00 UTC."""
    account = Account()
    account.sell(at("15:59:59"), HONG_KONG, d("5"))
    assert account.day(at("15:59:59"), HONG_KONG) == 5
    assert account.day(at("16:00"), HONG_KONG) == 0
    assert day_ends(at("15:59:59"), HONG_KONG) == at("16:00")
    assert day_of(at("16:00"), HONG_KONG) == day_of(at("15:59"), HONG_KONG) + 1


@given(SALES)
def test_an_hour_counts_all_that_was_sold_in_it_and_nothing_older_than_a_minute_more(
    sales: list[tuple[int, int]],
) -> None:
    """Told in whatever order; an hour is asked about at any time after the last was told."""
    account = Account()
    for made, late in sorted(sales, key=lambda sale: sum(sale)):
        account.sell(Instant(START + made), HONG_KONG, Decimal(1 + late % 7))
    told = [(START + made, 1 + late % 7) for made, late in sales]
    for now in (Instant(START + 3 * HOUR + 30 * MINUTE + extra) for extra in (0, 59 * SECOND, 17 * MINUTE)):
        within = [worth for when, worth in told if when > now - HOUR]
        around = [worth for when, worth in told if when > now - HOUR - 2 * MINUTE]
        assert sum(within) <= account.hour(now) <= sum(around)


@given(SALES)
def test_every_sale_is_in_one_day(sales: list[tuple[int, int]]) -> None:
    account = Account()
    for made, late in sales:
        account.sell(Instant(START + 6 * made), HONG_KONG, Decimal(late))
    assert total(account.days.values()) == sum(late for _, late in sales)
    assert set(account.days) <= {day_of(Instant(START + DAY * n), HONG_KONG) for n in range(3)}


def test_an_account_forgets_minutes_that_no_hour_has_any_more() -> None:
    account = Account()
    for minute in range(600):
        account.sell(Instant(START + minute * MINUTE), Span(0), d("1"))
    assert len(account.minutes) == 61
    assert account.recent == 61


# What fits


@given(st.decimals(d("0"), d("5000"), places=4), st.decimals(d("0.01"), d("5000"), places=4))
def test_what_fits_is_the_most_that_the_gate_lets_through(room: Decimal, unit: Decimal) -> None:
    lot = d("0.001")
    quantity = fitting(room, unit, lot)
    assert quantity * unit <= room < (quantity + lot) * unit


def test_a_cap_that_was_passed_leaves_nothing() -> None:
    assert Cap("day cap", d("1001"), ZERO, d("1000")).room == 0
