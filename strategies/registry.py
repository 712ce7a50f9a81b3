"""Name and parameters → schedule or tactic. Our own stand in this table; other people's come in by entry points.

Parameters are text, because a plan is data that people approve; whatever does not parse is a `Mistake` with its place.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import entry_points
from typing import Final, cast

from engine.kernel.clock import Instant, parse_span
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


def schedule(name: str, start: Instant, end: Instant, parameters: Parameters) -> Schedule:
    """The schedule of that name; `KeyError` when nobody offers it."""
    make = SCHEDULES.get(name) or cast(MakeSchedule, _offered(SCHEDULE_GROUP, name))
    return make(start, end, parameters)


def tactic(name: str, parameters: Parameters) -> Tactic:
    """The tactic of that name; `KeyError` when nobody offers it."""
    make = TACTICS.get(name) or cast(MakeTactic, _offered(TACTIC_GROUP, name))
    return make(parameters)


def _offered(group: str, name: str) -> object:
    for point in entry_points(group=group):
        if point.name == name:
            return point.load()
    raise KeyError(name)
