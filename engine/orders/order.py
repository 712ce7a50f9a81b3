"""A child order, the approval it needs, and its life cycle as a table.

Everything here is a sale: there is no side, so that no config and no bug can make one a purchase.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, LegId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import ZERO, Asset


class TimeInForce(StrEnum):
    """How long an order may stand."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class OrderType(StrEnum):
    """Every sale has a limit: the gate lets no other through. Adapters speak of both, as their venues do."""

    LIMIT = "limit"
    MARKET = "market"
    """Sells `quantity` at whatever is bid; `price` is not sent."""


class ChildOrder(Struct, frozen=True, kw_only=True):
    """One order that a leg wants sent: so much of `sell` for at least `price` each, in `buy`."""

    client_id: ClientOrderId
    leg: LegId
    slice: int
    attempt: int
    venue: VenueName
    symbol: Symbol
    sell: Asset
    buy: Asset
    quantity: Decimal
    price: Decimal
    tif: TimeInForce
    decided_at: Instant
    type: OrderType = OrderType.LIMIT
    fleeting: bool = False
    """Stands for an IOC that the venue lacks: cancelled as soon as it stands, then read back (decision 11)."""


class Check(Struct, frozen=True, array_like=True):
    """One limit as the gate saw it: what was measured against which bound."""

    limit: str
    value: str
    bound: str


class Approved(Struct, frozen=True):
    """A child order that passed the gate, with every limit it was held against. Only `risk.gate` makes one."""

    order: ChildOrder
    checks: tuple[Check, ...]


def floor_of(checks: Iterable[Check]) -> Decimal | None:
    """The floor that the gate held an order against, in the asset bought; `None` where there was none."""
    return next((Decimal(check.bound) for check in checks if check.limit == "floor"), None)


class OrderState(StrEnum):
    """Where an attempt stands."""

    SENT = "sent"
    """Journaled, and on its way; it may or may not have reached the venue."""
    OPEN = "open"
    UNKNOWN = "unknown"
    """A call that may have worked; the quantity stays committed."""
    CLOSING = "closing"
    """The venue says it ended; a fill is still missing here."""
    SETTLED = "settled"
    """Ended, and every fill is booked."""
    ABSENT = "absent"
    """The venue never had it: refused, not sent, or proven absent."""


class OrderFact(StrEnum):
    """What can happen to an attempt."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    SEEN_WORKING = "seen_working"
    SEEN_ENDED = "seen_ended"
    FILLED = "filled"
    COMPLETED = "completed"
    """It has ended and the booked fills equal the venue's cumulative quantity."""
    PROVEN_ABSENT = "proven_absent"
    PROVEN_BY_PAPER = "proven_by_paper"
    """People showed what became of it, where its venue can't."""


_S, _F = OrderState, OrderFact
NEXT: Final[Mapping[tuple[OrderState, OrderFact], OrderState]] = {
    (_S.SENT, _F.ACCEPTED): _S.OPEN,
    (_S.SENT, _F.REFUSED): _S.ABSENT,
    (_S.SENT, _F.UNANSWERED): _S.UNKNOWN,
    (_S.SENT, _F.SEEN_WORKING): _S.OPEN,  # the stream was quicker than the answer
    (_S.SENT, _F.SEEN_ENDED): _S.CLOSING,
    (_S.SENT, _F.FILLED): _S.OPEN,
    (_S.OPEN, _F.ACCEPTED): _S.OPEN,
    (_S.OPEN, _F.UNANSWERED): _S.OPEN,  # seen elsewhere meanwhile: the lost answer no longer matters
    (_S.OPEN, _F.SEEN_WORKING): _S.OPEN,
    (_S.OPEN, _F.SEEN_ENDED): _S.CLOSING,
    (_S.OPEN, _F.FILLED): _S.OPEN,
    (_S.UNKNOWN, _F.ACCEPTED): _S.OPEN,
    (_S.UNKNOWN, _F.UNANSWERED): _S.UNKNOWN,
    (_S.UNKNOWN, _F.SEEN_WORKING): _S.OPEN,
    (_S.UNKNOWN, _F.SEEN_ENDED): _S.CLOSING,
    (_S.UNKNOWN, _F.FILLED): _S.OPEN,
    (_S.UNKNOWN, _F.PROVEN_ABSENT): _S.ABSENT,
    (_S.UNKNOWN, _F.PROVEN_BY_PAPER): _S.CLOSING,
    (_S.CLOSING, _F.PROVEN_BY_PAPER): _S.CLOSING,
    (_S.CLOSING, _F.ACCEPTED): _S.CLOSING,
    (_S.CLOSING, _F.UNANSWERED): _S.CLOSING,
    (_S.CLOSING, _F.SEEN_WORKING): _S.CLOSING,  # an older report, late
    (_S.CLOSING, _F.SEEN_ENDED): _S.CLOSING,
    (_S.CLOSING, _F.FILLED): _S.CLOSING,  # the fill crossed our cancel
    (_S.CLOSING, _F.COMPLETED): _S.SETTLED,
    (_S.SETTLED, _F.ACCEPTED): _S.SETTLED,
    (_S.SETTLED, _F.UNANSWERED): _S.SETTLED,
    (_S.SETTLED, _F.SEEN_WORKING): _S.SETTLED,
    (_S.SETTLED, _F.SEEN_ENDED): _S.SETTLED,
}
"""A pair that is not here is a bug or a lying venue: the run halts and keeps what it saw."""


class Order(Struct, frozen=True):
    """One attempt and all that is known of it. A join of facts: cumulative quantities only grow, ended stays ended."""

    child: ChildOrder
    state: OrderState = OrderState.SENT
    venue_order_id: VenueOrderId | None = None
    filled: Decimal = ZERO
    """The sum of booked fills."""
    reported: Decimal = ZERO
    """The largest cumulative quantity that the venue has named."""
    trades: frozenset[TradeId] = frozenset()
    rounds: int = 0
    """Complete negative look-ups since the order became unknown."""
    looking: bool = False
    """A look-up is under way."""
    cancel_wanted: bool = False
    cancel_flying: bool = False
    """A cancel has been sent and has not been answered."""
    by_paper: str = ""
    """The paper by which people proved what became of it; the venue may add nothing to that."""
    cancels: int = 0
    """Cancels that were answered."""
    floor: Decimal | None = None
    """The floor that it was sent under, in the asset bought."""
    most: Decimal | None = None
    """The most that a unit of it was counted to bring, where a cap counts it; in the asset bought."""

    @property
    def live(self) -> bool:
        """It may still trade, or may have traded without our knowing."""
        return self.state not in (OrderState.SETTLED, OrderState.ABSENT)

    @property
    def committed(self) -> Decimal:
        """What it may still sell: stays reserved until the venue's records say otherwise."""
        return max(ZERO, self.child.quantity - self.filled) if self.live else ZERO
