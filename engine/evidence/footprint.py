"""How large we were in what was traded: per venue and for all of them, over a minute, an hour, a day and the whole leg.

Where we sold it is counted from the tape alone, and so by itself: our own prints are removed, and what counts of the
others' volume is reckoned anew. What venues for reference add to the market is taken from the views in the journal, as
the gate did. Beside it stands the largest share at which the gate let an order pass, and the limit. What was sold by a
quote or by voice printed in no book and is told apart.
"""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine.evidence.benchmarks import OthersTape, in_book, others
from engine.evidence.story import LegStory, Sold, Story
from engine.evidence.watched import Watched
from engine.kernel.clock import MINUTE, Instant, iso
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import EXACT, ZERO, plain, ratio, total
from engine.market.footprint import SPANS, Ordinary, Shares, market
from engine.orders.order import Check

PLACES: Final = 6
MARKET: Final = "market"
WHOLE: Final = "run"


class Line(Struct, frozen=True, kw_only=True):
    """One scope over one span: where our share was largest."""

    venue: VenueName | None
    """`None`: all venues of the leg together, and with a footprint those for reference."""
    span: str
    at: Instant | None
    """The minute with which the span ends; `None` where nothing was sold there."""
    sold: Decimal
    others: Decimal
    """All that others traded in the same minutes."""
    share: Decimal | None
    counted: Decimal
    """What counts of it, in as many complete minutes before the last one."""
    counted_share: Decimal | None
    """The largest share of what counts, be it with another minute; where nothing counts, all of it is ours."""
    approved: Decimal | None = None
    """The largest share at which the gate let an order pass."""
    limit: Decimal | None = None


class Footprint(Struct, frozen=True):
    """A leg's footprint."""

    leg: LegId
    lines: tuple[Line, ...]
    aside: Decimal
    """Sold by quotes or by voice: it printed in no book."""


