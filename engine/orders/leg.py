"""How far one leg of the plan is: a running total, changed only by the fold over the journal."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, LegId, VenueName
from engine.kernel.money import EXACT, ZERO, Asset


@dataclass(slots=True)
class Leg:
    """One parent order. Quantities in the asset sold, proceeds in the asset bought."""

    id: LegId
    own: Decimal
    """There from the start."""
    received: Decimal = ZERO
    """Brought by feeding legs, net of their fees."""
    sold: Decimal = ZERO
    proceeds: Decimal = ZERO
    """Before fees."""
    fees: dict[Asset, Decimal] = field(default_factory=dict)
    fills: int = 0
    arrival: Decimal | None = None
    """The mid when the leg first had something to sell."""
    lying: dict[VenueName, Decimal] = field(default_factory=dict)
    """Of what feeding legs brought, what is unsold where it was brought."""
    waiting: deque[tuple[Instant, Decimal]] = field(default_factory=deque)
    """What feeding legs brought and is unsold, oldest first."""
    live: dict[VenueName, ClientOrderId] = field(default_factory=dict)
    """Per venue the one order that may still trade."""
    slice: int = -1
    attempt: int = 0
    slice_used: Decimal = ZERO
    """Sold or working in the current slice."""
    volume: Decimal = ZERO
    """Market volume observed since the start, our own prints included."""
    denied: dict[VenueName, str] = field(default_factory=dict)
    """Per venue why the gate withheld the last order, until one passes."""
    closed: bool = False
    residue_reason: str = ""

    @property
    def total(self) -> Decimal:
        """All that the leg may sell as known now."""
        return EXACT.add(self.own, self.received)

    @property
    def remaining(self) -> Decimal:
        """Not sold; part of it may be working."""
        return EXACT.subtract(self.total, self.sold)

    def lying_elsewhere(self, venue: VenueName) -> Decimal:
        """What feeding legs brought to other venues, and is sold there."""
        return sum((units for name, units in self.lying.items() if name != venue), ZERO)

    def bring(self, venue: VenueName, at: Instant, units: Decimal) -> None:
        """A feeding leg brought so much, net of its fees."""
        self.received = EXACT.add(self.received, units)
        self.lying[venue] = EXACT.add(self.lying.get(venue, ZERO), units)
        self.waiting.append((at, units))

    def take(self, venue: VenueName, units: Decimal) -> None:
        """Strike `units` off what lies at the venue, and off what waits, oldest first."""
        if venue in self.lying:
            self.lying[venue] = max(ZERO, EXACT.subtract(self.lying[venue], units))
        left = units
        while left > 0 and self.waiting:
            at, there = self.waiting[0]
            if there > left:
                self.waiting[0] = (at, EXACT.subtract(there, left))
                return
            self.waiting.popleft()
            left = EXACT.subtract(left, there)
