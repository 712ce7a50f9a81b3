"""`python -m tests.benchmarks`: measure, and print one table of ratios. What does not hold is said; nothing fails."""

import argparse
import platform
import sys
from collections.abc import Callable, Sequence

from engine.drivers import telemetry
from tests.benchmarks import (
    adapter,
    cpu,
    durable,
    folding,
    load,
    matching,
    order_path,
    pacing,
    processes,
    push,
    roundtrip,
    routing,
)
from tests.benchmarks.rows import Row, table


def main() -> None:
    """Every benchmark, or those that are named."""
    telemetry.quiet()
    asked = _asked(sys.argv[1:])
    rounds = asked.rounds
    known: dict[str, Callable[[], list[Row]]] = {
        "order": lambda: order_path.rows(rounds),
        "durable": lambda: durable.rows(rounds),
        "start": lambda: processes.rows(rounds),
        "fold": lambda: folding.rows(min(3, rounds), asked.rows),
        "matching": lambda: matching.rows(rounds),
        "roundtrip": lambda: roundtrip.rows(rounds),
        "push": lambda: push.rows(rounds),
        "routing": lambda: routing.rows(rounds),
        "cpu": lambda: cpu.rows(rounds),
        "pacing": lambda: pacing.rows(rounds),
        "adapter": lambda: adapter.rows(rounds),
        "load": lambda: load.rows(rounds, asked.seconds),
    }
    if strangers := set(asked.names) - set(known):
        raise SystemExit(f"no benchmark is called {', '.join(sorted(strangers))}; known: {', '.join(known)}")
    found: list[Row] = []
    for name in asked.names or known:
        print(f"{name} …", file=sys.stderr)
        found += known[name]()
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, medians [min..max]")
    print(table(found))


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="all by default; a name that does not exist lists those that do")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each")
    parser.add_argument("--rows", type=int, default=1_000_000, help="length of the journal that is folded")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the loopback load")
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
