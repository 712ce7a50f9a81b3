"""Orders that rest, are cancelled or fill, in a small journal: for what judges how orders came and went."""

from msgspec.structs import replace

from engine.events import Opened
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.kernel.clock import SECOND, Instant, iso
from engine.kernel.ids import VenueName, VenueOrderId
from engine.mandate.conduct import ConductRules
from engine.market.facts import Print
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import Approved, ChildOrder, TimeInForce
from tests.support.journals import FIRST, Journal, at, fill, opened, order, report

NOON = at("12:00:00")
OSL = VenueName("osl")


def after(seconds: float) -> Instant:
    """So many seconds of market time after noon."""
    return Instant(NOON + int(seconds * SECOND))


def clock(seconds: float) -> str:
    """The time of day, as the journal's builders take it; of another day it says nothing."""
    return iso(after(seconds))[11:26]


def placed_on(*venues: VenueName, rules: ConductRules | None = None) -> Opened:
    """The first row of a run that sells its coin at these venues as well."""
    first = opened()
    leg = first.plan.legs[0]
    instruments = (*leg.instruments, *(replace(leg.instruments[0], venue=venue) for venue in venues))
    plan = replace(first.plan, legs=(replace(leg, instruments=instruments), *first.plan.legs[1:]))
    limits = first.limits if rules is None else replace(first.limits, conduct=rules)
    return replace(first, at=at("11:59:00"), plan=plan, limits=limits)


class Rested(Journal):
    """A run told by the lives of its orders: each call writes one order's whole story, in any order of time."""

    def __init__(self, *venues: VenueName, rules: ConductRules | None = None) -> None:
        super().__init__()
        self._later: list[tuple[Instant, int, object]] = []
        self._first, self._number = placed_on(*venues, rules=rules), 0

    def pulled(self, since: float, until: float, price: str = "65000", venue: VenueName | None = None) -> ChildOrder:
        """Sent, and cancelled by us with nothing sold."""
        child = self._sent(since, price, venue)
        self._at(until, c.Cancel(child.venue, child.symbol, child.client_id))
        self._at(until, e.Reported(after(until), self._report(child, r.OrderStatus.CANCELLED, "0", until)))
        return child

    def ended(self, since: float, until: float, status: r.OrderStatus = r.OrderStatus.CANCELLED) -> ChildOrder:
        """Sent, and ended by the venue with nothing sold; nobody asked."""
        child = self._sent(since, "65000", None)
        self._at(until, e.Reported(after(until), self._report(child, status, "0", until)))
        return child

    def filled(self, since: float, until: float, price: str = "65000", venue: VenueName | None = None) -> ChildOrder:
        """Sent, and sold whole; on the tape it is ours."""
        child = self._sent(since, price, venue)
        done = replace(fill(child, f"t{self._number}", clock(until), "0.01", price), venue=child.venue, at=after(until))
        self._at(until, e.Filled(after(until), done))
        return child

    def refused(self, since: float, reason: str) -> ChildOrder:
        """Sent, and refused with these words."""
        child = self._sent(since, "65000", None)
        self._at(since, e.Placed(after(since), child.client_id, r.Refused("0", reason)))
        return child

    def also(self, when: float, entry: object) -> None:
        """One more row."""
        self._at(when, entry)

    def story(self, *prints: Print) -> Story:
        """All of it, by time."""
        self.write(self._first.at, self._first)
        for when, _, entry in sorted(self._later, key=lambda row: row[:2]):
            self.write(when, entry)
        return tell(self.rows, prints)

    def _sent(self, since: float, price: str, venue: VenueName | None) -> ChildOrder:
        self._number += 1
        child = replace(
            order(FIRST, self._number, clock(since), "0.01", price), tif=TimeInForce.GTC, decided_at=after(since)
        )
        child = child if venue is None else replace(child, venue=venue)
        self._at(since, c.Place(Approved(child, ())))
        return child

    def _report(self, child: ChildOrder, status: r.OrderStatus, sold: str, when: float) -> r.OrderReport:
        return replace(report(child, status, sold, clock(when)), venue=child.venue, at=after(when))

    def _at(self, when: float, entry: object) -> None:
        self._later.append((after(when), len(self._later), entry))


def told_twice(child: ChildOrder, other: ChildOrder, when: float) -> tuple[e.Filled, e.Filled]:
    """One trade, by id, price, size and instant, told for two orders."""
    one = fill(child, "both", clock(when), "0.005", "65000")
    return e.Filled(after(when), one), e.Filled(
        after(when), replace(one, client_id=other.client_id, venue_order_id=VenueOrderId("v-other"))
    )


def rules(**changes: object) -> ConductRules:
    """The defaults, but for these."""
    return replace(ConductRules(), **changes)
