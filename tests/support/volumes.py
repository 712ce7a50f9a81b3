"""Invented markets: hourly bars with a season, surprises that fade, and prices that move more where more is traded."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backtests.volume.history import History
from engine.kernel.clock import DAY, HOUR, Instant, parse_instant

BEGINS = parse_instant("2024-01-01T00:00:00Z")
DAYS = 120


def market(days: int = DAYS, seed: int = 1) -> tuple[list[float], list[float]]:
    """Volumes and prices of so many days of hours."""
    chance = np.random.default_rng(seed)
    surprise, price = 0.0, 50_000.0
    volumes, prices = [], []
    for hour in range(24 * days):
        surprise = 0.8 * surprise + 0.35 * float(chance.normal())
        volumes.append(1000 * (1 + 0.5 * math.sin(hour % 24 / 24 * math.tau)) * math.exp(surprise))
        price *= math.exp(0.004 * math.exp(surprise / 2) * float(chance.normal()))
        prices.append(price)
    return volumes, prices


def history(days: int = DAYS, seed: int = 1) -> History:
    """The same on the grid of the study."""
    volumes, prices = market(days, seed)
    return History("invented", "0" * 64, HOUR, BEGINS, np.array(volumes), np.array(prices), paid=True)


def written(path: Path, days: int = DAYS, seed: int = 1, without: Sequence[str] = (), **changes: Any) -> Path:
    """The same as a Parquet file, as exchanges' bars are kept; a change replaces a column."""
    volumes, prices = market(days, seed)
    columns = {
        "ts_open_ms": [(BEGINS + i * HOUR) // 10**6 for i in range(len(volumes))],
        **dict.fromkeys(("open", "high", "low", "close"), prices),
        "volume": volumes,
        "quote_volume": [v * p for v, p in zip(volumes, prices, strict=True)],
    } | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: column for name, column in columns.items() if name not in without}), path)
    return path


def day(number: int) -> Instant:
    """The midnight after so many days."""
    return Instant(BEGINS + number * DAY)
