"""What may keep a plan from being carried out: the floor, the deadline, and our share of what is traded."""

from collections.abc import Iterator
from math import exp, inf, sqrt

from engine.forecast import capacity, caps, floors, footprint, words
from engine.forecast.capacity import Valves
from engine.forecast.cells import cells
from engine.forecast.cost import CERTAINTY
from engine.forecast.course import Course
from engine.forecast.scene import Scene
from engine.forecast.words import Line
from engine.kernel.clock import DAY
from engine.kernel.money import BP, plain, trimmed
from engine.mandate.terms import FloorFees, FloorScope
from engine.planning.plan import AtEnd


def price(scene: Scene) -> Iterator[Line]:
    """Where it may stand when the window ends."""
    known, bins = scene.known, scene.bins
    if known.price is None or known.sigma_daily is None or not bins:
        return
    spread = CERTAINTY * known.sigma_daily * sqrt((bins[-1].ends - bins[0].begins) / DAY)
    low, high = (known.price * exp(side * spread) for side in (-1, 1))
    told = f"{words.fixed(low, 2)} to {words.fixed(high, 2)} {scene.given.leg.buy} in 90 of 100 cases, without a drift"
    yield "price when the window ends", f"{words.moment(bins[-1].ends)} UTC: {told}"


def floor(scene: Scene) -> Iterator[Line]:
    """The chance that it blocks, from the price now and what a sale costs, until the window is over."""
    leg, now, known = scene.given.leg, scene.given.floor, scene.known
    if leg.floor is None or now is None:
        yield "floor", "none"
        return
    if now.level is None or known.price is None or known.sigma_daily is None or known.spread_bp is None:
        yield "floor", f"{now.words}; the chance that it blocks is not told"
        return
    given_up = known.spread_bp / 2 + (_fees(scene) if leg.floor.fees is FloorFees.IN else 0.0)
    level = float(now.level) / (known.price * (1 - given_up / float(BP)))
    length = scene.bins[-1].ends - scene.bins[0].begins if scene.bins else 0
    course = scene.own.drawn.course if scene.own is not None else Course(tuple(1 / len(scene.bins) for _ in scene.bins))
    if leg.floor.scope is FloorScope.AVERAGE and scene.bins:
        found = floors.on_average(level, course, scene.bins, known.sigma_daily)
    else:
        found = floors.first_passage(level, known.sigma_daily * sqrt(length / DAY))
    away = (1 - level) * float(BP)
    where = f"{words.bp(abs(away))} bp {'below' if away >= 0 else 'above'} what a sale brings"
    yield (
        "floor",
        f"{now.words}: {trimmed(now.level)} {leg.buy} now, {where}; chance that it blocks "
        f"at some moment {words.chance(found.at_all)}, when the window ends {words.chance(found.at_end)} "
        f"({found.how}, {words.span(length)}, no drift; jumps make it likelier)",
    )


def _fees(scene: Scene) -> float:
    return scene.own.cost.fees_bp if scene.own is not None else 0.0


def deadline(scene: Scene) -> Iterator[Line]:
    """The chance that the limits let too little through until the leg has to stop."""
    given, known = scene.given, scene.known
    leg, ends = given.leg, given.stops
    if leg.at_end is AtEnd.STOP and scene.bins:
        ends = min(ends, scene.bins[-1].ends)
    if known.price is None or ends <= given.start:
        yield "deadline", "the chance of missing it is not told: without a price no limit in money is a quantity"
        return
    found = cells(given.start, ends, given.hours, known.curve, known.volume_daily or 0.0)
    valves = _valves(scene)
    if known.volume_daily is None and valves.by_volume:
        yield "deadline", "the chance of missing it is not told: nobody said how much is traded"
        return
    met = capacity.outcome(scene.quantity, found, valves, known.factors, lambda cell: caps.local_day(scene, cell))
    yield (
        "deadline",
        f"{words.moment(ends)} UTC; the limits let {words.number(met.typical)} {leg.sell} through by then on ordinary "
        f"days, and {plain(leg.quantity)} are to be sold; chance that it is missed {words.chance(met.late)} "
        f"({met.how}; without the floor, and with every order filled)",
    )


def _valves(scene: Scene) -> Valves:
    given, leg, rules = scene.given, scene.given.leg, scene.given.limits.caps
    assert scene.known.price is not None
    share = float(leg.participation_max) if leg.participation_max is not None else inf
    if leg.schedule.name == "pov":
        share = min(share, float(leg.schedule.parameters["rate"])) if leg.at_end is AtEnd.STOP else share
    hour, daily = (footprint.bounds(None, given.limits.footprint, by_day=of_day) for of_day in (False, True))
    quota = given.programme.quota if given.programme is not None else None
    return Valves(
        whole=footprint.odds(share),
        hour=footprint.odds(min(hour.market, hour.venue)),
        minute=float(given.limits.minute_notional_max) / scene.known.price,
        hour_cap=caps.hour(rules, given.venues) / scene.known.price,
        day=min(
            float(quota * leg.quantity) if quota is not None else inf,
            caps.of_day(rules, given.venues) / scene.known.price,
        ),
        total=caps.whole(rules) / scene.known.price,
        day_share=footprint.odds(min(daily.market, daily.venue)),
    )


def impression(scene: Scene) -> Iterator[Line]:
    """Our share of the market in all and at its worst, and of each venue."""
    if not scene.rows or not scene.known.volume_daily:
        yield "footprint", "not told: nobody said how much is traded"
        return
    traded = sum(cell.volume for cell in scene.hours)
    sold = scene.quantity * sum(scene.shares)
    worst = max(scene.rows, key=lambda row: float(row.share))
    what = "day" if scene.by_day else "hour"
    venues = ", ".join(f"{name} {share} %" for name, share in worst.venues)
    yield (
        "footprint",
        f"{words.percent(sold / (sold + traded))} % of all that is traded meanwhile; at most {worst.share} % in the "
        f"{what} of {worst.begins} UTC ({venues}); {words.percent(scene.quantity / scene.known.volume_daily)} % of a "
        "day's volume",
    )
    over = [row for row in scene.rows if row.over]
    if over:
        named = ", ".join(f"{row.begins} ({row.share} %)" for row in over[:3])
        more = f" and {len(over) - 3} more" if len(over) > 3 else ""
        yield (
            "footprint over its limit",
            f"in {len(over)} of {len(scene.rows)} {what}s, where less will be sold than is planned: {named}{more}",
        )
