"""A market made of bars: a book and takers which add up, bar by bar, to the prices and the volume that are on record.

A bar tells five numbers and nothing of how they came about. What is made up here, seeded, and all there is to it:
the price goes from the open to one extreme, to the other and to the close, the low first in a bar that rises and the
high first in one that falls (a coin decides where it does neither), with noise that stays between low and high. Takers
come at moments of their own and share the bar's volume; each meets a maker at the price of that moment. The first
trades at the open, one at each extreme, the last at the close, as far as the volume has lots for them. So prints,
taken together, give the bar back to the tick and to the lot, as long as no account trades.

Around that price stands the ladder of the crowd, and the crowd gives way to what accounts take as it does elsewhere
(see `venues.sandbox.crowd`): quotes, and prices after our own trading, may lie outside the bar. The rest of history
does not notice us: the same takers come, with the same amounts, at prices that are moved by what we pushed.

Where bars are missing nobody quotes and nobody trades; nothing is interpolated. After the last bar the book is empty.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.money import total
from engine.market.bars import Bar
from venues.sandbox.crowd import BP, VOLATILE, SyntheticFlow, Temper
from venues.sandbox.flow import Act, FlowAction

QUICK: Final = Span(3 * SECOND)
SLOW: Final = Span(15 * SECOND)
"""Moments of a bar lie between so and so far apart; a book that rests for longer would be called stale."""
MOMENTS: Final = 240
"""A bar has about so many moments, within these bounds."""
MOMENTS_MIN: Final = 8
CLOSE_RUNGS: Final = 2
"""Quotes so near to the price follow it at every moment; further ones are renewed at random."""
RENEWALS: Final = 4
NOBODY: Final = 0
"""In place of a price: everybody leaves."""
RUNG_SHARE: Final = 0.01
"""A quote's mean size, as a share of the mean volume of a minute."""


class _Moment(Struct, frozen=True, gc=False):
    """The price at an instant, and who takes there."""

    at: Instant
    ticks: int
    lots: int
    buys: bool


def temper_of(bars: Sequence[Bar], span: Span) -> Temper:
    """A crowd as deep as these bars are busy: one quote's size pushes it as far as one of `VOLATILE` does there."""
    minutes = len(bars) * span / MINUTE
    size = RUNG_SHARE * float(total(bar.volume for bar in bars)) / minutes
    push = VOLATILE.impact_bp * VOLATILE.rung_size
    return replace(VOLATILE, wander_bp=0.0, rung_size=size, impact_bp=push / size if size else 0.0)


class BarFlow(SyntheticFlow):
    """Ascending bars of `span` as a flow of one pair; prices go to the nearest tick, volumes down to a lot."""

    def __init__(
        self,
        symbol: str,
        bars: Sequence[Bar],
        span: Span,
        seed: int,
        *,
        tick: Decimal = Decimal("0.01"),
        lot: Decimal = Decimal("0.00001"),
        temper: Temper | None = None,
    ) -> None:
        if not bars:
            raise ValueError("no bars, no market")
        self._bars, self._span, self._seed = bars, span, seed
        self._steps = tick, lot
        self.end = Instant(bars[-1].at + span)
        """After this moment nobody is there."""
        self._next = 0
        self._ahead: deque[_Moment] = deque()
        self._clock, self._price = bars[0].at, _ticks(bars[0].open, tick)
        self._standing: dict[tuple[bool, int], int] = {}
        super().__init__(
            symbol, bars[0].at, seed, bars[0].open, tick=tick, lot=lot, temper=temper or temper_of(bars, span)
        )

    @property
    def opinion(self) -> float:
        """The price on record, moved by what accounts pushed."""
        return self._moved() * self._tick

    def until(self, to: Instant) -> Iterator[FlowAction]:
        """See `Flow.until`. A moment is drawn when it has come, so it knows of every sale before it."""
        while self._waiting or self._ahead or self._next < len(self._bars):
            if self._waiting:
                yield self._waiting.popleft()
            elif not self._ahead:
                self._turn_page()
            elif self._ahead[0].at > to:
                return
            else:
                self._happen()

    def _open_book(self) -> None:
        """The first moment of a bar brings all that is missing."""

    def _turn_page(self) -> None:
        """Write down what the next bar brings; where none follows it at once, everybody leaves at its end."""
        bar, self._next = self._bars[self._next], self._next + 1
        self._ahead.extend(moments(bar, self._span, self._seed, self.symbol, *self._steps))
        end = Instant(bar.at + self._span)
        if self._next == len(self._bars) or self._bars[self._next].at > end:
            self._ahead.append(_Moment(end, NOBODY, 0, False))

    def _happen(self) -> None:
        """The next moment has come."""
        moment = self._ahead.popleft()
        self._drift(float(moment.at - self._clock))
        self._clock = moment.at
        if moment.ticks == NOBODY:
            for (bid, _), key in self._quotes.items():
                self._wait(Act.LEAVE, key, bid, 0, 0)
            self._quotes.clear()
            self._standing.clear()
            return
        self._price = moment.ticks
        price = self._moved()
        self._follow(price)
        if moment.lots:
            self._keys += 1
            self._wait(Act.ADD, self._keys, not moment.buys, price, moment.lots)
            self._wait(Act.TAKE, 0, moment.buys, price, moment.lots)
            self._wait(Act.LEAVE, self._keys, not moment.buys, 0, 0)

    def _moved(self) -> int:
        """In ticks, so that without any push nothing is rounded."""
        return max(1, self._price + round(self._price * BP * (self._pushed + self._fading)))

    def _follow(self, price: int) -> None:
        """Quotes that are missing, that the price has run over, or that are near it are made anew; a few others too."""
        standing = self._standing
        for rung in range(self.temper.rungs):
            for bid in (True, False):
                ticks = standing.get((bid, rung))
                over = ticks is None or (ticks >= price if bid else ticks <= price)
                if over or rung < CLOSE_RUNGS:
                    self._quote(bid, rung)
        for _ in range(RENEWALS):
            self._quote(self._random.random() < 0.5, self._random.randrange(self.temper.rungs))

    def _quote(self, bid: bool, rung: int) -> None:
        super()._quote(bid, rung)
        self._standing[bid, rung] = self._waiting[-1].ticks

    def _wait(self, act: Act, key: int, bid: bool, ticks: int, lots: int) -> None:
        self._waiting.append(FlowAction(self._clock, self.symbol, act, key, bid, ticks, lots))


