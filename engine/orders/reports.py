"""What a venue says of orders and money, and the four ways in which a call to it can end."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset, times
from engine.market.fees import FeeRow, in_force
from engine.market.instrument import Instrument
from engine.orders.order import TimeInForce


class OrderStatus(StrEnum):
    """A venue's word for an order, reduced to what matters: can it still trade?"""

    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    """Ended with a remainder, by us or by the venue: cancelled, partly cancelled, expired."""
    REJECTED = "rejected"
    """Refused in matching after it had been accepted."""

    @property
    def ended(self) -> bool:
        """It will never trade again; fills that crossed our cancel may still be on their way to us."""
        return self is not OrderStatus.WORKING


class OrderReport(Struct, frozen=True):
    """One order as its venue described it at one moment. Reports may come twice and out of order."""

    venue: VenueName
    symbol: Symbol
    client_id: ClientOrderId
    venue_order_id: VenueOrderId
    status: OrderStatus
    quantity: Decimal
    price: Decimal
    filled: Decimal
    """Cumulative, in base."""
    at: Instant
    """The venue's time of this state, as market time."""


class Fill(Struct, frozen=True):
    """One execution of one of our sales. `(venue, symbol, venue_order_id, trade_id)` makes it unique."""

    venue: VenueName
    symbol: Symbol
    client_id: ClientOrderId
    venue_order_id: VenueOrderId
    trade_id: TradeId
    quantity: Decimal
    price: Decimal
    fee: Amount
    maker: bool
    at: Instant
    """The venue's time of the trade, as market time."""
    ticket: str = ""
    """A second id that the venue gives the same trade, where it does."""


class Balance(Struct, frozen=True, array_like=True):
    """One asset on a venue account; `total` is `free` plus `locked`."""

    asset: Asset
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


class Wire(Struct, frozen=True):
    """SHA-256 of the raw bytes that went out and came back: evidence, kept with the answer."""

    request: str = ""
    answer: str = ""


class Done(Struct, frozen=True, tag="done"):
    """The venue acted; where it also described the order, that description."""

    report: OrderReport | None = None
    wire: Wire = Wire()


class Refused(Struct, frozen=True, tag="refused"):
    """Certainly not done. `stop_venue`: our keys, our clock or our code are wrong, so nothing else will work either."""

    code: str
    reason: str
    stop_venue: bool = False
    wire: Wire = Wire()


class Transient(Struct, frozen=True, tag="transient"):
    """Certainly not done, and may be tried again later under a new id."""

    reason: str
    wait: Span = Span(0)
    wire: Wire = Wire()


class Unknown(Struct, frozen=True, tag="unknown"):
    """Nobody knows. The quantity stays committed until the venue's own records tell."""

    reason: str
    wire: Wire = Wire()


Outcome = Done | Refused | Transient | Unknown


class Found(Struct, frozen=True, tag="found"):
    """The venue knows the order: its state and all its fills so far."""

    report: OrderReport
    fills: tuple[Fill, ...]


class NotFound(Struct, frozen=True, tag="not_found"):
    """One complete negative round: by client id, open orders, closed orders, trades; and the balances beside it."""

    balances: tuple[Balance, ...]
    evidence: tuple[str, ...]
    """SHA-256 of each raw answer, in the order asked."""


class NoWord(Struct, frozen=True, tag="no_word"):
    """The question itself failed; it proves nothing either way."""

    reason: str


Answer = Found | NotFound | NoWord


