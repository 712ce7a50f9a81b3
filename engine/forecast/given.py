"""All that is known of one leg before its run begins: what a forecast may look at."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.forecast.market import History
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.mandate.custody import CustodyPlan
from engine.mandate.hours import Hours
from engine.mandate.programme import Programme
from engine.market.view import MarketView
from engine.orders.reports import Capabilities
from engine.planning.impact import Impact
from engine.planning.plan import LegPlan
from engine.risk.limits import Limits


class FloorNow(Struct, frozen=True):
    """The leg's floor as it stands."""

    level: Decimal | None
    """In what is received, at the price that it fetches now; `None` while nobody can tell."""
    words: str
    """What it is, or what it lacks."""


class Worth(Struct, frozen=True):
    """What one unit of what is received is worth in the settlement currency."""

    rate: Decimal
    """By the bid, after the fee."""
    currency: str
    source: str
    mid: float = 1.0
    """As a multiple of par."""


class Supply(Struct, frozen=True, kw_only=True):
    """Where the leg's coin lies when the plan is made."""

    there: Mapping[VenueName, Decimal]
    """At its venues already."""
    custody: CustodyPlan | None = None
    """How the rest leaves custody; `None` where nothing does."""
    in_custody: Decimal = ZERO
    unit: Decimal
    """The asset's smallest."""


class Given(Struct, frozen=True, kw_only=True):
    """One leg that nobody feeds."""

    leg: LegPlan
    start: Instant
    stops: Instant
    """The deadline, less the tail that feeding another leg needs."""
    hours: Hours | None
    programme: Programme | None
    limits: Limits
    capabilities: Mapping[VenueName, Capabilities]
    views: tuple[MarketView, ...]
    """Of its pairs, now."""
    price: tuple[Decimal, str] | None
    """The market's, and whose."""
    impact: Impact | None
    histories: tuple[History, ...]
    targets: Sequence[tuple[Instant, Decimal]]
    """What its own schedule wants gone, and from when on."""
    floor: FloorNow | None
    worth: Worth | None
    """`None` where it is received in the settlement currency, or where no price of it can be believed."""
    remarks: tuple[str, ...] = ()
    """Of files that could be read and say less than one would think."""
    onward: str = ""
    """Fees of the leg that it feeds, in words."""
    supply: Supply | None = None
    """`None` where nobody says where the coin lies."""

    @property
    def venues(self) -> tuple[VenueName, ...]:
        """Where it may be sold."""
        return tuple(each.venue for each in self.leg.instruments)
