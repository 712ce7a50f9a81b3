"""The tranches that a plan will cause: the rule by which coin leaves custody, played over the plan's own slices.

The amounts are exact and by the rule of a run itself. What nobody can foretell is left out: each tranche arrives at
once, each slice sells what it plans, the price stays, and what is received does not count against a venue's ceiling.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from engine.forecast.course import Bin, Course
from engine.forecast.given import Given, Supply
from engine.forecast.orders import Outlet
from engine.forecast.trail import Deposit, Sale, Trail
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, down_to, part, times, up_to
from engine.mandate.custody import CustodyPlan, room_for, tranche_wanted

Steps = Sequence[tuple[Instant, Decimal]]
"""When a slice begins, and what is gone when it is over."""


def steps_of(given: Given, bins: Sequence[Bin], course: Course) -> Steps:
    """The slices of the config's own way: its targets; of one that follows others' volume, what its course expects."""
    if given.leg.schedule.name != "pov":
        return given.targets
    edges = [bins[0].begins, *(each.ends for each in bins)]
    gone = [0.0, *accumulate(course.shares)]
    return [(at, _within(given, bins, edges, gone, at)) for at, _ in given.targets]


def _within(given: Given, bins: Sequence[Bin], edges: Sequence[int], gone: Sequence[float], at: Instant) -> Decimal:
    """What the course has sold by `at`, in whole lots."""
    index = bisect_right(edges, at) - 1
    if index >= len(bins):
        share = gone[-1]
    else:
        into = max(0, at - bins[index].begins) / (bins[index].ends - bins[index].begins)
        share = gone[index] + (gone[index + 1] - gone[index]) * min(into, 1.0)
    exact = Fraction(min(share, 1.0))
    return part(given.leg.quantity, exact.numerator, exact.denominator, given.leg.lot)


def reach(given: Given, steps: Steps, ahead: int) -> list[Decimal]:
    """What each slice wants to be supplied for: as far as the schedule is `ahead` slices later.

    A schedule that follows others' volume does not know what comes: as much again as the slice itself, each time.
    """
    goals = [goal for _, goal in steps]
    if given.leg.schedule.name == "pov":
        return [goal + ahead * (goal - before) for before, goal in zip([ZERO, *goals], goals, strict=False)]
    return [goals[min(index + ahead, len(goals) - 1)] for index in range(len(goals))]


def foretold(given: Given, supply: Supply, steps: Steps, outlets: Sequence[Outlet], price: Decimal | None) -> Trail:
    """Deposits and sales, slice by slice. `price` is a coin's in the settlement currency, by which ceilings count."""
    custody, whole, lot = supply.custody, given.leg.quantity, given.leg.lot
    stock = {outlet.instrument.venue: supply.there.get(outlet.instrument.venue, ZERO) for outlet in outlets}
    parts = {outlet.instrument.venue: outlet.part for outlet in outlets}
    deposits, sales, there, sold = list[Deposit](), list[Sale](), supply.in_custody, ZERO
    wanted = reach(given, steps, custody.slices_ahead) if custody is not None else []
    for index, (at, goal) in enumerate(steps):
        if custody is not None:
            share = up_to(max(ZERO, min(wanted[index], whole) - sold) / len(stock), lot)
            for venue in stock:
                units = _asked(given, supply, custody, venue, share, stock[venue], there, price)
                if units:
                    deposits.append(Deposit(venue, at, units))
                    stock[venue], there = stock[venue] + units, there - units
        for venue, units in _sold(min(goal, whole) - sold, parts, stock, supply.unit).items():
            sales.append(Sale(venue, at, units))
            stock[venue], sold = stock[venue] - units, sold + units
    return Trail(whole=whole, there=supply.there, deposits=tuple(deposits), sales=tuple(sales))


def _asked(
    given: Given,
    supply: Supply,
    custody: CustodyPlan,
    venue: VenueName,
    needed: Decimal,
    stock: Decimal,
    there: Decimal,
    price: Decimal | None,
) -> Decimal:
    most = custody.exposure_max.get(venue)
    room = None
    if most is not None and price is not None:
        room = room_for(most - times(stock, price), price, supply.unit)
    return tranche_wanted(
        needed_next=needed,
        at_venue=down_to(stock, supply.unit),
        in_transit=ZERO,
        in_custody=there,
        released_left=there,
        unit=supply.unit,
        minimum=custody.minimum.get(given.leg.sell, ZERO),
        exposure_room=room,
    )


def _sold(
    lacking: Decimal, parts: Mapping[VenueName, Fraction], stock: Mapping[VenueName, Decimal], unit: Decimal
) -> dict[VenueName, Decimal]:
    """A slice by venue: by its part as far as its coin goes, and what is then lacking wherever there is more."""
    found = dict[VenueName, Decimal]()
    for venue, of in parts.items():
        found[venue] = min(stock[venue], part(max(lacking, ZERO), of.numerator, of.denominator, unit))
    rest = max(lacking, ZERO) - sum(found.values(), ZERO)
    for venue in parts:
        more = min(rest, stock[venue] - found[venue])
        found[venue], rest = found[venue] + more, rest - more
    return {venue: units for venue, units in found.items() if units > 0}
