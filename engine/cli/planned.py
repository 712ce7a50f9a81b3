"""A plan in words: what is sold where and how, in which hours, how much a day, and how likely the deposit holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from engine.kernel.clock import DAY, MINUTE, SECOND, Span, iso, show_span
from engine.kernel.money import down_to, plain, trimmed
from engine.mandate.deposit import Covered, Valuation, shown
from engine.mandate.hours import Blackout, Hours
from engine.mandate.programme import Carry, Overnight, Programme

if TYPE_CHECKING:
    from engine.compose.planning import Planned
    from engine.compose.preparing import Prepared
    from engine.config.deposits import Outlook
    from engine.planning.plan import LegPlan, Plan, Recipe

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CARRIES: Final = {
    Carry.NONE: "what a day leaves of it lapses",
    Carry.NEXT: "what a day leaves of it comes on top of the next day's, and lapses there",
    Carry.ALL: "what a day leaves of it stays until the end",
}
NIGHTS: Final = {
    Overnight.CANCEL: "resting overnight: nothing; orders are cancelled when hours end",
    Overnight.REST: "resting overnight: whatever stands in a book; it may be filled while nothing is decided",
}


def lines(found: "Planned", outlook: "Outlook | None") -> Iterator[str]:
    """Everything that somebody should have read before they propose or approve it."""
    yield from _listed(found.prepared)
    for leg in found.prepared.plan.legs:
        yield from _leg(leg)
    yield from _programme(found.prepared.plan)
    yield from _cover(found, outlook)
    policy = found.paper.policy
    if policy.approvals:
        yield f"approvals: {policy.approvals}, of others than who proposes; good for {show_span(policy.lasts)}"
    else:
        yield "approvals: none, since the config names no people; only a sandbox may do without"


def _listed(prepared: "Prepared") -> Iterator[str]:
    for hop in prepared.hops:
        for instrument in hop.listed:
            mock = " (mock: the real venue is not known to list it)" if instrument.mock else ""
            yield f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} on {instrument.venue} as {instrument.symbol}{mock}"
        for name in hop.missing:
            yield f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} is not listed on {name}"
    yield from map(str, prepared.references)


def _leg(leg: "LegPlan") -> Iterator[str]:
    source = f", and all that leg {', '.join(leg.fed_by)} brings" if leg.fed_by else ""
    yield (
        f"leg {leg.id}: sell {plain(leg.quantity)} {leg.sell}{source} for {leg.buy} "
        f"on {' and '.join(i.venue for i in leg.instruments)}, "
        f"{leg.schedule.name} with {leg.tactic.name} over {show_span(leg.window)}"
    )
    for recipe in (leg.schedule, leg.tactic):
        if recipe.parameters:
            yield f"  {recipe.name}: {_parameters(recipe)}"
    if leg.floor is not None:
        yield f"  floor {trimmed(leg.floor.price)} {leg.floor.currency} for each {leg.floor.scope}"
    if leg.participation_max is not None:
        yield f"  at most {trimmed(leg.participation_max * 100)} % of the market's volume"
    rest = leg.quantity - down_to(leg.quantity, leg.lot)
    if rest:
        yield f"leg {leg.id}: {plain(rest)} {leg.sell} is finer than the lot and will be left as residue"


def _parameters(recipe: "Recipe") -> str:
    return ", ".join(f"{name} {value}" for name, value in recipe.parameters.items() if value)


def _programme(plan: "Plan") -> Iterator[str]:
    """Hours of each asset, its quota, and the nights."""
    programme = plan.programme
    if programme is None:
        yield "hours: any; no quota a day"
        return
    for leg in plan.legs:
        hours = plan.hours(leg)
        what = "at any hour" if hours is None else f"{_windows(hours)}, {_holidays(hours)}"
        yield f"hours of {leg.sell}: {what}{'' if leg.to_fiat or hours is None else _quota(programme, leg)}"
    for blackout in programme.hours.blackouts:
        yield f"blackout: {_stretch(blackout)}"
    for venue, closed in programme.maintenance.items():
        yield from (f"maintenance at {venue}: {_stretch(each)}" for each in closed)
    yield NIGHTS[programme.overnight]


def _quota(programme: Programme, leg: "LegPlan") -> str:
    if programme.quota is None:
        return "; no quota"
    units = trimmed(programme.quota * leg.quantity)
    return f"; at most {trimmed(programme.quota * 100)} % ({units} {leg.sell}) a day, and {CARRIES[programme.carry]}"


def _windows(hours: Hours) -> str:
    named = (f"{_days(w.days)} {_time(w.opens)}-{_time(w.closes)}" for w in hours.windows)
    sign = "-" if hours.offset < 0 else "+"
    return f"{', '.join(named)} (UTC{sign}{_time(Span(abs(hours.offset)))})"


def _holidays(hours: Hours) -> str:
    if not hours.closed_days:
        return f"no holidays, until {hours.covers_until}"
    return f"{len(hours.closed_days)} holidays are closed, known until {hours.covers_until}"


def _days(days: tuple[int, ...]) -> str:
    """`Mon-Fri`, `Mon,Wed,Sat-Sun`."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[r[0]] if len(r) == 1 else f"{DAYS[r[0]]}-{DAYS[r[-1]]}" for r in runs)


def _time(span: Span) -> str:
    hours, minutes = divmod(span // MINUTE, 60)
    return f"{hours:02d}:{minutes:02d}"


def _stretch(blackout: Blackout) -> str:
    return f"{iso(blackout.begins)[:16]} to {iso(blackout.ends)[:16]} UTC, {blackout.reason}"


def _cover(found: "Planned", outlook: "Outlook | None") -> Iterator[str]:
    """How the deposit would stand at the start, and the chance that it breaks before the money is there."""
    rule = found.first.limits.deposit
    if rule is None:
        yield "deposit: the config asks for none"
        return
    if found.cover is None:
        yield "deposit: no book of the case says what was put up, so its cover can't be told"
        return
    yield f"deposit: {shown(found.cover, rule)}"
    if not isinstance(found.cover, Covered):
        return
    never = f"chance that cover falls below {trimmed(rule.limit * 100)} % before the money arrives"
    if rule.valuation is not Valuation.CURRENT:
        yield f"{never}: none by the price, since coin counts at {rule.valuation} prices"
    elif outlook is None or outlook.volatility is None:
        yield f"{never}: not told, since deposit.volatility is not given"
    else:
        from engine.science.cover import cover_break, headroom

        span = found.first.deadline - found.first.opened.at + outlook.receipt
        room = headroom(float(found.cover.deposit / found.cover.exposed), float(rule.limit))
        chance = cover_break(room, float(outlook.volatility), span / DAY)
        assumed = f"volatility {trimmed(outlook.volatility * 100)} % a year, {span // SECOND * SECOND / DAY:.2f} days"
        yield (
            f"{never}: {100 * chance:.2g} % ({assumed} until deadline and receipt, driftless, continuous watching, "
            "all of it exposed to the end)"
        )
