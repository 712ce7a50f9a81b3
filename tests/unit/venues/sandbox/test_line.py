"""The private stream of the exchange in memory: one connection, on which only what a fault holds back is overtaken."""

from decimal import Decimal

import pytest

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.orders.reports import Fill, OrderReport
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults
from venues.sandbox.faultwords import Rule
from venues.sandbox.inprocess import TICK, Counter
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Kind, OrderRequest, Rejection, Side

D = Decimal
HELD = {"desk": {"BTC": D(50)}, "other": {"USDT": D(10**9)}}
SEEDS = range(20)
"""Each draws other latencies: of two reports that are sent together, the second is the quicker in every other."""


class Scene:
    """Our order of 6 BTC rests; somebody takes it in parts, and `heard` is what the stream tells until its end."""

    def __init__(self, seed: int, *faults: tuple[str, int, Fault]) -> None:
        self.now = Instant(START)
        self.exchange = Exchange(LISTINGS, HELD, [], start=START)
        rules = tuple(Rule(channel=Channel.PRIVATE, op=op, at=at, fault=fault) for op, at, fault in faults)
        played = Faults(FaultPlan(rules=rules))
        counter = Counter(self.exchange, "desk", VenueName("hashkey"), played, lambda: self.now, seed)
        self._stream = counter.facts()
        self.heard: list[Fill | OrderReport] = []
        next(self._stream)  # it is up
        self._order("desk", Side.SELL, Kind.GTC, "6", "ours")

    def wait(self, span: Span) -> None:
        """Let so much time pass, and hear what comes."""
        until = self.now + span
        while self.now < until:
            item = next(self._stream)
            if isinstance(item, int):
                self.now = Instant(self.now + item)
            elif isinstance(item, Fill | OrderReport):
                self.heard.append(item)

    def take(self, *parts: str) -> None:
        """Somebody buys from it, all at the same instant."""
        for number, part in enumerate(parts):
            self._order("other", Side.BUY, Kind.IOC, part, f"theirs-{self.now}-{number}")

    def _order(self, account: str, side: Side, kind: Kind, quantity: str, name: str) -> None:
        self.exchange.advance(self.now)
        placed = self.exchange.place(account, OrderRequest("BTCUSDT", side, kind, D(quantity), D(60_000), name))
        assert not isinstance(placed, Rejection), placed

    @property
    def sold(self) -> list[Decimal]:
        """How much the order had sold, by each report in turn."""
        return [fact.filled for fact in self.heard if isinstance(fact, OrderReport)]

    @property
    def filled(self) -> list[Decimal]:
        """The size of each fill in turn."""
        return [fact.quantity for fact in self.heard if isinstance(fact, Fill)]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_seen_at_one_look_is_told_in_the_order_in_which_it_happened(seed: int) -> None:
    scene = Scene(seed)
    scene.take("1", "2", "3")
    scene.wait(SECOND)
    assert scene.sold == [0, 1, 3, 6]
    assert scene.filled == [1, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_never_comes_before_its_fill(seed: int) -> None:
    scene = Scene(seed)
    scene.take("1", "2", "3")
    scene.wait(SECOND)
    assert [type(fact) for fact in scene.heard] == [OrderReport, *(Fill, OrderReport) * 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_delayed_keeps_back_everything_behind_it(seed: int) -> None:
    """The first fill comes half a second late, and the fill of a later look waits for it."""
    scene = Scene(seed, ("fill", 0, Fault(Do.DELAY, span=Span(500 * MILLISECOND))))
    scene.take("1")
    scene.wait(TICK)
    scene.take("5")
    scene.wait(Span(200 * MILLISECOND))
    assert scene.filled == []
    scene.wait(SECOND)
    assert scene.sold == [0, 1, 6]


@pytest.mark.parametrize("seed", SEEDS)
def test_only_what_a_fault_holds_back_is_overtaken(seed: int) -> None:
    """The second of three fills is held back for 250 ms; nothing waits for it."""
    scene = Scene(seed, ("fill", 1, Fault(Do.REORDER)))
    scene.take("1", "2", "3")
    scene.wait(SECOND)
    assert scene.filled == [1, 3, 2]
    assert scene.sold == [0, 1, 6, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_comes_twice_comes_before_what_is_behind_it(seed: int) -> None:
    scene = Scene(seed, ("fill", 0, Fault(Do.DUP)))
    scene.take("1", "5")
    scene.wait(SECOND)
    assert scene.sold == [0, 1, 1, 6]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_connection_waits_for_nothing_that_the_old_one_carried(seed: int) -> None:
    """A fill that was delayed by a minute is lost with its connection, and the next is told at once."""
    scene = Scene(seed, ("fill", 0, Fault(Do.DELAY, span=Span(60 * SECOND))), ("fill", 1, Fault(Do.CUT)))
    scene.take("1")
    scene.wait(TICK)
    scene.take("2")
    scene.wait(Span(2 * SECOND))
    scene.take("3")
    scene.wait(SECOND)
    assert scene.filled == [3]
