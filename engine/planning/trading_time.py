"""A schedule that counts open hours only: the clock of its curve stands while nothing may be sold.

So no deficit grows over a night, a lunch or a holiday, and nothing has to be caught up at the opening.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import DAY, Instant, Span
from engine.mandate.hours import Hours, after, elapsed, opening
from engine.orders.strategy import Progress, Schedule


class InHours(Struct, frozen=True):
    """`schedule`, made as if it were always open from `start` on, and shown trading time."""

    schedule: Schedule
    hours: Hours
    start: Instant

    def target(self, progress: Progress) -> Decimal:
        return self.schedule.target(self._seen(progress))

    def slice(self, at: Instant) -> int:
        return self.schedule.slice(self._traded(at))

    def following(self, at: Instant) -> Instant:
        """Open, or an opening; once a day when it will never open again."""
        there = self.schedule.following(self._traded(at))
        reached = after(self.hours, self.start, Span(there - self.start)) if there > self.start else there
        opens = opening(self.hours, reached) if reached is not None else None
        return opens if opens is not None else Instant(at + DAY)

    def step(self, progress: Progress) -> Decimal | None:
        return self.schedule.step(self._seen(progress))

    def _seen(self, progress: Progress) -> Progress:
        oldest = self._traded(progress.oldest) if progress.oldest is not None else None
        traded = progress.traded.through(self._traded)
        return replace(progress, at=self._traded(progress.at), oldest=oldest, traded=traded)

    def _traded(self, at: Instant) -> Instant:
        """The start, and the open time since; an instant before the start is itself."""
        return Instant(self.start + elapsed(self.hours, self.start, at)) if at > self.start else at
