"""The plan that people judge before they approve it: one HTML file which needs nothing but itself.

Every figure on it is text of the paper that is signed, so the page says nothing that the signature does not cover but
the sentences around the figures.
"""

from collections.abc import Sequence
from typing import Any, Final

from engine.forecast.prospect import LegProspect, Prospect, Way
from engine.reports import charts, plancharts
from engine.reports.pages import DASH, page, script

NOT_SHOWN: Final = (
    "What the market will do: prices walk without a drift here, and real ones jump.",
    "How far the calibration holds: an impact law is measured on other days, in other sizes.",
    "Orders that are refused, venues that go dark, books that are thinner than they look.",
    "The cost of what is not sold, and of what people stop or amend on the way.",
)


def render(
    prospect: Prospect, *, case: str, run: str, sha256: str, rules: Sequence[tuple[str, str]], sandbox: bool
) -> str:
    """The page of one paper."""
    drawn: list[dict[str, Any]] = []
    return page(
        "plan.html",
        case=case,
        run=run,
        sha256=sha256,
        as_of=f"{prospect.as_of[:16].replace('T', ' ')} UTC",
        sandbox=sandbox,
        legs=[_leg(leg, drawn) for leg in prospect.legs],
        deposit=prospect.deposit,
        rules=rules,
        not_shown=NOT_SHOWN,
        charts=script(drawn),
        bundle=charts.bundle() if drawn else "",
    )


def _leg(leg: LegProspect, drawn: list[dict[str, Any]]) -> dict[str, Any]:
    pictures = []
    for caption, spec in plancharts.charts(leg):
        if spec is not None:
            pictures.append((f"chart-{len(drawn)}", caption))
            drawn.append(spec)
    return {
        "name": f"{leg.quantity} {leg.sell} for {leg.buy}",
        "id": leg.leg,
        "figures": [(figure.name, figure.value, figure.source) for figure in leg.figures],
        "lacking": leg.lacking,
        "ways": [_way(way) for way in leg.ways],
        "bases": [(way.name, way.basis) for way in leg.ways if way.basis],
        "lines": leg.lines,
        "stretches": [
            (
                row.begins,
                f"{row.planned} {leg.sell}",
                row.volume,
                f"{row.share} %",
                ", ".join(f"{name} {share} %" for name, share in row.venues),
                f"{row.limit} %" if row.limit else DASH,
                "over its limit" if row.over else "",
            )
            for row in leg.stretches
        ],
        "buy": leg.buy,
        "charts": pictures,
    }


def _way(way: Way) -> dict[str, Any]:
    told = (
        way.spread_bp, way.fees_bp, way.impact_bp, way.total_bp, way.deviation_bp, way.worst_bp, way.cost, way.lasts,
        way.peak, way.unsold,
    )  # fmt: skip
    return {"name": way.name, "chosen": way.chosen, "cells": [cell or DASH for cell in told]}
