"""What a plan has in store for one venue at set times of its market: other modes, halted pairs, a clock that is off.

Between two of them the market runs as always; each happens with the market brought to its very instant.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.kernel.clock import Instant, Span
from venues.sandbox.faults import ModeAt, SkewAt
from venues.sandbox.model import Mode


class Turn(NamedTuple):
    """One thing to do at one instant; ends stand before what begins at the same instant."""

    at: Instant
    rank: int
    what: Callable[[], None]


class Schedule:
    """The turns still to come, earliest first."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn[:2])
        self._next = 0

    def run(self, to: Instant, advance: Callable[[Instant], None]) -> None:
        """Everything that is due up to `to`, each with the market brought to its instant first."""
        while self._next < len(self._turns) and self._turns[self._next].at <= to:
            turn = self._turns[self._next]
            self._next += 1
            advance(turn.at)
            turn.what()


def turns(
    origin: Instant,
    modes: Iterable[ModeAt],
    skews: Iterable[SkewAt],
    *,
    switch: Callable[[Mode | None, str | None, bool], None],
    skew: Callable[[int], None],
) -> list[Turn]:
    """A plan's entries as turns. `switch` gets the mode (`None`: dark), a pair or none, and whether to sweep."""
    made: list[Turn] = []
    for one in modes:
        begin = _call(switch, one.mode, one.symbol, one.sweep)
        end = _call(switch, Mode.NORMAL, one.symbol, False)
        made += _both(origin, one.at, one.lasts, begin, end)
    for off in skews:
        made += _both(origin, off.at, off.lasts, _call(skew, off.by), _call(skew, 0))
    return made


def _both(
    origin: Instant, at: Span, lasts: Span | None, begin: Callable[[], None], end: Callable[[], None]
) -> list[Turn]:
    begins = Instant(origin + at)
    if lasts is None:
        return [Turn(begins, 1, begin)]
    return [Turn(begins, 1, begin), Turn(Instant(begins + lasts), 0, end)]


def _call(what: Callable[..., None], *given: object) -> Callable[[], None]:
    return lambda: what(*given)
