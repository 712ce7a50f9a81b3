"""How far one leg of the plan is: a running total, changed only by the fold over the journal."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, LegId, VenueName
from engine.kernel.money import EXACT, ZERO, Asset, total
from engine.market.traded import Gap, Traded

LOOKS_MAX: Final = 20_000
"""Looks at what others trade that a leg remembers."""
GAPS_MAX: Final = 256
"""Stretches that nobody saw, likewise."""


class Held(Struct, frozen=True):
    """Sales that a floor was held against, added up; in the asset bought."""

    proceeds: Decimal = ZERO
    """Before fees."""
    fees: Decimal = ZERO
    wanted: Decimal = ZERO
    """What the floors wanted for it, each sale's the one that it was sent under."""

    def with_sale(self, proceeds: Decimal, fee: Decimal, wanted: Decimal) -> "Held":
        """One more."""
        return Held(EXACT.add(self.proceeds, proceeds), EXACT.add(self.fees, fee), EXACT.add(self.wanted, wanted))


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
    waiting: dict[VenueName, deque[tuple[Instant, Decimal]]] = field(default_factory=dict)
    """Per venue what feeding legs brought there and is unsold, oldest first."""
    live: dict[VenueName, ClientOrderId] = field(default_factory=dict)
    """Per venue the one order that may still trade."""
    slice: int = -1
    attempt: int = 0
    tries: dict[VenueName, int] = field(default_factory=dict)
    """Per venue, orders of the current slice."""
    slice_used: Decimal = ZERO
    """Sold or working in the current slice."""
    slice_before: Decimal = ZERO
    """Sold before its first order was sent."""
    held: Held = field(default_factory=Held)
    """What was sold under a floor."""
    slice_held: Held = field(default_factory=Held)
    """Of that, in the current slice."""
    volume: Decimal = ZERO
    """What others have traded of its pairs since the start; our own prints are not in it."""
    fed: bool = False
    """Other legs bring what it sells: no schedule of its kind follows what others trade."""
    shut: bool = False
    """At the last look its hours were over: what is traded until the next is not counted."""
    looked_at: list[Instant] = field(default_factory=list)
    """When `volume` was looked at, rising."""
    looks: list[Decimal] = field(default_factory=list)
    """`volume` as it was then."""
    gaps: list[Gap] = field(default_factory=list)
    """When one of its pairs was not seen: its feed was down, or no process of ours listened."""
    blind: bool = False
    """At the last look one of them was not seen: the last gap goes on."""
    denied: dict[VenueName, str] = field(default_factory=dict)
    """Per venue why the gate withheld the last order, until one passes."""
    days: dict[str, Decimal] = field(default_factory=dict)
    """Sold per local day, where the plan knows days."""
    skipped: int = -1
    """The slice whose order a person stopped."""
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

    @property
    def traded(self) -> Traded:
        """What others have traded, look by look."""
        return Traded(self.looked_at, self.looks, self.gaps)

    def look(self, at: Instant) -> None:
        """Remember `volume` as of `at`; of looks long past, every second one is kept."""
        looked_at, looks = self.looked_at, self.looks
        if looked_at and looked_at[-1] == at:
            looks[-1] = self.volume
            return
        looked_at.append(at)
        looks.append(self.volume)
        if len(looks) > LOOKS_MAX:
            half = LOOKS_MAX // 2
            del looked_at[1:half:2], looks[1:half:2]

    def missed(self, until: Instant, *, still: bool) -> None:
        """Since the last look, until this one, something may have been traded that nobody saw; and `still` may be.

        Gaps that touch are one; of those long past, all that lies between them is one.
        """
        begins = self.looked_at[-1] if self.looked_at else until
        gaps = self.gaps
        if self.blind or still:
            if gaps and gaps[-1][1] >= begins:
                gaps[-1] = (gaps[-1][0], until)
            else:
                gaps.append((begins, until))
            if len(gaps) > GAPS_MAX:
                half = GAPS_MAX // 2
                gaps[:half] = [(gaps[0][0], gaps[half - 1][1])]
        self.blind = still

    def waiting_elsewhere(self, venue: VenueName) -> Decimal:
        """What feeding legs brought to other venues, and is to be sold there."""
        return total(units for name, there in self.waiting.items() if name != venue for _, units in there)

    def oldest(self, venue: VenueName) -> Instant | None:
        """When the oldest of what waits at the venue was brought; `None` where nothing waits."""
        there = self.waiting.get(venue)
        return there[0][0] if there else None

    def bring(self, venue: VenueName, at: Instant, units: Decimal) -> None:
        """A feeding leg brought so much, net of its fees."""
        self.received = EXACT.add(self.received, units)
        self.waiting.setdefault(venue, deque()).append((at, units))

    def take(self, venue: VenueName, units: Decimal) -> None:
        """Strike `units` off what waits at the venue, oldest first."""
        left, there = units, self.waiting.get(venue, deque())
        while left > 0 and there:
            at, oldest = there[0]
            if oldest > left:
                there[0] = (at, EXACT.subtract(oldest, left))
                return
            there.popleft()
            left = EXACT.subtract(left, oldest)
