"""Stablecoin that stands at a venue at some time: how it came about, to the unit, and why it is still there.

No stock is left unexplained: what was there at the start, what came, what was sold, and what people explained add up
to what the books hold; and where it is not zero, a reason is given.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.evidence.attribution import brought, pools
from engine.evidence.books import Booked
from engine.evidence.story import LegStory, Story
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import EXACT, Asset, AssetClass, total, trimmed
from engine.ledger import accounts
from engine.mandate.hours import closed


class Stock(Struct, frozen=True, kw_only=True):
    """One stablecoin at one venue."""

    venue: VenueName
    asset: Asset
    leg: LegId | None
    """The leg that sells it; `None` where none does."""
    at_start: Decimal
    brought: Decimal
    """By sales, net of fees taken in it."""
    sold: Decimal
    moved: Decimal
    """By tranches and differences that were explained, less fees of its own sale that were taken in it."""
    units: Decimal
    """In the evening."""
    reason: str
    """Why it is not zero; empty where it is."""

    def __post_init__(self) -> None:
        parts = total((self.at_start, self.brought, self.sold.copy_negate(), self.moved))
        assert parts == self.units, f"{self.units} {self.asset} at {self.venue} are not explained: {parts}"


def stocks(story: Story, sales: Sequence[Booked], moves: Sequence[Booked], until: Instant) -> tuple[Stock, ...]:
    """Every stablecoin at every venue that had or was brought any, by what was known before `until`.

    `sales` and `moves` are all entries of the story's books, made once for all days.
    """
    selling = {leg.plan.sell: leg for leg in pools(story)}
    stables = [asset for asset, kind in story.opened.terms.classes.items() if kind is AssetClass.STABLE]
    found, moved = [], [e for e in moves if e.at < until or not e.seq]
    known = [*moved, *(e for e in sales if e.at < until)]
    for venue in sorted(story.opened.balances):
        units = {asset: [u for e in known for u in _lines(e, venue, asset)] for asset in stables}
        found += [
            _stock(story, venue, asset, moved, selling.get(asset), total(units[asset]), until)
            for asset in stables
            if units[asset]
        ]
    return tuple(found)


def _lines(each: Booked, venue: VenueName, asset: Asset) -> list[Decimal]:
    """What an entry moved of the asset at the venue."""
    return [p.units for p in each.entry.postings if (p.account, p.asset) == (accounts.venue(venue), asset)]


def _stock(
    story: Story,
    venue: VenueName,
    asset: Asset,
    moves: Sequence[Booked],
    leg: LegStory | None,
    units: Decimal,
    until: Instant,
) -> Stock:
    fills = [
        (each.plan, sold)
        for each in story.legs
        for sold in each.fills
        if sold.fill.venue == venue and sold.learned_at < until
    ]
    fees = [s.fill.fee.units for plan, s in fills if s.fill.fee.asset == asset and plan.buy != asset]
    moved = [u for e in moves if e.seq for u in _lines(e, venue, asset)]
    return Stock(
        venue=venue,
        asset=asset,
        leg=leg.plan.id if leg is not None else None,
        at_start=total(u for e in moves if not e.seq for u in _lines(e, venue, asset)),
        brought=total(brought(s, asset) for plan, s in fills if plan.buy == asset),
        sold=total(s.fill.quantity for plan, s in fills if plan.sell == asset),
        moved=EXACT.subtract(total(moved), total(fees)),
        units=units,
        reason=_why(story, venue, leg, units, until) if units else "",
    )


def _why(story: Story, venue: VenueName, leg: LegStory | None, units: Decimal, until: Instant) -> str:
    """The first of: nobody sells it, too little for an order, given up, bank hours, a limit; else it waits its turn."""
    if leg is None:
        return "no leg of this run sells it"
    if venue not in {i.venue for i in leg.plan.instruments}:
        return "the leg does not sell at this venue"
    plan, pair = leg.plan, leg.plan.at(venue)
    last = next((s for s in reversed(leg.seen) if s.view.venue == venue and s.at < until and s.mid is not None), None)
    smallest = pair.quantity_min if last is None or last.mid is None else pair.smallest(last.mid)
    if units < smallest:
        return f"less than the smallest order of the venue, {trimmed(smallest)}"
    if leg.ended_at is not None and leg.ended_at < until:
        return leg.residue_reason
    refusals = [r for r in leg.withheld if r.withheld.order.venue == venue and r.at < until]
    placed = [a.placed_at for a in leg.attempts if a.order.venue == venue and a.placed_at < until]
    if refusals and (not placed or refusals[-1].at > max(placed)):
        return f"an order was withheld: {'; '.join(map(str, refusals[-1].withheld.denied))}"
    hours = story.opened.plan.hours(plan)
    shut = closed(hours, Instant(until - 1)) if hours is not None else ""
    return f"bank hours: {shut}" if shut else "it waits to be sold: the next sweep, or its slice, takes it"
