"""One leg on one local day: what it was to sell, what it sold, and against which prices."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.evidence.benchmarks import PRICE_PLACES, FillEvidence, OthersTape, slippage_bp
from engine.evidence.story import LegStory, Story
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId
from engine.kernel.money import EXACT, ZERO, Asset, down_to, ratio, times, total
from engine.mandate.hours import Hours, day, pauses
from engine.planning.days import allowed

SHARE_PLACES: Final = 6


Stretches = tuple[tuple[Instant, Instant], ...]


class Span(Struct, frozen=True, kw_only=True):
    """One local day, midnight to midnight; the first begins with the run."""

    name: str
    begins: Instant
    ends: Instant
    over: bool
    """Has it ended, or has the run? A day that still goes on may change."""

    def holds(self, at: Instant) -> bool:
        """Is it an instant of this day?"""
        return self.begins <= at < self.ends


class DayLeg(Struct, frozen=True, kw_only=True):
    """One leg on one day. Quantities in the asset sold, proceeds in the asset bought."""

    id: LegId
    sell: Asset
    buy: Asset
    quota: Decimal | None
    """What the day may sell; `None` where no quota binds the leg."""
    planned: Decimal | None
    """What the schedule, as it was approved, gives the day; `None` for a leg that is fed."""
    sold: Decimal
    late: int
    """Fills of earlier days of which the journal learned on this one."""
    remaining: Decimal
    """Unsold of all that the leg had by the evening."""
    received: Decimal
    """Before fees."""
    fees: Mapping[Asset, Decimal]
    fills: int
    orders: int
    average: Decimal | None
    opening_mid: Decimal | None
    """The first mid that a decision saw on the day."""
    decision_mid: Decimal | None
    """The mids at the decisions behind the fills, weighted by quantity; `None` unless each of them was seen."""
    vwap: Decimal | None
    """What others paid on the leg's pairs while it was open."""
    footprint: Decimal | None
    """Our share of all that was traded meanwhile."""

    @property
    def loss_opening_bp(self) -> Decimal | None:
        return _loss(self.average, self.opening_mid)

    @property
    def loss_decision_bp(self) -> Decimal | None:
        return _loss(self.average, self.decision_mid)

    @property
    def loss_vwap_bp(self) -> Decimal | None:
        return _loss(self.average, self.vwap)


def day_leg(story: Story, leg: LegStory, tape: OthersTape, evidence: Sequence[FillEvidence], span: Span) -> DayLeg:
    """A leg's day. `tape` is that of its pairs without us, `evidence` that of all fills of the run."""
    today = [e for e in evidence if e.sold.order.leg == leg.plan.id and span.holds(e.sold.learned_at)]
    sold = total(e.fill.quantity for e in today)
    received = total(times(e.fill.quantity, e.fill.price) for e in today)
    seen = [(e.fill.quantity, e.decision_mid) for e in today if e.decision_mid is not None]
    volume, vwap = _market(tape, _open(story, leg, span))
    first = (s.mid for s in leg.seen if span.holds(s.at) and s.mid is not None)
    return DayLeg(
        id=leg.plan.id,
        sell=leg.plan.sell,
        buy=leg.plan.buy,
        quota=quota(story, leg, span.begins, span.ends),
        planned=planned(leg, span.begins, span.ends),
        sold=sold,
        late=sum(e.fill.at < span.begins for e in today),
        remaining=remaining(story, leg, span.ends),
        received=received,
        fees=_fees(today),
        fills=len(today),
        orders=sum(span.holds(attempt.placed_at) for attempt in leg.attempts),
        average=ratio(received, sold, PRICE_PLACES) if sold else None,
        opening_mid=next(first, None),
        decision_mid=_weighted(seen) if seen and len(seen) == len(today) else None,
        vwap=vwap,
        footprint=ratio(sold, EXACT.add(volume, sold), SHARE_PLACES) if sold and leg.prints else None,
    )


def _open(story: Story, leg: LegStory, span: Span) -> Stretches:
    """When the leg could sell on the day."""
    hours = story.opened.plan.hours(leg.plan)
    return ((span.begins, span.ends),) if hours is None else open_hours(hours, span.begins, span.ends)


def _market(tape: OthersTape, stretches: Stretches) -> tuple[Decimal, Decimal | None]:
    """Volume of the others in these stretches, and what they paid on average; `None` where nothing was traded."""
    traded = [tape.between(begins, Instant(ends - 1)) for begins, ends in stretches]
    volume = total(each.volume for each in traded)
    paid = total(times(each.vwap, each.volume) for each in traded if each.vwap is not None)
    return volume, ratio(paid, volume, PRICE_PLACES) if volume else None


def _fees(today: Sequence[FillEvidence]) -> dict[Asset, Decimal]:
    fees: dict[Asset, Decimal] = {}
    for each in today:
        fee = each.fill.fee
        if fee.units:
            fees[fee.asset] = EXACT.add(fees.get(fee.asset, ZERO), fee.units)
    return dict(sorted(fees.items()))


def quota(story: Story, leg: LegStory, at: Instant, known: Instant) -> Decimal | None:
    """What the local day of `at` may sell, by what was known before `known`; `None` where no quota binds the leg."""
    programme = story.opened.plan.programme
    if programme is None or programme.quota is None or leg.plan.fed_by:
        return None
    sold: dict[str, Decimal] = {}
    for each in leg.fills:
        if each.learned_at < known:
            name = day(programme.hours, each.fill.at)
            sold[name] = EXACT.add(sold.get(name, ZERO), each.fill.quantity)
    return down_to(allowed(programme, leg.plan.quantity, sold, story.opened.at, at), leg.plan.lot)


def open_hours(hours: Hours, begins: Instant, ends: Instant) -> Stretches:
    """The open stretches between two instants, in order."""
    found, at = list[tuple[Instant, Instant]](), begins
    for closes, opens in pauses(hours, begins, ends):
        if closes > at:
            found.append((at, closes))
        at = opens
    return (*found, (at, ends)) if at < ends else tuple(found)


def planned(leg: LegStory, begins: Instant, ends: Instant) -> Decimal | None:
    """What the schedule gives these hours, as it was approved; `None` for a leg that is fed."""
    if leg.plan.fed_by or not leg.targets:
        return None
    return max(ZERO, EXACT.subtract(_target(leg, ends), _target(leg, begins)))


def _target(leg: LegStory, at: Instant) -> Decimal:
    """What should be sold before `at`."""
    return max((units for when, units in leg.targets if when < at), default=ZERO)


def remaining(story: Story, leg: LegStory, until: Instant) -> Decimal:
    """What the leg had by then, and had not sold."""
    given = leg.plan.quantity
    for feeder in story.feeders(leg):
        for sold in feeder.fills:
            if sold.learned_at < until:
                fee = sold.fill.fee
                net = times(sold.fill.quantity, sold.fill.price)
                given = EXACT.add(given, EXACT.subtract(net, fee.units if fee.asset == leg.plan.sell else ZERO))
    return EXACT.subtract(given, total(s.fill.quantity for s in leg.fills if s.learned_at < until))


def _weighted(seen: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    return ratio(total(times(quantity, mid) for quantity, mid in seen), total(q for q, _ in seen), PRICE_PLACES)


def _loss(price: Decimal | None, benchmark: Decimal | None) -> Decimal | None:
    return None if price is None or benchmark is None else slippage_bp(price, benchmark)
