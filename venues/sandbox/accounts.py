"""What one client holds and has done, and one order of theirs while it can still change.

Nothing here decides: the exchange moves the money, and these keep it.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, times
from venues.sandbox.matching import Resting
from venues.sandbox.model import BalanceRow, OrderRequest, OrderRow, Side, Status, TradeRow
from venues.sandbox.pair import Pair


class Purse:
    """One asset of one account."""

    __slots__ = ("free", "locked")

    def __init__(self, free: Decimal) -> None:
        self.free, self.locked = free, ZERO


class Held:
    """An account's order while it changes; `row` shows it."""

    __slots__ = (
        "account", "created_at", "fee_left", "filled", "lots", "number", "pair", "quote_filled", "request", "resting",
        "status", "ticks", "updated_at",
    )  # fmt: skip

    def __init__(
        self, number: int, account: str, pair: Pair, request: OrderRequest, ticks: int, lots: int, at: Instant
    ) -> None:
        self.number, self.account, self.pair, self.request = number, account, pair, request
        self.ticks, self.lots = ticks, lots
        self.filled, self.quote_filled = ZERO, ZERO
        self.status, self.created_at, self.updated_at = Status.NEW, at, at
        self.resting: Resting | None = None
        self.fee_left = pair.fee_worst(request) if request.side is Side.BUY else ZERO

    @property
    def locked(self) -> tuple[str, Decimal]:
        """What the order keeps reserved while it can trade: the base to sell, or the quote and the worst fee."""
        request, listing = self.request, self.pair.listing
        left = request.quantity - self.filled
        if request.side is Side.SELL:
            return listing.base, left
        return listing.quote, times(left, request.price) + self.fee_left

    def row(self) -> OrderRow:
        """The order as the exchange shows it."""
        request = self.request
        return OrderRow(
            str(self.number), self.account, request.symbol, request.side, request.kind, request.quantity, request.price,
            request.client_id, self.status, self.filled, self.quote_filled, self.created_at, self.updated_at,
        )  # fmt: skip


class Account:
    """What one client holds and has done."""

    def __init__(self, balances: Mapping[str, Decimal]) -> None:
        self.purses = {asset: Purse(units) for asset, units in balances.items()}
        self.orders: list[Held] = []
        self.by_client: dict[str, Held] = {}
        self.open: dict[int, Held] = {}
        self.trades: list[TradeRow] = []
        self.touched: dict[str, None] = {}  # a set that keeps its order

    def purse(self, asset: str) -> Purse:
        """The purse of an asset that is about to change."""
        self.touched[asset] = None
        purse = self.purses.get(asset)
        if purse is None:
            purse = self.purses[asset] = Purse(ZERO)
        return purse

    def rows(self, assets: Iterable[str]) -> tuple[BalanceRow, ...]:
        """The balances of these assets."""
        return tuple(BalanceRow(asset, self.purses[asset].free, self.purses[asset].locked) for asset in assets)
