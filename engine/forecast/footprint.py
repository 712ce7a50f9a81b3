"""Our part of what is traded, hour by hour, as the plan would have it; and what limits say to that."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct

from engine.forecast import words
from engine.forecast.cells import Cell
from engine.forecast.prospect import Stretch
from engine.kernel.clock import DAY
from engine.kernel.ids import VenueName
from engine.market.footprint import FootprintRule
from engine.science.calibration import Market
from engine.science.routing import split_convex

ROWS_MAX: Final = 96
"""Of hours; a longer sale is shown by days."""


class Bounds(Struct, frozen=True, kw_only=True):
    """Shares of all that is traded, ours included; `inf` where there is no limit."""

    run: float
    """Of all that is traded while the leg sells."""
    market: float
    """Of an hour, or of a day where days are looked at."""
    venue: float


def bounds(participation_max: float | None, rule: FootprintRule | None, *, by_day: bool) -> Bounds:
    """What the mandate and the config allow of each hour, or of each day.

    Where hours are looked at a limit of the day binds what was sold since the start, since volume counts from there.
    """
    scopes = [rule.market, rule.venue] if rule is not None else []
    days = [float(scope.day) for scope in scopes if scope.day is not None]
    wanted = [scope.day if by_day else scope.hour for scope in scopes] or [None, None]
    market, venue = (float(share) if share is not None else inf for share in wanted)
    run = min([inf if participation_max is None else participation_max, *([] if by_day else days)])
    return Bounds(run=run, market=market, venue=venue)


def split(
    quantity: float,
    volumes: Mapping[VenueName, float],
    fees_bp: Mapping[VenueName, float],
    market: Market | None,
    most: Mapping[VenueName, float],
) -> dict[VenueName, float]:
    """Our quantity by venue: at equal marginal cost, each venue with the law's impact at its own volume.

    `most` is what each may get by our share of it; where that is not enough for all of it, it bounds nothing. Without
    a law it goes by volume alone. A venue where nothing is known to be traded gets nothing.
    """
    there = [name for name, volume in volumes.items() if volume > 0]
    if market is None or len(there) < 2 or market.prefactor * market.sigma_daily <= 0:
        return dict(volumes)
    scale = market.prefactor * market.sigma_daily * 10_000 / (1 + market.exponent)
    caps = [most[name] for name in there]
    found = split_convex(
        quantity,
        [fees_bp[name] for name in there],
        [scale / volumes[name] ** market.exponent for name in there],
        market.exponent,
        caps if sum(caps) >= quantity else None,
    )
    return {**dict.fromkeys(volumes, 0.0), **dict(zip(there, found.q, strict=True))}


def stretches(
    found: Sequence[Cell],
    planned: Sequence[float],
    quantity: float,
    volumes: Mapping[VenueName, float],
    ours: Mapping[VenueName, float],
    limits: Bounds,
    *,
    by_day: bool,
) -> tuple[Stretch, ...]:
    """One row for each hour, or day, in which something is planned. `planned` are shares of `quantity`."""
    grouped: dict[int, list[tuple[Cell, float]]] = {}
    for cell, share in zip(found, planned, strict=True):
        grouped.setdefault(cell.begins // DAY if by_day else cell.begins, []).append((cell, share * quantity))
    whole, mine = sum(volumes.values()), sum(ours.values())
    rows, sold, traded = list[Stretch](), 0.0, 0.0
    for group in grouped.values():
        units, volume = sum(part for _, part in group), sum(cell.volume for cell, _ in group)
        sold, traded = sold + units, traded + volume
        if units <= 0:
            continue
        by_venue = {
            name: _share(units * ours[name] / mine, volume * volumes[name] / whole) for name in volumes if ours[name]
        }
        market, so_far = _share(units, volume), _share(sold, traded)
        over = so_far > limits.run or market > limits.market or max(by_venue.values()) > limits.venue
        tightest = min(limits.run, limits.market, limits.venue)
        rows.append(
            Stretch(
                begins=words.moment(group[0][0].begins),
                planned=words.number(units),
                volume=words.number(volume),
                share=words.percent(market),
                venues=tuple((str(name), words.percent(share)) for name, share in by_venue.items()),
                limit=words.percent(tightest) if tightest < inf else "",
                over=over,
            )
        )
    return tuple(rows)


def odds(share: float) -> float:
    """What may be ours for each unit of others', of a share of all; without bound from 1 on."""
    return share / (1 - share) if share < 1 else inf


def _share(ours: float, others: float) -> float:
    return ours / (ours + others) if ours + others > 0 else 0.0
