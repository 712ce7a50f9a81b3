"""The section of the report on conduct: every measure with its bound, and the orders behind those that are over."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from engine.evidence.conduct import Conduct, of_run
from engine.evidence.flicker import Flow
from engine.evidence.measure import Measure, Verdict, What
from engine.evidence.story import Story
from engine.kernel.clock import Span, show_span
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import decimals, times
from engine.reports.pages import DASH, show, time

SHARES: Final = (What.CANCELLED, What.QUICK, What.FIXING)
NAMED: Final = 12
"""So many orders are named on the page; `conduct.json` has them all."""
WORDS: Final[Mapping[What, str]] = {
    What.CANCELLED: "Cancelled with nothing sold, of those that rested",
    What.MESSAGES: "Orders and cancels for each execution",
    What.QUICK: "Cancelled too soon to trade, of those cancelled with nothing sold",
    What.REQUOTES: "Orders in the place of a cancelled one, busiest minute",
    What.LAYERS: "Orders that stood together and were cancelled around a fill elsewhere",
    What.FIXING: "Our share of the volume around a fixing",
    What.ASKED: "Minutes in which a desk was asked and the same pair was sold in a book",
    What.BOTH_SIDES: "Trades that were told for two orders",
    What.SIDE_BY_SIDE: "Orders of ours in one book at once",
    What.UNASKED: "Orders that a venue ended, with a remainder and unasked",
    What.PREVENTED: "Orders of which a venue said that they would have traded with ourselves",
}
MILLISECOND: Final = 1_000_000


def conduct(story: Story) -> dict[str, Any]:
    """Verdicts in a sentence, the counts of each place, and all measures, those over their bound first."""
    found = of_run(story)
    order = {Verdict.OVER: 0, Verdict.WITHIN: 1, Verdict.UNMEASURED: 2}
    names = {leg.plan.id: f"{leg.plan.sell}/{leg.plan.buy}" for leg in story.legs}
    return {
        "verdict": summed(found),
        "flows": [_flow(flow, names[flow.leg]) for flow in found.flows if flow.orders],
        "measures": [_measure(each, names) for each in sorted(found.measures, key=lambda m: order[m.verdict])],
        "over": [
            (WORDS[each.what], _scope(each, names), _orders(each.orders))
            for each in found.measures
            if each.verdict is Verdict.OVER
        ],
    }


def summed(found: Conduct) -> str:
    """`17 measures: 12 within their bounds, 1 over, 4 not measurable.`"""
    within, over, lacking = (found.count(v) for v in (Verdict.WITHIN, Verdict.OVER, Verdict.UNMEASURED))
    return f"{len(found.measures)} measures: {within} within their bounds, {over} over, {lacking} not measurable."


def _flow(flow: Flow, name: str) -> tuple[str, ...]:
    median = DASH if flow.life_median is None else show_span(Span(flow.life_median // MILLISECOND * MILLISECOND))
    counts = (flow.orders, flow.rested, flow.traded, flow.executions, flow.cancels, flow.pulled)
    return (name, flow.venue, *map(str, counts), median)


def _measure(each: Measure, names: Mapping[Any, str]) -> dict[str, str]:
    return {
        "what": WORDS[each.what],
        "where": _scope(each, names),
        "value": _number(each.what, each.value),
        "bound": _number(each.what, each.bound),
        "verdict": each.verdict.value,
        "at": DASH if each.at is None else time(each.at),
        "detail": "; ".join(filter(None, (each.lack, each.detail))) or DASH,
    }


def _scope(each: Measure, names: Mapping[Any, str]) -> str:
    if each.asset is not None:
        return each.asset
    if each.leg is None:
        return "the run"
    return f"{names[each.leg]}, {each.venue}" if each.venue is not None else names[each.leg]


def _number(what: What, value: Decimal | None) -> str:
    if value is None:
        return DASH
    if what not in SHARES:
        return show(value)
    per_cent = times(value, Decimal(100))
    return f"{show(per_cent, max(2, decimals(per_cent)))} %"


def _orders(named: Sequence[ClientOrderId]) -> str:
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"{', '.join(named[:NAMED])}{more}"
