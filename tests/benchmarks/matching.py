"""B1: what one call to the sandbox's order book costs, and that it costs the same whether few orders rest or a million.

Each book is filled first, which is not measured, and then kept as full as it was by the same crowd.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count

from engine.kernel.money import ZERO
from tests.benchmarks.beside import Beside, beside
from tests.benchmarks.crowd import Crowd, Operation
from tests.benchmarks.exchanges import Kept, LightMatching, Matches, Naive, OrderMatching, Ours
from tests.benchmarks.peers import peer
from tests.benchmarks.rows import Row, Spread, in_turns
from venues.sandbox.exchange import Exchange
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Side

MODULE = "tests.benchmarks.matching"
RESTING, FEW, MANY = 3_000, 1_000, 1_000_000
REACH, WIDE = 1_000, 100_000
"""Prices a side over which the orders are spread."""
EACH, SLOW_EACH = 40_000, 200
"""Operations a round; of what is very slow, fewer."""
PEER_MIN, NAIVE_MIN, FLAT = 100.0, 0.5, (0.8, 1.2)


class Measured:
    """One book with its crowd."""

    def __init__(self, book: Matches, resting: int, *, reach: int = REACH, each: int = EACH) -> None:
        self._book, self._crowd, self._each = book, Crowd(resting, reach), each
        for operation in self._crowd.first:
            book.do(operation)
        self._crowd.first = []

    def rate(self) -> float:
        """Operations a second over the next ones; `SystemExit` for a book that trades other than it should."""
        book, operations = self._book, self._crowd.next(self._each)
        began = time.perf_counter()
        self._run(book.do, operations)
        took = time.perf_counter() - began
        if book.traded is not None and book.traded != self._crowd.taken:
            raise SystemExit(f"{type(book).__name__} traded {book.traded} lots of {self._crowd.taken}")
        return self._each / took

    @staticmethod
    def _run(do: Callable[[Operation], None], operations: list[Operation]) -> None:
        for operation in operations:
            do(operation)


def rows(rounds: int) -> list[Row]:
    """Our book against other books, against itself with a million orders, and with the exchange around it."""
    ours = Measured(Ours(), RESTING)
    sides = {"naive sorted lists": Measured(Naive(), RESTING)}
    if peer("order_matching.matching_engine") is not None:
        sides["order-matching"] = Measured(OrderMatching(), RESTING, each=SLOW_EACH)
    if peer("lightmatchingengine.lightmatchingengine") is not None:
        sides["lightmatchingengine"] = Measured(LightMatching(), RESTING)
    around = partial(_exchange_rate, _exchange(), count())
    mine, exchange, *others = in_turns(rounds, [ours.rate, around, *(side.rate for side in sides.values())], "ops/s")
    name = f"sandbox matching, {RESTING:,} orders rest"
    musts = {"order-matching": PEER_MIN, "naive sorted lists": NAIVE_MIN}
    found = [_against(name, mine, other, spread, musts.get(other)) for other, spread in zip(sides, others, strict=True)]
    if "order-matching" not in sides:
        found.append(Row(name, mine, "order-matching is not installed", None, f">= {PEER_MIN:g}x not measured"))
    whole = "the exchange around it: filters, money, records"
    return [*found, *_flat(rounds), Row(whole, exchange, f"book alone {mine}", exchange.over(mine))]


def _against(name: str, ours: Spread, peer: str, theirs: Spread, least: float | None) -> Row:
    ratio = ours.over(theirs)
    must = "" if least is None else f">= {least:g}x"
    return Row(name, ours, f"{peer} {theirs}", ratio, must, None if least is None else ratio.middle >= least)


def _flat(rounds: int) -> list[Row]:
    """Each book in a process of its own: a million orders also burden the collector, which no other book should pay."""
    kinds = [(Ours, FEW, REACH), (Ours, MANY, REACH), (Ours, MANY, WIDE), (Kept, FEW, REACH), (Kept, MANY, REACH)]
    with ExitStack() as stack:
        books = [stack.enter_context(beside(MODULE, what.__name__, str(n), str(reach))) for what, n, reach in kinds]
        for book in books:
            book.ask("fill")  # one after another: the machine may have few cores
        few, many, wide, kept_few, kept_many = in_turns(rounds, [partial(_asked, book) for book in books], "ops/s")
    low, high = FLAT
    ratio, peer = many.over(few), f"with {FEW:,} {few}"
    return [
        Row(f"the same, {MANY:,} rest", many, peer, ratio, f"{low}x to {high}x", low <= ratio.middle <= high),
        Row(f"the same, {MANY:,} rest at {2 * WIDE:,} prices", wide, peer, wide.over(few)),
        Row(f"a bare dict of {MANY:,} orders", kept_many, f"with {FEW:,} {kept_few}", kept_many.over(kept_few)),
    ]


def _asked(book: Beside) -> float:
    return float(book.ask("measure"))


def _serve(what: str, resting: int, reach: int) -> None:
    """Fill one book, and then measure it as often as somebody asks."""
    print("ready", flush=True)
    sys.stdin.readline()
    book = Kept() if what == Kept.__name__ else Ours()
    measured = Measured(book, resting, reach=reach)
    print("filled", flush=True)
    for _ in sys.stdin:
        print(measured.rate(), flush=True)


def _exchange() -> Exchange:
    listing = LISTINGS[0]
    return Exchange([listing], {"main": {listing.base: listing.quantity_max * 1000}}, [], start=START)


def _exchange_rate(exchange: Exchange, numbers: Iterator[int]) -> float:
    """A sale that comes to rest, and its cancel, again and again; other people are away."""
    listing, each = LISTINGS[0], EACH // 20
    began = time.perf_counter()
    for _ in range(each):
        client_id = f"order-{next(numbers)}"
        price = listing.tick * (7_800_000 + len(client_id))
        request = OrderRequest(listing.symbol, Side.SELL, Kind.GTC, listing.lot * 100, price, client_id, ZERO)
        placed = exchange.place("main", request)
        cancelled = exchange.cancel("main", client_id=client_id)
        assert isinstance(placed, OrderRow), placed
        assert isinstance(cancelled, OrderRow), cancelled
    took = time.perf_counter() - began
    exchange.take_private()
    return 2 * each / took


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
