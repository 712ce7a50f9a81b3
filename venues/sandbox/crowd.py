"""Seeded other people: a mock of a market for pairs and hours of which there is no recording.

The model, and all there is to it. The crowd has an opinion of the price, which wanders at random and, in a pegged
pair, is drawn back to par. Its market makers keep one quote each at rungs outwards from that opinion and renew them
one at a time at random moments, so that a hole in the book closes within seconds. Takers arrive at random (Poisson)
and take a random size from either side. When an account takes from the book, the crowd's opinion gives way at once
in proportion to the quantity; a part of that lasts, the rest wears off exponentially.

Nothing is fitted to any market, and nobody here is clever: no news, no panics, no one who notices a schedule.
Floats weigh opinions and draws; what leaves is whole ticks and lots. The same seed gives the same actions however
time is cut into steps, since an action is drawn only when the one before it has been pulled.
"""

import math
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Instant
from venues.sandbox.flow import Act, FlowAction

BP: Final = 1e-4


class Temper(Struct, frozen=True, kw_only=True):
    """How a crowd behaves. Sizes in base, times in nanoseconds, rates per second, prices in basis points."""

    wander_bp: float
    """Standard deviation of the opinion over one second."""
    pull_ns: float = math.inf
    """Time in which the opinion comes back to par by all but 1/e."""
    half_spread_bp: float
    rung_bp: float
    """Distance between one rung and the next."""
    rungs: int
    rung_size: float
    """Mean size of a quote on the first rung; it grows by a tenth with each rung outwards."""
    renewals: float
    """Quotes renewed each second, over both sides."""
    takers: float
    taker_size: float
    taker_reach_bp: float = 20.0
    """How far from the crowd's opinion a taker still takes."""
    impact_bp: float
    """How far the opinion gives way for each unit of base that an account takes."""
    lasting: float
    """The part of that which does not wear off."""
    recovery_ns: float
    """Time in which the rest wears off by all but 1/e."""


VOLATILE: Final = Temper(
    wander_bp=0.35, half_spread_bp=0.2, rung_bp=0.25, rungs=40, rung_size=0.25, renewals=12.0,
    takers=0.15, taker_size=0.08, impact_bp=1.5, lasting=0.4, recovery_ns=45.0 * SECOND,
)  # fmt: skip
PEGGED: Final = Temper(
    wander_bp=0.05, pull_ns=10.0 * MINUTE, half_spread_bp=0.6, rung_bp=1.0, rungs=12, rung_size=60_000.0, renewals=6.0,
    takers=0.1, taker_size=2_500.0, impact_bp=0.000_002, lasting=0.0, recovery_ns=60.0 * SECOND,
)  # fmt: skip


