"""The words of the exchange: what a client may ask, and what the exchange keeps as its truth.

Nothing here is shared with the engine's own order model on purpose: two accounts of one event can be compared.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class Kind(StrEnum):
    """Limit orders by how long they stand; there are no market orders yet."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    MAKER = "MAKER"
    """Rejected in matching when it would take."""


class Status(StrEnum):
    """HashKey's vocabulary is the richest of our venues, so the truth is kept in it; dialects map it."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    PARTIALLY_CANCELED = "PARTIALLY_CANCELED"
    REJECTED = "REJECTED"

    @property
    def ended(self) -> bool:
        return self not in (Status.NEW, Status.PARTIALLY_FILLED)


class Reason(StrEnum):
    """Why a request was turned down before the book; a dialect maps each to its venue's code."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    HALTED = "halted"
    DUPLICATE_ID = "duplicate_id"
    BAD_ID = "bad_id"
    TIF_NOT_SUPPORTED = "tif_not_supported"
    PRICE_OFF_TICK = "price_off_tick"
    PRICE_OUTSIDE_BAND = "price_outside_band"
    QUANTITY_OFF_LOT = "quantity_off_lot"
    QUANTITY_TOO_SMALL = "quantity_too_small"
    QUANTITY_TOO_LARGE = "quantity_too_large"
    NOTIONAL_TOO_SMALL = "notional_too_small"
    NOTIONAL_TOO_LARGE = "notional_too_large"
    INSUFFICIENT = "insufficient"
    NOT_FOUND = "not_found"
    ALREADY_FILLED = "already_filled"
    ALREADY_CANCELLED = "already_cancelled"


class Rejection(Struct, frozen=True):
    """The request changed nothing."""

    reason: Reason
    detail: str = ""


class Listing(Struct, frozen=True):
    """One pair and its filters. Fees are fractions of the quote amount, taken in the quote asset from a seller."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal
    notional_max: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    fee_step: Decimal
    """Fees are rounded up to this step of the quote asset."""
    trading: bool = True
    mock: bool = False
    band: Decimal | None = None
    """How far above the last trade a buy may stand, and below it a sale, as a fraction; before any trade, the mid."""


class OrderRequest(Struct, frozen=True):
    """A new order as a client sends it."""

    symbol: str
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal
    client_id: str


class OrderRow(Struct, frozen=True):
    """An order as the exchange keeps it."""

    order_id: str
    account: str
    symbol: str
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal
    client_id: str
    status: Status
    filled: Decimal
    quote_filled: Decimal
    created_at: Instant
    updated_at: Instant


class TradeRow(Struct, frozen=True):
    """One execution of one account's order. Both sides of a trade share `ticket`; `trade_id` is the order's own."""

    trade_id: str
    ticket: str
    order_id: str
    account: str
    symbol: str
    client_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    at: Instant


class PublicTrade(Struct, frozen=True):
    """One print of the public tape."""

    trade_id: str
    symbol: str
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool
    at: Instant


class BalanceRow(Struct, frozen=True):
    asset: str
    free: Decimal
    locked: Decimal


class Depth(Struct, frozen=True):
    """The top of a book, best first."""

    symbol: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    changed_at: Instant
    version: int


class OrderChanged(Struct, frozen=True):
    """Private: an order after a change; `trade` is the execution that changed it, if one did."""

    at: Instant
    order: OrderRow
    trade: TradeRow | None


class BalancesChanged(Struct, frozen=True):
    """Private: the balances that a change touched."""

    at: Instant
    account: str
    balances: tuple[BalanceRow, ...]


PrivateEvent = OrderChanged | BalancesChanged
