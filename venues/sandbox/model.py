"""The words of the exchange: what a client may ask, and what the exchange keeps as its truth.

Nothing here is shared with the engine's own order model on purpose: two accounts of one event can be compared.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class Kind(StrEnum):
    """Limit orders by how long they stand, and market orders."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    MAKER = "MAKER"
    """Rejected in matching when it would take."""
    MARKET = "MARKET"
    """Takes what stands, at any price within the listing's `market_band`; what finds nothing there ends at once."""


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


class Mode(StrEnum):
    """How an exchange receives its clients. Somebody trades in `NORMAL` only."""

    NORMAL = "normal"
    CANCEL_ONLY = "cancel_only"
    """No new orders; what rests may be cancelled."""
    POST_ONLY = "post_only"
    """New orders may only rest: `MAKER` is taken, every other kind is refused."""
    HALT = "halt"
    """Neither new orders nor cancels."""
    MAINTENANCE = "maintenance"
    """As `HALT`, and over a wire nothing can be read either."""


class Reason(StrEnum):
    """Why a request was turned down before the book; a dialect maps each to its venue's code."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    HALTED = "halted"
    """The pair, or the whole exchange."""
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    MAINTENANCE = "maintenance"
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
    market_quantity_min: Decimal | None = None
    market_quantity_max: Decimal | None = None
    market_amount_min: Decimal | None = None
    market_amount_max: Decimal | None = None
    """Bounds of market orders; `None` where those of limit orders hold. An amount is in quote."""
    market_band: Decimal | None = None
    """How far from the band's reference a market order may trade; `None`: as far as the book goes."""
    fee_min: Decimal | None = None
    """What a completely executed order pays at least, in quote; its last execution makes up for what is missing.

    An order that ends partly executed is exempt.
    """
    band_both_ways: bool = False
    """The band bounds every limit price from above and from below, whichever side; its reference is the mid."""


class OrderRequest(Struct, frozen=True):
    """A new order as a client sends it.

    A market order has a price of zero, and either a quantity in base or, with a quantity of zero, an amount in quote.
    """

    symbol: str
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal
    client_id: str
    amount: Decimal = ZERO


class OrderRow(Struct, frozen=True):
    """An order as the exchange keeps it. One that was asked for by `amount` has a quantity of zero."""

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
    amount: Decimal = ZERO


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


class Entry(StrEnum):
    """What moved money on an account."""

    TRADE = "trade"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    """Between two accounts of this exchange."""
    DEAL = "deal"
    """A quote that was accepted."""


class StatementRow(Struct, frozen=True):
    """One line of an account's statement: what came and went at once, and what was held after it, locked or not.

    A trade moves base and quote (its fee apart), a deal the asset sold as base and the asset bought as quote; all
    else moves one asset, and leaves the quote empty.
    """

    id: str
    """Of a trade its `trade_id`; all ids of an exchange grow with time."""
    account: str
    kind: Entry
    at: Instant
    base: str
    base_change: Decimal
    """Below zero when it went."""
    base_held: Decimal
    quote: str = ""
    quote_change: Decimal = ZERO
    """Before the fee."""
    quote_held: Decimal = ZERO
    fee: Decimal = ZERO
    """In quote."""
    reference: str = ""
    """The order's client id, the quote's id, or what the caller gave."""


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
