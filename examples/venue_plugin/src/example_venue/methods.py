"""A schedule and a tactic: the entry points `halves` and `patient`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, Span, parse_span
from engine.kernel.money import ZERO, part
from engine.orders.order import TimeInForce
from engine.orders.strategy import Look, Move, Post, Progress, Pull, Want


class Halves(Struct, frozen=True):
    """Half of everything by `turn`, and the rest from then on; looked at `every` so often."""

    start: Instant
    turn: Instant
    every: Span

    def target(self, progress: Progress) -> Decimal:
        """Half, rounded down to lots, and then all."""
        return progress.total if progress.at >= self.turn else part(progress.total, 1, 2, progress.lot)

    def slice(self, at: Instant) -> int:
        """Slices count from 0."""
        return max(0, at - self.start) // self.every

    def following(self, at: Instant) -> Instant:
        """The next multiple of `every`."""
        return Instant(self.start + (self.slice(at) + 1) * self.every)

    def step(self, progress: Progress) -> Decimal | None:
        """A half is a half: there is no rate that a pause could fall behind."""
        return None


def halves(start: Instant, end: Instant, parameters: Mapping[str, str]) -> Halves:
    """`every` is needed; `turn` is a length of time from the start, half of the window where it is not given."""
    every = parse_span(parameters["every"])
    turn = parse_span(parameters["turn"]) if "turn" in parameters else (end - start) // 2
    if every <= 0 or start + turn > end:
        raise ValueError("every has to be above zero, and turn within the window")
    return Halves(start, Instant(start + turn), every)


class Patient(Struct, frozen=True):
    """Waits in the book at its floor or the best bid, whichever is higher, and asks again after `wait`."""

    wait: Span

    def act(self, want: Want) -> Sequence[Move]:
        """One order that stays; pulled once a slice is about to end."""
        if want.resting is not None:
            return (Pull(),) if want.at + self.wait >= want.until else (Look(Instant(want.at + self.wait)),)
        best = max(want.floor, want.view.bids[0].price) if want.view.bids else want.floor
        quantity = min(want.quantity, want.instrument.largest(best))
        if quantity <= ZERO or want.instrument.too_small(quantity, best):
            return ()
        return (Post(quantity, best, TimeInForce.GTC), Look(Instant(want.at + self.wait)))


def patient(parameters: Mapping[str, str]) -> Patient:
    """`wait` is needed."""
    return Patient(parse_span(parameters["wait"]))
