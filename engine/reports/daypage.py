"""The report of one local day, as people read it in the evening: one page that needs nothing but itself.

It says only what the journal's rows up to the day's end and the tape say, so it can be made again at any time.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.evidence.benchmarks import FillEvidence
from engine.evidence.daylegs import DayLeg
from engine.evidence.days import DayStory, Tomorrow
from engine.evidence.story import Moment, Story
from engine.forecast.rules import rules
from engine.kernel.clock import Span, show_span
from engine.mandate.deposit import shown
from engine.reports.pages import DASH, page, show, time
from engine.reports.sections import clock, local, moments, share, word


def render_day(
    story: Story, told: DayStory, evidence: Sequence[FillEvidence] = (), alarms: Sequence[Moment] = ()
) -> str:
    """One day. `evidence` is that of all fills of the run, `alarms` those that were raised or ended on the day."""
    names = {leg.plan.id: f"{leg.plan.sell} for {leg.plan.buy}" for leg in story.legs}
    return page(
        "day.html",
        case=story.opened.case,
        run=story.opened.run,
        day=told.span.name,
        zone=_zone(told.offset),
        over=told.span.over,
        sandbox=story.opened.environment == "sandbox",
        hours=clock(told.hours, told.offset),
        bank="at any hour" if told.bank is None else clock(told.bank, told.offset),
        legs=[_leg(leg) for leg in told.legs],
        fills=[_fill(told, e) for e in sorted(evidence, key=_when) if told.span.holds(e.sold.learned_at)],
        stocks=[
            (s.venue, s.asset, *map(show, (s.at_start, s.brought, s.sold, s.moved, s.units)), s.reason or DASH)
            for s in told.stocks
        ],
        compared=[
            (c.venue, local(c.read_at, told.offset) if c.read_at is not None else "not read", _differ(c.differences))
            for c in told.compared
        ],
        cover=_cover(story, told),
        unknown=told.unknown,
        alarms=moments(alarms),
        people=[word(each) for each in told.words],
        withheld=_withheld(told),
        rules=rules(story.opened.plan, story.opened.limits),
        happened=moments(told.happened),
        tomorrow=None if told.tomorrow is None else _tomorrow(told.tomorrow, told.offset, names),
    )


def _cover(story: Story, told: DayStory) -> list[tuple[str, str]]:
    """The lowest cover of the day and the last; empty where no deposit is asked for."""
    rule, low = story.opened.limits.deposit, told.cover
    if rule is None:
        return []
    if low is None:
        return [("Cover", "at no decision of the day a number")]
    lowest = f"{shown(low.lowest, rule)}, at {local(low.at, told.offset)}"
    return [("Lowest", lowest), ("Last", shown(low.last, rule))]


def _leg(leg: DayLeg) -> dict[str, Any]:
    late = f", {leg.late} of them of earlier days" if leg.late else ""
    return {
        "name": f"{leg.sell} for {leg.buy}",
        "results": [
            ("Quota of the day", f"{show(leg.quota)} {leg.sell}" if leg.quota is not None else DASH),
            ("Planned by the schedule, as approved", _units(leg.planned, leg.sell)),
            ("Sold", f"{show(leg.sold)} {leg.sell}"),
            ("Remaining in the evening", f"{show(leg.remaining)} {leg.sell}"),
            ("Received, before fees", f"{show(leg.received)} {leg.buy}"),
            ("Fees", ", ".join(f"{show(units)} {asset}" for asset, units in leg.fees.items()) or DASH),
            ("Orders, fills", f"{leg.orders}, {leg.fills}{late}"),
            ("Average price", show(leg.average, 4)),
            ("Our share of all volume traded", share(leg)),
        ],
        "references": [
            ("First mid of the day", show(leg.opening_mid, 4), show(leg.loss_opening_bp, 2)),
            ("Mid at each decision, weighted", show(leg.decision_mid, 4), show(leg.loss_decision_bp, 2)),
            ("Average price of the others (VWAP)", show(leg.vwap, 4), show(leg.loss_vwap_bp, 2)),
        ],
    }


def _units(units: Any, asset: str) -> str:
    return DASH if units is None else f"{show(units)} {asset}"


def _fill(told: DayStory, each: FillEvidence) -> tuple[str, ...]:
    fill = each.fill
    return (
        local(fill.at, told.offset) if told.span.holds(fill.at) else time(fill.at),
        fill.venue,
        f"{each.sell}/{each.buy}",
        fill.trade_id,
        show(fill.quantity),
        show(fill.price),
        f"{show(fill.fee.units)} {fill.fee.asset}",
        show(each.decision_mid),
        show(each.slippage_decision_bp, 2),
        each.sold.way.value,
    )


def _when(each: FillEvidence) -> tuple[int, int]:
    return (each.fill.at, each.sold.seq)


def _differ(differences: Sequence[object]) -> str:
    return ", ".join(map(str, differences)) or "none"


def _withheld(told: DayStory) -> list[tuple[str, str, int]]:
    """Leg, limits that would have been broken, how often."""
    counts = Counter(
        (str(r.withheld.order.leg), ", ".join(sorted({denied.limit for denied in r.withheld.denied})))
        for r in told.withheld
    )
    return [(leg, limits, count) for (leg, limits), count in sorted(counts.items())]


def _tomorrow(tomorrow: Tomorrow, offset: Span, names: dict[Any, str]) -> dict[str, Any]:
    return {
        "name": tomorrow.name,
        "hours": clock(tomorrow.hours, offset),
        "bank": "at any hour" if tomorrow.bank is None else clock(tomorrow.bank, offset),
        "legs": [(names[leg], show(quota), show(planned)) for leg, quota, planned in tomorrow.quotas],
    }


def _zone(offset: Span) -> str:
    return f"UTC+{show_span(offset)}" if offset >= 0 else f"UTC{show_span(offset)}"
