"""The rules that a config chose where the law and the mandate are silent, in words: for the plan and for every report.

They are those of the plan, which is what people sign; a run that was amended tells of it among its instructions.
"""

from collections.abc import Iterator
from typing import Final

from engine.forecast.words import Line
from engine.kernel.clock import MINUTE, Span, iso, show_span
from engine.kernel.money import times, trimmed
from engine.mandate.hours import Blackout, Hours
from engine.mandate.programme import Carry, Overnight, Programme
from engine.market.footprint import Shares
from engine.planning.plan import AtEnd, LegPlan, Plan
from engine.risk.caps import Bounds
from engine.risk.limits import Limits

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CARRIES: Final = {
    Carry.NONE: "what a day leaves of it lapses",
    Carry.NEXT: "what a day leaves of it comes on top of the next day's, and lapses there",
    Carry.ALL: "what a day leaves of it stays until the end",
}
NIGHTS: Final = {
    Overnight.CANCEL: "nothing; orders are cancelled when hours end",
    Overnight.REST: "whatever stands in a book; it may be filled while nothing is decided",
}
ENDS: Final = {
    AtEnd.STOP: "what is left stays, and is reported",
    AtEnd.EXTEND: "what is left is sold on at the mean pace of a slice, until the deadline",
    AtEnd.SWEEP: "what is left is sold at once, within collar, floor and every limit, until the deadline",
    AtEnd.RFQ: "desks are asked for firm quotes for what is left; the best that every limit allows is taken",
}
CARRIED: Final = "what is below a venue's minimum, or below what its least fee is worth, waits for the next slice"


def rules(plan: Plan, limits: Limits) -> list[Line]:
    """Name and words; legs that are fed by others sell whatever comes, by their own stable policy."""
    found: list[Line] = []
    for leg in plan.legs:
        if not leg.fed_by:
            found += _leg(leg)
    return [*found, *_hours(plan), *_guards(limits), *_caps(limits)]


def _leg(leg: LegPlan) -> Iterator[Line]:
    yield f"when the window of {leg.sell} ends", ENDS[leg.at_end]
    behind = f"at most {trimmed(leg.catch_up)} times what a slice plans; never all at once"
    yield f"what {leg.sell} is behind, after an outage or a pause", behind
    yield f"a slice of {leg.sell} that is too small", CARRIED
    if (condition := leg.condition) is not None:
        yield f"condition of {leg.sell}", condition.in_words(leg.buy)
    share = leg.participation_max
    cap = f"at most {trimmed(share * 100)} % of all that is traded while it sells" if share is not None else "no cap"
    yield f"participation of {leg.sell}", cap


def _hours(plan: Plan) -> Iterator[Line]:
    """Hours of each asset, its quota, blackouts and the nights."""
    programme = plan.programme
    if programme is None:
        yield "hours", "any; no quota a day"
        return
    for leg in plan.legs:
        hours = plan.hours(leg)
        what = "at any hour" if hours is None else f"{_windows(hours)}, {_holidays(hours)}"
        yield f"hours of {leg.sell}", f"{what}{'' if leg.to_fiat or hours is None else _quota(programme, leg)}"
    for blackout in programme.hours.blackouts:
        yield "blackout", _stretch(blackout)
    for venue, closed in programme.maintenance.items():
        yield from ((f"maintenance at {venue}", _stretch(each)) for each in closed)
    yield "resting overnight", NIGHTS[programme.overnight]


def _guards(limits: Limits) -> Iterator[Line]:
    pause, footprint = limits.pause, limits.footprint
    if pause is None:
        yield "restless markets", "pause nothing"
    else:
        told = []
        if pause.move is not None:
            told.append(f"a move of {trimmed(pause.move * 100)} % within {show_span(pause.over)}")
        if pause.spread_bp is not None:
            told.append(f"a spread above {trimmed(pause.spread_bp)} bp")
        yield "restless markets", f"{' or '.join(told)} pauses, until {show_span(pause.calm)} were calm"
    if footprint is None:
        yield "footprint", "no limit but participation"
        return
    scopes = (("each venue", footprint.venue), ("the market", footprint.market))
    parts = [f"{part} of {scope}" for scope, shares in scopes if (part := _shares(shares))]
    yield "footprint", f"at most {' and '.join(parts)}, of what counts" if parts else "no limit but participation"


def _caps(limits: Limits) -> Iterator[Line]:
    """Before fees, in the asset that is received; named only where there are any."""
    rules = limits.caps
    if rules is not None:
        scopes = [("", rules.all), *((f" at {name}", bounds) for name, bounds in rules.venues.items())]
        told = [f"{part}{scope}" for scope, bounds in scopes if (part := _bounds(bounds))]
        told += [f"{trimmed(rules.total)} in all"] if rules.total is not None else []
        yield "caps on what is sold for one asset", f"at most {', '.join(told)}"
    if limits.depth_share_max is not None:
        yield (
            "depth",
            f"a crossing order takes at most {trimmed(limits.depth_share_max * 100)} % of the bids it may take",
        )


def _bounds(bounds: Bounds) -> str:
    spans = (("in any hour", bounds.hour), ("a local day", bounds.day))
    return " and ".join(f"{trimmed(bound)} {span}" for span, bound in spans if bound is not None)


def _shares(shares: Shares) -> str:
    spans = (("a minute", shares.minute), ("an hour", shares.hour), ("a day", shares.day))
    return ", ".join(f"{trimmed(share * 100)} % {span}" for span, share in spans if share is not None)


def _quota(programme: Programme, leg: LegPlan) -> str:
    if programme.quota is None:
        return "; no quota"
    units = trimmed(times(programme.quota, leg.quantity))
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
