"""Where and when there is somebody to sell to: others' volume by venue and hour of the local day.

Medians of what the bars show, hour by hour. An hour that the bars do not show stays empty: it is never filled from its
neighbours, from another venue or from the volume of a day.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import inf
from statistics import median
from typing import Final

from msgspec import Struct

from engine.forecast import footprint, words
from engine.forecast.cells import Cell
from engine.forecast.given import Given
from engine.forecast.market import History
from engine.forecast.prospect import HeatMap, HeatRow
from engine.kernel.clock import DAY, HOUR, Instant, Span, show_span
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.market.volume_model import HOURS

SPLIT_MIN: Final = 4
"""So many weekdays and so many days of weekends has each source to show before they are told apart."""
ROWS_MAX: Final = 12
"""More rows are not read: weekdays and weekends then stay together."""
DIGITS: Final = 3
"""Of a cell: more would not be read, and the days differ by more."""
ALL, WEEKDAYS, WEEKENDS = "all days", "weekdays", "weekends"
NONE: Final = "no heat map: no volumes were given"
_THURSDAY: Final = 3
"""What 1970-01-01 was, counted from Monday."""


class Grid(Struct, frozen=True):
    """What one source's bars show."""

    history: History
    days: Mapping[str, tuple[int, ...]]
    """By kind of day the local days, counted since 1970, of which at least one whole hour is there."""
    medians: Mapping[str, Mapping[int, float]]
    """By kind of day the volume of each hour that is there."""