def moments(bar: Bar, span: Span, seed: int, symbol: str, tick: Decimal, lot: Decimal) -> list[_Moment]:
    """What happens in one bar. It hangs on the bar and the seed alone, so that no sale of ours changes the next bar."""
    chance = Random(f"{seed}|{symbol}|{bar.at}")  # noqa: S311 (a market to be replayed, not a secret)
    count = max(MOMENTS_MIN, span // min(max(span // MOMENTS, QUICK), SLOW))
    prices, turns = _path(bar, count, tick, chance)
    lots = _shares(int((bar.volume / lot).to_integral_value(ROUND_FLOOR)), count, turns, chance)
    made = []
    for index, (price, share) in enumerate(zip(prices, lots, strict=True)):
        late = chance.uniform(0.05, 0.95) if index else 0.0
        rising = price >= prices[max(0, index - 1)]
        buys = chance.random() < (2 / 3 if rising else 1 / 3)
        made.append(_Moment(Instant(bar.at + int(span * (index + late) / count)), price, share, buys))
    return made


def _path(bar: Bar, count: int, tick: Decimal, chance: Random) -> tuple[list[int], list[int]]:
    """Prices in ticks, and at which moments the bar's own four prices stand among them."""
    first, high, low, last = (_ticks(price, tick) for price in (bar.open, bar.high, bar.low, bar.close))
    low_first = last > first or (last == first and chance.random() < 0.5)
    extremes = (low, high) if low_first else (high, low)
    turns = [0, chance.randint(1, count // 2 - 1), chance.randint(count // 2, count - 2), count - 1]
    anchors = list(zip(turns, (first, *extremes, last), strict=True))
    prices = [first]
    for (start, left), (end, right) in pairwise(anchors):
        steps, noise = end - start, 0.0
        spread = (high - low) / (4.0 * steps**0.5)
        for step in range(1, steps):
            # Drawn back towards the straight line, so that the noise is gone when the next of the four is reached.
            noise = noise * (1.0 - 1.0 / (steps - step + 1)) + chance.gauss(0.0, spread)
            prices.append(min(max(round(left + (right - left) * step / steps + noise), low), high))
        prices.append(right)
    return prices, turns


def _shares(lots: int, count: int, turns: Sequence[int], chance: Random) -> list[int]:
    """The bar's lots over its moments: one for each of the four prices, first the outer two, and the rest at random."""
    shares = [0] * count
    for index in (turns[0], turns[3], turns[1], turns[2])[:lots]:
        shares[index] = 1
    rest = lots - sum(shares)
    weights = [chance.expovariate(1.0) for _ in range(count)]
    whole, running, given = sum(weights), 0.0, 0
    for index, weight in enumerate(weights):
        running += weight
        until = rest if index == count - 1 else int(rest * (running / whole))
        shares[index] += until - given
        given = until
    return shares


def _ticks(price: Decimal, tick: Decimal) -> int:
    return max(1, int((price / tick).to_integral_value(ROUND_HALF_EVEN)))
