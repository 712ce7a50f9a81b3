"""A schedule after somebody amended it: the same curve, stretched or pressed from that moment on; or everything now."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.orders.strategy import Progress, Schedule


class Stretch(Struct, frozen=True):
    """What lay between `since` and `was` is done between `since` and `ends`."""

    since: Instant
    was: Instant
    ends: Instant

    def back(self, at: Instant) -> Instant:
        """The instant of the schedule as it was that belongs to `at`; rounded down."""
        if at <= self.since:
            return at
        if at >= self.ends:
            return Instant(self.was + (at - self.ends))
        return Instant(self.since + (at - self.since) * (self.was - self.since) // (self.ends - self.since))

    def forth(self, at: Instant) -> Instant:
        """The first instant whose `back` is not before `at`."""
        if at <= self.since:
            return at
        if at >= self.was:
            return Instant(self.ends + (at - self.was))
        return Instant(self.since - (at - self.since) * (self.ends - self.since) // -(self.was - self.since))


class Stretched(Struct, frozen=True):
    """`schedule`, read through a stretch."""

    schedule: Schedule
    stretch: Stretch

    def target(self, progress: Progress) -> Decimal:
        return self.schedule.target(self._seen(progress))

    def slice(self, at: Instant) -> int:
        return self.schedule.slice(self.stretch.back(at))

    def following(self, at: Instant) -> Instant:
        return max(self.stretch.forth(self.schedule.following(self.stretch.back(at))), Instant(at + 1))

    def step(self, progress: Progress) -> Decimal | None:
        return self.schedule.step(self._seen(progress))

    def _seen(self, progress: Progress) -> Progress:
        """By the schedule's own clock, on which what others trade comes no faster and no slower than it did."""
        at, clock = progress.at, self.stretch
        traded = progress.traded.weighed(clock.since, clock.ends, clock.was - clock.since, clock.ends - clock.since)
        return replace(progress, at=clock.back(at), traded=traded.through(clock.back))


class Now(Struct, frozen=True):
    """All that is left, at once: the limits alone say how fast. Slices are those of `schedule`."""

    schedule: Schedule

    def target(self, progress: Progress) -> Decimal:
        return progress.total

    def slice(self, at: Instant) -> int:
        return self.schedule.slice(at)

    def following(self, at: Instant) -> Instant:
        return self.schedule.following(at)

    def step(self, progress: Progress) -> Decimal | None:
        return None
