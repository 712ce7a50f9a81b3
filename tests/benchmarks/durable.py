"""D2: what a durable intent adds to an order that travels alone, against a bare append of the same bytes."""

import asyncio
import time
from pathlib import Path

from engine.events import kind
from engine.kernel import codec
from tests.benchmarks import disk
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.stand import Desk, intent

COUNT = 300
WARM = 50
ROUNDS_MORE = 3
"""Rounds are short and many, since a disk's mood changes within a second."""
FACTOR_MAX, ADDED_US_MAX, P99_US_MAX = 2.5, 150.0, 3000.0


def rows(rounds: int) -> list[Row]:
    """The latency of one durable intent at the median and at the 99th percentile."""
    ours, bare = [], []
    with disk.scratch() as folder:
        for index in range(rounds * ROUNDS_MORE):
            ours.append(asyncio.run(_ours(folder / f"{index}.sqlite")))
            entry = intent(index)
            content = f"{kind(entry)}\n".encode() + codec.encode(entry) + b"0" * 64
            bare.append(disk.appended(folder / f"{index}.log", content, COUNT))
    middle, floor = percentile(ours, 50, "us"), percentile(bare, 50, "us")
    late, late_floor = percentile(ours, 99, "us"), percentile(bare, 99, "us")
    bound = FACTOR_MAX * floor.middle + ADDED_US_MAX
    return [
        Row(
            "durable intent, alone, p50",
            middle,
            f"write + fdatasync {floor}",
            middle.over(floor),
            f"<= 2.5x + 150 us = {bound:,.0f} us",
            middle.middle <= bound,
        ),
        Row(
            "durable intent, alone, p99",
            late,
            f"write + fdatasync {late_floor}",
            late.over(late_floor),
            "<= 3 ms",
            late.middle <= P99_US_MAX,
        ),
    ]


async def _ours(path: Path) -> list[float]:
    desk, taken = Desk(path), []
    for number in range(COUNT + WARM):
        entry = intent(number)
        began = time.perf_counter_ns()
        await desk.keep(entry)
        taken.append((time.perf_counter_ns() - began) / 1000)
    desk.close()
    return taken[WARM:]