class Heat(Struct, frozen=True):
    """The map as numbers, for whoever reckons with it."""

    offset: Span
    split: bool
    grids: tuple[Grid, ...]

    def usual(self, venue: VenueName, at: Instant) -> float | None:
        """What others trade there in such an hour; `None` where the bars do not show it."""
        number = (at + self.offset) // HOUR
        days = kind_of(number // HOURS) if self.split else ALL
        grid = _by_name(self).get(venue)
        return grid.medians[days].get(number % HOURS) if grid is not None else None


def kind_of(day: int) -> str:
    """Of a local day by its number since 1970: `weekdays` or `weekends`."""
    return WEEKENDS if (day + _THURSDAY) % 7 >= 5 else WEEKDAYS


def heat(given: Given) -> Heat:
    """What the bars of every source show, in the programme's local time; without one in UTC."""
    offset = given.programme.hours.offset if given.programme is not None else Span(0)
    grids = tuple(_grid(each, offset) for each in given.histories)
    counted = [grid.days for grid in grids if grid.days[ALL]]
    enough = all(len(days[kind]) >= SPLIT_MIN for days in counted for kind in (WEEKDAYS, WEEKENDS))
    return Heat(offset, bool(counted) and enough and 2 * len(_names(given)) <= ROWS_MAX, grids)


def _grid(history: History, offset: Span) -> Grid:
    hours = _hours(history, offset)
    days, medians = dict[str, tuple[int, ...]](), dict[str, dict[int, float]]()
    for kind in (ALL, WEEKDAYS, WEEKENDS):
        of = {number: volume for number, volume in hours.items() if kind in (ALL, kind_of(number // HOURS))}
        days[kind] = tuple(sorted({number // HOURS for number in of}))
        by_hour: dict[int, list[Decimal]] = {}
        for number, volume in of.items():
            by_hour.setdefault(number % HOURS, []).append(volume)
        medians[kind] = {hour: float(median(volumes)) for hour, volumes in sorted(by_hour.items())}
    return Grid(history, days, medians)


def _hours(history: History, offset: Span) -> dict[int, Decimal]:
    """Volume by local hour, of those that are there whole. Bars that lie across an hour's edge make none."""
    if history.span > HOUR or HOUR % history.span:
        return {}
    sums, counts = dict[int, Decimal](), dict[int, int]()
    for bar in history.bars:
        number, within = divmod(bar.at + offset, HOUR)
        if within % history.span == 0:
            sums[number] = sums.get(number, ZERO) + bar.volume
            counts[number] = counts.get(number, 0) + 1
    return {number: volume for number, volume in sums.items() if counts[number] == HOUR // history.span}


def shown(given: Given, found: Heat, cells: Sequence[Cell], shares: Sequence[float]) -> HeatMap:
    """The map in words. `shares` of the whole are what the plan sells in each of `cells`."""
    limit, told = _tightest(given)
    zone = words.zone(found.offset)
    if not any(grid.days[ALL] for grid in found.grids):
        silent = [f"{name}: {_source(grid, ALL, found.offset)}" for name, grid in _by_name(found).items()]
        return HeatMap(zone=zone, share=told, remark="; ".join(["no heat map", *silent]) if silent else NONE)
    sold = {
        (kind_of(number // HOURS) if found.split else ALL, number % HOURS)
        for cell, share in zip(cells, shares, strict=True)
        if share > 0
        for number in range((cell.begins + found.offset) // HOUR, (cell.ends - 1 + found.offset) // HOUR + 1)
    }
    kinds = (WEEKDAYS, WEEKENDS) if found.split else (ALL,)
    rows = tuple(_row(given, found, name, kind, limit, sold) for name in _names(given) for kind in kinds)
    together = (
        f"weekdays and weekends are not told apart: for that each source has to show {SPLIT_MIN} days of both, and "
        f"the map may have {ROWS_MAX} rows"
    )
    return HeatMap(zone=zone, share=told, remark="" if found.split else together, rows=rows)


def _names(given: Given) -> list[str]:
    """The plan's venues, and whoever else has bars."""
    return list(dict.fromkeys([*(i.venue for i in given.leg.instruments), *(h.source for h in given.histories)]))


def _by_name(found: Heat) -> dict[str, Grid]:
    return {grid.history.source: grid for grid in found.grids}


def _row(given: Given, found: Heat, name: str, kind: str, limit: float, sold: set[tuple[str, int]]) -> HeatRow:
    grid = _by_name(found).get(name)
    ours = name in [i.venue for i in given.leg.instruments]
    volumes = grid.medians[kind] if grid is not None else {}
    bounded = ours and limit < inf
    return HeatRow(
        venue=name,
        days=kind,
        sells=ours,
        source=_source(grid, kind, found.offset),
        volumes=_text(volumes),
        allowed=_text({hour: limit * volume for hour, volume in volumes.items()}) if bounded else "",
        sold_in=" ".join(f"{hour:02d}" for of, hour in sorted(sold) if of == kind) if ours else "",
    )


def _text(by_hour: Mapping[int, float]) -> str:
    return ", ".join(f"{hour:02d} {words.number(value, DIGITS)}" for hour, value in by_hour.items())


def _source(grid: Grid | None, kind: str, offset: Span) -> str:
    """The file with its calendar; or why there is no number."""
    if grid is None:
        return "no bars"
    file, span = grid.history.file, grid.history.span
    if span > HOUR:
        return f"no hours: {file} has bars of {show_span(span)}"
    days = grid.days[kind]
    if not days:
        return f"no whole local hour ({words.zone(offset)}) in {file}"
    first, last = (words.day(Instant(day * DAY)) for day in (days[0], days[-1]))
    return f"{file}, {len(days)} days from {first} to {last}"


def _tightest(given: Given) -> tuple[float, str]:
    """What may be ours for each coin of others', by the tightest limit that goes by volume; `inf` where none does."""
    return min(_limits(given), default=(inf, "no limit goes by volume"))


def _limits(given: Given) -> Iterator[tuple[float, str]]:
    rule = given.limits.footprint
    named = [(given.leg.participation_max, "participation_max, which counts from the start of the sale")]
    if rule is not None:
        named += [
            (rule.venue.hour, "footprint.venue, an hour"),
            (rule.market.hour, "footprint.market, an hour"),
            (rule.venue.day, "footprint.venue, a day"),
            (rule.market.day, "footprint.market, a day"),
        ]
    for share, name in named:
        if share is not None and share < 1:
            yield footprint.odds(float(share)), f"{words.percent(float(share))} % of all that is traded ({name})"
