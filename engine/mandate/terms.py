"""What the authority entrusted, and on which terms it may be sold. Read once, journaled, never changed by a run."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import CaseId, VenueName
from engine.kernel.money import ZERO, Asset, AssetClass
from engine.mandate.peg import PegRules
from engine.market.averages import AverageRules


class FloorScope(StrEnum):
    """Against what a floor is held."""

    FILL = "fill"
    """Every execution by itself."""
    SLICE = "slice"
    """The average of what one slice of the schedule sells."""
    AVERAGE = "average"
    """The average of all that the leg has sold since the run began."""


class FloorKind(StrEnum):
    """Where a floor's price comes from."""

    FIXED = "fixed"
    """The authority named it."""
    AVERAGE = "average"
    """A share of the average of the days before."""
    QUOTE = "quote"
    """A share of the best firm quote that desks give."""


class FloorFees(StrEnum):
    """What has to reach a floor."""

    IN = "in"
    """What is left after the venue's fee."""
    OUT = "out"
    """The price as it is traded."""


class Without(StrEnum):
    """What holds on a day for which no average could be taken."""

    STOP = "stop"
    """Nothing is sold."""
    PREVIOUS = "previous"
    """The version of the day before; an older one never."""


class AverageFloor(Struct, frozen=True, kw_only=True):
    """So much of the average of the days before; taken anew on each local day."""

    share: Decimal
    """As a fraction."""
    rules: AverageRules
    without: Without
    covers_until: str
    """The last local date whose holidays are known, ISO; none is taken on a later one."""


class QuoteFloor(Struct, frozen=True, kw_only=True):
    """So much of the best firm quote, as long as enough desks have given one."""

    share: Decimal
    """As a fraction."""
    desks: int
    """So many have to have quoted."""
    age: Span
    """How old a quote may be; the market's time since it was asked for."""
    every: Span
    """How often the desks are asked."""


class Floor(Struct, frozen=True):
    """The lowest price per unit, in `currency`, and the scope in which it holds.

    At most one of `average` and `quote` is there; with one of them `price` is 0, since it is another at every moment.
    """

    price: Decimal
    currency: Asset
    scope: FloorScope
    fees: FloorFees = FloorFees.OUT
    average: AverageFloor | None = None
    quote: QuoteFloor | None = None

    def __post_init__(self) -> None:
        moving = [rule for rule in (self.average, self.quote) if rule is not None]
        if len(moving) > 1 or (moving and self.price != ZERO):
            raise ValueError("a floor is a price, a share of an average, or a share of a quote: one of them")

    @property
    def kind(self) -> FloorKind:
        """Where its price comes from."""
        if self.average is not None:
            return FloorKind.AVERAGE
        return FloorKind.QUOTE if self.quote is not None else FloorKind.FIXED


class Holding(Struct, frozen=True):
    """One asset of the case: all that was entrusted, and the part of it that may be sold now."""

    asset: Asset
    entrusted: Decimal
    released: Decimal
    floor: Floor | None
    participation_max: Decimal | None
    """Our share of all volume traded while we sell, as a fraction; `None` where the authority set no cap."""


class Edge(Struct, frozen=True, array_like=True):
    """One lawful hop: `sell` may be sold for `buy`."""

    sell: Asset
    buy: Asset


class StablePolicy(Struct, frozen=True):
    """How a stablecoin may be passed through."""

    asset: Asset
    fiat: Asset
    par: Decimal
    """What one unit should be worth in `fiat`."""
    band_bp: Decimal
    """How far under par it is still sold."""
    inventory_max: Decimal
    """The most of it that may wait unsold."""
    age_max: Span
    """The longest that any of it may wait before it is swept."""
    guard: PegRules = PegRules()
    """When no more of it is made, though what is there is still sold."""


class Deadline(Struct, frozen=True):
    """An instant, or a length of time from the start of the run; exactly one of them."""

    at: Instant | None = None
    after: Span | None = None

    def from_start(self, start: Instant) -> Instant:
        """The instant that is meant, for a run that starts at `start`."""
        if self.at is not None:
            return self.at
        assert self.after is not None
        return Instant(start + self.after)


class Terms(Struct, frozen=True, kw_only=True):
    """The mandate."""

    case: CaseId
    authority: str
    document_sha256: str
    holdings: tuple[Holding, ...]
    venues: tuple[VenueName, ...]
    account: str
    deadline: Deadline
    settlement: Asset
    edges: tuple[Edge, ...]
    classes: Mapping[Asset, AssetClass]
    stables: tuple[StablePolicy, ...]

    def holding(self, asset: Asset) -> Holding | None:
        """The holding of `asset`, if it was entrusted."""
        return next((h for h in self.holdings if h.asset == asset), None)

    def stable(self, asset: Asset) -> StablePolicy | None:
        """How `asset` may be passed through, if it is a stablecoin of this mandate."""
        for policy in self.stables:
            if policy.asset == asset:
                return policy
        return None
