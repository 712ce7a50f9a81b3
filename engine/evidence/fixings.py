"""Our share of the volume around the times at which a price is taken, and questions to desks beside our own orders."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final

from msgspec.structs import replace

from engine.evidence.benchmarks import in_book, others
from engine.evidence.measure import Measure, What, ids, part
from engine.evidence.stood import Stood
from engine.evidence.story import LegStory, Story
from engine.kernel.clock import DAY, MINUTE, Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import EXACT, ZERO, trimmed
from engine.mandate.conduct import ConductRules, Fixing
from engine.market.daily import Kind

CLOSE: Final = "the end of the day that our floor is averaged over"
Stretch = tuple[Instant, Instant]


def around_fixings(story: Story, leg: LegStory, rules: ConductRules) -> Iterator[Measure]:
    """For each fixing and venue, and for all venues together, the window in which our share was largest."""
    if not (fixings := _fixings(leg, rules)):
        return  # no tape is gone through for nothing
    ended = max([leg.ended_at or story.last_at, *(sold.fill.at for sold in leg.fills)])
    venues: list[VenueName | None] = [venue for venue, _ in leg.plan.pairs]
    for scope in venues if len(venues) == 1 else [*venues, None]:
        place = _Place(story, leg, scope)
        for fixing in fixings:
            windows = list(_windows(fixing, story.opened.at, ended))
            yield place.measure(fixing, windows, rules.fixing_max)


def _fixings(leg: LegStory, rules: ConductRules) -> tuple[Fixing, ...]:
    """Those of the config; and the close of the day where a floor of the leg is an average of closes."""
    floor = leg.plan.floor
    if floor is None or floor.average is None or floor.average.rules.kind is not Kind.CLOSE:
        return rules.fixings
    close = Fixing(name=CLOSE, at=DAY, offset=floor.average.rules.offset, within=rules.close)
    return (*rules.fixings, close)


def _windows(fixing: Fixing, begins: Instant, ends: Instant) -> Iterator[Stretch]:
    """Every window of the fixing that has a moment of the run in it."""
    first = (begins - fixing.within - fixing.at + fixing.offset) // DAY
    last = (ends + fixing.within - fixing.at + fixing.offset) // DAY
    for number in range(first, last + 1):
        at = number * DAY + fixing.at - fixing.offset
        if at + fixing.within >= begins and at - fixing.within <= ends:
            yield Instant(at - fixing.within), Instant(at + fixing.within)


class _Place:
    """What we sold of a leg in the book of one venue or of all, and what others traded there."""

    def __init__(self, story: Story, leg: LegStory, venue: VenueName | None) -> None:
        self._leg, self._venue = leg, venue
        self._sold = [one for one in leg.fills if in_book(one) and venue in (None, one.fill.venue)]
        self._at = [one.fill.at for one in self._sold]
        self._sums = [ZERO, *accumulate((one.fill.quantity for one in self._sold), EXACT.add)]
        self._tape = others(story, leg, venue)

    def measure(self, fixing: Fixing, windows: Sequence[Stretch], bound: Decimal) -> Measure:
        """The largest share over all windows of one fixing."""
        told = Measure(
            what=What.FIXING, leg=self._leg.plan.id, venue=self._venue, value=None, bound=bound, detail=fixing.name
        )
        if not windows:
            return replace(told, lack="no such window fell into the run")
        sold_in = [window for window in windows if self._ours(window)]
        if not sold_in:
            return replace(told, value=ZERO, detail=f"{fixing.name}: nothing sold in {len(windows)} windows")
        if not self._tape.recorded:
            return replace(told, lack="no tape of the pair, and we sold in the window")
        share, window = max(((self._share(window, bound), window) for window in sold_in), key=lambda one: one[0])
        first, last = self._within(window)
        ours = self._ours(window)
        of = EXACT.add(ours, self._tape.between(*window).volume)
        detail = f"{fixing.name}: {trimmed(ours)} of {trimmed(of)}; sold in {len(sold_in)} of {len(windows)} windows"
        behind = dict.fromkeys(one.order.client_id for one in self._sold[first:last])
        middle = Instant((window[0] + window[1]) // 2)
        return replace(told, value=share, at=middle, detail=detail, orders=tuple(behind))

    def _within(self, window: Stretch) -> tuple[int, int]:
        return bisect_left(self._at, window[0]), bisect_right(self._at, window[1])

    def _ours(self, window: Stretch) -> Decimal:
        first, last = self._within(window)
        return self._sums[last] - self._sums[first]

    def _share(self, window: Stretch, bound: Decimal) -> Decimal:
        ours = self._ours(window)
        return part(ours, EXACT.add(ours, self._tape.between(*window).volume), bound)


def beside_questions(leg: LegStory, orders: Sequence[Stood], rules: ConductRules) -> Measure:
    """Minutes in which a desk had been asked, or its quote stood, while the same pair was sold in a book.

    A floor by quotes asks its desks all along, for a price and not for a deal: of such a leg only the quotes count that
    were taken. `orders` are those of the leg.
    """
    priced = leg.plan.floor is not None and leg.plan.floor.quote is not None
    asked = [bid for bid in leg.quotes if bid.fate or not priced]
    questions = merged((bid.asked_at, bid.until or bid.came_at or bid.asked_at) for bid in asked)
    behind, minutes = list[Stood](), set[int]()
    ends = [end for _, end in questions]
    for one in orders:
        index = bisect_left(ends, one.since)
        while index < len(questions) and questions[index][0] <= one.until:
            begins, end = max(questions[index][0], one.since), min(questions[index][1], one.until)
            minutes.update(range(begins // MINUTE, end // MINUTE + 1))
            behind.append(one)
            index += 1
    return Measure(
        what=What.ASKED,
        leg=leg.plan.id,
        value=Decimal(len(minutes)),
        bound=Decimal(rules.quote_minutes_max),
        at=Instant(min(minutes) * MINUTE) if minutes else None,
        detail=f"{len(asked)} questions" if asked else "no desk was asked for a deal",
        orders=ids(behind),
    )


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Sorted, and those that touch made one."""
    found: list[Stretch] = []
    for begins, ends in sorted(stretches):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found
