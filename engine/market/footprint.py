"""How much of what others trade counts, when our own share is measured: a denominator that wash trades can't swell.

Each complete minute of a pair is judged against the quieter nine in ten of the minutes before it. It counts up to
their mean, the *level*. More than three times the loudest of them is a *burst*, counts nothing, and is remembered as an
empty minute: whoever swells a minute so far makes the measure smaller, never larger, then and later. Where half of all
that is remembered are bursts the market itself has changed, and what was really seen takes their place. The first
minute counts nothing, and while few are known nothing is called a burst.

What this can't see: who trades more in each of very many minutes, and raises it slowly, is believed in the end, as a
market that grows is. `market` bounds what one such venue can do.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, Instant
from engine.kernel.money import ZERO, times, total

REMEMBERED: Final = 180
"""Minutes that a minute is judged by."""
LEARNED: Final = 10
"""With fewer of them nothing is called a burst."""
BURST: Final = Decimal(3)
SPANS: Final[Mapping[str, int]] = {"minute": 1, "hour": 60, "day": 1440}
"""What shares are limited over, in minutes."""
LONGEST: Final = max(SPANS.values())
NAMES: Final = tuple(f"footprint {scope} {span}" for scope in ("venue", "market") for span in SPANS)
"""What the gate calls these limits."""

_STEP: Final = Decimal("1E-12")
_FLOOR: Final = Context(prec=60, rounding=ROUND_FLOOR)
"""Wide enough for whatever a venue may print: a denominator that raises would stop the sale."""


def _part(whole: Decimal, numerator: int, denominator: int) -> Decimal:
    """So much of it, rounded down to a step that every later sum keeps exactly."""
    return _FLOOR.quantize(_FLOOR.divide(_FLOOR.multiply(whole, numerator), denominator), _STEP)


@dataclass(slots=True)
class Ordinary:
    """What is ordinary for a pair: its last minutes, and what of the next one counts."""

    seen: deque[Decimal] = field(default_factory=deque)
    """As they were."""
    entered: deque[Decimal] = field(default_factory=deque)
    """As they are remembered: a burst as nothing."""
    ranked: list[Decimal] = field(default_factory=list)
    """The same, the quietest first."""
    bursts: int = 0
    """So many of them are bursts."""

    def counted(self, volume: Decimal) -> Decimal:
        """What of a complete minute's `volume` counts; and remember it."""
        known = len(self.ranked)
        if not known:
            self._enter(volume, volume)
            return ZERO
        if known >= LEARNED and volume > times(BURST, self.ranked[self._quiet - 1]):
            self._enter(volume, ZERO)
            return ZERO
        level = self.level
        self._enter(volume, volume)
        return min(volume, level)

    @property
    def level(self) -> Decimal:
        """The mean of the quieter nine in ten; 0 where nothing is remembered."""
        return _part(sum(self.ranked[: self._quiet], ZERO), 1, self._quiet)

    @property
    def _quiet(self) -> int:
        """How many of the remembered minutes are the quieter ones."""
        return max(1, len(self.ranked) * 9 // 10)

    def _enter(self, volume: Decimal, remembered: Decimal) -> None:
        self.seen.append(volume)
        self.entered.append(remembered)
        insort(self.ranked, remembered)
        self.bursts += volume != remembered
        if len(self.ranked) > REMEMBERED:
            self.bursts -= self.seen.popleft() != (oldest := self.entered.popleft())
            del self.ranked[bisect_left(self.ranked, oldest)]
        if 2 * self.bursts >= REMEMBERED:
            self.entered, self.ranked, self.bursts = deque(self.seen), sorted(self.seen), 0


@dataclass(slots=True)
class Minutes:
    """What others trade of one pair and what we do, minute by minute, over the last day. Changed only by the fold."""

    minute: int
    """The one that is under way."""
    looked_at: Instant
    under_way: Decimal = ZERO
    """Others' volume in it so far."""
    ordinary: Ordinary = field(default_factory=Ordinary)
    others: deque[Decimal] = field(default_factory=lambda: deque((ZERO,), maxlen=LONGEST + 1))
    """What of others' volume has counted in all, as of the end of each complete minute."""
    own: deque[Decimal] = field(default_factory=lambda: deque((ZERO,), maxlen=LONGEST + 1))
    """What we have sold in all, likewise."""
    sold: Decimal = ZERO
    """As of now."""

    def look(self, at: Instant, grown: Decimal) -> None:
        """Others have traded so much since the last look. Over several minutes it is taken to have come evenly."""
        since = self.looked_at
        while at >= (ends := (self.minute + 1) * MINUTE):
            part = ZERO
            if grown and since < ends:
                part = _part(grown, ends - since, at - since)
                grown, since = grown - part, Instant(ends)
            self.under_way += part
            self._close(self.ordinary.counted(self.under_way))
        self.under_way += grown
        self.looked_at = at

    def wake(self, at: Instant) -> None:
        """Nobody has looked since the last look; what passed since counts nothing and teaches nothing."""
        while at >= (self.minute + 1) * MINUTE:
            self._close(ZERO)
        self.looked_at = at

    def sell(self, at: Instant, quantity: Decimal) -> None:
        """We have sold so much, in the minute of `at`."""
        self.sold += quantity
        late = min(self.minute - at // MINUTE, len(self.own) - 1)
        for index in range(1, late + 1):
            self.own[-index] += quantity

    def counted(self, span: int) -> Decimal:
        """What counts of others' volume in the last `span` complete minutes."""
        return self.others[-1] - self.others[max(0, len(self.others) - 1 - span)]

    def ours(self, span: int) -> Decimal:
        """What we have sold in the minute that is under way and the `span` - 1 before it."""
        return self.sold - self.own[max(0, len(self.own) - span)]

    def _close(self, counted: Decimal) -> None:
        self.others.append(self.others[-1] + counted)
        self.own.append(self.sold)
        self.minute, self.under_way = self.minute + 1, ZERO


def market(venues: Iterable[Decimal]) -> Decimal:
    """What counts of a market: the sum of its venues, of which none counts for more than all others together.

    So one venue, whatever it prints, can no more than double what the others show. One alone counts whole, and so does
    one where no other shows anything: a venue that is dark must not take the market away from those that are not.
    """
    volumes = [volume for volume in venues if volume > ZERO]
    if len(volumes) < 2:
        return total(volumes)
    largest = max(volumes)
    rest = total(volumes) - largest
    return rest + min(largest, rest)


class Shares(Struct, frozen=True, kw_only=True):
    """Limits of our share, as fractions of all that counts; `None` where there is none."""

    minute: Decimal | None = None
    hour: Decimal | None = None
    day: Decimal | None = None


class FootprintRule(Struct, frozen=True, kw_only=True):
    """How much of what is traded may be ours: of each venue by itself, and of the market."""

    venue: Shares = Shares()
    market: Shares = Shares()


class Footing(Struct, frozen=True):
    """Our share of one scope over one span, against its limit."""

    scope: str
    """`venue`, that of the order, or `market`."""
    span: str
    """`minute`, `hour` or `day`."""
    ours: Decimal
    """Sold in the span, and what live orders may still sell."""
    others: Decimal
    """What counts of the others' volume."""
    share: Decimal

    def holds(self, quantity: Decimal) -> bool:
        """Do we stay within the limit with so much more?"""
        ours = self.ours + quantity
        return ours <= times(self.share, self.others + ours)

    @property
    def room(self) -> Decimal | None:
        """How much more may be ours; `None` where all of it may."""
        if self.share >= 1:
            return None
        whole = _FLOOR.divide(_FLOOR.multiply(self.share, self.others), 1 - self.share)
        return max(ZERO, _FLOOR.quantize(whole, _STEP) - self.ours)


def footings(
    scope: str, shares: Shares, ours: Mapping[str, Decimal], others: Mapping[str, Decimal]
) -> tuple[Footing, ...]:
    """One for each span that is limited; `ours` and `others` by span."""
    limits = {"minute": shares.minute, "hour": shares.hour, "day": shares.day}
    return tuple(
        Footing(scope, span, ours[span], others[span], share) for span, share in limits.items() if share is not None
    )
