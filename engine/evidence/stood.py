"""How long each order of a run stood in its book, by our own clock: from sending it until we knew that it had ended.

That is longer than it really stood, by the two ways to the venue and back; never shorter. What a desk took, by a quote
or by voice, stood in no book. Of an order whose end nobody ever learned it is said that it stood until the last row.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from engine.evidence.story import Attempt, Story
from engine.kernel.clock import Instant
from engine.kernel.ids import RunId, Symbol, VenueName
from engine.orders import quotes
from engine.orders.order import OrderType, TimeInForce
from engine.orders.reports import OrderStatus, Refused, Transient

Book = tuple[VenueName, Symbol]


class Stood(Struct, frozen=True):
    """One order that was sent to a book, and the time in which it may have stood there: `since`, and before `until`."""

    run: RunId
    attempt: Attempt
    since: Instant
    until: Instant

    @property
    def book(self) -> Book:
        """Where."""
        return self.attempt.order.venue, self.attempt.order.symbol

    @property
    def rests(self) -> bool:
        """Was it meant to wait in the book? What fills at once or ends was not, nor what stands for such an order."""
        order = self.attempt.order
        waits = order.tif in (TimeInForce.GTC, TimeInForce.POST_ONLY)
        return waits and order.type is OrderType.LIMIT and not order.fleeting

    @property
    def ended_whole(self) -> bool:
        """It ended, and nothing of it was ever sold."""
        report = self.attempt.report
        return report is not None and report.status.ended and not report.filled and not self.attempt.filled

    @property
    def pulled(self) -> bool:
        """It waited, we asked for its cancel, and it ended with nothing sold."""
        return self.rests and self.attempt.cancel_at is not None and self.ended_whole

    @property
    def ended_unasked(self) -> bool:
        """It waited, and ended with a remainder though we had asked for no cancel.

        A post-only order that would have traded at once is refused by rule; that is no such case.
        """
        attempt, report = self.attempt, self.attempt.report
        if report is None or not self.rests or attempt.cancel_at is not None:
            return False
        by_rule = attempt.order.tif is TimeInForce.POST_ONLY and not attempt.filled
        return report.status in (OrderStatus.CANCELLED, OrderStatus.REJECTED) and not by_rule


def in_books(story: Story) -> tuple[Stood, ...]:
    """Every order of a run that reached a book or may have, by the time of sending."""
    found = (_stood(story, attempt) for leg in story.legs for attempt in leg.attempts if _sent(attempt))
    return tuple(sorted(found, key=lambda one: (one.since, one.attempt.order.client_id)))


def _sent(attempt: Attempt) -> bool:
    kept_out = isinstance(attempt.outcome, Refused | Transient) and not attempt.filled and attempt.report is None
    absent = bool(attempt.rounds) and attempt.report is None and not attempt.filled
    return attempt.order.slice < quotes.FIRST and not kept_out and not absent


def _stood(story: Story, attempt: Attempt) -> Stood:
    until = attempt.over_at if attempt.over_at is not None else story.last_at
    return Stood(story.opened.run, attempt, attempt.placed_at, max(until, attempt.placed_at))


def together(orders: Iterable[Stood]) -> Iterator[tuple[Instant, Instant, Sequence[Stood]]]:
    """Each stretch of time with those that stood in it, wherever two or more did; one sweep over starts and ends.

    Stretches follow one another and do not overlap. The set changes with each, so many orders that all stand together
    cost their number squared; in one book of ours there are one or two.
    """
    marks = []
    for index, one in enumerate(known := sorted(orders, key=lambda one: one.since)):
        if one.until > one.since:
            marks += [(one.since, 1, index), (one.until, 0, index)]  # what ends at an instant is gone at it
    standing: dict[int, Stood] = {}
    before = Instant(0)
    for at, begins, index in sorted(marks):
        if len(standing) > 1 and at > before:
            yield before, at, tuple(standing.values())
        before = at
        if begins:
            standing[index] = known[index]
        else:
            del standing[index]
