"""What has happened: to an order, a price, a timer, or at a person's wish. All that the core ever learns."""

from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, VenueName
from engine.market.view import MarketView
from engine.orders import reports
from engine.orders.tranche import TrancheId, TrancheState


class Due(Struct, frozen=True, tag="due"):
    """A decision is due; this is what may be known of the market."""

    at: Instant
    views: tuple[MarketView, ...]


class Placed(Struct, frozen=True, tag="placed"):
    """How the call that placed an order ended."""

    at: Instant
    client_id: ClientOrderId
    outcome: reports.Outcome
    offset: Span | None = None
    """The venue's clock less ours when it was sent, as last measured."""


class Cancelled(Struct, frozen=True, tag="cancelled"):
    """How the call that asked for a cancel ended. `Done` means accepted for processing, not cancelled."""

    at: Instant
    client_id: ClientOrderId
    outcome: reports.Outcome


class Reported(Struct, frozen=True, tag="reported"):
    """The venue's stream described one of our orders."""

    at: Instant
    report: reports.OrderReport


class Filled(Struct, frozen=True, tag="filled"):
    """The venue's stream told of one execution."""

    at: Instant
    fill: reports.Fill


class LookedUp(Struct, frozen=True, tag="looked_up"):
    """What a look-up of one order brought."""

    at: Instant
    client_id: ClientOrderId
    answer: reports.Answer


class Surveyed(Struct, frozen=True, tag="surveyed"):
    """What a reading of a whole account brought; `None` when it failed."""

    at: Instant
    venue: VenueName
    survey: reports.Survey | None
    reason: str = ""


class TrancheAsked(Struct, frozen=True, tag="tranche_asked"):
    """How the request for a tranche ended. `Done` means lodged, not sent."""

    at: Instant
    tranche: TrancheId
    outcome: reports.Outcome


class TrancheSeen(Struct, frozen=True, tag="tranche_seen"):
    """How far the custodian says that a tranche is. Whether it has arrived, only the venue's own balance tells."""

    at: Instant
    tranche: TrancheId
    state: TrancheState


class QuoteCame(Struct, frozen=True, tag="quote_came"):
    """What a desk answered to a question of ours."""

    at: Instant
    number: int
    answer: reports.Quoted
    until: Instant
    """Until when a quote may be taken, in market time by our own clock; `at` where there is none."""


class AcceptanceCame(Struct, frozen=True, tag="acceptance_came"):
    """How the call that took a quote ended."""

    at: Instant
    client_id: ClientOrderId
    """Of the order that stands for the quote."""
    outcome: reports.Acceptance
    offset: Span | None = None
    """The venue's clock less ours when it was sent, as last measured."""


class DealSeen(Struct, frozen=True, tag="deal_seen"):
    """What the venue's own records say became of a quote that was taken."""

    at: Instant
    client_id: ClientOrderId
    answer: reports.DealAnswer


class StreamChanged(Struct, frozen=True, tag="stream_changed"):
    """A venue's private stream was lost or is back. While it is lost, and until a survey, nothing new is sent there."""

    at: Instant
    venue: VenueName
    up: bool
    reason: str = ""


class ModeChanged(Struct, frozen=True, tag="mode_changed"):
    """A venue receives us in another way than before: closed for maintenance, closed to us, or open again."""

    at: Instant
    venue: VenueName
    mode: reports.Mode
    reason: str = ""


class Wish(StrEnum):
    """What a person may ask of a running engine."""

    PAUSE = "pause"
    RESUME = "resume"
    HALT = "halt"


class Asked(Struct, frozen=True, tag="asked"):
    """A person asked for it, and by which way."""

    at: Instant
    wish: Wish
    by: str


Event = (
    Due
    | Placed
    | Cancelled
    | Reported
    | Filled
    | LookedUp
    | Surveyed
    | TrancheAsked
    | TrancheSeen
    | QuoteCame
    | AcceptanceCame
    | DealSeen
    | StreamChanged
    | ModeChanged
    | Asked
)
