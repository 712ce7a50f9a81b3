"""What a leg's floor comes to now, what is averaged with its next order, and what rows about floors change.

A floor by average is the version of the local day; one by quote is the best firm quote that is young enough. Where
there is none, the floor has no price, and nothing is sold: it is never guessed.
"""

from decimal import Decimal
from fractions import Fraction

from engine.core.state import FloorBlock, FloorStanding, State
from engine.events import FloorSet
from engine.kernel.clock import show_span
from engine.kernel.ids import LegId
from engine.kernel.money import EXACT, ZERO, Asset, times, trimmed
from engine.mandate.floors import basis, holds, share_of
from engine.mandate.terms import AverageFloor, Floor, FloorFees, FloorScope, QuoteFloor
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.leg import Held
from engine.orders.order import Order
from engine.orders.reports import Capabilities, Quote
from engine.planning.plan import LegPlan
from engine.risk.floor import price_in_quote
from engine.risk.reserve import Bottom, Charge, Tally, Working, lowest

NOWHERE = -2
"""A slice that no order is of."""


def bottom(state: State, plan: LegPlan) -> Bottom | None:
    """The leg's floor as of now; `None` where it has none."""
    floor = plan.floor
    if floor is None:
        return None
    if floor.average is not None:
        return _of_average(state, plan.sell, floor, floor.average)
    if floor.quote is not None:
        return _of_quotes(state, plan, floor, floor.quote)
    return Bottom(price=floor.price, currency=floor.currency, words=f"{plan.sell}, fixed")


def _of_average(state: State, asset: Asset, floor: Floor, rule: AverageFloor) -> Bottom:
    standing = state.floors.get(asset)
    version = standing.version if standing is not None else None
    if version is None:
        lack = standing.lack if standing is not None else "nobody has set it"
        return _lacking(floor, f"{asset}: {basis(floor)}", lack)
    words = f"{asset}, version {version.number}: {basis(floor)}"
    if (why := holds(rule, version, state.at)) or version.currency != floor.currency:
        said = standing.lack if standing is not None else ""
        return _lacking(floor, words, "; ".join(filter(None, (why or "it is in another currency", said))))
    price = version.price if version.share == rule.share else share_of(version.average, rule.share)
    return Bottom(price=price, currency=floor.currency, words=words)


def _of_quotes(state: State, plan: LegPlan, floor: Floor, rule: QuoteFloor) -> Bottom:
    """Quotes are in what the leg is sold for, so the floor is as well."""
    young = [
        Fraction(quote.proceeds) / Fraction(quote.quantity)
        for (leg, _), (at, quote) in state.quoted.items()
        if leg == plan.id and state.at - at <= rule.age
    ]
    words = f"{plan.sell}: {basis(floor)}"
    if len(young) < rule.desks:
        return _lacking(floor, words, f"{len(young)} of {rule.desks} desks have quoted within {show_span(rule.age)}")
    return Bottom(price=share_of(max(young), rule.share), currency=floor.currency, words=words)


def _lacking(floor: Floor, words: str, lack: str) -> Bottom:
    return Bottom(price=ZERO, currency=floor.currency, words=words, lack=lack)


def in_words(now: Bottom) -> str:
    """What a floor comes to, and whence; or what it lacks."""
    if now.lack:
        return f"the floor ({now.words}) has no price: {now.lack}"
    return f"the floor of {trimmed(now.price)} {now.currency} ({now.words})"


def charge(floor: Floor | None, capabilities: Capabilities) -> Charge:
    """What the venue keeps of a sale, as far as the floor asks."""
    if floor is None or floor.fees is FloorFees.OUT:
        return Charge()
    return Charge(max(capabilities.taker_fee, capabilities.maker_fee), capabilities.fee_min)


def tally(state: State, plan: LegPlan, index: int) -> Tally:
    """What is averaged with an order of slice `index`."""
    floor, leg = plan.floor, state.legs[plan.id]
    if floor is None or floor.scope is FloorScope.FILL:
        return Tally()
    whole = floor.scope is FloorScope.AVERAGE
    live = [o for o in state.live.values() if o.child.leg == plan.id and (whole or o.child.slice == index)]
    working = tuple(_working(state, floor, order, order.floor) for order in live if order.floor is not None)
    held = leg.held if whole else leg.slice_held if leg.slice == index else Held()
    fees = held.fees if floor.fees is FloorFees.IN else ZERO
    return Tally(EXACT.subtract(held.proceeds, fees), held.wanted, working)


def _working(state: State, floor: Floor, order: Order, wanted: Decimal) -> Working:
    """What a quote brings is left after its fees already."""
    instrument = state.plan.leg(order.child.leg).at(order.child.venue)
    venue = state.opened.capabilities[order.child.venue].at(state.at, instrument)
    kept = Charge() if order.child.client_id in state.taken else charge(floor, venue)
    return Working(kept.net(order.committed, order.child.price), times(order.committed, wanted))


def lowest_limit(
    state: State,
    plan: LegPlan,
    instrument: Instrument,
    fiat: MarketView | None,
    index: int = NOWHERE,
    collared: Decimal | None = None,
) -> Decimal | None:
    """The lowest limit that the leg's floor lets through there, for an order of slice `index` of whatever size.

    `None` while the floor has no price. `collared` is the least that a unit is sold for, which bounds the size.
    """
    now = bottom(state, plan)
    if now is None or now.lack:
        return None
    bound = price_in_quote(now.price, now.currency, instrument, fiat)
    if bound is None:
        return None
    venue = state.opened.capabilities[instrument.venue].at(state.at, instrument)
    kept, counted = charge(plan.floor, venue), tally(state, plan, index)
    if kept == Charge() and counted == Tally():
        return bound
    left = state.legs[plan.id].remaining
    most = min(left, state.limits.order_notional_max / (collared or bound))
    least = min(left, max(instrument.smallest(bound), venue.worthwhile / bound))
    return lowest(bound, counted, kept, (least, most), instrument)


def set_(state: State, entry: FloorSet) -> None:
    """A version, or word that there is none of today; the one of before is kept for those whose rule is to use it."""
    standing = state.floors.setdefault(entry.asset, FloorStanding())
    standing.lack, standing.day = entry.lack, entry.day
    standing.version = entry.version or standing.version


def quoted(state: State, entry: e.QuoteCame) -> None:
    """The last quote of each desk, and when it was asked for."""
    for key, ask in state.asks.items():
        if ask.number == entry.number and isinstance(entry.answer, Quote):
            state.quoted[key] = (ask.at, entry.answer)


def blocked(state: State, entry: c.FloorBlocked) -> None:
    """A stretch begins."""
    before = state.blocks.get(entry.leg)
    state.blocks[entry.leg] = FloorBlock(entry.at, before.number + 1 if before is not None else 1)


def cleared(state: State, entry: c.FloorCleared) -> None:
    """The stretch is over."""
    state.blocks[entry.leg].over = True


def standing_block(state: State, leg: LegId) -> FloorBlock | None:
    """The stretch that goes on."""
    block = state.blocks.get(leg)
    return block if block is not None and not block.over else None
