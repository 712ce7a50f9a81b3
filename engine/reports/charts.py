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
FEW: Final = 200
"""Up to so many fills each is drawn large."""
MARKET, OURS, OTHER = "#9aa5b1", "#b3261e", "#1f5a8a"


def price(leg: LegStory, mids: Mids) -> dict[str, Any] | None:
    """The market's price and where we sold; `None` where there is nothing to draw."""
    import altair as alt

    market = _mids(mids) if mids else _prints(leg.prints)
    name = f"Mid of {leg.plan.instruments[0].venue}" if mids else "Public trades"
    fills = [{"t": _ms(s.fill.at), "price": float(s.fill.price), "quantity": float(s.fill.quantity)} for s in leg.fills]
    if not market and not fills:
        return None
    axis = alt.Y("price:Q", title=f"{leg.plan.buy} per {leg.plan.sell}", scale=alt.Scale(zero=False))
    largest = max((fill["quantity"] for fill in fills), default=0.0)
    area = alt.Scale(domain=[0, largest], range=[4, 110 if len(fills) <= FEW else 20])
    drawing = _Drawing([name, "Our fills"], [MARKET, OURS])
    line = drawing.base(market, name).mark_line(interpolate="step-after", strokeWidth=1.2)
    drawing.add(market, line.encode(y=axis))
    dots = drawing.base(fills, "Our fills").mark_circle(opacity=0.75)
    size = alt.Size("quantity:Q", legend=None, scale=area)
    drawing.add(fills, dots.encode(y=axis, size=size, tooltip=["price:Q", "quantity:Q"]))
    return drawing.finish(260)


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
    if sums:
        sums = _thinned([{"t": min(row[0]["t"] for row in (sums, targets) if row), "quantity": 0.0}, *sums])
    axis = alt.Y("quantity:Q", title=f"{leg.plan.sell}, cumulative")
    shown = [(name, hue) for name, hue, rows in (("Schedule", OTHER, targets), ("Sold", OURS, sums)) if rows]
    drawing = _Drawing([name for name, _ in shown], [hue for _, hue in shown])
    line = drawing.base(targets, "Schedule").mark_line(strokeDash=[5, 3], interpolate="step-after")
    drawing.add(targets, line.encode(y=axis))
    line = drawing.base(sums, "Sold").mark_line(interpolate="step-after", strokeWidth=2)
    drawing.add(sums, line.encode(y=axis))
    return drawing.finish(200)


def slippage(evidence: Sequence[FillEvidence]) -> dict[str, Any] | None:
    """Per fill what was lost against the mid at its decision and against the arrival price."""
    import altair as alt

    names = ["Against the mid at the decision", "Against the arrival price"]
    series: list[list[dict[str, Any]]] = [[], []]
    for each in evidence:
        for points, value in zip(series, (each.slippage_decision_bp, each.slippage_arrival_bp), strict=True):
            if value is not None:
                points.append({"t": _ms(each.fill.at), "bp": float(value)})
    if not any(series):
        return None
    axis = alt.Y("bp:Q", title="Loss, bp")
    drawing = _Drawing(names, [OURS, OTHER])
    zero = [{"bp": 0}]
    rule = alt.Chart(alt.NamedData(name="zero")).mark_rule(color="#52606d", strokeWidth=1)
    drawing.add(zero, rule.encode(y=axis), "zero")
    area = 36 if len(evidence) <= FEW else 9
    for name, points, shape in zip(names, series, ("circle", "diamond"), strict=True):
        dots = drawing.base(points, name).mark_point(filled=True, opacity=0.7, size=area, shape=shape)
        drawing.add(points, dots.encode(y=axis, tooltip=["bp:Q"]))
    return drawing.finish(200)


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that fetches nothing."""
    import vl_convert

    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    assert "</script" not in script.lower(), "the bundle would end the element that holds it"
    return script


class _Drawing:
    """Layers over one axis of time, each with its rows beside the specification.

    Altair copies and checks every row that it is given, which took longer than all the rest of a report; it is given
    the names of the rows only.
    """

    def __init__(self, names: list[str], colours: list[str]) -> None:
        self._hues = (names, colours)
        self._layers: list[alt.Chart] = []
        self._rows: dict[str, Sequence[dict[str, Any]]] = {}

    def base(self, rows: Sequence[dict[str, Any]], name: str) -> "alt.Chart":
        """A chart of `rows` by time, in the colour of `name`."""
        import altair as alt

        self._rows[name] = [{**row, "what": name} for row in rows]
        axis = alt.Axis(format="%H:%M:%S", labelOverlap=True)
        time = alt.X("t:T", title=None, scale=alt.Scale(type="utc", padding=10), axis=axis)
        hues = alt.Scale(domain=self._hues[0], range=self._hues[1])
        hue = alt.Color("what:N", title=None, scale=hues, legend=alt.Legend(orient="top", title=None))
        return alt.Chart(alt.NamedData(name=name)).encode(x=time, color=hue)

    def add(self, rows: Sequence[dict[str, Any]], layer: "alt.Chart", name: str = "") -> None:
        """Lay a chart over those before it, unless it has nothing to show."""
        if rows:
            self._layers.append(layer)
            if name:
                self._rows[name] = rows

    def finish(self, height: int) -> dict[str, Any]:
        """The whole as a dictionary."""
        import altair as alt

        chart = alt.layer(*self._layers).properties(width="container", height=height).configure_view(stroke=None)
        chart = chart.configure_axis(
            gridColor="#e4e7eb", domainColor="#9aa5b1", tickColor="#9aa5b1", labelColor="#3e4c59", titleColor="#3e4c59"
        )
        spec: dict[str, Any] = chart.to_dict()
        del spec["$schema"]  # an address; the inlined bundle knows its own version
        return {**spec, "datasets": {name: list(rows) for name, rows in self._rows.items() if rows}}


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
