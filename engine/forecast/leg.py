"""One leg's prospect: from what is known of it to every figure that people are shown."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from engine.forecast import footprint, frontier, heat, words
from engine.forecast.cells import cells, planned
from engine.forecast.cost import Cost, deviation_bp, impact_bp
from engine.forecast.course import Bin
from engine.forecast.given import Given
from engine.forecast.lines import lines
from engine.forecast.market import Conditions, conditions
from engine.forecast.orders import Outlet, orders, parts_of
from engine.forecast.prospect import LegProspect, Way
from engine.forecast.scene import Scene, Weighed
from engine.forecast.watched import leak
from engine.forecast.ways import NAMES, Drawn, bins_of, problem, ways
from engine.kernel.ids import VenueName
from engine.kernel.money import BP, plain, times
from engine.science.almgren_chriss import Sale


def prospect(given: Given) -> LegProspect:
    """All of it. What can't be told is left out, and named among what is lacking. `ValueError` for unusable bars."""
    leg, scene, volumes = given.leg, scene_of(given), heat.heat(given)
    return LegProspect(
        leg=str(leg.id),
        sell=str(leg.sell),
        buy=str(leg.buy),
        quantity=plain(leg.quantity),
        figures=scene.known.figures,
        lacking=(*scene.known.lacking, *given.remarks),
        ways=(*_undrawn(scene), *(_way(scene, each) for each in scene.ways), _desk(given, scene.known)),
        lines=tuple(lines(scene)),
        stretches=scene.rows,
        frontier=frontier.curve(scene),
        marks=frontier.marks(scene),
        heat=heat.shown(given, volumes, scene.hours, scene.shares),
        leak=leak(scene, volumes),
    )


def scene_of(given: Given) -> Scene:
    """Everything weighed, nothing yet in words."""
    leg = given.leg
    known = conditions(
        given.impact, given.histories, given.views, given.price, [each.venue for each in leg.instruments]
    )
    bins = bins_of(given, known)
    posed = problem(given, len(bins)) if bins else None
    ours = _ours(given, known, bins)
    outlets = _outlets(given, ours)
    found = tuple(_weighed(given, known, bins, drawn, outlets) for drawn in _drawn(given, known, bins, posed))
    hours = cells(given.start, bins[-1].ends, given.hours, known.curve, known.volume_daily or 0.0) if bins else []
    own = next((each for each in found if each.drawn.chosen), None)
    shares = planned(hours, bins, own.drawn.course.shares) if own is not None else [0.0] * len(hours)
    by_day = len(hours) > footprint.ROWS_MAX
    share = float(leg.participation_max) if leg.participation_max is not None else None
    limits = footprint.bounds(share, given.limits.footprint, by_day=by_day)
    rows = (
        footprint.stretches(hours, shares, float(leg.quantity), known.venues, ours, limits, by_day=by_day)
        if known.volume_daily
        else ()
    )
    return Scene(
        given=given,
        known=known,
        bins=bins,
        posed=posed,
        outlets=outlets,
        ways=found,
        hours=tuple(hours),
        shares=tuple(shares),
        rows=rows,
        by_day=by_day,
    )


def _drawn(given: Given, known: Conditions, bins: Sequence[Bin], posed: Sale | None) -> tuple[Drawn, ...]:
    return tuple(ways(given, known, bins, posed)) if bins and given.leg.quantity > 0 else ()


def _ours(given: Given, known: Conditions, bins: Sequence[Bin]) -> dict[VenueName, float]:
    """What each venue is thought to get, in coins; where no volume is known the cheapest gets all."""
    if not known.volume_daily:
        names = [each.venue for each in given.leg.instruments]
        cheapest = min(names, key=lambda name: given.capabilities[name].taker_fee)
        return {name: float(name == cheapest) for name in names}
    fees = {name: float(given.capabilities[name].taker_fee * BP) for name in known.venues}
    market = given.impact.market if given.impact is not None else None
    odds = footprint.odds(footprint.bounds(None, given.limits.footprint, by_day=False).venue)
    window = sum(each.volume for each in bins) / known.volume_daily
    most = {name: min(odds * volume * window, float(given.leg.quantity)) for name, volume in known.venues.items()}
    return footprint.split(float(given.leg.quantity), known.venues, fees, market, most)


def _outlets(given: Given, ours: dict[VenueName, float]) -> tuple[Outlet, ...]:
    parts = parts_of(ours) if any(ours.values()) else dict.fromkeys(ours, Fraction(1, len(ours)))
    return tuple(Outlet(each, given.capabilities[each.venue], parts[each.venue]) for each in given.leg.instruments)


