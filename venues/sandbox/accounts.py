"""What one client holds and has done, and one order of theirs while it can still change.

Nothing here decides: the vault moves the money, and these keep it.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, times
from venues.sandbox.matching import Resting
from venues.sandbox.model import BalanceRow, Kind, OrderRequest, OrderRow, Side, StatementRow, Status, TradeRow
from venues.sandbox.pair import Fitted, Pair


class Purse:
    """One asset of one account."""

    __slots__ = ("free", "locked")

    def __init__(self, free: Decimal) -> None:
        self.free, self.locked = free, ZERO

    @property
    def held(self) -> Decimal:
        return self.free + self.locked


class Held:
    """An account's order while it changes; `row` shows it."""

    __slots__ = (
        "account", "created_at", "fee_left", "fee_paid", "filled", "fitted", "number", "pair", "past", "quote_filled",
        "request", "resting", "status", "updated_at",
    )  # fmt: skip

    def __init__(
        self, number: int, account: str, pair: Pair, request: OrderRequest, fitted: Fitted, at: Instant
    ) -> None:
        self.number, self.account, self.pair, self.request, self.fitted = number, account, pair, request, fitted
        self.filled, self.quote_filled, self.fee_paid = ZERO, ZERO, ZERO
        self.status, self.created_at, self.updated_at = Status.NEW, at, at
        self.resting: Resting | None = None
        self.fee_left = pair.fee_worst(fitted.reserve) if request.side is Side.BUY else ZERO
        self.past: list[OrderRow] = []
        """How it looked after each change, where the vault remembers."""

    @property
    def locked(self) -> tuple[str, Decimal]:
        """What the order keeps reserved while it can trade: the base to sell, or the quote and the worst fee."""
        listing, request = self.pair.listing, self.request
        if request.side is Side.SELL:
            return listing.base, self.fitted.reserve - self.filled
        return listing.quote, self.fitted.reserve - self.reserved_for(self.filled, self.quote_filled) + self.fee_left

    def reserved_for(self, quantity: Decimal, quote: Decimal) -> Decimal:
        """What a buyer had set aside for this much: the limit price, or at market what it came to."""
        return quote if self.request.kind is Kind.MARKET else times(self.request.price, quantity)

    def row(self) -> OrderRow:
        """The order as the exchange shows it."""
        request = self.request
        return OrderRow(
            str(self.number), self.account, request.symbol, request.side, request.kind, request.quantity, request.price,
            request.client_id, self.status, self.filled, self.quote_filled, self.created_at, self.updated_at,
            request.amount,
        )  # fmt: skip

    def row_at(self, at: Instant | None) -> OrderRow | None:
        """The order as it was shown then; `None` before it came. `at` is `None` for now."""
        if at is None:
            return self.row()
        return next((row for row in reversed(self.past) if row.updated_at <= at), None)


class Account:
    """What one client holds and has done."""

    def __init__(self, balances: Mapping[str, Decimal]) -> None:
        self.purses = {asset: Purse(units) for asset, units in balances.items()}
        self.orders: list[Held] = []
        self.by_client: dict[str, Held] = {}
        self.open: dict[int, Held] = {}
        self.trades: list[TradeRow] = []
        self.statement: list[StatementRow] = []
        self.touched: dict[str, None] = {}  # a set that keeps its order
        self.past: list[tuple[Instant, BalanceRow]] = []
        """Each balance after each change, where the vault remembers."""

    def purse(self, asset: str) -> Purse:
        """The purse of an asset that is about to change."""
        self.touched[asset] = None
        purse = self.purses.get(asset)
        if purse is None:
            purse = self.purses[asset] = Purse(ZERO)
        return purse

    def free(self, asset: str) -> Decimal:
        """What of this asset is not reserved."""
        purse = self.purses.get(asset)
        return ZERO if purse is None else purse.free

    def rows(self, assets: Iterable[str]) -> tuple[BalanceRow, ...]:
        """The balances of these assets."""
        return tuple(BalanceRow(asset, self.purses[asset].free, self.purses[asset].locked) for asset in assets)

    def rows_at(self, at: Instant) -> tuple[BalanceRow, ...]:
        """All balances as they were then."""
        then = {row.asset: row for changed, row in self.past if changed <= at}
        return tuple(then[asset] for asset in sorted(then))
