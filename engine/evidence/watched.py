"""What venues for reference show of others' trades, as the journal's views told the gate, minute by minute.

Kept only where a footprint limits our share. We never sell there, so nothing of it is ours. The gate leaves out a pair
that the decision at hand was not shown, and so does this.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

from engine.events import Entry, Opened, Restarted
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.footprint import SPANS, Minutes
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders.events import Due


class Watched(Struct, frozen=True):
    """One pair at a venue for reference."""

    venue: VenueName
    counted: Mapping[int, Mapping[str, Decimal]]
    """By minute and span, what counted of the complete minutes before, at the last decision of that minute."""
    minutes: Sequence[int]
    """Those of which the end was seen, and the last."""
    traded: Sequence[Decimal]
    """At the end of each of them, all that was traded since the run began."""

    def counts(self, minute: int, span: str) -> Decimal:
        """What counted in `minute`; nothing where its last decision was not shown the pair."""
        return self.counted.get(minute, {}).get(span, ZERO)

    def others(self, first: int, last: int) -> Decimal:
        """What was traded in these minutes, both included."""
        return self._until(last) - self._until(first - 1)

    def _until(self, minute: int) -> Decimal:
        index = bisect_right(self.minutes, minute)
        return self.traded[index - 1] if index else ZERO


@dataclass(slots=True)
class _Pair:
    """One pair while the journal is read."""

    asset: Asset
    minutes: Minutes
    seen: Decimal = ZERO
    unclear: Decimal = ZERO
    """Below zero where a feed began to count anew."""
    total: Decimal = ZERO
    counted: dict[int, dict[str, Decimal]] = field(default_factory=dict)
    traded: dict[int, Decimal] = field(default_factory=dict)

    def wake(self, at: Instant) -> None:
        """A process began anew. What was seen of the minute before was traded all the same."""
        minute, volume = self.minutes.minute, self.minutes.under_way
        self.seen = ZERO
        self.minutes.wake(at)
        self.total += volume if self.minutes.minute > minute else ZERO

    def look(self, at: Instant, volume: Decimal) -> None:
        """As the gate's own count of the same view."""
        self.unclear += volume - self.seen
        self.seen, grown = volume, max(ZERO, self.unclear)
        self.unclear -= grown
        first = self.minutes.minute
        self.minutes.look(at, grown)
        over = self.minutes.ordinary.seen
        for back in range(min(self.minutes.minute - first, len(over)), 0, -1):
            self.total += over[-back]
            self.traded[self.minutes.minute - back] = self.total
        self.traded[self.minutes.minute] = self.total + self.minutes.under_way
        self.counted[at // MINUTE] = {span: self.minutes.counted(length) for span, length in SPANS.items()}


class Watching:
    """The fold; for whoever reads a journal from its first row on."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[VenueName, Symbol], _Pair] = {}
        self._at = self._began = Instant(0)
        self._kept = False

    def take(self, entry: Entry) -> None:
        """Read one row."""
        at = getattr(entry, "at", None)
        if at is not None and not isinstance(entry, c.WakeAt):  # that one says when, not that it is
            self._at = max(self._at, at)
        if isinstance(entry, Due):
            if self._kept:
                self._due(entry.views)
        elif isinstance(entry, Opened):
            self._began, self._kept = entry.at, entry.limits.footprint is not None
        elif isinstance(entry, Restarted):
            self._began = entry.at
            for pair in self._pairs.values():
                pair.wake(self._at)

    def of(self, asset: Asset) -> tuple[Watched, ...]:
        """The pairs that trade `asset`, by name."""
        return tuple(
            Watched(venue, pair.counted, tuple(pair.traded), tuple(pair.traded.values()))
            for (venue, _), pair in sorted(self._pairs.items())
            if pair.asset == asset
        )

    def _due(self, views: tuple[MarketView, ...]) -> None:
        shown = set()
        for view in views:
            if view.pair:
                name = (view.venue, view.symbol)
                shown.add(name)
                if (pair := self._pairs.get(name)) is None:
                    begun = Minutes(self._began // MINUTE, self._began)
                    pair = self._pairs[name] = _Pair(Asset(view.pair.split("/")[0]), begun)
                pair.look(self._at, view.volume)
        for name, pair in self._pairs.items():
            if name not in shown:
                pair.counted.pop(self._at // MINUTE, None)
