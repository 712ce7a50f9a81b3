"""What a config's fee schedules put in the first row, and what is told before a run."""

import asyncio
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from engine.compose import tariffs
from engine.kernel.ids import VenueName
from engine.market.fees import FeeRow, StatedFees, StatedRate
from tests.support.builders import BTCUSDT, CAPABILITIES, START, USD, USDT, USDTUSD, VENUE, at, d, plan

OSL = VenueName("osl")
ROW = FeeRow(
    since=START, tier="1", maker=d("0.002"), taker=d("0.0029"), minimum=d("1.99"), minimum_in=(USD, USDT), source="a"
)
LATER = replace(ROW, since=at("12:00"), tier="2", taker=d("0.0025"), minimum=d("0"), source="b")
CAN = replace(CAPABILITIES, maker_fee=d("0.002"), taker_fee=d("0.0029"), fee_min=d("1.99"))


def told(*rows: FeeRow, when: str = "00:00", can: Any = CAN, venue: Any = None) -> list[str]:
    venue = venue if venue is not None else SimpleNamespace(capabilities=can)
    return list(asyncio.run(tariffs.lines({VENUE: rows}, {VENUE: venue}, plan(), at(when))))


class States:
    """A venue that states these rates for every pair of the plan; without any it fails."""

    capabilities = CAN

    def __init__(self, *rates: str) -> None:
        self.rates = [d(rate) for rate in rates]

    async def stated_fees(self) -> StatedFees:
        taker, maker = self.rates
        return StatedFees("3", tuple(StatedRate(symbol, maker, taker) for symbol in (BTCUSDT, USDTUSD)))


def test_a_venue_with_a_schedule_goes_by_it_and_the_others_by_their_adapters() -> None:
    under = tariffs.under({VENUE: CAPABILITIES, OSL: CAPABILITIES}, {VENUE: (ROW, LATER)}, at("12:00"))
    assert under[VENUE].fees == (ROW, LATER)
    assert (under[VENUE].taker_fee, under[VENUE].fee_min) == (d("0.0025"), d("0"))
    assert under[OSL] == CAPABILITIES


def test_the_row_in_force_and_those_to_come_are_told_and_what_is_over_is_not() -> None:
    first = "fees of hashkey: tier 1 from 2026-05-02T00:00Z on: 0.29% taking, 0.2% making"
    second = "fees of hashkey: tier 2 from 2026-05-02T12:00Z on: 0.25% taking, 0.2% making (b)"
    assert told(ROW, LATER) == [f"{first}, at least 1.99 an order in USD or USDT (a)", second]
    assert told(ROW, LATER, when="12:00")[0] == second


def test_an_adapter_whose_papers_say_otherwise_is_told_and_not_refused() -> None:
    assert told(LATER, when="12:00")[1:] == [
        "fees of hashkey: warning: the papers that its adapter was written by say 0.29% taking, 0.2% making, "
        "at least 1.99 an order"
    ]


def test_a_minimum_that_the_schedule_forgets_is_told() -> None:
    (found,) = told(replace(ROW, minimum=d("0")))[1:]
    assert found.endswith("say 0.29% taking, 0.2% making, at least 1.99 an order")


def test_a_venue_that_states_other_rates_is_told_pair_by_pair() -> None:
    assert told(ROW, venue=States("0.0029", "0.002"))[1:] == []
    assert told(ROW, venue=States("0.0028", "0.002"))[1:] == [
        "fees of hashkey: warning: the venue states 0.28% taking, 0.2% making for BTCUSDT at its tier 3",
        "fees of hashkey: warning: the venue states 0.28% taking, 0.2% making for USDTUSD at its tier 3",
    ]


def test_a_venue_that_can_not_state_them_is_a_line_too() -> None:
    (found,) = told(ROW, venue=States())[1:]
    assert found.startswith("fees of hashkey: warning: the venue does not state our rates:")
