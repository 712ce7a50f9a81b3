"""What the core wants done. Each is journaled, and durable, before anyone acts on it."""

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.orders.order import Approved, Check, ChildOrder
from engine.orders.reports import Fill, Quote, QuoteRequest
from engine.orders.tranche import Tranche, TrancheId


class Place(Struct, frozen=True, tag="place"):
    """Send this order, once."""

    approved: Approved


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
    | Residue
    | Halt
    | Finish
)
