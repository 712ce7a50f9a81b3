"""Cost against risk after Almgren and Chriss: the curve of the best ways, and where this plan lies beside it.

Linear impact, calibrated so that the straight line costs what the law of the root says: the model by which a schedule
of implementation shortfall is made. Fees are left out, since every way pays them.
"""

from collections.abc import Iterator
from math import fsum, sqrt
from typing import Final

from engine.forecast import words
from engine.forecast.course import Course
from engine.forecast.prospect import Point
from engine.forecast.scene import Scene
from engine.forecast.ways import WEIGHT, aversion
from engine.kernel.money import BP
from engine.science.almgren_chriss import Sale, ac_frontier, ac_lvar, ac_plan

URGENCIES: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 40.0)
"""Kappa times the window: how often what is held shrinks by a factor of e within it."""


def curve(scene: Scene) -> tuple[Point, ...]:
    """Standard deviation and expected cost, bp; empty without a calibration."""
    posed = scene.posed
    if posed is None or not posed.sigma:
        return ()
    per = [(urgency / posed.horizon / posed.sigma) ** 2 * posed.eta_tilde for urgency in URGENCIES]
    return tuple(_point(scene, posed, cost, variance) for cost, variance in ac_frontier(posed, [0.0, *per]))


def marks(scene: Scene) -> tuple[tuple[str, str, str], ...]:
    """By name: this plan, the straight line, the best way at the aversion, the least value at risk; one for a place."""
    found: dict[Point, list[str]] = {}
    for name, place in _marks(scene):
        found.setdefault(place, []).append(name)
    return tuple((", ".join(names), *place) for place, names in found.items())


def _marks(scene: Scene) -> Iterator[tuple[str, Point]]:
    posed = scene.posed
    if posed is None or not posed.sigma:
        return
    straight, least = ac_plan(posed, 0.0), ac_lvar(posed, WEIGHT)
    if scene.own is not None and not scene.own.drawn.course.unsold:
        yield "this plan", _point(scene, posed, *_moments(posed, scene.own.drawn.course))
    yield "TWAP", _point(scene, posed, straight.cost, straight.variance)
    liked = aversion(scene.given, posed)
    if liked is not None:
        best = ac_plan(posed, liked[0])
        yield "IS", _point(scene, posed, best.cost, best.variance)
    yield "least 95 % case", _point(scene, posed, least.cost, least.variance)


def _moments(posed: Sale, course: Course) -> tuple[float, float]:
    """Cost and variance of any course under the same model (8), (5)."""
    trades = [share * posed.quantity for share in course.shares]
    cost = (
        posed.gamma * posed.quantity**2 / 2
        + posed.eps * posed.quantity
        + posed.eta_tilde / posed.tau * fsum(n * n for n in trades)
    )
    return cost, posed.sigma**2 * posed.tau * fsum((held * posed.quantity) ** 2 for held in course.held)


def _point(scene: Scene, posed: Sale, cost: float, variance: float) -> Point:
    """In bp of what all of it is worth at the calibrated price."""
    assert scene.given.impact is not None
    scale = float(BP / scene.given.impact.price) / posed.quantity
    return words.bp(sqrt(variance) * scale), words.bp(cost * scale)
