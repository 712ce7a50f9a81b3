"""One picture of the world, for one order: all that the gate may look at."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO
from engine.mandate.deposit import Cover
from engine.mandate.terms import Floor, Terms
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.risk.limits import Limits


class World(Struct, frozen=True, kw_only=True):
    """All that the gate may look at, as of one instant."""

    at: Instant
    deadline: Instant
    terms: Terms
    limits: Limits
    instrument: Instrument
    floor: Floor | None
    participation_max: Decimal | None
    view: MarketView | None
    fiat_view: MarketView | None
    """The stablecoin's own market, where the order makes stablecoin or its floor is in fiat."""
    total: Decimal
    """What the leg may sell, by what it was given and what it has really received."""
    received: Decimal
    """Of that, what feeding legs have really brought."""
    sold: Decimal
    committed: Decimal
    """What live and unknown orders may still sell of the asset, on any venue."""
    free: Decimal
    """What the ledger says stands on the venue account, less what is committed."""
    volume: Decimal
    minute_notional: Decimal
    minute_orders: int
    live: ClientOrderId | None
    seen: bool
    """This client order id was used before."""
    stable_waiting: Decimal
    """Stablecoin received and unsold."""
    stable_since: Instant | None
    unlicensed: str
    """Why the licence register lets nobody sell there; empty when it does."""
    closed: str = ""
    """Why this time of the day is outside the leg's hours; empty inside them."""
    today: tuple[Decimal, Decimal] | None = None
    """Sold on this local day, and what it allows in all; `None` without a quota."""
    cover: Cover | None = None
    """How the deposit stands; `None` where none is asked for, or where the order only turns stablecoin into money."""
    working: Decimal = ZERO
    """What live orders of this leg may still sell."""
    basket_notional: Decimal = ZERO
    """What legs that sell for the same asset have sent in the last minute."""
    continuous: bool
    stopped: str
    """Why nothing may be sent to the venue or at all: halted, paused, keys refused; empty when it may."""
