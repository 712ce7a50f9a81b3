"""Order books that can be asked in the same way: ours, a naive one, and other people's. Each adds up what it trades."""

from bisect import bisect_left, insort
from datetime import datetime
from typing import Any, Protocol

from tests.benchmarks.crowd import LOTS, Operation
from tests.benchmarks.peers import peer
from venues.sandbox.matching import Book, Resting


class Matches(Protocol):
    """One book under measurement."""

    traded: int | None
    """In lots; `None` for what trades nothing."""

    def do(self, operation: Operation) -> None:
        """Match and rest a limit order, or cancel one."""


class Ours:
    """The sandbox's book."""

    def __init__(self) -> None:
        self.book = Book()
        self.traded: int | None = 0

    def do(self, operation: Operation) -> None:
        book, ticks = self.book, operation.ticks
        if not ticks:
            book.remove(book.others[operation.key])
            return
        taken = book.take(operation.bid, ticks, LOTS)
        self.traded += LOTS - taken.left
        if taken.left:
            book.rest(Resting(operation.bid, ticks, taken.left, operation.key))


class Naive:
    """The shortest book that is right: one sorted list of orders a side, its best end last."""

    def __init__(self) -> None:
        self._sides: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        self._orders: dict[int, tuple[bool, int]] = {}
        self._lots: dict[int, int] = {}
        self.traded: int | None = 0

    def do(self, operation: Operation) -> None:
        key, bid, ticks = operation.key, operation.bid, operation.ticks
        if not ticks:
            bid, rank = self._orders.pop(key)
            side = self._sides[bid]
            del side[bisect_left(side, (rank, -key))]
            del self._lots[key]
            return
        other, rank, left = self._sides[not bid], ticks if bid else -ticks, LOTS
        while left and other and other[-1][0] >= -rank:
            maker = -other[-1][1]
            part = min(left, self._lots[maker])
            left -= part
            self._lots[maker] -= part
            if not self._lots[maker]:
                other.pop()
                del self._lots[maker], self._orders[maker]
        self.traded += LOTS - left
        if left:
            insort(self._sides[bid], (rank, -key))
            self._orders[key], self._lots[key] = (bid, rank), left


class Kept:
    """No book at all: orders in a dictionary. What is lost here as it grows is lost to memory, whoever keeps orders."""

    def __init__(self) -> None:
        self._orders: dict[int, Resting] = {}
        self.traded: int | None = None

    def do(self, operation: Operation) -> None:
        if operation.ticks:
            self._orders[operation.key] = Resting(operation.bid, operation.ticks, LOTS, operation.key)
        else:
            self._orders.pop(operation.key).lots = 0


class OrderMatching:
    """order-matching: placed and matched one by one, and without its log."""

    def __init__(self) -> None:
        self._engines, self._orders = peer("order_matching.matching_engine"), peer("order_matching.orders")
        self._order, self._enums = peer("order_matching.order"), peer("order_matching.enums")
        assert self._engines is not None
        self._engines.logger.disable("order_matching")
        self._engine: Any = self._engines.MatchingEngine(seed=1)
        self._at = datetime(2026, 1, 1)  # noqa: DTZ001 - its orders carry no zone
        self.traded: int | None = 0

    def do(self, operation: Operation) -> None:
        if not operation.ticks:
            self._engine.cancel_order(str(operation.key))
            return
        assert self._order is not None
        assert self._orders is not None
        assert self._enums is not None
        order = self._order.LimitOrder(
            side=self._enums.Side.BUY if operation.bid else self._enums.Side.SELL,
            price=float(operation.ticks),
            size=float(LOTS),
            timestamp=self._at,
            order_id=str(operation.key),
            trader_id="somebody",
        )
        self._engine.place(self._orders.Orders([order]))
        self.traded += int(sum(trade.size for trade in self._engine.match(timestamp=self._at).trades))


class LightMatching:
    """lightmatchingengine; its trades name both sides, so that half of them are counted."""

    def __init__(self) -> None:
        module = peer("lightmatchingengine.lightmatchingengine")
        assert module is not None
        self._engine: Any = module.LightMatchingEngine()
        self._numbers: dict[int, int] = {}
        self.traded: int | None = 0

    def do(self, operation: Operation) -> None:
        if not operation.ticks:
            self._engine.cancel_order(self._numbers.pop(operation.key), "pair")
            return
        order, trades = self._engine.add_order("pair", operation.ticks, LOTS, 1 if operation.bid else 2)
        self._numbers[operation.key] = order.order_id
        self.traded += sum(trade.trade_qty for trade in trades) // 2
