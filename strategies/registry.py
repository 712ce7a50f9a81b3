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
from engine.market import volume_model
from engine.orders import condition
from engine.orders.strategy import Schedule, Tactic
from engine.science.calibration import Market
from strategies.dynamic_vwap import DynamicVwap, dynamic_vwap
from strategies.fiat_sweep import FiatSweep
from strategies.pov import Pov
from strategies.shortfall import Shortfall, shortfall
from strategies.stepped import Stepped
from strategies.tactics.chase import Chase
from strategies.tactics.cross import Cross
from strategies.tactics.iceberg import Iceberg
from strategies.tactics.peg import Peg
from strategies.tactics.portion import parse_portion
from strategies.tactics.snipe import Snipe
from strategies.tactics.stop import Stop
from strategies.tactics.urgency import Urgency
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
    count = int(p["slices"])
    if "model" in p:
        learned = volume_model.read(p["model"], "strategy.model")
        curve = volume_model.weights(learned.curve, start, learned.bin, count)
    else:
        curve = [int(weight) for weight in p["curve"].split(",")]
    return vwap(start, end, count, curve, time_jitter=time_jitter, size_jitter=size_jitter, seed=seed)


def _dynamic_vwap(start: Instant, end: Instant, p: Parameters) -> DynamicVwap:
    time_jitter, size_jitter, seed = _jitters(p)
    learned = volume_model.read(p["model"], "strategy.model")
    return dynamic_vwap(start, end, learned, time_jitter=time_jitter, size_jitter=size_jitter, seed=seed)


def _pov(start: Instant, end: Instant, p: Parameters) -> Pov:
    time_jitter, size_jitter, seed = _jitters(p)
    return Pov(
        start=start,
        end=end,
        every=parse_span(p["every"]),
        rate=Fraction(p["rate"]),
        slice_max=Fraction(p["slice_max"]),
        least=Fraction(p.get("least", "0")),
        time_jitter=time_jitter,
        size_jitter=size_jitter,
        seed=seed,
    )


def _shortfall(start: Instant, end: Instant, p: Parameters) -> Shortfall:
    time_jitter, size_jitter, seed = _jitters(p)
    numbers = {name: float(p[name]) for name in Market.__struct_fields__}
    return shortfall(
        start,
        end,
        int(p["slices"]),
        market=Market(**numbers),
        quantity=float(p["quantity"]),
        risk_aversion=float(p["risk_aversion"]),
        law="power" if p["law"] == "power" else "linear",
        time_jitter=time_jitter,
        size_jitter=size_jitter,
        seed=seed,
    )


def _fiat_sweep(start: Instant, end: Instant, p: Parameters) -> FiatSweep:
    time_jitter, size_jitter, seed = _jitters(p)
    every, age = parse_span(p["every"]), parse_span(p["age"])
    return FiatSweep(start, every, Decimal(p["amount"]), age, time_jitter, size_jitter, seed)


def _cross(p: Parameters) -> Cross:
    return Cross(_number(p, "reach_bp"))


def _peg(p: Parameters) -> Peg:
    waits = p.get("urgency") == "cost"
    urgency = Urgency(Decimal(p["adverse_bp"]), Decimal(p["drift_bp"])) if waits else None
    return Peg(every=parse_span(p["every"]), before=parse_span(p["before"]), urgency=urgency)


def _iceberg(p: Parameters) -> Iceberg:
    return Iceberg(
        display=parse_portion(p["display"]),
        vary=int(Decimal(p["vary"]).scaleb(6)),
        every=parse_span(p["every"]),
        before=parse_span(p["before"]),
        inside=int(p["inside"]),
        seed=int(p["seed"]),
    )


def _chase(p: Parameters) -> Chase:
    return Chase(
        every=parse_span(p["every"]),
        before=parse_span(p["before"]),
        step_bp=Decimal(p["step_bp"]),
        replaces=int(p["replaces"]),
        inside=int(p["inside"]),
        reach_bp=_number(p, "reach_bp"),
    )


def _snipe(p: Parameters) -> Snipe:
    return Snipe(
        size=parse_portion(p["size"]),
        within_bp=Decimal(p["within_bp"]),
        every=parse_span(p["every"]),
        before=parse_span(p["before"]),
        crosses=p["cross_at_end"] == "yes",
    )


def _stop(p: Parameters) -> Stop:
    condition.of(p)  # what it waits for is followed by the core, and has to be understood here too
    return Stop(parse_span(p["every"]), _cross(p))


def _number(p: Parameters, key: str) -> Decimal | None:
    return Decimal(p[key]) if key in p else None


SCHEDULES: Final[Mapping[str, MakeSchedule]] = {
    "twap": _twap,
    "vwap": _vwap,
    "dynamic_vwap": _dynamic_vwap,
    "pov": _pov,
    "shortfall": _shortfall,
    "fiat_sweep": _fiat_sweep,
}
TACTICS: Final[Mapping[str, MakeTactic]] = {
    "cross": _cross,
    "peg": _peg,
    "iceberg": _iceberg,
    "chase": _chase,
    "snipe": _snipe,
    "stop": _stop,
}
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
