"""Name and parameters → schedule or tactic. Our own stand in this table; other people's come in by entry points.

Parameters are text, because a plan is data that people approve. What somebody else's package will not take is a
`Mistake` with its place; what ours take, `engine.config` has seen to.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import entry_points
from typing import Any, Final, cast

from engine.kernel.clock import Instant, parse_span
from engine.kernel.errors import BadInput, Mistake
from engine.orders.strategy import Schedule, Tactic
from strategies.fiat_sweep import FiatSweep
from strategies.stepped import Stepped
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from strategies.twap import twap
from strategies.vwap import vwap

Parameters = Mapping[str, str]
MakeSchedule = Callable[[Instant, Instant, Parameters], Schedule]
MakeTactic = Callable[[Parameters], Tactic]


def _jitters(parameters: Parameters) -> tuple[Fraction, Fraction, int]:
    return (
        Fraction(parameters.get("time_jitter", "0")),
        Fraction(parameters.get("size_jitter", "0")),
        int(parameters.get("seed", "0")),
    )


def _twap(start: Instant, end: Instant, p: Parameters) -> Stepped:
    time_jitter, size_jitter, seed = _jitters(p)
    return twap(start, end, int(p["slices"]), time_jitter=time_jitter, size_jitter=size_jitter, seed=seed)


def _vwap(start: Instant, end: Instant, p: Parameters) -> Stepped:
    time_jitter, size_jitter, seed = _jitters(p)
    curve = [int(weight) for weight in p["curve"].split(",")]
    return vwap(start, end, int(p["slices"]), curve, time_jitter=time_jitter, size_jitter=size_jitter, seed=seed)


def _fiat_sweep(start: Instant, end: Instant, p: Parameters) -> FiatSweep:
    return FiatSweep(start, parse_span(p["every"]), Decimal(p["amount"]), parse_span(p["age"]))


def _peg(p: Parameters) -> Peg:
    return Peg(every=parse_span(p["every"]), before=parse_span(p["before"]))


SCHEDULES: Final[Mapping[str, MakeSchedule]] = {"twap": _twap, "vwap": _vwap, "fiat_sweep": _fiat_sweep}
TACTICS: Final[Mapping[str, MakeTactic]] = {"cross": lambda p: Cross(), "peg": _peg}
SCHEDULE_GROUP: Final = "steelyard.schedules"
TACTIC_GROUP: Final = "steelyard.tactics"
SCHEDULE: Final = ("target", "slice", "following", "step")
TACTIC: Final = ("act",)


FOR_LEG_TWO: Final = frozenset({"fiat_sweep"})
"""Made from `[path.stable]` and named by no config."""


def schedule_names() -> tuple[str, ...]:
    """Every schedule that a config may name, ours first."""
    own = tuple(name for name in SCHEDULES if name not in FOR_LEG_TWO)
    return (*own, *sorted({point.name for point in entry_points(group=SCHEDULE_GROUP)} - SCHEDULES.keys()))


def tactic_names() -> tuple[str, ...]:
    """Every tactic that a config may name, ours first."""
    return (*TACTICS, *sorted({point.name for point in entry_points(group=TACTIC_GROUP)} - TACTICS.keys()))


def schedule(name: str, start: Instant, end: Instant, parameters: Parameters) -> Schedule:
    """The schedule of that name; `KeyError` when nobody offers it.

    `BadInput` when its parameters will not do, or when what is offered is no schedule.
    """
    if (own := SCHEDULES.get(name)) is not None:
        return own(start, end, parameters)
    maker = _offered(SCHEDULE_GROUP, name, "strategy.schedule")
    return cast(Schedule, _made(maker, (start, end, parameters), SCHEDULE, "strategy", name))


def tactic(name: str, parameters: Parameters) -> Tactic:
    """The tactic of that name; `KeyError` when nobody offers it.

    `BadInput` when its parameters will not do, or when what is offered is no tactic.
    """
    if (own := TACTICS.get(name)) is not None:
        return own(parameters)
    maker = _offered(TACTIC_GROUP, name, "tactic.kind")
    return cast(Tactic, _made(maker, (parameters,), TACTIC, "tactic", name))


def _offered(group: str, name: str, where: str) -> Callable[..., object]:
    """What a package offers by that name, once it can be called."""
    for point in entry_points(group=group):
        if point.name == name:
            try:
                maker = point.load()
            except Exception as error:  # somebody else's package may raise anything when it is imported
                raise BadInput([Mistake(where, f"{name} can't be had from {point.value}: {error}")]) from error
            if not callable(maker):
                what = f"{name}: {point.value} is a {type(maker).__name__}, and nothing that makes one"
                raise BadInput([Mistake(where, what)])
            return cast(Callable[..., object], maker)
    raise KeyError(name)


def _made(
    maker: Callable[..., object], given: tuple[Any, ...], verbs: Sequence[str], section: str, name: str
) -> object:
    """What `maker` makes of the parameters, once it has every verb that it needs."""
    try:
        made = maker(*given)
    except KeyError as error:
        raise BadInput([Mistake(f"{section}.parameters", f"{name} needs {error.args[0]!r}")]) from error
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadInput([Mistake(f"{section}.parameters", f"{name} will not take them: {error}")]) from error
    if lacking := [verb for verb in verbs if not callable(getattr(made, verb, None))]:
        what = f"{name} makes a {type(made).__name__}, which lacks: {', '.join(lacking)}"
        raise BadInput([Mistake(section, what)])
    return made
