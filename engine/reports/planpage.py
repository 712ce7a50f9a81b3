"""The plan that people judge before they approve it: one HTML file which needs nothing but itself.

Every figure on it is text of the paper that is signed, so the page says nothing that the signature does not cover but
the sentences around the figures.
"""

from collections.abc import Sequence
from typing import Any, Final

from engine.forecast.prospect import HeatRow, LegProspect, Prospect, Way
from engine.reports import charts, plancharts, planheat
from engine.reports.pages import DASH, page, script

NOT_SHOWN: Final = (
    "What the market will do: prices walk without a drift here, and real ones jump.",
    "How far the calibration holds: an impact law is measured on other days, in other sizes.",
    "Orders that are refused, venues that go dark, books that are thinner than they look.",
    "The cost of what is not sold, and of what people stop or amend on the way.",
    "What a watcher learns from anything but size and time: a custodian's addresses, an announcement, a word too many.",
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
            pictures.append((_drawn(spec, drawn), caption))
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
        "sell": leg.sell,
        "buy": leg.buy,
        "charts": pictures,
        "heat": leg.heat,
        "heat_rows": [_row(row) for row in leg.heat.rows] if leg.heat is not None else [],
        "heat_chart": _drawn(planheat.heat(leg), drawn),
        "leak": leg.leak,
        "leak_chart": _drawn(planheat.deposits(leg), drawn),
    }


def _drawn(spec: dict[str, Any] | None, drawn: list[dict[str, Any]]) -> str:
    """The place of a chart on the page; empty where there is nothing to draw."""
    if spec is None:
        return ""
    drawn.append(spec)
    return f"chart-{len(drawn) - 1}"


def _row(row: HeatRow) -> dict[str, Any]:
    cells = [(volume or DASH, allowed or DASH, sold) for volume, allowed, sold in row.cells]
    return {"name": planheat.label(row), "cells": cells, "bounded": bool(row.allowed), "source": row.source}


def _way(way: Way) -> dict[str, Any]:
    told = (
        way.spread_bp, way.fees_bp, way.impact_bp, way.total_bp, way.deviation_bp, way.worst_bp, way.cost, way.lasts,
        way.peak, way.unsold,
    )  # fmt: skip
    return {"name": way.name, "chosen": way.chosen, "cells": [cell or DASH for cell in told]}
