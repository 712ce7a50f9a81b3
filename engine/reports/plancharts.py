"""The charts of a plan: schedules, cost against risk, our share of the market, and how costs may fall out."""

from collections.abc import Sequence
from math import exp, pi, sqrt
from typing import TYPE_CHECKING, Any, Final

from engine.forecast.prospect import LegProspect, Way
from engine.reports.charts import MARKET, OTHER, OURS

if TYPE_CHECKING:
    import altair as alt

HUES: Final = (OURS, OTHER, "#2f7d4f", "#8a5a1f", "#6a4c93", "#52606d")
"""The config's own way has the first."""
REACH: Final = 3.0
"""Standard deviations to either side of a distribution."""
STEPS: Final = 60
Rows = list[dict[str, Any]]


def schedule(leg: LegProspect) -> dict[str, Any] | None:
    """What each way has sold by when."""
    import altair as alt

    rows = [
        {"way": _name(way), "hours": float(hours), "sold": float(sold)}
        for way in leg.ways
        for hours, sold in way.points
    ]
    if not rows:
        return None
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("hours:Q", title="Hours since the start"),
        y=alt.Y("sold:Q", title="Sold, %"),
        order=alt.Order("hours:Q"),
        color=_colour(leg),
    )
    return finished(base.mark_line(strokeWidth=1.8), {"rows": rows}, 240)


def frontier(leg: LegProspect) -> dict[str, Any] | None:
    """Expected cost against its deviation: the best ways as a line, some by name."""
    import altair as alt

    if not leg.frontier:
        return None
    line: Rows = [{"risk": float(risk), "cost": float(cost)} for risk, cost in leg.frontier]
    marks: Rows = [{"risk": float(risk), "cost": float(cost), "name": name} for name, risk, cost in leg.marks]
    ours = [mark for mark in marks if mark["name"].startswith("this plan")]
    others = [mark for mark in marks if mark not in ours]
    x = alt.X("risk:Q", title="Deviation, bp", scale=alt.Scale(zero=False))
    y = alt.Y("cost:Q", title="Expected cost without fees, bp", scale=alt.Scale(zero=False))
    best = alt.Chart(alt.NamedData(name="line")).mark_line(color=MARKET).encode(x=x, y=y, order="risk:Q")
    layers = [best]
    for name, hue, below in (("others", OTHER, -8), ("ours", OURS, 12)):  # two labels at one place are not read
        named = alt.Chart(alt.NamedData(name=name))
        layers.append(named.mark_point(filled=True, size=60, color=hue).encode(x=x, y=y))
        layers.append(named.mark_text(align="right", dx=-4, dy=below, color=hue).encode(x=x, y=y, text="name:N"))
    return finished(alt.layer(*layers), {"line": line, "others": others, "ours": ours}, 240)


def footprint(leg: LegProspect) -> dict[str, Any] | None:
    """Our share of all that is traded in each hour or day, with the tightest limit."""
    import altair as alt

    if not leg.stretches:
        return None
    rows = [{"begins": row.begins, "share": float(row.share), "over": row.over} for row in leg.stretches]
    x = alt.X("begins:O", title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=True))
    y = alt.Y("share:Q", title="Our share, %")
    hue = alt.condition("datum.over", alt.value(OURS), alt.value(OTHER))
    bars = alt.Chart(alt.NamedData(name="rows")).mark_bar().encode(x=x, y=y, color=hue)
    limits = sorted({float(row.limit) for row in leg.stretches if row.limit})
    ruled: Rows = [{"share": limit} for limit in limits]
    rule = alt.Chart(alt.NamedData(name="limits")).mark_rule(color=OURS, strokeDash=[5, 3]).encode(y="share:Q")
    drawn = alt.layer(bars, rule) if ruled else bars
    return finished(drawn, {"rows": rows, **({"limits": ruled} if ruled else {})}, 200)


def outcomes(leg: LegProspect) -> dict[str, Any] | None:
    """How likely each cost is, if the price walks as was assumed: a normal law of each way."""
    import altair as alt

    rows = [row for way in leg.ways if way.total_bp and float(way.deviation_bp or 0) > 0 for row in _bell(way)]
    if not rows:
        return None
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("bp:Q", title="Cost, bp of the price at the start"),
        y=alt.Y("density:Q", title=None, axis=None),
        color=_colour(leg),
    )
    return finished(base.mark_line(strokeWidth=1.8), {"rows": rows}, 180)


def _bell(way: Way) -> Rows:
    mean, deviation = float(way.total_bp), float(way.deviation_bp)
    found = []
    for step in range(STEPS + 1):
        z = REACH * (2 * step / STEPS - 1)
        density = exp(-z * z / 2) / deviation / sqrt(2 * pi)
        found.append({"way": _name(way), "bp": round(mean + z * deviation, 3), "density": round(density, 7)})
    return found


def _name(way: Way) -> str:
    return f"{way.name}, as configured" if way.chosen else way.name


def _colour(leg: LegProspect) -> "alt.Color":
    import altair as alt

    names = [_name(way) for way in leg.ways if way.course]
    hues = alt.Scale(domain=names, range=list(HUES[: len(names)]))
    return alt.Color("way:N", title=None, scale=hues, legend=alt.Legend(orient="top", title=None))


def finished(chart: Any, rows: dict[str, Rows], height: int) -> dict[str, Any]:
    """As all charts of a plan look, with its rows beside the specification."""
    drawn = (
        chart.properties(width="container", height=height)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="#e4e7eb", domainColor="#9aa5b1", tickColor="#9aa5b1", labelColor="#3e4c59", titleColor="#3e4c59"
        )
    )
    spec: dict[str, Any] = drawn.to_dict()
    del spec["$schema"]  # an address; the inlined bundle knows its own version
    return {**spec, "datasets": rows}


def charts(leg: LegProspect) -> Sequence[tuple[str, dict[str, Any] | None]]:
    """Caption and chart; `None` where there is nothing to draw."""
    return (
        ("What each way has sold by when", schedule(leg)),
        ("Cost against risk, after Almgren and Chriss", frontier(leg)),
        ("Our share of all that is traded", footprint(leg)),
        ("How costs may fall out", outcomes(leg)),
    )