class SyntheticFlow:
    """A crowd around `mid`, for a pair whose price wanders freely."""

    def __init__(
        self,
        symbol: str,
        origin: Instant,
        seed: int,
        mid: Decimal,
        *,
        tick: Decimal = Decimal("0.01"),
        lot: Decimal = Decimal("0.00001"),
        temper: Temper = VOLATILE,
        stream: str = "",
    ) -> None:
        """`stream` names the draws; those of flows under one seed are alike unless their names differ."""
        self.symbol, self.origin, self.temper = symbol, origin, temper
        self._random = Random(f"{seed}|{stream or symbol}")  # noqa: S311 (a market to be replayed, not a secret)
        self._tick, self._lot, self._par = float(tick), float(lot), float(mid)
        self._at = float(origin)
        # The opinion as its distance from par: what wandered, what accounts pushed for good, what will wear off.
        self._wandered, self._pushed, self._fading = 0.0, 0.0, 0.0
        self._keys = 0
        self._quotes: dict[tuple[bool, int], int] = {}
        self._waiting: deque[FlowAction] = deque()
        self._renewals_share = temper.renewals / (temper.renewals + temper.takers)
        self._open_book()

    @property
    def opinion(self) -> float:
        """What the crowd holds the price to be."""
        return self._par * (1.0 + BP * (self._wandered + self._pushed + self._fading))

    def until(self, to: Instant) -> Iterator[FlowAction]:
        """See `Flow.until`."""
        while True:
            if not self._waiting:
                self._happen()
            if self._waiting[0].at > to:
                return
            yield self._waiting.popleft()

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """An account took from the book, and the crowd gives way."""
        push = self.temper.impact_bp * lots * self._lot * (-1.0 if sold else 1.0)
        self._pushed += push * self.temper.lasting
        # The drift has already been taken to the next event, a moment after `at`; the push begins to wear off there.
        self._fading += push * (1.0 - self.temper.lasting)

    def shift(self, by_bp: float) -> None:
        """The crowd's opinion moves at once, and for good; the book follows as quotes are renewed."""
        self._pushed += by_bp

    def press(self, sold: bool, units: float) -> None:
        """Somebody took so much base elsewhere, in a market that shares this crowd's opinion."""
        push = self.temper.impact_bp * units * (-1.0 if sold else 1.0)
        self._pushed += push * self.temper.lasting
        self._fading += push * (1.0 - self.temper.lasting)

    def _open_book(self) -> None:
        """Books stand from the first moment on."""
        for rung in range(self.temper.rungs):
            for bid in (True, False):
                self._quote(bid, rung)

    def _happen(self) -> None:
        """Draw the next event: a quote is renewed, or somebody takes."""
        temper, chance = self.temper, self._random
        gap = chance.expovariate(temper.renewals + temper.takers) * SECOND
        self._drift(gap)
        self._at += gap
        if chance.random() < self._renewals_share:
            self._quote(chance.random() < 0.5, chance.randrange(temper.rungs))
        else:
            buys = chance.random() < 0.5
            lots = max(1, int(chance.expovariate(1.0 / temper.taker_size) / self._lot))
            reach = self.opinion * (1.0 + BP * temper.taker_reach_bp * (1.0 if buys else -1.0))
            self._wait(Act.TAKE, 0, buys, max(1, round(reach / self._tick)), lots)

    def _drift(self, gap: float) -> None:
        temper = self.temper
        kept = math.exp(-gap / temper.pull_ns)
        self._wandered = self._wandered * kept + self._random.gauss(0.0, temper.wander_bp) * math.sqrt(gap / SECOND)
        self._fading *= math.exp(-gap / temper.recovery_ns)

    def _quote(self, bid: bool, rung: int) -> None:
        """One maker withdraws their quote and makes another around the opinion of now."""
        temper, chance = self.temper, self._random
        if (old := self._quotes.get((bid, rung))) is not None:
            self._wait(Act.LEAVE, old, bid, 0, 0)
        away = temper.half_spread_bp + temper.rung_bp * (rung + chance.random() * 0.5)
        price = self.opinion * (1.0 - BP * away if bid else 1.0 + BP * away) / self._tick
        ticks = max(1, math.floor(price) if bid else math.ceil(price))
        size = temper.rung_size * (1.0 + 0.1 * rung) * chance.uniform(0.4, 1.6)
        self._keys += 1
        self._quotes[bid, rung] = self._keys
        self._wait(Act.ADD, self._keys, bid, ticks, max(1, int(size / self._lot)))

    def _wait(self, act: Act, key: int, bid: bool, ticks: int, lots: int) -> None:
        self._waiting.append(FlowAction(Instant(int(self._at)), self.symbol, act, key, bid, ticks, lots))


class PeggedFlow(SyntheticFlow):
    """A crowd around par, with plenty of depth, which always comes back to it."""

    def __init__(
        self,
        symbol: str,
        origin: Instant,
        seed: int,
        par: Decimal = Decimal(1),
        *,
        tick: Decimal = Decimal("0.0001"),
        lot: Decimal = Decimal("0.01"),
        temper: Temper = PEGGED,
    ) -> None:
        super().__init__(symbol, origin, seed, par, tick=tick, lot=lot, temper=temper)
