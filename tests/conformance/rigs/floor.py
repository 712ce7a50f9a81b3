"""A quiet exchange for one case: our account, one other person with deep pockets, and empty books."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.market.instrument import Instrument
from tests.conformance.rig import LEVERS
from venues.sandbox.exchange import Exchange
from venues.sandbox.inprocess import instrument
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Kind, Listing, OrderRequest, OrderRow, Rejection, Side

OURS: Final = "desk"
OTHER: Final = "other"
PRICE: Final = Decimal(60_000)
FUNDS: Final[Mapping[str, Mapping[str, Decimal]]] = {
    OURS: {"BTC": Decimal(50), "ETH": Decimal(50), "USDT": Decimal(2_000_000)},
    OTHER: {asset: Decimal(10**9) for asset in ("USDT", "USD", "HKD", "BTC", "ETH")},
}


class StandingOrder(Struct, frozen=True):
    """An order of ours at the exchange."""

    client_id: str
    symbol: str
    quantity: Decimal
    price: Decimal
    filled: Decimal
    open: bool


class OwnTrade(Struct, frozen=True):
    """An execution of ours at the exchange."""

    client_id: str
    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool


class Purse(Struct, frozen=True):
    """One asset of ours at the exchange."""

    free: Decimal
    locked: Decimal


class Books(Struct, frozen=True):
    """The exchange's truth about our account."""

    orders: tuple[StandingOrder, ...]
    trades: tuple[OwnTrade, ...]
    balances: Mapping[str, Purse]
    deals: tuple[str, ...]
    wall: Instant


class Floor:
    """The exchange side of a rig; nothing here knows how the adapter reaches it."""

    levers = LEVERS
    vague: frozenset[str] = frozenset()

    def __init__(self, listings: tuple[Listing, ...] = LISTINGS) -> None:
        self.exchange = Exchange(listings, FUNDS, [], start=START)
        self._orders = 0

    def listed(self, symbol: str, name: str) -> Instrument:
        """A pair as the exchange lists it."""
        return instrument(VenueName(name), self.exchange.listings[symbol])

    async def bid(self, price: Decimal, quantity: Decimal) -> None:
        """Somebody else rests a purchase of BTC."""
        self.arrive()
        self._buy("BTCUSDT", Kind.GTC, quantity, price)
        self.changed()

    async def take(self, client_id: str, quantity: Decimal | None = None) -> None:
        """Somebody else buys from our resting order."""
        self.arrive()
        row = self._row(client_id)
        left = row.quantity - row.filled
        if quantity is None or quantity == left:
            self.exchange.hit(OURS, client_id)
        else:
            before = row.filled
            self._buy(row.symbol, Kind.IOC, quantity, row.price)
            taken = self._row(client_id).filled - before
            assert taken == quantity, f"another order of ours stood before {client_id}: {taken} of {quantity}"
        self.changed()

    def arrive(self) -> None:
        """The exchange comes to the present."""
        raise NotImplementedError  # by each kind of rig

    def changed(self) -> None:
        """Something happened at the exchange that nobody asked for over the wire."""

    def known(self, wall: Instant) -> Books:
        """Everything that the exchange knows of our account."""
        rows, trades = self.exchange.orders(OURS, limit=10**6), self.exchange.trades(OURS, limit=10**6)
        return Books(
            tuple(
                StandingOrder(r.client_id, r.symbol, r.quantity, r.price, r.filled, not r.status.ended) for r in rows
            ),
            tuple(OwnTrade(t.client_id, t.trade_id, t.quantity, t.price, t.fee, t.fee_asset, t.maker) for t in trades),
            {b.asset: Purse(b.free, b.locked) for b in self.exchange.balances(OURS)},
            (),
            wall,
        )

    def _row(self, client_id: str) -> OrderRow:
        row = self.exchange.order(OURS, client_id=client_id)
        assert row is not None, f"the exchange has no order {client_id}"
        return row

    def _buy(self, symbol: str, kind: Kind, quantity: Decimal, price: Decimal) -> None:
        self._orders += 1
        request = OrderRequest(symbol, Side.BUY, kind, quantity, price, f"other-{self._orders}")
        placed = self.exchange.place(OTHER, request)
        assert not isinstance(placed, Rejection), placed
