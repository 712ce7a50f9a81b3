"""The deposit against what is out of custody: exact bounds, rates with their day, and nothing guessed."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import parse_instant
from engine.kernel.money import Asset
from engine.mandate.deposit import (
    Covered,
    DepositRule,
    FixedRate,
    Unexposed,
    Unpriced,
    Valuation,
    cover,
    exposed,
    release_room,
    shown,
    top_up,
)
from engine.mandate.numbers import numbers
from tests.support.casefiles import BTC, ETH, HKD, USD, USDT, Book, began, d, ended, lot, released

DAY: Final = parse_instant("2026-05-04T00:00:00Z")
DEPOSIT: Final = {USD: d("110000")}


def rate(worth: str) -> FixedRate:
    return FixedRate(worth=d(worth), source="the bank's noon list", day=DAY)


def rule(valuation: Valuation = Valuation.CURRENT, **rates: str) -> DepositRule:
    fixed = {Asset(name): rate(worth) for name, worth in rates.items()}
    return DepositRule(currency=USD, ratio=d("1.05"), limit=d("1.00"), valuation=valuation, rates=fixed)


def test_cover_falls_as_the_price_rises_and_a_top_up_brings_it_back() -> None:
    """110,000 USD over one BTC: enough at 100,000, short at 105,000, and 6,000 more are asked for at 110,476.20."""
    one = {BTC: d("1")}
    at = {price: cover(DEPOSIT, rule(), one, {BTC: d(price)}) for price in ("100000", "104761.90", "104761.91")}
    assert [counted.reaches(d("1.05")) for counted in at.values()] == [True, True, False]
    assert isinstance(at["104761.91"], Covered)
    assert at["104761.91"].ratio == d("1.0499")
    assert top_up(at["104761.91"], rule()) == d("0.01")
    assert top_up(at["100000"], rule()) == 0
    topped = cover({USD: d("110000.01")}, rule(), one, {BTC: d("104761.91")})
    assert topped.reaches(d("1.05"))


def test_a_rise_of_fifteen_per_cent_passes_the_ratio_before_the_limit() -> None:
    """110 % over 100,000: the ratio of 1.05 is lost at +4.76 %, the limit of 1.00 at +10 %."""
    by_rise = {
        rise: cover(DEPOSIT, rule(), {BTC: d("1")}, {BTC: d("1000") * (100 + rise)}) for rise in (4, 5, 10, 11, 15)
    }
    assert {rise: (c.reaches(d("1.05")), c.reaches(d("1.00"))) for rise, c in by_rise.items()} == {
        4: (True, True),
        5: (False, True),
        10: (False, True),
        11: (False, False),
        15: (False, False),
    }


def test_a_price_that_is_missing_is_named_and_no_bound_is_reached() -> None:
    counted = cover({HKD: d("5")}, rule(), {BTC: d("1"), ETH: d("1"), USD: d("3")}, {BTC: d("100000")})
    assert counted == Unpriced((ETH, HKD))
    assert not counted.reaches(d("0"))
    assert release_room({HKD: d("5")}, rule(), {}, {}) == Unpriced((HKD,))
    assert shown(counted, rule()) == (
        "cover can't be told: the worth of ETH, HKD is not known (nothing new below 1.05, never under 1.00)"
    )


def test_with_nothing_exposed_any_deposit_covers() -> None:
    assert cover({}, rule(), {BTC: d("0")}) == Unexposed()
    assert Unexposed().reaches(d("1.05"))
    assert top_up(Unexposed(), rule()) == 0
    assert release_room(DEPOSIT, rule(), {}) == d("104761.90")


def test_without_a_deposit_nothing_is_covered_and_nothing_may_leave() -> None:
    assert not cover({}, rule(), {USD: d("0.01")}).reaches(d("1.05"))
    assert release_room({}, rule(), {}) == 0


def test_another_currency_counts_at_its_fixed_rate_alone() -> None:
    """A deposit in HKD at 0.128; a current price for HKD would not be taken."""
    one = cover({HKD: d("1000000")}, rule(HKD="0.128"), {BTC: d("1")}, {BTC: d("100000"), HKD: d("1")})
    assert one == Covered(deposit=d("128000"), exposed=d("100000"))
    assert cover({HKD: d("1")}, rule(), {BTC: d("1")}, {BTC: d("1"), HKD: d("1")}) == Unpriced((HKD,))


@pytest.mark.parametrize("valuation", [Valuation.HANDOVER, Valuation.SEIZURE])
def test_coin_valued_at_a_day_gone_by_does_not_follow_the_market(valuation: Valuation) -> None:
    fixed = rule(valuation, BTC="90000")
    assert cover(DEPOSIT, fixed, {BTC: d("1")}, {BTC: d("200000")}) == Covered(deposit=d("110000"), exposed=d("90000"))
    assert cover(DEPOSIT, fixed, {USDT: d("1")}, {USDT: d("1")}) == Unpriced((USDT,))


def test_what_is_exposed_is_coin_outside_custody_and_money_on_its_way() -> None:
    """Of ten BTC four stay in custody; one run sold one and left two, the next is granted five; half is paid in."""
    book = Book(lot("A", "10"), released("A", "6"), began("PSB-7.1", "3"))
    book.says(ended("PSB-7.1", "1", proceeds={USD: d("100000")}))
    book.says(began("PSB-7.2", "5"))
    assert exposed(numbers(book.case), {USD: d("100000")}, {USD: d("50000")}) == {BTC: d("5"), USD: d("50000")}
    book.says(ended("PSB-7.2", "0", "2"))
    assert exposed(numbers(book.case), {USD: d("100000")}, {USD: d("100000.01")}) == {BTC: d("5")}


def test_cover_is_shown_with_its_parts_and_bounds() -> None:
    counted = cover(DEPOSIT, rule(), {BTC: d("1")}, {BTC: d("100000")})
    assert shown(counted, rule()) == (
        "cover 1.1000: 110000 over 100000 USD at current prices (nothing new below 1.05, never under 1.00)"
    )
    assert shown(Unexposed(), rule()) == "nothing is exposed (nothing new below 1.05, never under 1.00)"


@pytest.mark.parametrize(("ratio", "limit"), [("0.99", "1.00"), ("1", "0"), ("NaN", "1"), ("Infinity", "1")])
def test_a_ratio_below_its_limit_is_no_rule(ratio: str, limit: str) -> None:
    with pytest.raises(ValueError, match="a ratio is not below its limit"):
        DepositRule(currency=USD, ratio=d(ratio), limit=d(limit), valuation=Valuation.CURRENT)


def test_a_rate_of_nothing_is_no_rate() -> None:
    with pytest.raises(ValueError, match="not a rate"):
        rate("0")


cents = st.integers(0, 10**12).map(lambda n: Decimal(n) / 100)
ratios = st.integers(100, 300).map(lambda n: Decimal(n) / 100)


@given(put=cents, outside=cents, ratio=ratios)
def test_what_may_leave_keeps_the_ratio_and_a_cent_more_would_not(
    put: Decimal, outside: Decimal, ratio: Decimal
) -> None:
    asked = DepositRule(currency=USD, ratio=ratio, limit=Decimal(1), valuation=Valuation.CURRENT)
    room = release_room({USD: put}, asked, {USD: outside})
    assert isinstance(room, Decimal)
    after, beyond = (cover({USD: put}, asked, {USD: outside + more}) for more in (room, room + Decimal("0.01")))
    assert after.reaches(ratio) or room == 0
    assert not beyond.reaches(ratio)


@given(put=cents, outside=cents, ratio=ratios)
def test_a_top_up_is_what_is_lacking_and_a_cent_less_is_too_little(
    put: Decimal, outside: Decimal, ratio: Decimal
) -> None:
    asked = DepositRule(currency=USD, ratio=ratio, limit=Decimal(1), valuation=Valuation.CURRENT)
    lacking = top_up(cover({USD: put}, asked, {USD: outside}), asked)
    enough = [cover({USD: put + lacking - less}, asked, {USD: outside}) for less in (Decimal(0), Decimal("0.01"))]
    assert enough[0].reaches(ratio)
    assert lacking == 0 or not enough[1].reaches(ratio)
