"""What the authority entrusted, and on which terms it may be sold. Read once, journaled, never changed by a run."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import CaseId, VenueName
from engine.kernel.money import Asset, AssetClass


class FloorScope(StrEnum):
    """Against what a floor is held. More scopes are known (`slice`, `average`) and refused by name until they work."""

    FILL = "fill"


class Floor(Struct, frozen=True):
    """The lowest price per unit, in `currency`, and the scope in which it holds."""

    price: Decimal
    currency: Asset
    scope: FloorScope


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
    """How far from par it may trade before we stop making more of it, and below which we do not sell it."""
    inventory_max: Decimal
    """The most of it that may wait unsold."""
    age_max: Span
    """The longest that any of it may wait before it is swept."""


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
        return next((s for s in self.stables if s.asset == asset), None)
