"""What a schedule promises: each promise asks it something, and says what it saw where the promise is broken."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import HOUR, Instant, Span
from engine.kernel.money import ZERO, is_multiple
from engine.market.traded import Traded
from engine.orders.strategy import Progress, Schedule
from strategies.conformance import draws
from strategies.conformance.draws import LOT, START, Draws

Make = Callable[[Instant, Instant, Mapping[str, str]], Schedule]
TOTAL: Final = Decimal(300)
SLICES_MAX: Final = 999_999
"""Orders are named by their slice, in so many digits."""
STEPS: Final = 60
"""Slices of a run that are played; the rest would be more of the same."""


class Case(Struct, frozen=True):
    """One question to a schedule, and a way to have another one made of the same parameters."""

    schedule: Schedule
    again: Callable[[], Schedule]
    progress: Progress
    window: Span


def schedule_faults(
    make: Make, parameters: Mapping[str, str], *, window: Span = HOUR, seeds: Iterable[int] = range(200)
) -> list[str]:
    """Every promise that is broken by what `make` makes of `parameters`, with what was seen and the first seed for it.

    Empty when all are kept. As in a run, `quantity` is added to the parameters. What is raised goes through.
    """
    given, found = {"quantity": str(TOTAL), **parameters}, dict[str, str]()

    def made() -> Schedule:
        return make(START, Instant(START + window), given)

    for seed in seeds:
        case = Case(made(), made, draws.progress(Draws(seed, "progress"), window), window)
        for promise, broken in PROMISES.items():
            if promise not in found and (seen := next(broken(case), None)) is not None:
                found[promise] = f"{promise}: {seen} (seed {seed})"
    return list(found.values())


def _within_the_total(case: Case) -> Iterator[str]:
    target = case.schedule.target(case.progress)
    if type(target) is not Decimal or not 0 <= target <= case.progress.total:
        yield f"{target!r} of {case.progress.total}"


def _counted(case: Case) -> Iterator[str]:
    at = case.progress.at
    index, later = case.schedule.slice(at), case.schedule.slice(Instant(at + case.window // 3))
    if not 0 <= index <= later <= SLICES_MAX:
        yield f"{index}, and a third of the window later {later}"


def _following(case: Case) -> Iterator[str]:
    at = case.progress.at
    following = case.schedule.following(at)
    if following <= at:
        yield f"{at} is followed by {following}"
    elif (last := case.schedule.slice(Instant(following - 1))) != (index := case.schedule.slice(at)):
        yield f"slice {index} has become {last} before {following}"


def _steps(case: Case) -> Iterator[str]:
    step = case.schedule.step(case.progress)
    if step is not None and not (0 <= step <= case.progress.total and is_multiple(step, case.progress.lot)):
        yield f"{step} of {case.progress.total}, in lots of {case.progress.lot}"


def _looks_not_ahead(case: Case) -> Iterator[str]:
    """Also just before a look, where a schedule is most tempted."""
    whole = case.progress.traded
    for at in (case.progress.at, *(Instant(when - 1) for when in whole.at)):
        uncut = replace(case.progress, at=at)
        cut = replace(uncut, traded=_until(whole, at))
        if (seen := _said(case.schedule, uncut)) != (then := _said(case.schedule, cut)):
            yield f"{seen} instead of {then} at {at - START}"


def _remembers_nothing(case: Case) -> Iterator[str]:
    """A run that was killed goes on with a schedule that was never asked before."""
    for after in range(4):
        _said(
            case.schedule, replace(case.progress, at=Instant(START + after * case.window // 4), sold=ZERO, before=ZERO)
        )
    if (seen := _said(case.schedule, case.progress)) != (then := _said(case.again(), case.progress)):
        yield f"{seen} instead of {then}"


def _never_falls(case: Case) -> Iterator[str]:
    """Slice by slice; all that is asked for is sold, since nothing else could be held against it."""
    schedule, at, sold, last = case.again(), START, ZERO, ZERO
    for _ in range(STEPS):
        now = Progress(TOTAL, sold, True, START, at, LOT, traded=_until(case.progress.traded, at), before=sold)
        target = schedule.target(now)
        if target < last:
            yield f"{target} after {last}"
        sold, last, at = max(sold, target), target, schedule.following(at)


def _until(traded: Traded, at: Instant) -> Traded:
    known = sum(1 for when in traded.at if when <= at)
    return Traded(traded.at[:known], traded.volume[:known])


def _said(schedule: Schedule, progress: Progress) -> tuple[Any, ...]:
    """All that a schedule says at an instant."""
    at = progress.at
    return schedule.target(progress), schedule.slice(at), schedule.following(at), schedule.step(progress)


PROMISES: Final[Mapping[str, Callable[[Case], Iterator[str]]]] = {
    "a target is a Decimal between nothing and the total": _within_the_total,
    "in a run that sells what it is asked for no target falls": _never_falls,
    "slices are counted upwards from 0, to 999999 at the most": _counted,
    "the following slice lies ahead, and none begins before it": _following,
    "a step is a part of the total in whole lots": _steps,
    "what is traded later changes nothing": _looks_not_ahead,
    "a schedule remembers nothing": _remembers_nothing,
}
