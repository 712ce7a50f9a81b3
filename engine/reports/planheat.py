"""Charts of where and when there is somebody to sell to, and of the coin that leaves custody for it."""

from typing import Any, Final

from engine.forecast.prospect import HeatMap, HeatRow, LegProspect
from engine.reports.charts import MARKET, OTHER, OURS
from engine.reports.plancharts import HUES, Rows, finished

EMPTY: Final = "#eceff3"
"""Of a cell without data: no colour of the scale, which begins with white."""
DARK: Final = 0.36
"""Of the largest volume: above it words are white."""
ROW: Final = 30
"""Pixels."""


def heat(leg: LegProspect) -> dict[str, Any] | None:
    """One cell for each venue and hour; a red frame where the plan sells, grey where no data is."""
    import altair as alt

    if leg.heat is None or not leg.heat.rows:
        return None
    names = [label(row) for row in leg.heat.rows]
    cells = [cell for row in leg.heat.rows for cell in _cells(row)]
    told = [cell for cell in cells if "volume" in cell]
    x = alt.X("hour:O", title=f"Hour, {leg.heat.zone}", axis=alt.Axis(labelAngle=0))
    y = alt.Y("row:N", title=None, sort=names, axis=alt.Axis(labelLimit=220))
    scale = alt.Scale(type="sqrt", domainMin=0, range=["#ffffff", OTHER], interpolate="rgb")  # one venue may be huge
    hue = alt.Color("volume:Q", title=f"{leg.sell} an hour", scale=scale)
    tips = [alt.Tooltip(name, title=title) for name, title in _tips(leg.heat, leg.sell)]
    drawn = {"empty": [cell for cell in cells if "volume" not in cell], "told": told, "sold": _sold(cells)}
    bare = {name: alt.Chart(alt.NamedData(name=name)).encode(x=x, y=y) for name in drawn}
    ink = alt.condition(f"datum.volume > {DARK * _most(told)}", alt.value("#ffffff"), alt.value("#1f2933"))
    layers = [
        bare["told"].mark_rect(stroke="#ffffff").encode(color=hue, tooltip=tips),
        bare["told"].mark_text(fontSize=10).encode(text="shown:N", color=ink, tooltip=tips),
    ]
    if drawn["empty"]:
        layers.append(bare["empty"].mark_rect(color=EMPTY, stroke="#ffffff"))
        layers.append(bare["empty"].mark_text(color=MARKET, fontSize=10, text="\N{EN DASH}"))
    layers.append(bare["sold"].mark_rect(filled=False, stroke=OURS, strokeWidth=2))
    return finished(alt.layer(*layers), drawn, ROW * len(names))


def deposits(leg: LegProspect) -> dict[str, Any] | None:
    """The tranches that are foretold: when, how large, and for whom."""
    import altair as alt

    if leg.leak is None or not leg.leak.deposits:
        return None
    rows: Rows = [{"hours": float(h), "units": float(u), "venue": venue} for h, u, venue in leg.leak.marks]
    names = list(dict.fromkeys(row["venue"] for row in rows))
    hues = alt.Scale(domain=names, range=list(HUES[1 : len(names) + 1]))
    chart = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("hours:Q", title="Hours since the start"),
        y=alt.Y("units:Q", title=f"{leg.sell} in a tranche"),
        color=alt.Color("venue:N", title=None, scale=hues, legend=alt.Legend(orient="top", title=None)),
        tooltip=["hours:Q", "units:Q", "venue:N"],
    )
    return finished(chart.mark_point(filled=True, opacity=0.7, size=36), {"rows": rows}, 160)


def label(row: HeatRow) -> str:
    """`hashkey, weekdays`; of a venue where nothing is sold that it is looked at alone."""
    return f"{row.venue}, {row.days}{'' if row.sells else ', not sold at'}"


def _cells(row: HeatRow) -> Rows:
    found = list[dict[str, Any]]()
    for hour, (volume, allowed, sold) in enumerate(row.cells):
        cell: dict[str, Any] = {"row": label(row), "hour": f"{hour:02d}", "sold": sold}
        if volume:
            cell |= {
                "volume": float(volume),
                "shown": f"{float(volume):.3g}",
                "allowed": allowed or "no limit by volume",
            }
        found.append(cell)
    return found


def _sold(cells: Rows) -> Rows:
    return [{"row": cell["row"], "hour": cell["hour"]} for cell in cells if cell["sold"]]


def _most(told: Rows) -> float:
    return max((cell["volume"] for cell in told), default=0.0)


def _tips(heat: HeatMap, asset: str) -> list[tuple[str, str]]:
    named = [("row:N", "Venue"), ("hour:O", f"Hour, {heat.zone}"), ("volume:Q", f"Others, {asset} an hour (median)")]
    return [*named, ("allowed:N", f"Allowed, {asset}"), ("sold:N", "The plan sells then")]
