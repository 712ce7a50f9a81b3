"""E2: what a process costs before it does anything: wall time and peak memory of imports, first paint of the verbs.

Every figure is a fresh interpreter, from before it is spawned until it has ended, and all sides take turns. Memory is
the high-water mark that the kernel keeps of that process alone.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.rows import Row, Spread, in_turns

LIVE = "engine.compose.running, venues.hashkey.venue"
"""All that a run against HashKey has imported when it begins to turn."""
SECONDS_MAX, MEGABYTES_MAX, HELP_SECONDS_MAX = 0.6, 75.0, 0.25
_PEAK = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def rows(rounds: int) -> list[Row]:
    """Imports against aiohttp and ccxt; `--help` and `check` against an interpreter that does nothing."""
    steelyard = str(Path(sys.executable).with_name("steelyard"))
    commands = {
        "live": _importing(LIVE),
        "aiohttp": _importing("aiohttp"),
        "ccxt": _importing("ccxt.async_support"),
        "pass": [sys.executable, "-c", "pass"],
        "help": [steelyard, "--help"],
        "check": [steelyard, "check", "examples/demo.toml"],
    }
    peaks: dict[str, list[float]] = {name: [] for name in ("live", "aiohttp", "ccxt")}
    sides = [partial(_seconds, command, peaks.get(name)) for name, command in commands.items()]
    for side in sides:
        side()  # the first of each compiles modules and fills the page cache
    took = dict(zip(commands, in_turns(rounds, sides, "s"), strict=True))
    live, peak = took["live"], Spread(tuple(peaks["live"]), "MB")
    met, small = live.middle <= SECONDS_MAX, peak.middle <= MEGABYTES_MAX
    return [
        _against("import the live core: wall", live, "import aiohttp", took["aiohttp"], "<= 0.6 s", met),
        _against("import the live core: wall", live, "import ccxt.async_support", took["ccxt"]),
        _memory("import aiohttp", peak, peaks["aiohttp"], "<= 75 MB", small),
        _memory("import ccxt.async_support", peak, peaks["ccxt"]),
        _against(
            "steelyard --help", took["help"], "python -c pass", took["pass"], "<= 0.25 s",
            took["help"].middle <= HELP_SECONDS_MAX,
        ),
        _against("steelyard --help", took["help"], "import aiohttp", took["aiohttp"]),
        _against("steelyard check examples/demo.toml", took["check"], "import aiohttp", took["aiohttp"]),
    ]  # fmt: skip


def _importing(modules: str) -> list[str]:
    return [sys.executable, "-c", f"import {modules}{_PEAK}"]


def _seconds(command: Sequence[str], peaks: list[float] | None) -> float:
    """How long the process took; the peak that it printed, in kB, goes to `peaks` in MB."""
    began = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, check=True)
    took = time.perf_counter() - began
    if peaks is not None:
        peaks.append(int(ended.stdout) / 1024)
    return took


def _against(name: str, ours: Spread, peer: str, theirs: Spread, must: str = "", holds: bool | None = None) -> Row:
    return Row(name, ours, f"{peer} {theirs}", ours.over(theirs), must, holds)


def _memory(peer: str, ours: Spread, theirs: list[float], must: str = "", holds: bool | None = None) -> Row:
    shown = Spread(tuple(theirs), "MB")
    return Row("import the live core: peak memory", ours, f"{peer} {shown}", ours.over(shown), must, holds)
