"""Venues for reference: which of their pairs are watched, and that nothing which goes wrong there reaches the run."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from engine.compose.places import Target, site_of
from engine.compose.references import GRACE, PATIENCE, Onlooker, Onlookers, Sight, sight
from engine.drivers.clocks import WallClock
from engine.drivers.perform import Switch
from engine.drivers.virtual import VirtualLoop, run
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset
from engine.market.facts import BookSeen, FeedDown, MarketFact
from engine.market.instrument import Instrument
from tests.support.builders import BTC, BTCUSDT, START, USD, USDT, VENUE, d, plan
from venues import registry

THERE: Final = VenueName("elsewhere")
PLAN: Final = plan()


def pair(symbol: str, base: str, quote: str) -> Instrument:
    """A pair as a venue for reference names it."""
    limits: Any = (d("0.01"), d("0.01"), d("1"), d("9"), d("1"), d("9"))
    return Instrument(THERE, Symbol(symbol), base, quote, *limits)  # type: ignore[arg-type]


LISTED: Final = (
    pair("XBT/USDT", BTC, USDT), pair("ETH/XBT", Asset("ETH"), BTC), pair("USDTZUSD", USDT, USD)
)  # fmt: skip


def book(symbol: str = "XBT/USDT", venue: VenueName = THERE) -> BookSeen:
    return BookSeen(venue, Symbol(symbol), START, START, (), ())


def down(reason: str = "silence", symbol: str = "XBT/USDT") -> FeedDown:
    return FeedDown(THERE, Symbol(symbol), START, reason)


class Elsewhere:
    """A market that takes `late` seconds to list its pairs, and then tells what it is given."""

    name = THERE

    def __init__(self, *told: Sequence[MarketFact] | Exception, late: float = 0, listed: Any = LISTED) -> None:
        self.told, self.late, self._listed = list(told), late, listed
        self.started: list[Symbol] = []
        self.closed = 0

    async def listed(self) -> Sequence[Instrument]:
        await asyncio.sleep(self.late)
        if isinstance(self._listed, Exception):
            raise self._listed
        return self._listed

    async def start(self, symbols: Sequence[Symbol]) -> None:
        self.started += symbols

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        told = self.told.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    async def aclose(self) -> None:
        self.closed += 1


class Gathering:
    """What has become of the venues for reference: when the start was through, and after `later` seconds more."""

    def __init__(self, *markets: Any, later: float = 0) -> None:
        self.said: list[str] = []
        loop = VirtualLoop()

        async def main() -> None:
            onlookers = Onlookers({each.name: each for each in markets}, PLAN, self.said.append)
            await onlookers.settle()
            self.waited, self.at_once = loop.time(), set(onlookers.sources)
            await asyncio.sleep(later)
            self.in_the_end = set(onlookers.sources)
            await onlookers.aclose()

        run(main(), loop)


def drained(market: Elsewhere, times: int = 1) -> tuple[list[list[MarketFact]], list[str]]:
    """What an onlooker hands over, look by look, and what it says."""
    said: list[str] = []
    onlooker = Onlooker(market, Sight(market.name, (Symbol("XBT/USDT"), Symbol("USDTZUSD"))), said.append)
    return [onlooker.drain(START) for _ in range(times)], said


def test_the_pairs_are_those_of_the_legs_by_what_they_sell_and_buy_whatever_they_are_called() -> None:
    seen = run(sight(Elsewhere(), PLAN))
    assert (seen.symbols, seen.lack) == (("XBT/USDT", "USDTZUSD"), "")
    assert str(seen) == "elsewhere: for reference only: XBT/USDT, USDTZUSD"


def test_what_is_sold_may_be_shown_in_the_fiat_that_it_becomes() -> None:
    seen = run(sight(Elsewhere(listed=(pair("XBT/USD", BTC, USD),)), PLAN))
    assert (seen.pairs, seen.lack) == ({"XBT/USD": "BTC/USD"}, "")


def test_a_venue_that_lists_no_pair_of_the_plan_is_left_out_by_name() -> None:
    gathering = Gathering(market := Elsewhere(listed=LISTED[1:2]))
    assert gathering.said == ["elsewhere: for reference only, and left out: it lists no pair of the plan"]
    assert (gathering.in_the_end, market.started, market.closed) == (set(), [], 1)


def test_a_venue_that_does_not_answer_is_left_out_with_its_reason_and_the_start_does_not_wait() -> None:
    gathering = Gathering(Elsewhere(listed=ConnectionError("nobody is there")))
    assert gathering.said == ["elsewhere: for reference only, and left out: nobody is there"]
    assert gathering.waited < GRACE / SECOND


def test_a_venue_that_takes_long_holds_the_start_for_a_moment_and_joins_later() -> None:
    gathering = Gathering(market := Elsewhere(late=8), later=6)
    assert (gathering.waited, gathering.at_once, gathering.in_the_end) == (GRACE / SECOND, set(), {THERE})
    assert market.started == ["XBT/USDT", "USDTZUSD"]


def test_a_venue_that_never_answers_is_given_up() -> None:
    gathering = Gathering(Elsewhere(late=1e6), later=PATIENCE / SECOND)
    assert gathering.said == ["elsewhere: for reference only, and left out: it did not answer in time"]


def test_a_feed_that_is_lost_and_comes_back_is_told_once_each_way() -> None:
    facts, said = drained(Elsewhere([book()], [down()], [down("still")], [book()], [book()]), 5)
    assert [len(look) for look in facts] == [1, 1, 1, 1, 1]
    assert said == [
        "elsewhere: prices of XBT/USDT for reference are lost: silence",
        "elsewhere: prices of XBT/USDT for reference are back",
    ]


def test_a_feed_that_breaks_by_a_bug_ends_with_every_pair_down_and_raises_nothing() -> None:
    facts, said = drained(Elsewhere([book()], KeyError("a bug"), [book()]), 3)
    assert [(type(fact), fact.symbol) for fact in facts[1]] == [(FeedDown, "USDTZUSD"), (FeedDown, "XBT/USDT")]
    assert (facts[2], len(said)) == ([], 2)


def test_a_fact_under_another_name_is_dropped_since_it_would_pass_for_a_price_there() -> None:
    (facts,), _ = drained(Elsewhere([book(BTCUSDT, VENUE), book("XBT/USD"), book()]))
    assert facts == [book()]


def test_in_production_it_is_the_exchanges_own_public_prices_and_no_key_goes_there() -> None:
    target = Target(
        name=THERE, adapter="generic", address="", key=None, options={"exchange": "kraken"}, production=True
    )
    offered = registry.adapter("generic")
    site = site_of(target, WallClock(), offered.sandbox, Switch(), seed=1)
    assert (site.production, site.key, site.address) == (True, None, "")
    assert target.whereabouts.reference
    assert offered.market(site).name == THERE