def of_leg(story: Story, leg: LegStory) -> Footprint:
    """The footprint of one leg; without lines where no tape shows its pairs."""
    booked = [sold for sold in leg.fills if in_book(sold)]
    aside = total(sold.fill.quantity for sold in leg.fills if not in_book(sold))
    if not leg.prints:
        return Footprint(leg.plan.id, (), aside)
    minutes = sorted({sold.fill.at // MINUTE for sold in booked})
    first = story.opened.at // MINUTE
    places = {
        venue: _Place(venue, others(story, leg, venue), [s for s in booked if s.fill.venue == venue], minutes, first)
        for venue, _ in leg.plan.pairs
    }
    scopes = [_Scope(venue, [place]) for venue, place in places.items()]
    rule = story.opened.limits.footprint
    if len(places) > 1 or (rule is not None and rule.market != Shares()):
        scopes.append(_Scope(None, list(places.values()), leg.watched))
    ends = max([leg.ended_at or story.last_at, *(sold.fill.at for sold in booked)])
    spans = {**SPANS, WHOLE: ends // MINUTE - first + 1}
    lines = [
        replace(
            scope.line(span, length, minutes),
            approved=_approved(leg, scope.venue, span),
            limit=_limit(story, leg, scope.venue, span),
        )
        for scope in scopes
        for span, length in spans.items()
    ]
    return Footprint(leg.plan.id, tuple(lines), aside)


class _Place:
    """One venue of a leg: its tape without us, and what counts of it by the minutes that matter."""

    def __init__(
        self, venue: VenueName, tape: OthersTape, sold: Sequence[Sold], minutes: Sequence[int], first: int
    ) -> None:
        self.venue, self.tape = venue, tape
        self.at = [each.fill.at for each in sold]
        self.sums = [ZERO, *accumulate((each.fill.quantity for each in sold), EXACT.add)]
        self.counted = _counted(tape, first, minutes)

    def ours(self, first: int, last: int) -> Decimal:
        """What we sold in these minutes, both included."""
        begins, ends = first * MINUTE, (last + 1) * MINUTE
        return self.sums[bisect_left(self.at, ends)] - self.sums[bisect_left(self.at, begins)]

    def counts(self, last: int, length: int) -> Decimal:
        """What counts of the others' volume in so many complete minutes before `last`."""
        return self.counted[last] - self.counted.get(last - length, ZERO)

    def others(self, first: int, last: int) -> Decimal:
        """What others traded in them."""
        return self.tape.between(Instant(first * MINUTE), Instant((last + 1) * MINUTE - 1)).volume


def _counted(tape: OthersTape, first: int, minutes: Sequence[int]) -> dict[int, Decimal]:
    """What counts in all before minutes in which we sold, and before those from which their spans begin."""
    wanted = {m for minute in minutes for m in (minute, *(minute - span for span in SPANS.values()))}
    ordinary, sum_, found = Ordinary(), ZERO, {minute: ZERO for minute in wanted if minute <= first}
    for minute in range(first, max(minutes, default=first)):
        begins = Instant(minute * MINUTE)
        sum_ += ordinary.counted(tape.between(begins, Instant(begins + MINUTE - 1)).volume)
        if minute + 1 in wanted:
            found[minute + 1] = sum_
    return found


class _Scope:
    """One venue, or all of them as a market: those where the leg is sold, and with a footprint those for reference."""

    def __init__(self, venue: VenueName | None, places: Sequence[_Place], watched: Sequence[Watched] = ()) -> None:
        self.venue, self._places, self._watched = venue, places, watched

    def line(self, span: str, length: int, minutes: Sequence[int]) -> Line:
        """The minute up to which our share was largest, over so many minutes; the whole run has one."""
        best = Line(
            venue=self.venue, span=span, at=None, sold=ZERO, others=ZERO, share=None, counted=ZERO, counted_share=None
        )
        counted_shares = []
        for last in minutes[-1:] if span == WHOLE else minutes:
            sold = total(place.ours(last - length + 1, last) for place in self._places)
            if not sold:
                continue
            volume, counts = self._others(last, span, length), market(self._counts(last, span, length))
            share = ratio(sold, sold + volume, PLACES)
            counted_shares.append(ratio(sold, sold + counts, PLACES))
            if best.share is None or share > best.share:
                at = Instant(last * MINUTE)
                best = replace(best, at=at, sold=sold, others=volume, share=share, counted=counts)
        return replace(best, counted_share=max(counted_shares, default=None))

    def _others(self, last: int, span: str, length: int) -> Decimal:
        first = last - length + 1
        beside = total(pair.others(first, last) for pair in self._beside(span))
        return EXACT.add(beside, total(place.others(first, last) for place in self._places))

    def _counts(self, last: int, span: str, length: int) -> list[Decimal]:
        """By venue. Those for reference are no part of the cap over the whole sale."""
        found = {place.venue: place.counts(last, length) for place in self._places}
        for pair in self._beside(span):
            found[pair.venue] = found.get(pair.venue, ZERO) + pair.counts(last, span)
        return list(found.values())

    def _beside(self, span: str) -> Sequence[Watched]:
        return () if span == WHOLE else self._watched


def _limit(story: Story, leg: LegStory, venue: VenueName | None, span: str) -> Decimal | None:
    rule = story.opened.limits.footprint
    if span == WHOLE:
        return leg.plan.participation_max if _all(leg, venue) else None
    if rule is None or leg.plan.fed_by:
        return None
    shares = rule.market if venue is None else rule.venue
    limit: Decimal | None = getattr(shares, span)
    return limit


def _approved(leg: LegStory, venue: VenueName | None, span: str) -> Decimal | None:
    """The largest share that an order was let pass with."""
    name = f"footprint {'market' if venue is None else 'venue'} {span}"
    if span == WHOLE:
        name = "participation" if _all(leg, venue) else ""
    attempts = [a for a in leg.attempts if venue in (None, a.order.venue) and name in a.shares]
    return max((attempt.shares[name] for attempt in attempts), default=None)


def _all(leg: LegStory, venue: VenueName | None) -> bool:
    """Is this all that the leg is sold on?"""
    return venue is None or len(leg.plan.pairs) == 1


def shares_of(checks: Sequence[Check]) -> dict[str, Decimal]:
    """Our shares of what is traded, as the gate saw them when it let an order pass."""
    named = (check for check in checks if check.limit == "participation" or check.limit.startswith("footprint "))
    return {check.limit: Decimal(check.value) for check in named}


def record(footprint: Footprint) -> dict[str, Any]:
    """A leg's footprint in `summary.json`."""
    return {
        "lines": [
            {
                "venue": line.venue or MARKET,
                "over": line.span,
                "at": None if line.at is None else iso(line.at),
                "sold": plain(line.sold),
                "others": plain(line.others),
                "share": _maybe(line.share),
                "counted": plain(line.counted),
                "share_of_counted": _maybe(line.counted_share),
                "approved": _maybe(line.approved),
                "limit": _maybe(line.limit),
            }
            for line in footprint.lines
        ],
        "own_prints": "removed",
        "outside_books": plain(footprint.aside),
    }


def _maybe(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
