"""What the core wants done. Each is journaled, and durable, before anyone acts on it."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.orders.comparison import Comparison
from engine.orders.condition import Stage
from engine.orders.order import Approved, Check, ChildOrder
from engine.orders.reason import Reason
from engine.orders.reports import Fill, Quote, QuoteRequest
from engine.orders.tranche import Tranche, TrancheId


class Place(Struct, frozen=True, tag="place"):
    """Send this order, once."""

    approved: Approved
    reason: Reason | None = None
    """Why there and so much: what the router saw."""


class Cancel(Struct, frozen=True, tag="cancel"):
    """Ask the venue to cancel; its answer never ends an order, only a later report does."""

    venue: VenueName
    symbol: Symbol
    client_id: ClientOrderId


class Lookup(Struct, frozen=True, tag="lookup"):
    """After `wait` of monotonic time, ask the venue once for everything it knows of this order."""

    venue: VenueName
    symbol: Symbol
    client_id: ClientOrderId
    sent_at: Instant
    wait: Span


class Survey(Struct, frozen=True, tag="survey_account"):
    """After `wait` of monotonic time, read the whole account: open orders, our fills since `since`, balances."""

    venue: VenueName
    since: Instant
    wait: Span


class AskTranche(Struct, frozen=True, tag="ask_tranche"):
    """After `wait` of monotonic time, ask the custodian to send this; the same request may be lodged again."""

    tranche: Tranche
    wait: Span = Span(0)


class LookTranche(Struct, frozen=True, tag="look_tranche"):
    """After `wait` of monotonic time, ask the custodian how far it is."""

    tranche: TrancheId
    wait: Span


class Landed(Struct, frozen=True, tag="landed"):
    """The venue's balance shows a tranche: it is booked there, and may be sold."""

    tranche: Tranche


class AskQuote(Struct, frozen=True, tag="ask_quote"):
    """Ask a venue's desk for a firm price. It binds nobody, but the desk then knows what is for sale."""

    number: int
    """Of this run's questions, by which the answer is known."""
    leg: LegId
    venue: VenueName
    request: QuoteRequest


class AcceptQuote(Struct, frozen=True, tag="accept_quote"):
    """Take this quote, once. `approved` holds the order that stands for it, and what the gate held it against."""

    quote: Quote
    approved: Approved
    comparison: Comparison | None = None
    """All quotes of the round, the books and the reference, as of the decision; `None` where there was no reference."""


class LookDeal(Struct, frozen=True, tag="look_deal"):
    """After `wait` of monotonic time, ask the venue what became of a quote that was taken without an answer."""

    client_id: ClientOrderId
    """Of the order that stands for it."""
    quote: Quote
    wait: Span


class WakeAt(Struct, frozen=True, tag="wake_at"):
    """A `Due` is wanted at this instant of market time."""

    at: Instant


class Withheld(Struct, frozen=True, tag="withheld"):
    """The gate said no. Nothing is sent; the order is kept on record with the reason."""

    order: ChildOrder
    denied: tuple[Denied, ...]


class Unheeded(Struct, frozen=True, tag="unheeded"):
    """What people asked for is not done, and why."""

    paper_sha256: str
    denied: tuple[Denied, ...]


class Book(Struct, frozen=True, kw_only=True, tag="book"):
    """What people proved by a paper counts as sold: a deal of theirs that passed the gate, or a lost fill of ours."""

    paper_sha256: str
    order: ChildOrder
    """Ours, or the one that the deal would have been."""
    fill: Fill
    checks: tuple[Check, ...] = ()


class PegLevel(Struct, frozen=True, kw_only=True, tag="peg_level"):
    """The peg of a stablecoin is in more doubt than before, or in less. At 2 no more of it is made."""

    asset: Asset
    level: int
    was: int
    off_bp: Decimal | None
    """From par, by the median of the venues, in this minute; `None` where too few showed a price."""
    z: Decimal
    """Standard deviations from the recent mean, rounded: two machines need not agree on the last bit of a float."""
    sources: int
    why: str


class MarketPause(Struct, frozen=True, kw_only=True, tag="market_pause"):
    """A leg waits from here on for its market to calm down, or goes on."""

    leg: LegId
    waits: bool
    price: Decimal | None
    """Of the market, over all who show it."""
    move: Decimal | None
    """As a fraction of the earlier price that is farthest from it."""
    spread_bp: Decimal | None
    why: str


class ConditionTurn(Struct, frozen=True, kw_only=True, tag="condition_turn"):
    """What a leg waits for begins to be so, ceases to be, or was so for long enough: then the slice may be sold."""

    at: Instant
    leg: LegId
    stage: Stage
    slice: int
    price: Decimal | None
    """Of the market, over all who show it; `None` where nobody can be believed."""
    bound: Decimal
    """In the asset bought."""
    why: str


class FloorBlocked(Struct, frozen=True, kw_only=True, tag="floor_blocked"):
    """From here on no venue pays what a leg's floor wants, or the floor has no price; nothing is sold."""

    at: Instant
    leg: LegId
    floor: str
    """In words: what it comes to, and whence."""
    wanted: Decimal | None
    """The lowest limit that it lets through where most is bid; `None` while it has no price."""
    bid: Decimal | None
    """The best bid; `None` where nobody bids."""
    lack: str = ""
    """Why the floor has no price."""


class FloorCleared(Struct, frozen=True, kw_only=True, tag="floor_cleared"):
    """Some venue pays what the leg's floor wants again."""

    at: Instant
    leg: LegId
    wanted: Decimal
    bid: Decimal


class Residue(Struct, frozen=True, tag="residue"):
    """A leg is over; what could not be sold stays, with its reason."""

    leg: LegId
    reason: str


class Halt(Struct, frozen=True, tag="halt"):
    """Nothing may be placed from here on."""

    reason: str


class Finish(Struct, frozen=True, tag="finish"):
    """All is accounted for, or as far as it can be: close the journal with this status."""

    status: str


Command = (
    Place
    | Cancel
    | Lookup
    | Survey
    | AskTranche
    | LookTranche
    | Landed
    | AskQuote
    | AcceptQuote
    | LookDeal
    | WakeAt
    | Withheld
    | Unheeded
    | Book
    | PegLevel
    | MarketPause
    | ConditionTurn
    | FloorBlocked
    | FloorCleared
    | Residue
    | Halt
    | Finish
)
