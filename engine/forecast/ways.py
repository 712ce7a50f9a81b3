"""The ways of selling, side by side: the config's own, and the others as one would set them for the same window."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import inf
from typing import Final

from msgspec import Struct

from engine.forecast.course import BINS_MAX, Bin, Course, by_holdings, by_rate, by_targets, by_volume, even, grid
from engine.forecast.given import Given
from engine.forecast.market import Conditions
from engine.kernel.clock import DAY
from engine.planning.plan import Recipe
from engine.science.almgren_chriss import Sale, ac_lvar, ac_plan
from engine.science.calibration import sale

BINS: Final = 96
"""Where the config's schedule has no slices of its own to be compared by."""
RATE: Final = 0.1
"""Of all volume, where nobody says how much may be ours."""
NAMES: Final = {"twap": "TWAP", "vwap": "VWAP", "dynamic_vwap": "VWAP", "pov": "POV", "shortfall": "IS"}
WEIGHT: Final = 1.645


class Drawn(Struct, frozen=True):
    """One way over the grid."""

    name: str
    chosen: bool
    basis: str
    course: Course


def bins_of(given: Given, known: Conditions) -> tuple[Bin, ...]:
    """The grid of the config's own slices, as far as a chart can show them."""
    slices = int(given.leg.schedule.parameters.get("slices", BINS))
    count = max(1, min(slices, BINS_MAX))
    return grid(given.start, given.leg.window, given.hours, count, known.curve, known.volume_daily)


def problem(given: Given, slices: int) -> Sale | None:
    """The leg after Almgren and Chriss, with linear impact; `None` where nobody calibrated it, or it has no optimum."""
    if given.impact is None or given.leg.quantity <= 0:
        return None
    days = given.leg.window / DAY
    try:
        return sale(given.impact.market, float(given.leg.quantity), days, slices, "linear")
    except ValueError:
        return None


def aversion(given: Given, posed: Sale | None) -> tuple[float, str] | None:
    """How much risk is disliked: as the config says, or as the least value at risk would have it."""
    said = given.leg.schedule.parameters.get("risk_aversion")
    if said is not None:
        return float(said), f"lambda {said}, as the config says"
    if posed is None:
        return None
    least = ac_lvar(posed, WEIGHT)
    if least.risk_aversion == inf:
        return None
    return least.risk_aversion, f"assumed: lambda {least.risk_aversion:.3g}, of the least cost in 95 of 100 cases"


def ways(given: Given, known: Conditions, bins: Sequence[Bin], posed: Sale | None) -> Iterator[Drawn]:
    """Each way that can be drawn. Without volumes there is no VWAP and no POV, without impact no IS."""
    own, quantity = given.leg.schedule, float(given.leg.quantity)
    name = NAMES.get(own.name, own.name)
    if own.name == "pov" and known.volume_daily is not None:
        yield Drawn(name, True, "", by_rate(bins, quantity, float(own.parameters["rate"])))
    elif own.name != "pov":
        yield Drawn(name, True, _own(own), by_targets(bins, given.targets, given.leg.quantity))
    if name != "TWAP":
        yield Drawn("TWAP", False, "evenly over the same window", even(bins))
    traded = sum(each.volume for each in bins) > 0
    if name != "VWAP" and traded:
        yield Drawn("VWAP", False, "by the volume that is expected", by_volume(bins))
    if name != "POV" and traded:
        rate, told = _rate(given.leg.participation_max)
        yield Drawn("POV", False, told, by_rate(bins, quantity, rate))
    liked = aversion(given, posed)
    if name != "IS" and posed is not None and liked is not None:
        yield Drawn("IS", False, liked[1], by_holdings(ac_plan(posed, liked[0]).holdings[: len(bins) + 1]))


def _own(recipe: Recipe) -> str:
    return "with the static curve: no surprise is foretold" if recipe.name == "dynamic_vwap" else ""


def _rate(share: Decimal | None) -> tuple[float, str]:
    if share is None:
        return RATE, f"assumed: {RATE:.0%} of all volume".replace("%", " %")
    return float(share), f"at participation_max, {float(share) * 100:g} % of all volume"
