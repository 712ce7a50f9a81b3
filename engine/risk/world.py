"""One picture of the world, for one order: all that the gate may look at."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO
from engine.mandate.deposit import Cover
from engine.mandate.terms import Floor, FloorKind, Terms
from engine.market.footprint import Footing
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.risk.caps import Cap
from engine.risk.limits import Limits
from engine.risk.reserve import Bottom, Charge, Tally


class World(Struct, frozen=True, kw_only=True):
    """All that the gate may look at, as of one instant."""

    at: Instant
    deadline: Instant
    terms: Terms
    limits: Limits
    instrument: Instrument
    floor: Floor | None
    bottom_now: Bottom | None = None
    """What a floor by average or by quote comes to; one that the authority named speaks for itself."""
    tally: Tally = Tally()
    """What is averaged with the order, where the floor is held on more than each fill."""
    charge: Charge = Charge()
    """What the venue keeps, where the floor is to be reached after fees."""
    participation_max: Decimal | None
    view: MarketView | None
    views: tuple[MarketView, ...] = ()
    """Of the same pair, wherever it is shown; with none, `view` speaks alone."""
    fiat_view: MarketView | None
    """The stablecoin's own market, where the order makes stablecoin or its floor is in fiat."""
    fiat_views: tuple[MarketView, ...] = ()
    """The same market wherever it is shown; with none, `fiat_view` speaks alone."""
    peg_level: int = 0
    """Of the stablecoin that the order makes, by the minutes before; at 2 no more of it is made."""
    restless: str = ""
    """Why the leg waits for its market to calm down; empty while it does not."""
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
    """What others have traded of the leg's pairs since the run began; with a footprint, what counts of it."""
    footings: tuple[Footing, ...] = ()
    """Our shares of what is traded, against their limits."""
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
    caps: tuple[Cap, ...] = ()
    """All that bind the leg at the order's venue, as they stand without the order."""
    continuous: bool
    stopped: str
    """Why nothing may be sent to the venue or at all: halted, paused, keys refused; empty when it may."""

    @property
    def bottom(self) -> Bottom | None:
        """The floor as of now; `None` without one."""
        floor = self.floor
        if floor is None or self.bottom_now is not None:
            return self.bottom_now
        lack = "" if floor.kind is FloorKind.FIXED else "nobody has set it"
        return Bottom(price=floor.price, currency=floor.currency, words=floor.kind.value, lack=lack)