def _weighed(given: Given, known: Conditions, bins: Sequence[Bin], drawn: Drawn, outlets: Sequence[Outlet]) -> Weighed:
    sent = None
    if known.price is not None:
        price = Decimal(repr(known.price))
        ceiling = min(given.limits.order_notional_max, given.limits.minute_notional_max)
        sent = orders(given.leg.quantity, drawn.course.shares, outlets, price, ceiling)
    sold = 1 - drawn.course.unsold
    fees = 0.0
    if sent is not None and sold:
        fees = float(sent.fees / times(given.leg.quantity, Decimal(repr(known.price)))) / sold * float(BP)
    impact = None
    if given.impact is not None:
        impact = impact_bp(drawn.course, bins, given.impact.market, float(given.leg.quantity))
    risk = None if known.sigma_daily is None else deviation_bp(drawn.course, bins, known.sigma_daily)
    half = None if known.spread_bp is None else known.spread_bp / 2
    return Weighed(drawn, Cost(spread_bp=half, fees_bp=fees, impact_bp=impact, deviation_bp=risk), sent)


def _undrawn(scene: Scene) -> tuple[Way, ...]:
    """The config's own way, where nobody knows the volume that it goes by."""
    if scene.own is not None:
        return ()
    recipe = scene.given.leg.schedule
    return (Way(name=NAMES.get(recipe.name, recipe.name), chosen=True, basis="nobody said how much is traded"),)


def _way(scene: Scene, weighed: Weighed) -> Way:
    drawn, cost, bins = weighed.drawn, weighed.cost, scene.bins
    course, leg = drawn.course, scene.given.leg
    peak = max(
        (_share(share * scene.quantity, each.volume) for share, each in zip(course.shares, bins, strict=True)),
        default=0.0,
    )
    paid = None
    if cost.total_bp is not None and scene.known.price is not None:
        paid = cost.total_bp / float(BP) * scene.quantity * scene.known.price * (1 - course.unsold)
    return Way(
        name=drawn.name,
        chosen=drawn.chosen,
        basis=drawn.basis,
        spread_bp=words.bp(cost.spread_bp),
        fees_bp=words.bp(cost.fees_bp) if weighed.orders is not None else "",
        impact_bp=words.bp(cost.impact_bp),
        total_bp=words.bp(cost.total_bp),
        deviation_bp=words.bp(cost.deviation_bp),
        worst_bp=words.bp(cost.worst_bp),
        cost=words.fixed(paid, 2),
        lasts=words.span(bins[course.last].ends - bins[0].begins),
        peak=words.percent(peak) if scene.known.volume_daily else "",
        unsold=f"{words.number(course.unsold * scene.quantity)} {leg.sell}" if course.unsold else "",
        course=_course(scene, drawn),
    )


def _course(scene: Scene, drawn: Drawn) -> str:
    start = scene.bins[0].begins
    found = [_point(0, 0.0)]
    for each, held, share in zip(scene.bins, drawn.course.held, drawn.course.shares, strict=True):
        found.append(_point(each.begins - start, 1 - held - share))  # after a night: level until it is over
        found.append(_point(each.ends - start, 1 - held))
    return ", ".join(dict.fromkeys(found))


def _point(length: int, share: float) -> str:
    return f"{words.hours(length)} {words.percent(share)}"


def _share(ours: float, others: float) -> float:
    return ours / (ours + others) if ours + others > 0 else 0.0


def _desk(given: Given, known: Conditions) -> Way:
    """All of it to one desk, at once: as much below the mid as somebody thinks a desk takes."""
    assumed = given.impact.desk_bp if given.impact is not None else None
    name, all_at_once = "RFQ", f"{_point(0, 0.0)}, {_point(0, 1.0)}"
    if assumed is None:
        basis = "no assumption: not told; impact.desk_bp says what a desk is thought to take"
        return Way(name=name, chosen=False, basis=basis)
    bp, paid = float(assumed), None
    if known.price is not None:
        paid = bp / float(BP) * float(given.leg.quantity) * known.price
    return Way(
        name=name,
        chosen=False,
        basis="assumed: all of it to one desk at once, fees included",
        spread_bp=words.bp(bp),
        fees_bp=words.bp(0.0),
        impact_bp=words.bp(0.0),
        total_bp=words.bp(bp),
        deviation_bp=words.bp(0.0),
        worst_bp=words.bp(bp),
        cost=words.fixed(paid, 2),
        lasts="at once",
        course=all_at_once,
    )
