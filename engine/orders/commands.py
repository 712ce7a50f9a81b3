"""What the core wants done. Each is journaled, and durable, before anyone acts on it."""

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.orders.order import Approved, ChildOrder


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


class WakeAt(Struct, frozen=True, tag="wake_at"):
    """A `Due` is wanted at this instant of market time."""

    at: Instant


class Withheld(Struct, frozen=True, tag="withheld"):
    """The gate said no. Nothing is sent; the order is kept on record with the reason."""

    order: ChildOrder
    denied: tuple[Denied, ...]


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


Command = Place | Cancel | Lookup | Survey | WakeAt | Withheld | Residue | Halt | Finish
