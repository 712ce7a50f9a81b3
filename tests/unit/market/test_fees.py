"""Which row of a fee schedule holds for a pair at an instant, and what it makes of a venue's capabilities."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.market.fees import FeeRow, in_force
from tests.support.builders import BTC, CAPABILITIES, COIN, STABLE, START, USD, USDT, at, d


def row(since: str, taker: str, **changes: Any) -> FeeRow:
    """Half of it for makers, and no minimum."""
    standard: dict[str, Any] = {"tier": taker, "maker": d(taker) / 2, "taker": d(taker), "source": "a notice"}
    return FeeRow(since=at(since), **(standard | changes))


FIRST, SECOND = row("00:00", "0.0029"), row("12:00", "0.0025")
OF_COIN = row("06:00", "0.001", sell=BTC, buy=USDT)


@pytest.mark.parametrize(
    ("when", "tier"), [("00:00", "0.0029"), ("11:59:59", "0.0029"), ("12:00", "0.0025"), ("23:59", "0.0025")]
)
def test_a_row_holds_from_its_instant_until_the_next(when: str, tier: str) -> None:
    found = in_force((FIRST, SECOND), at(when), BTC, USDT)
    assert found is not None
    assert found.tier == tier


def test_nothing_holds_before_the_first_row() -> None:
    assert in_force((SECOND,), at("11:59"), BTC, USDT) is None


@pytest.mark.parametrize(("when", "tier"), [("05:59", "0.0029"), ("06:00", "0.001"), ("12:00", "0.001")])
def test_a_row_of_the_pair_wins_from_its_own_beginning_whatever_comes_for_the_others(when: str, tier: str) -> None:
    found = in_force((FIRST, OF_COIN, SECOND), at(when), BTC, USDT)
    assert found is not None
    assert found.tier == tier


def test_another_pair_has_nothing_of_it() -> None:
    assert in_force((FIRST, OF_COIN), at("06:00"), USDT, USD) == FIRST
    assert in_force((OF_COIN,), at("06:00"), USDT, USD) is None


def test_a_venue_under_a_schedule_has_the_rates_of_the_instant_it_is_asked_for() -> None:
    there = replace(CAPABILITIES, taker_fee=d("0.01"), fee_min=d("5")).under((FIRST, SECOND), START)
    assert (there.taker_fee, there.maker_fee, there.fee_min) == (d("0.0029"), d("0.00145"), d("0"))
    later = there.at(at("12:00"), COIN)
    assert (later.taker_fee, later.maker_fee) == (d("0.0025"), d("0.00125"))


def test_without_a_schedule_a_venue_is_as_its_adapter_says() -> None:
    assert CAPABILITIES.at(at("12:00"), COIN) is CAPABILITIES


def test_a_pair_of_which_the_schedule_says_nothing_is_as_its_adapter_says() -> None:
    there = replace(CAPABILITIES, taker_fee=d("0.01")).under((OF_COIN,), START)
    assert there.at(at("06:00"), STABLE).taker_fee == d("0.01")
    assert there.at(at("06:00"), COIN).taker_fee == d("0.001")
    assert there.at(Instant(START - 1), COIN).taker_fee == d("0.01")


def test_a_minimum_counts_in_the_currencies_that_it_is_reckoned_in() -> None:
    least = row("00:00", "0.0029", minimum=d("1.99"), minimum_in=(USD,))
    there = CAPABILITIES.under((least,), START)
    assert (there.at(START, STABLE).fee_min, there.at(START, COIN).fee_min) == (d("1.99"), d("0"))
