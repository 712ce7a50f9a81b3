"""Evidence while a run goes on: each fill is weighed once, against what had been seen when its row became durable.

The finished run is weighed again from the whole tape (`benchmarks.gather`); a print that arrives late can change that
figure, and never this one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.events import Entry
from engine.evidence.benchmarks import PRICE_PLACES, UNFUNDED, Arrival, Interval, fill_record, weigh
from engine.evidence.reading import Reading
from engine.evidence.sharing import met
from engine.evidence.story import Seen, Sold
from engine.journal.record import Record
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.kernel.money import EXACT, ZERO, ratio, times, total
from engine.market.facts import MarketFact, Print
from engine.orders import quotes
from engine.orders.reports import Fill
from engine.planning.plan import LegPlan

Pair = tuple[VenueName, Symbol]


class _Sums(Struct, frozen=True):
    """What others traded on one pair, and how many of our own prints were taken out of it or not found."""

    volume: Decimal
    notional: Decimal
    removed: int
    unmatched: int


class _Others:
    """Running sums of a pair's public trades without our own, whether print or fill came first."""

    def __init__(self) -> None:
        self._at: list[Instant] = []
        self._volume, self._notional = [ZERO], [ZERO]
        self._prints: dict[tuple[object, ...], int] = {}
        self._own: dict[tuple[object, ...], int] = {}
        self._removed: list[tuple[Instant, Decimal, Decimal]] = []

    def add(self, seen: Print) -> None:
        """One public trade."""
        self._at.append(seen.at)
        self._volume.append(EXACT.add(self._volume[-1], seen.quantity))
        self._notional.append(EXACT.add(self._notional[-1], times(seen.quantity, seen.price)))
        self._pair_off(_mark(seen.at, seen.price, seen.quantity), self._own, self._prints)

    def ours(self, fill: Fill) -> None:
        """One fill of ours on the pair."""
        self._pair_off(_mark(fill.at, fill.price, fill.quantity), self._prints, self._own)

    def _pair_off(self, mark: tuple[Instant, Decimal, Decimal], waiting: dict[Any, int], kept: dict[Any, int]) -> None:
        if waiting.get(mark):
            waiting[mark] -= 1
            self._removed.append(mark)
        else:
            kept[mark] = kept.get(mark, 0) + 1

    def between(self, start: Instant, end: Instant) -> _Sums:
        """What others traded from `start` to `end`, as far as it has been seen."""
        first, last = bisect_right(self._at, start - 1), bisect_right(self._at, end)
        volume = EXACT.subtract(self._volume[last], self._volume[first]) if first < last else ZERO
        notional = EXACT.subtract(self._notional[last], self._notional[first]) if first < last else ZERO
        removed = [mark for mark in self._removed if start <= mark[0] <= end]
        for _, price, quantity in removed:
            volume = EXACT.subtract(volume, quantity)
            notional = EXACT.subtract(notional, times(price, quantity))
        return _Sums(volume, notional, len(removed), sum(self._own.values()))


class Running:
    """A run's evidence so far. Feed it every durable row from the first, and public trades as they are seen."""

    def __init__(self) -> None:
        self._reading = Reading()
        self._others: dict[Pair, _Others] = {}
        self._began: dict[LegId, Instant] = {}
        self._arrivals: dict[LegId, Arrival] = {}

    def saw(self, facts: Iterable[MarketFact]) -> None:
        """Public trades, in order of their arrival."""
        for fact in facts:
            if isinstance(fact, Print):
                self._others.setdefault((fact.venue, fact.symbol), _Others()).add(fact)

    def take(self, record: Record, entry: Entry) -> list[Mapping[str, Any]]:
        """One row; the records of the fills that it brought."""
        self._reading.take(record, entry)
        self._arrive()
        found = []
        for fill, way, seq, at in (self._reading.fills[key] for key in self._reading.fresh):
            attempt = self._reading.attempts.get(fill.client_id)
            if attempt is None or attempt.order.slice < quotes.FIRST:
                self._others.setdefault((fill.venue, fill.symbol), _Others()).ours(fill)
            if attempt is not None:
                found.append(self._weigh(Sold(fill, attempt.order, way, seq, at)))
        return found

    def _weigh(self, sold: Sold) -> Mapping[str, Any]:
        opened = self._reading.opened
        assert opened is not None, "a fill comes after the row that opened the run"
        plan = opened.plan.leg(sold.order.leg)
        for fed in opened.plan.legs:
            if plan.id in fed.fed_by:
                self._began.setdefault(fed.id, sold.learned_at)
        start = min(self._began.get(plan.id, opened.at), sold.fill.at)
        arrival = self._arrivals.get(plan.id, Arrival(lack=UNFUNDED))
        interval = self._interval(plan, start, sold.fill.at)
        weighed = weigh(opened.run, plan, sold, self._decision(sold), arrival, interval)
        return fill_record(replace(weighed, shared_book=met(opened.licences, sold.order, sold.fill.at)))

    def _interval(self, plan: LegPlan, start: Instant, end: Instant) -> Interval:
        """What others traded on all pairs of the leg."""
        sums = [self._others[pair].between(start, end) for pair in plan.pairs if pair in self._others]
        volume, notional = total(s.volume for s in sums), total(s.notional for s in sums)
        return Interval(
            start=start,
            end=end,
            vwap=ratio(notional, volume, PRICE_PLACES) if volume > 0 else None,
            volume=volume,
            own_removed=sum(s.removed for s in sums),
            own_unmatched=sum(s.unmatched for s in sums),
            lack="" if volume > 0 else "no trade of others has been seen",
        )

    def _decision(self, sold: Sold) -> Seen | None:
        """The last view at or before the decision; decisions are few and recent, so it is found from the end."""
        for seen in reversed(self._reading.views.get((sold.order.venue, sold.order.symbol), [])):
            if seen.at <= sold.order.decided_at:
                return seen
        return None

    def _arrive(self) -> None:
        """Keep the first priced view of each leg that has something to sell."""
        opened = self._reading.opened
        for plan in opened.plan.legs if opened is not None else ():
            if plan.id in self._arrivals or not (plan.quantity or plan.id in self._began):
                continue
            for pair in plan.pairs:
                views = self._reading.views.get(pair)
                if views and views[-1].mid is not None and views[-1].at >= self._began.get(plan.id, Instant(0)):
                    self._arrivals[plan.id] = Arrival(views[-1].at, views[-1].mid)
                    break


def _mark(at: Instant, price: Decimal, quantity: Decimal) -> tuple[Instant, Decimal, Decimal]:
    """What a print and the fill behind it have in common."""
    return (at, price, quantity)
