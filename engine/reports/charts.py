"""Charts as Vega-Lite specifications: data in, plain dictionaries out, the same for the same data.

Numbers become floats here, for drawing only. Long series are thinned to what a page can show; the tables are not.
"""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from engine.evidence.benchmarks import FillEvidence
from engine.evidence.story import LegStory
from engine.kernel.clock import MILLISECOND, Instant
from engine.kernel.money import EXACT, ZERO
from engine.market.facts import Print

if TYPE_CHECKING:
    import altair as alt

Mids = Sequence[tuple[Instant, Decimal | None]]

POINTS_MAX: Final = 1200
"""More points than a printed page has dots across."""
MARKET, OURS, OTHER = "#9aa5b1", "#b3261e", "#1f5a8a"


def price(leg: LegStory, mids: Mids) -> dict[str, Any] | None:
    """The market's price and where we sold; `None` where there is nothing to draw."""
    import altair as alt

    market = _mids(mids) if mids else _prints(leg.prints)
    name = "Mid of the venue" if mids else "Public trades"
    fills = [{"t": _ms(s.fill.at), "price": float(s.fill.price), "quantity": float(s.fill.quantity)} for s in leg.fills]
    if not market and not fills:
        return None
    axis = alt.Y("price:Q", title=f"{leg.plan.buy} per {leg.plan.sell}", scale=alt.Scale(zero=False))
    layers = []
    if market:
        layers.append(_base(market, name).mark_line(interpolate="step-after", strokeWidth=1.2).encode(y=axis))
    if fills:
        shown = _base(fills, "Our fills").mark_circle(opacity=0.75)
        size = alt.Size("quantity:Q", legend=None, scale=alt.Scale(range=[18, 160]))
        layers.append(shown.encode(y=axis, size=size, tooltip=["price:Q", "quantity:Q"]))
    return _finish(layers, [name, "Our fills"], [MARKET, OURS], 260)


def progress(leg: LegStory) -> dict[str, Any] | None:
    """What the schedule asked for, and what was sold."""
    import altair as alt

    sold, sums = ZERO, []
    for each in leg.fills:
        sold = EXACT.add(sold, each.fill.quantity)
        sums.append({"t": _ms(each.fill.at), "quantity": float(sold)})
    targets = _thinned([{"t": _ms(at), "quantity": float(units)} for at, units in leg.targets])
    if not sums and not targets:
        return None
    axis = alt.Y("quantity:Q", title=f"{leg.plan.sell}, cumulative")
    layers = []
    if targets:
        line = _base(targets, "Schedule").mark_line(strokeDash=[5, 3], interpolate="step-after")
        layers.append(line.encode(y=axis))
    if sums:
        begun = [{"t": min(sums[0]["t"], targets[0]["t"]) if targets else sums[0]["t"], "quantity": 0.0}]
        line = _base(_thinned(begun + sums), "Sold").mark_line(interpolate="step-after", strokeWidth=2)
        layers.append(line.encode(y=axis))
    return _finish(layers, ["Schedule", "Sold"], [OTHER, OURS], 200)


def slippage(evidence: Sequence[FillEvidence]) -> dict[str, Any] | None:
    """Per fill what was lost against the mid at its decision and against the arrival price."""
    import altair as alt

    names = ("Against the mid at the decision", "Against the arrival price")
    series: list[list[dict[str, Any]]] = [[], []]
    for each in evidence:
        for points, value in zip(series, (each.slippage_decision_bp, each.slippage_arrival_bp), strict=True):
            if value is not None:
                points.append({"t": _ms(each.fill.at), "bp": float(value)})
    if not any(series):
        return None
    axis = alt.Y("bp:Q", title="Loss in basis points (below zero: a gain)")
    zero = alt.Chart(alt.InlineData(values=[{"bp": 0}])).mark_rule(color="#52606d", strokeWidth=1)
    layers: list[Any] = [zero.encode(y=alt.Y("bp:Q"))]
    for name, points, shape in zip(names, series, ("circle", "diamond"), strict=True):
        if points:
            dots = _base(points, name).mark_point(filled=True, opacity=0.7, size=36, shape=shape)
            layers.append(dots.encode(y=axis, tooltip=["bp:Q"]))
    return _finish(layers, list(names), [OURS, OTHER], 200)


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that fetches nothing."""
    import vl_convert

    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    assert "</script" not in script.lower(), "the bundle would end the element that holds it"
    return script


def _base(values: Sequence[dict[str, Any]], name: str) -> "alt.Chart":
    import altair as alt

    rows = [{**value, "what": name} for value in values]
    hue = alt.Color("what:N", title=None)
    time = alt.X("t:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M:%S", labelOverlap=True))
    return alt.Chart(alt.InlineData(values=rows)).encode(x=time, color=hue)


def _finish(layers: Sequence[Any], names: list[str], colours: list[str], height: int) -> dict[str, Any]:
    import altair as alt

    chart = alt.layer(*layers).properties(width="container", height=height)
    hues = alt.Scale(domain=names, range=colours)
    legend = alt.Legend(orient="top", title=None, symbolOpacity=1)
    for layer in chart.layer:
        if layer.encoding.color is not alt.Undefined:
            layer.encoding.color = alt.Color("what:N", title=None, scale=hues, legend=legend)
    chart = chart.configure_view(stroke=None).configure_axis(
        gridColor="#e4e7eb", domainColor="#9aa5b1", tickColor="#9aa5b1", labelColor="#3e4c59", titleColor="#3e4c59"
    )
    spec: dict[str, Any] = chart.to_dict()
    del spec["$schema"]  # an address; the inlined bundle knows its own version
    return spec


def _mids(mids: Mids) -> list[dict[str, Any]]:
    return _thinned([{"t": _ms(at), "price": None if mid is None else float(mid)} for at, mid in mids])


def _prints(prints: Sequence[Print]) -> list[dict[str, Any]]:
    return _thinned([{"t": _ms(each.at), "price": float(each.price)} for each in prints])


def _thinned(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most `POINTS_MAX`: the last point of each of so many equal stretches of time."""
    if len(points) <= POINTS_MAX:
        return points
    times = [point["t"] for point in points]
    first, last = times[0], times[-1]
    found = {bisect_right(times, first + (last - first) * step / POINTS_MAX) - 1 for step in range(1, POINTS_MAX + 1)}
    return [points[index] for index in sorted(found | {0})]


def _ms(at: Instant) -> float:
    return at / MILLISECOND
