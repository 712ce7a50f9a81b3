"""How long it takes to divide an order over several venues' books, against asking each book alone."""

import time
from decimal import localcontext

from engine.kernel.money import EXACT
from engine.routing.sweep import divide
from tests.benchmarks.rows import Row, in_turns
from tests.support.outlets import alone, markets

BOOKS = 1_000


def rows(rounds: int) -> list[Row]:
    """Divisions a second over two to five venues of up to twenty levels, and those of a plain scan for the best one."""
    cases = list(markets(seed=6, count=BOOKS))

    def divided() -> float:
        began = time.perf_counter()
        for quantity, venues in cases:
            divide(quantity, venues)
        return BOOKS / (time.perf_counter() - began)

    def scanned() -> float:
        began = time.perf_counter()
        with localcontext(EXACT):
            for quantity, venues in cases:
                max(alone(venue, quantity)[1] for venue in venues)
        return BOOKS / (time.perf_counter() - began)

    ours, plain = in_turns(rounds, (divided, scanned), "1/s")
    return [Row("orders divided over 2 to 5 venues", ours, f"best single {plain}", ours.over(plain))]
