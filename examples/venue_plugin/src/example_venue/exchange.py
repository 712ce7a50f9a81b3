"""The Village Exchange itself: one account that sells, and villagers who buy..

Written as an exchange would be, without a look at the adapter: it shares no code with it but the notion of an instant.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.chance import draw
from engine.kernel.clock import MILLISECOND, SECOND, Instant

FEE: Final = Decimal("0.001")
LEVELS: Final = 5
REFRESH: Final = SECOND
"""Villagers think again so often (market time)."""


class Listing(Struct):
    """One pair, and where villagers see its price."""

    pair: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    least: Decimal
    most: Decimal
    least_value: Decimal
    most_value: Decimal
    price: Decimal
    stock: Decimal
    """What each villager bids for and offers."""
    open: bool = True


class Order(Struct):
    """A sale of ours."""

    number: int
    ref: str
    pair: str
    size: Decimal
    limit: Decimal
    at: Instant
    sold: Decimal = Decimal(0)
    state: str = "open"
    change: int = 0


class Trade(Struct):
    """An execution of ours."""

    number: int
    order: int
    ref: str
    pair: str
    size: Decimal
    price: Decimal
    fee: Decimal
    fee_in: str
    maker: bool
    at: Instant
    change: int


class Passed(Struct):
    """A public trade."""

    number: int
    price: Decimal
    size: Decimal
    buyer_waited: bool
    at: Instant


class Purse(Struct):
    """One asset of the account."""

    free: Decimal
    locked: Decimal = Decimal(0)


class Board(Struct):
    """One pair's market; others' bids and asks as price and size, best first."""

    bids: list[tuple[Decimal, Decimal]] = []
    asks: list[tuple[Decimal, Decimal]] = []
    passed: list[Passed] = []
    version: int = 1
    at: Instant = Instant(0)


class Refusal(Exception):
    """The exchange says no, with one word and a reason."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(why)
        self.word, self.why = word, why


def listings() -> list[Listing]:
    """What is traded in the village."""
    d = Decimal
    small, large = d("0.0001"), d(5)
    return [
        Listing("BTC-USDT", "BTC", "USDT", d("0.01"), small, small, large, d(1), d(1_000_000), d(60_000), d("0.5")),
        Listing("ETH-USDT", "ETH", "USDT", d("0.01"), small, small, d(50), d(1), d(1_000_000), d(3_000), d(5)),
        Listing(
            "USDT-USD", "USDT", "USD", small, d("0.01"), d(1), d(100_000), d(1), d(1_000_000), d(1), d(20_000)
        ),
    ]  # fmt: skip


