"""The plan: the value that people approve. Legs, sizes, order of legs, and how each is to be sold."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel import codec
from engine.kernel.clock import Instant, Span
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.mandate.hours import Hours
from engine.mandate.programme import Programme
from engine.mandate.terms import Deadline, Floor
from engine.market.instrument import Instrument
from engine.orders import condition
from engine.orders.condition import Condition


class Recipe(Struct, frozen=True):
    """A schedule or a tactic by name, with parameters as text: data, so that a plan can be approved and journaled."""

    name: str
    parameters: Mapping[str, str] = {}


class AtEnd(StrEnum):
    """What becomes of a remainder when the window of the schedule is over and the deadline is not."""

    STOP = "stop"
    """It is left, and said so."""
    EXTEND = "extend"
    """It is sold on at the mean pace of a slice."""
    SWEEP = "sweep"
    """All of it is wanted at once; collar, floor and every limit hold as before."""
    RFQ = "rfq"
    """The desks are asked for firm quotes; the best that the limits and the book allow is taken."""


class LegPlan(Struct, frozen=True, kw_only=True):
    """Sell `sell` for `buy`: `quantity` that is there from the start and all that feeding legs bring."""

    id: LegId
    sell: Asset
    buy: Asset
    instruments: tuple[Instrument, ...]
    """Where it may be sold, one pair a venue, in the mandate's order."""
    quantity: Decimal
    fed_by: tuple[LegId, ...]
    window: Span
    """The length of the schedule, from the start of the run."""
    tail: Span
    """How long before the mandate's deadline the leg stops, so that the legs which it feeds can finish."""
    schedule: Recipe
    tactic: Recipe
    catch_up: Decimal
    """What is behind may be made up at this many times the planned rate."""
    at_end: AtEnd = AtEnd.EXTEND
    floor: Floor | None
    participation_max: Decimal | None
    to_fiat: bool = False
    """It sells stablecoin."""

    @property
    def condition(self) -> Condition | None:
        """What its market has to do before anything is sold; `None` where nothing has to."""
        return condition.of(self.tactic.parameters) if self.tactic.name == condition.STOP else None

    @property
    def lot(self) -> Decimal:
        """The finest lot of all its venues: what is below it can be sold nowhere."""
        return min(instrument.lot for instrument in self.instruments)

    @property
    def pairs(self) -> tuple[tuple[VenueName, Symbol], ...]:
        """Its pairs, by the names that venues give them."""
        return tuple((instrument.venue, instrument.symbol) for instrument in self.instruments)

    def at(self, venue: VenueName) -> Instrument:
        """The leg's pair on `venue`; `KeyError` where it is not sold."""
        for instrument in self.instruments:
            if instrument.venue == venue:
                return instrument
        raise KeyError(venue)


class Plan(Struct, frozen=True, kw_only=True):
    """All legs of one run, feeders before the legs that they feed."""

    legs: tuple[LegPlan, ...]
    deadline: Deadline
    programme: Programme | None = None
    """Hours, quotas and nights; a run without one sells at any hour."""

    @property
    def digest(self) -> str:
        """What an approver signs: SHA-256 over the canonical plan."""
        return codec.digest(self)

    def hours(self, leg: LegPlan) -> Hours | None:
        """When the leg may sell: fiat while banks are open, everything else in trading hours; `None` is always."""
        if self.programme is None:
            return None
        return self.programme.bank if leg.to_fiat else self.programme.hours

    def ends(self, start: Instant) -> Instant:
        """The deadline of a run that starts at `start`."""
        return self.deadline.from_start(start)

    def leg(self, leg: LegId) -> LegPlan:
        """The leg by its id; `KeyError` if there is none."""
        for candidate in self.legs:
            if candidate.id == leg:
                return candidate
        raise KeyError(leg)
