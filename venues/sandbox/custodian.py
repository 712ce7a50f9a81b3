"""The custodian beside the venues: coin that no exchange holds yet, and people who send it there. All of it is mock.

A vault belongs to one owner, and what leaves it can go to an account that was opened with the sandbox and nowhere
else: that is the list of addresses. A request is answered after a while; what is sent then waits for its
confirmations, and is credited to the venue's account with the last of them, whatever mode the venue is in. An id names
one movement for ever: whoever asks again is told of the first.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant, Span, iso
from engine.kernel.money import ZERO, exact, plain
from engine.orders.tranche import is_tranche_id
from venues.sandbox.exchange import Exchange

NAME: Final = "custody"
"""What the custodian is called where venues are: in the ready line, in fault plans, in the truth."""


class Manner(Struct, frozen=True, kw_only=True):
    """How its people work and how fast the chain is, in market time. It holds for requests that come from now on."""

    handling: Span = Span(20 * SECOND)
    """From a request to its answer."""
    block: Span = Span(10 * SECOND)
    """From one confirmation to the next."""
    confirmations: int = 3
    """How many a venue waits for."""
    refuse: str = ""
    """Why its people turn down whatever they are asked; empty when they do not."""


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """A tranche as it is asked for."""

    owner: str
    id: str
    asset: str
    quantity: str
    venue: str
    account: str


class Movement(Struct, frozen=True):
    """What becomes of one request; all of it is settled when it is lodged, and shows in its time."""

    wish: Wish
    quantity: Decimal
    reference: str
    asked_at: Instant
    answered_at: Instant
    arrives_at: Instant
    refused: str = ""


class CustodyState(StrEnum):
    REQUESTED = "requested"
    REFUSED = "refused"
    SENT = "sent"
    CONFIRMED = "confirmed"


class CustodyReason(StrEnum):
    """Why there is no request. Certainly nothing will move."""

    BAD_ID = "bad_id"
    OTHER_TERMS = "other_terms"
    """The id names a movement of another asset, quantity or destination."""
    UNKNOWN_OWNER = "unknown_owner"
    UNKNOWN_VENUE = "unknown_venue"
    NOT_LISTED = "not_listed"
    """Nothing is ever sent to that account."""
    BAD_QUANTITY = "bad_quantity"
    INSUFFICIENT = "insufficient"


class Custodian:
    """Vaults by owner. Pure but for the coin that reaches an exchange."""

    def __init__(
        self,
        vaults: Mapping[str, Mapping[str, Decimal]],
        exchanges: Mapping[str, Exchange],
        manner: Manner = Manner(),  # noqa: B008 - a frozen value
    ) -> None:
        """`vaults` also says which accounts coin may be sent to."""
        self.manner = manner
        self._exchanges = exchanges
        self._began = {owner: dict(assets) for owner, assets in vaults.items()}
        self._movements: dict[str, Movement] = {}

    def ask(self, wish: Wish, at: Instant) -> Movement | CustodyReason:
        """Lodge a request, once for each id; `at` is market time."""
        if not is_tranche_id(wish.id):
            return CustodyReason.BAD_ID
        quantity = _quantity(wish.quantity)
        if (before := self._movements.get(wish.id)) is not None:
            same = quantity == before.quantity and replace(wish, quantity=before.wish.quantity) == before.wish
            return before if same else CustodyReason.OTHER_TERMS
        if (why := self._wrong(wish, quantity)) is not None:
            return why
        assert quantity is not None
        manner = self.manner
        answered = Instant(at + manner.handling)
        arrives = Instant(answered + manner.block * manner.confirmations)
        reference = sha256(f"{NAME}|{wish.id}".encode()).hexdigest()
        made = Movement(wish, quantity, reference, at, answered, arrives, manner.refuse)
        self._movements[wish.id] = made
        if not made.refused:
            exchange = self._exchanges[wish.venue]
            exchange.expect_deposit(arrives, wish.account, wish.asset, quantity, reference)
        return made

    def _wrong(self, wish: Wish, quantity: Decimal | None) -> CustodyReason | None:
        if wish.owner not in self._began:
            return CustodyReason.UNKNOWN_OWNER
        if wish.venue not in self._exchanges:
            return CustodyReason.UNKNOWN_VENUE
        if wish.account not in self._began:
            return CustodyReason.NOT_LISTED
        if quantity is None:
            return CustodyReason.BAD_QUANTITY
        promised = sum((m.quantity for m in self._of(wish.owner, wish.asset)), ZERO)
        there = self._began[wish.owner].get(wish.asset, ZERO)
        return CustodyReason.INSUFFICIENT if quantity > there - promised else None

    def movement(self, named: str) -> Movement | None:
        """What became of a request."""
        return self._movements.get(named)

    def holdings(self, owner: str, at: Instant) -> dict[str, Decimal] | None:
        """What lies in a vault then: what was promised lies there until it is sent. `None` for an unknown owner."""
        began = self._began.get(owner)
        if began is None:
            return None
        return {
            asset: units - sum((m.quantity for m in self._of(owner, asset) if m.answered_at <= at), ZERO)
            for asset, units in began.items()
        }

    def truth(self, at: Instant) -> dict[str, Any]:
        """All that the custodian knows."""
        held = {owner: self.holdings(owner, at) for owner in self._began}
        return {"held": held, "movements": [row(one, at) for one in self._movements.values()]}

    def _of(self, owner: str, asset: str) -> list[Movement]:
        """What leaves a vault, or has left it."""
        return [
            one
            for one in self._movements.values()
            if one.wish.owner == owner and one.wish.asset == asset and not one.refused
        ]


def state(movement: Movement, at: Instant) -> CustodyState:
    """How far it is by then."""
    if at < movement.answered_at:
        return CustodyState.REQUESTED
    if movement.refused:
        return CustodyState.REFUSED
    return CustodyState.CONFIRMED if at >= movement.arrives_at else CustodyState.SENT


def row(movement: Movement, at: Instant) -> dict[str, Any]:
    """A movement as it is shown then."""
    shown = state(movement, at)
    wish = movement.wish
    said: dict[str, Any] = {
        "owner": wish.owner,
        "id": wish.id,
        "asset": wish.asset,
        "quantity": plain(movement.quantity),
        "venue": wish.venue,
        "account": wish.account,
        "asked_at": iso(movement.asked_at),
        "state": shown.value,
    }
    if shown is CustodyState.REFUSED:
        return {**said, "reason": movement.refused}
    if shown is CustodyState.REQUESTED:
        return said
    when = movement.answered_at if shown is CustodyState.SENT else movement.arrives_at
    return {**said, "reference": movement.reference, "at": iso(when)}


def _quantity(text: str) -> Decimal | None:
    """A number above nothing."""
    try:
        units = exact(text)
    except ValueError:
        return None
    return units if units > 0 else None
