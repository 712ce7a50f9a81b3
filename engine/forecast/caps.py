"""Limits in money that a plan runs into: of orders, minutes, hours, local days and the whole, and the day's quota."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from math import inf

from engine.forecast import words
from engine.forecast.cells import Cell
from engine.forecast.orders import Orders
from engine.forecast.scene import Scene
from engine.forecast.words import Line
from engine.kernel.clock import HOUR, MINUTE, Instant, Span, iso
from engine.kernel.ids import VenueName
from engine.kernel.money import plain, ratio, times, trimmed
from engine.mandate.hours import day
from engine.risk.caps import Bounds, CapRules
from engine.risk.limits import Limits


def local_day(scene: Scene, cell: Cell) -> str:
    """The local day of a cell, by which quotas and caps count; the UTC day where there are no hours."""
    programme = scene.given.programme
    return day(programme.hours, cell.begins) if programme is not None else iso(cell.begins)[:10]


def hour(rules: CapRules | None, venues: Iterable[VenueName]) -> float:
    """The most that may be sold in an hour on these venues together, in what is received; or `inf`."""
    return _most(rules, venues, lambda bounds: bounds.hour)


def of_day(rules: CapRules | None, venues: Iterable[VenueName]) -> float:
    """The same of a local day."""
    return _most(rules, venues, lambda bounds: bounds.day)


def whole(rules: CapRules | None) -> float:
    """The same of the whole run."""
    return inf if rules is None else _or_inf(rules.total)


def hit(scene: Scene, found: Orders, span: int) -> Iterator[Line]:
    """What the schedule runs into, before anything is caught up. `span` is the length of a slice in nanoseconds."""
    price = scene.known.price
    if price is None or not found.sizes or scene.own is None:
        return
    named = [
        *_orders(scene.given.limits, scene, times(max(found.sizes), Decimal(repr(price))), span),
        *_hours(scene, price),
        *_days(scene, price),
    ]
    rules = scene.given.limits.caps
    if (worth := scene.quantity * sum(scene.shares) * price) > whole(rules):
        named.append(f"{words.fixed(worth, 2)} in all are above total_notional_max, {words.fixed(whole(rules), 2)}")
    yield "caps hit", "; ".join(named) if named else "none of the limits on orders, minutes, hours and days"


def _orders(limits: Limits, scene: Scene, largest: Decimal, span: int) -> Iterator[str]:
    ceiling = min(limits.order_notional_max, *(each.notional_max for each in scene.given.leg.instruments))
    if largest > ceiling:
        yield f"an order of {plain(ratio(largest, Decimal(1), 2))} is above {trimmed(ceiling)}, and is cut"
    minute = float(largest) / max(span / MINUTE, 1.0)
    if minute > limits.minute_notional_max:
        yield f"{words.fixed(minute, 2)} a minute are above minute_notional_max, {trimmed(limits.minute_notional_max)}"


def _hours(scene: Scene, price: float) -> Iterator[str]:
    """The busiest hour of the clock; the gate counts any sixty minutes, and so may find a busier one."""
    bound = hour(scene.given.limits.caps, scene.given.venues)
    if not scene.hours or bound == inf:
        return
    by_hour: dict[int, float] = {}
    for cell, share in zip(scene.hours, scene.shares, strict=True):
        by_hour[cell.begins // HOUR] = by_hour.get(cell.begins // HOUR, 0.0) + share
    busiest = max(by_hour, key=lambda each: by_hour[each])
    if (worth := by_hour[busiest] * scene.quantity * price) > bound:
        begins = words.moment(Instant(Span(busiest * HOUR)))
        yield f"{words.fixed(worth, 2)} in the hour of {begins} UTC are above its cap, {words.fixed(bound, 2)}"


def _days(scene: Scene, price: float) -> Iterator[str]:
    programme, bound = scene.given.programme, of_day(scene.given.limits.caps, scene.given.venues)
    quota = programme.quota if programme is not None else None
    by_day: dict[str, float] = {}
    for cell, share in zip(scene.hours, scene.shares, strict=True):
        name = local_day(scene, cell)
        by_day[name] = by_day.get(name, 0.0) + share
    for name, share in by_day.items():
        if quota is not None and share > float(quota) + 1e-6:
            yield f"{words.percent(share)} % on {name} are above the day's quota of {trimmed(quota * 100)} %"
        if (worth := share * scene.quantity * price) > bound:
            yield f"{words.fixed(worth, 2)} on {name} are above the day's cap, {words.fixed(bound, 2)}"


def _most(rules: CapRules | None, venues: Iterable[VenueName], of: Callable[[Bounds], Decimal | None]) -> float:
    """The cap on all of them, or the sum of their own where each has one and that is less."""
    if rules is None:
        return inf
    return min(_or_inf(of(rules.all)), sum(_or_inf(of(rules.venues.get(name, Bounds()))) for name in venues))


def _or_inf(bound: Decimal | None) -> float:
    return inf if bound is None else float(bound)
