"""`python -m tests.benchmarks`: measure, and print one table of ratios. What does not hold is said; nothing fails."""

import argparse
import platform
import sys
from collections.abc import Callable

from tests.benchmarks import durable, folding, order_path, processes
from tests.benchmarks.rows import Row, table


def main() -> None:
    """Every benchmark, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="order, durable, start, fold; all by default")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each")
    parser.add_argument("--rows", type=int, default=1_000_000, help="length of the journal that is folded")
    asked = parser.parse_args()
    known: dict[str, Callable[[], list[Row]]] = {
        "order": lambda: order_path.rows(asked.rounds),
        "durable": lambda: durable.rows(asked.rounds),
        "start": lambda: processes.rows(asked.rounds),
        "fold": lambda: folding.rows(min(3, asked.rounds), asked.rows),
    }
    if strangers := set(asked.names) - set(known):
        parser.error(f"no benchmark is called {', '.join(sorted(strangers))}")
    found: list[Row] = []
    for name in asked.names or known:
        print(f"{name} …", file=sys.stderr)
        found += known[name]()
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, medians [min..max]")
    print(table(found))


if __name__ == "__main__":
    main()