class Survey(Struct, frozen=True, tag="survey"):
    """A venue account read in one go: every open order, our fills since `since`, all balances."""

    venue: VenueName
    since: Instant
    open_orders: tuple[OrderReport, ...]
    fills: tuple[Fill, ...]
    balances: tuple[Balance, ...]


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a venue can do, and for how long a request of ours may still take effect there (wall time).

    Caps and bands that differ by pair stand with the `Instrument`.
    """

    tifs: tuple[TimeInForce, ...]
    """Of limit orders; what is not here is refused, or emulated by the core."""
    validity: Span
    """A request older than this is refused by the venue itself."""
    read_lag: Span
    """The longest that a read may trail a write."""
    client_id_lookup: bool = True
    """One order can be asked for by our own id; without it, lists are read and matched."""
    private_stream: bool = True
    """Orders and fills are told by a stream; without one `facts` asks every `poll`."""
    poll: Span = Span(0)
    market_orders: bool = False
    quote_orders: bool = False
    """Market orders by the amount of the quote currency."""
    batch_cancel: bool = False
    self_trade_prevention: bool = False
    dead_man: bool = False
    """The venue cancels everything by itself when we fall silent."""
    quotes: bool = False
    """Firm quotes on request (RFQ)."""
    taker_fee: Decimal = Decimal(0)
    """Of our tier, as a fraction of the quote amount."""
    maker_fee: Decimal = Decimal(0)
    fee_min: Decimal = Decimal(0)
    """The least that a fully executed order costs, in the quote currency, stablecoins and dollars taken alike."""
    fees: tuple[FeeRow, ...] = ()
    """Our account's own schedule, where the config has one: ask `at` for what holds of a pair at an instant."""

    def takes(self, tif: TimeInForce) -> bool:
        """May a limit order be sent with it?"""
        return tif in self.tifs

    @property
    def worthwhile(self) -> Decimal:
        """The notional below which the minimum binds, and an order pays more than the rate; 0 without a minimum."""
        return self.fee_min / self.taker_fee if self.fee_min and self.taker_fee else Decimal(0)

    def under(self, rows: tuple[FeeRow, ...], when: Instant) -> "Capabilities":
        """By this schedule. Without a pair, the fees are those of every pair as of `when`."""
        row = in_force(rows, when, None, None)
        if row is None:
            return replace(self, fees=rows)
        return replace(self, fees=rows, taker_fee=row.taker, maker_fee=row.maker, fee_min=row.minimum)

    def at(self, when: Instant, instrument: Instrument) -> "Capabilities":
        """With the fees of that pair at that instant; as they stand where no schedule says anything."""
        row = in_force(self.fees, when, instrument.base, instrument.quote)
        if row is None:
            return self
        return replace(self, taker_fee=row.taker, maker_fee=row.maker, fee_min=row.least(instrument.quote))

    def fee(self, notional: Decimal) -> Decimal:
        """What an order that takes `notional` from the book is expected to cost."""
        return max(times(notional, self.taker_fee), self.fee_min)


class Permissions(Struct, frozen=True):
    """What a key is allowed, as its venue says."""

    trade: bool
    withdraw: bool


class Mode(StrEnum):
    """How a venue receives us."""

    NORMAL = "normal"
    MAINTENANCE = "maintenance"
    """Closed by the venue, for everybody; reads may fail as well."""
    BANNED = "banned"
    """Closed to us: we asked too often."""


class QuoteRequest(Struct, frozen=True):
    """At what price would you take `quantity` of `sell` now, and pay in `buy`?"""

    sell: Asset
    buy: Asset
    quantity: Decimal


class Quote(Struct, frozen=True, tag="quote"):
    """A firm price for one deal, to be accepted once and before it expires."""

    venue: VenueName
    quote_id: str
    sell: Asset
    buy: Asset
    quantity: Decimal
    """Of `sell`."""
    proceeds: Decimal
    """Of `buy`, all that is paid: the dealer's spread is inside."""
    expires_at: Instant
    """Wall time, by our own clock from receipt, less a margin."""
    wire: Wire = Wire()


class Deal(Struct, frozen=True):
    """One accepted quote, settled."""

    venue: VenueName
    quote_id: str
    deal_id: str
    sell: Asset
    buy: Asset
    quantity: Decimal
    proceeds: Decimal
    at: Instant


class Dealt(Struct, frozen=True, tag="dealt"):
    """The venue executed the quote."""

    deal: Deal
    wire: Wire = Wire()


class NoDeal(Struct, frozen=True, tag="no_deal"):
    """The venue's own history shows that the quote was never executed, and it can't be any more."""

    evidence: tuple[str, ...]


Quoted = Quote | Refused | Transient
"""A quote whose answer was lost binds nobody: `Transient`."""
Acceptance = Dealt | Refused | Transient | Unknown
DealAnswer = Dealt | NoDeal | NoWord
