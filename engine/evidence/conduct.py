"""The conduct of a run, held against bounds: what a compliance officer looks at before somebody else asks.

Everything is counted from the journal and the tape when the run is told, and nothing here ever stops an order. A
measure over its bound is a question and no verdict on anybody; one that can't be had says why.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.evidence import fixings, flicker, selftrade
from engine.evidence.flicker import Flow
from engine.evidence.measure import Measure, Verdict, record
from engine.evidence.stood import Stood, in_books
from engine.evidence.story import Story
from engine.kernel.clock import SECOND, Span, show_span
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import Asset, plain
from engine.mandate.conduct import ConductRules

SCHEMA: Final = 1


class Conduct(Struct, frozen=True, kw_only=True):
    """All that was measured of one run, and what was sent where."""

    flows: tuple[Flow, ...]
    measures: tuple[Measure, ...]

    def count(self, verdict: Verdict) -> int:
        """How many measures came out so."""
        return sum(measure.verdict is verdict for measure in self.measures)


def of_run(story: Story) -> Conduct:
    """Every measure of a run, by the rules in its first row."""
    rules, orders = story.opened.limits.conduct, in_books(story)
    places: dict[tuple[LegId, VenueName], list[Stood]] = {}
    for one in orders:
        places.setdefault((one.attempt.order.leg, one.attempt.order.venue), []).append(one)
    flows, measures = list[Flow](), list[Measure]()
    for leg in story.legs:
        for venue, _ in leg.plan.pairs:
            there = places.get((leg.plan.id, venue), [])
            flows.append(told := flicker.flow(leg, venue, there, rules))
            measures += flicker.of_place(told, there, rules)
    measures += _of_legs(story, orders, rules)
    measures += selftrade.of_run(story, orders)
    return Conduct(flows=tuple(flows), measures=tuple(measures))


def _of_legs(story: Story, orders: tuple[Stood, ...], rules: ConductRules) -> Iterator[Measure]:
    """Layers of each asset; fixings and questions of each leg."""
    legs: dict[LegId, list[Stood]] = {}
    assets: dict[Asset, list[Stood]] = {}
    for one in orders:
        legs.setdefault(one.attempt.order.leg, []).append(one)
        assets.setdefault(one.attempt.order.sell, []).append(one)
    for asset in dict.fromkeys(leg.plan.sell for leg in story.legs):
        sold = [one for leg in story.legs if leg.plan.sell == asset for one in leg.fills]
        yield flicker.layers(asset, assets.get(asset, []), sold, rules)
    for leg in story.legs:
        yield from fixings.around_fixings(story, leg, rules)
        yield fixings.beside_questions(leg, legs.get(leg.plan.id, []), rules)


def conduct_json(story: Story, conduct: Conduct) -> bytes:
    """`conduct.json`: counts, measures and bounds; shares are fractions, numbers are text."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "run": story.opened.run,
        "case": story.opened.case,
        "verdicts": counts(conduct),
        "rules": _rules(story.opened.limits.conduct),
        "flows": [_flow(flow) for flow in conduct.flows],
        "measures": [record(measure) for measure in conduct.measures],
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n"


def counts(conduct: Conduct) -> dict[str, int]:
    """How many measures are within, over, and not measurable."""
    return {verdict.value: conduct.count(verdict) for verdict in Verdict}


def _flow(flow: Flow) -> dict[str, Any]:
    median = None if flow.life_median is None else show_span(Span(flow.life_median // 1_000_000 * 1_000_000))
    return {**msgspec.structs.asdict(flow), "life_median": median}


def _rules(rules: ConductRules) -> dict[str, Any]:
    """As they held, so that a reader needs no config."""
    return {
        "orders_min": rules.orders_min,
        "cancel_max": plain(rules.cancel_max),
        "orders_per_trade_max": plain(rules.orders_per_trade_max),
        "quick": show_span(rules.quick),
        "quick_max": plain(rules.quick_max),
        "requotes_max": rules.requotes_max,
        "layers_within": show_span(rules.layers_within),
        "layers_max": rules.layers_max,
        "fixing_max": plain(rules.fixing_max),
        "close": show_span(rules.close),
        "quote_minutes_max": rules.quote_minutes_max,
        "fixings": [
            {
                "name": fixing.name,
                "at_s": fixing.at // SECOND,
                "offset_s": fixing.offset // SECOND,
                "within": show_span(fixing.within),
            }
            for fixing in rules.fixings
        ],
    }
