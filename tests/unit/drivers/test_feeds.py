"""From the venues' facts to the views of a decision, with venues for reference beside those that sell."""

from collections.abc import Sequence

from engine.core.evolve import evolve
from engine.core.state import opened as state_of
from engine.drivers.feeds import Feeds, Onlooking
from engine.events import TapeSealed
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.market.facts import BookSeen, Level, MarketFact, Print
from engine.orders.events import Due
from tests.support.builders import BTCUSDT, START, VENUE, d, opened

ASIDE = VenueName("aside")


def book(venue: VenueName, bid: str) -> BookSeen:
    levels = ((Level(d(bid), d("1")),), (Level(d(bid) + 2, d("1")),))
    return BookSeen(venue, BTCUSDT, START, START, *levels)


def trade(venue: VenueName, quantity: str) -> Print:
    return Print(venue, BTCUSDT, START, START, "1", d("100"), d(quantity), buyer_is_maker=True)


class Told:
    """A source that tells this once."""

    def __init__(self, *facts: MarketFact) -> None:
        self.facts = list(facts)
        self.pairs = {BTCUSDT: "BTC/USDT"}

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        told, self.facts = self.facts, []
        return told


class Roll:
    """A tape in memory."""

    def __init__(self) -> None:
        self.facts: list[MarketFact] = []

    def append(self, facts: Sequence[MarketFact]) -> None:
        self.facts += facts

    def seal(self, at: Instant) -> TapeSealed | None:
        return None


def test_what_is_seen_for_reference_is_recorded_and_its_view_stands_behind_the_others() -> None:
    roll = Roll()
    feeds = Feeds([(VENUE, BTCUSDT)], {VENUE: Told(book(VENUE, "99"))}, roll, {ASIDE: Told(book(ASIDE, "98"))})
    views = feeds.views(START)
    assert [(view.venue, view.mid) for view in views] == [(VENUE, d("100")), (ASIDE, d("99"))]
    assert [view.pair for view in views] == ["", "BTC/USDT"]
    assert [fact.venue for fact in roll.facts] == [VENUE, ASIDE]


def test_who_joins_late_has_a_view_from_then_on_and_who_shows_nothing_has_none() -> None:
    joined: dict[VenueName, Onlooking] = {}
    feeds = Feeds([(VENUE, BTCUSDT)], {VENUE: Told()}, Roll(), joined)
    assert [view.venue for view in feeds.views(START)] == [VENUE]
    joined[ASIDE] = Told(book(ASIDE, "98"))
    assert [view.venue for view in feeds.views(START)] == [VENUE, ASIDE]
    assert [view.live for view in feeds.views(START)] == [False, True]


def test_volume_and_arrival_of_a_leg_are_those_of_its_own_pairs() -> None:
    ours, aside = Told(trade(VENUE, "3"), book(VENUE, "99")), Told(trade(ASIDE, "70"), book(ASIDE, "50"))
    feeds = Feeds([(VENUE, BTCUSDT)], {VENUE: ours}, Roll(), {ASIDE: aside})
    state = state_of(opened())
    evolve(state, Due(START, feeds.views(START)))
    leg = state.legs[state.opened.plan.legs[0].id]
    assert (leg.volume, leg.arrival) == (d("3"), d("100"))
    assert (ASIDE, BTCUSDT) in state.views