class Village:
    """Books, purse and matching. Time comes from `market`; nothing here waits."""

    def __init__(self, purse: dict[str, Decimal], market: Callable[[], Instant], *, seed: int | None = None) -> None:
        """Without a `seed` nobody trades by himself."""
        self.listings = {listing.pair: listing for listing in listings()}
        self.boards = {pair: Board(bids=[], asks=[], passed=[], at=market()) for pair in self.listings}
        self.purse = {asset: Purse(units) for asset, units in purse.items()}
        self.orders: dict[str, Order] = {}
        self.trades: list[Trade] = []
        self.count = 0
        """Of everything that ever changed in the account."""
        self._market, self._seed, self._thought_at, self._passed = market, seed, Instant(0), 0

    def place(self, ref: str, pair: str, size: Decimal, limit: Decimal, *, stays: bool) -> Order:
        """Sell at `limit` or better; what is left rests, or is gone."""
        if ref in self.orders:
            raise Refusal("ref", f"there is an order {ref} already")
        listing = self._checked(pair, size, limit)
        purse = self.purse.get(listing.base, Purse(Decimal(0)))
        if purse.free < size:
            raise Refusal("funds", f"{purse.free} {listing.base} are free")
        purse.free, purse.locked = purse.free - size, purse.locked + size
        order = Order(len(self.orders) + 1, ref, pair, size, limit, self._market())
        self.orders[ref] = order
        self._changed(order)
        board = self.boards[pair]
        while order.sold < size and board.bids and board.bids[0][0] >= limit:
            price, there = board.bids[0]
            taken = min(there, size - order.sold)
            board.bids[:1] = [(price, there - taken)] if there > taken else []
            self._trade(order, taken, price, maker=False)
        if not stays and order.state == "open":
            self._end(order, "gone")
        return order

    def cancel(self, ref: str) -> Order:
        """End an order that is open."""
        order = self.orders.get(ref)
        if order is None:
            raise Refusal("unknown", f"there is no order {ref}")
        if order.state != "open":
            raise Refusal("ended", f"{ref} is {order.state} already")
        self._end(order, "gone")
        return order

    def bid(self, pair: str, price: Decimal, size: Decimal) -> None:
        """A villager rests a purchase."""
        board = self.boards[pair]
        board.bids = sorted([*board.bids, (price, size)], reverse=True)
        self._moved(board)

    def take(self, ref: str, size: Decimal | None = None) -> None:
        """A villager buys from an order of ours."""
        order = self.orders[ref]
        self._trade(order, min(order.size - order.sold, size or order.size), order.limit, maker=True)

    def asks(self, pair: str) -> list[tuple[Decimal, Decimal]]:
        """The villagers' and ours, best first."""
        ours = [(o.limit, o.size - o.sold) for o in self.orders.values() if o.pair == pair and o.state == "open"]
        return sorted([*self.boards[pair].asks, *ours])

    def think(self) -> None:
        """Villagers move their bids and asks a little, and one of them buys; without a seed nobody does."""
        now = self._market()
        if self._seed is None or now - self._thought_at < REFRESH:
            return
        self._thought_at = now
        for listing in self.listings.values():
            board, turn = self.boards[listing.pair], now // REFRESH
            sway = Decimal(draw(self._seed, listing.pair, turn)).quantize(Decimal("0.01")) * 4 - 2
            middle = listing.price + (listing.price * sway / 10_000).quantize(listing.tick)
            step = max(listing.tick, (listing.price / 10_000).quantize(listing.tick))
            board.bids = [(middle - step * (i + 1), listing.stock) for i in range(LEVELS)]
            board.asks = [(middle + step * (i + 1), listing.stock) for i in range(LEVELS)]
            self._moved(board)
            self._buy_one(listing, (listing.stock / 20).quantize(listing.lot))

    def _buy_one(self, listing: Listing, size: Decimal) -> None:
        price, there = self.asks(listing.pair)[0]
        mine = [o for o in self.orders.values() if (o.pair, o.limit, o.state) == (listing.pair, price, "open")]
        if mine:
            self.take(mine[0].ref, min(size, there))
        else:
            self._pass(self.boards[listing.pair], price, min(size, there), buyer_waited=False)

    def _checked(self, pair: str, size: Decimal, limit: Decimal) -> Listing:
        listing = self.listings.get(pair)
        if listing is None:
            raise Refusal("pair", f"nobody trades {pair} here")
        if not listing.open:
            raise Refusal("halted", f"{pair} is not traded now")
        if size % listing.lot or not listing.least <= size <= listing.most:
            raise Refusal("size", f"whole {listing.lot} from {listing.least} to {listing.most}")
        if limit <= 0 or limit % listing.tick:
            raise Refusal("limit", f"whole {listing.tick}")
        if not listing.least_value <= size * limit <= listing.most_value:
            raise Refusal("value", f"from {listing.least_value} to {listing.most_value} {listing.quote}")
        return listing

    def _trade(self, order: Order, size: Decimal, price: Decimal, *, maker: bool) -> None:
        listing = self.listings[order.pair]
        fee = size * price * FEE
        order.sold += size
        self.purse[listing.base].locked -= size
        self.purse.setdefault(listing.quote, Purse(Decimal(0))).free += size * price - fee
        self._changed(order)
        self.trades.append(
            Trade(
                len(self.trades) + 1, order.number, order.ref, order.pair, size, price, fee, listing.quote, maker,
                self._market(), self.count,
            )
        )  # fmt: skip
        self._pass(self.boards[order.pair], price, size, buyer_waited=not maker)
        if order.sold == order.size:
            self._end(order, "done")

    def _end(self, order: Order, state: str) -> None:
        purse, left = self.purse[self.listings[order.pair].base], order.size - order.sold
        purse.free, purse.locked = purse.free + left, purse.locked - left
        order.state = state
        self._changed(order)

    def _changed(self, order: Order) -> None:
        self.count += 1
        order.change, order.at = self.count, self._market()
        self._moved(self.boards[order.pair])

    def _pass(self, board: Board, price: Decimal, size: Decimal, *, buyer_waited: bool) -> None:
        self._passed += 1
        board.passed = [*board.passed[-999:], Passed(self._passed, price, size, buyer_waited, self._market())]
        self._moved(board)

    def _moved(self, board: Board) -> None:
        board.version, board.at = board.version + 1, self._market()


def millis(at: Instant) -> int:
    """Whole milliseconds since 1970."""
    return at // MILLISECOND
