"""How fast a journal is read back: the fold with which recovery starts, and the audit, which also decides again.

The journal is as long as that of a run of weeks, and is written anew each time by the core itself. The floor is SQLite
handing out the same rows with nobody looking at them. The audit is slow enough that once is enough.
"""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from engine.compose.methods import methods
from engine.drivers import recovery
from engine.drivers.audit import audit
from engine.journal import reading
from tests.benchmarks import disk, long_run
from tests.benchmarks.rows import Row, Spread, in_turns

RATE_MIN = 100_000
CONFIG = Path("examples/demo.toml")


def rows(rounds: int, length: int) -> list[Row]:
    """Rows a second of the fold and of the audit, against SQLite alone."""
    with disk.scratch() as folder:
        path = folder / reading.FILE
        print(f"writing a journal of {length:,} rows: the core takes every turn …", file=sys.stderr)
        written = long_run.write(path, length, CONFIG)
        size = path.stat().st_size / 1e6
        busy: list[float] = []
        sides = [_rate(written, lambda: _handed_out(path)), _rate(written, lambda: _folded(path), busy)]
        floor, folded = in_turns(rounds, sides, "rows/s")
        (audited,) = in_turns(1, [_rate(written, lambda: _audited(path))], "rows/s")
    cost, peer = Spread(tuple(busy), "rows/s"), f"SQLite alone {floor}"
    must = f">= {RATE_MIN:,} rows/s"
    first = Spread(folded.values[:1], "")
    return [
        Row(f"fold of {written:,} rows ({size:,.0f} MB)", folded, peer, folded.over(floor), must, _met(folded)),
        Row("the same, a second of processor time", cost, peer, cost.over(floor), must, _met(cost)),
        Row("audit of the same", audited, f"fold {folded}", audited.over(first)),
    ]


def _met(spread: Spread) -> bool:
    return spread.middle >= RATE_MIN


def _rate(count: int, work: Callable[[], None], busy: list[float] | None = None) -> Callable[[], float]:
    """What `work` does with `count` rows, as rows a second; those a second of processor time go to `busy`."""

    def rate() -> float:
        began, spent = time.perf_counter(), time.process_time()
        work()
        if busy is not None:
            busy.append(count / (time.process_time() - spent))
        return count / (time.perf_counter() - began)

    return rate


def _handed_out(path: Path) -> None:
    with closing(reading.connect(path, read_only=True)) as database:
        for _ in database.execute("SELECT seq, at, wall, kind, payload, hash FROM journal ORDER BY seq"):
            pass


def _folded(path: Path) -> None:
    recovery.fold(reading.read(path))


def _audited(path: Path) -> None:
    audit(reading.read(path), lambda opened: methods(opened.plan, opened.at))
