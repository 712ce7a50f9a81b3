"""Only here does an order become `Approved`.

The gate sees one child order and one picture of the world, and answers yes, or no with every reason. It keeps no
state, so that the answer can be recomputed from the journal by anyone who doubts it. It trusts nothing above it:
quantities, path and prices are judged again from the mandate's own terms.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, show_span
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO, AssetClass, plain, ratio, times
from engine.mandate.deposit import Cover, shown
from engine.mandate.terms import Floor, Terms
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, fresh, reference
from engine.market.view import MarketView
from engine.orders.order import Approved, Check, ChildOrder, OrderType
from engine.orders.reports import Quote
from engine.risk.floor import band_bottom, collar, floor_in_quote, outside_band
from engine.risk.limits import Limits

ATTEMPTS_MAX = 50
"""Orders in one slice of one leg; more is a loop, not a sale."""


class World(Struct, frozen=True, kw_only=True):
    """All that the gate may look at, as of one instant."""

    at: Instant
    deadline: Instant
    terms: Terms
    limits: Limits
    instrument: Instrument
    floor: Floor | None
    participation_max: Decimal | None
    view: MarketView | None
    fiat_view: MarketView | None
    """The stablecoin's own market, where the order makes stablecoin or its floor is in fiat."""
    total: Decimal
    """What the leg may sell, by what it was given and what it has really received."""
    received: Decimal
    """Of that, what feeding legs have really brought."""
    sold: Decimal
    committed: Decimal
    """What live and unknown orders may still sell of the asset, on any venue."""
    free: Decimal
    """What the ledger says stands on the venue account, less what is committed."""
    volume: Decimal
    minute_notional: Decimal
    minute_orders: int
    live: ClientOrderId | None
    seen: bool
    """This client order id was used before."""
    stable_waiting: Decimal
    """Stablecoin received and unsold."""
    stable_since: Instant | None
    unlicensed: str
    """Why the licence register lets nobody sell there; empty when it does."""
    closed: str = ""
    """Why this time of the day is outside the leg's hours; empty inside them."""
    today: tuple[Decimal, Decimal] | None = None
    """Sold on this local day, and what it allows in all; `None` without a quota."""
    cover: Cover | None = None
    """How the deposit stands; `None` where none is asked for, or where the order only turns stablecoin into money."""
    working: Decimal = ZERO
    """What live orders of this leg may still sell."""
    basket_notional: Decimal = ZERO
    """What legs that sell for the same asset have sent in the last minute."""
    continuous: bool
    stopped: str
    """Why nothing may be sent to the venue or at all: halted, paused, keys refused; empty when it may."""


Verdict = Check | Denied


def check(child: ChildOrder, world: World) -> Approved | tuple[Denied, ...]:
    """Hold the order against every limit; approved with all of them on record, or denied with all that it broke."""
    verdicts = [
        *_standing(child, world),
        *_path(child, world),
        *_size(child, world),
        *_price(child, world),
        *_flow(child, world),
    ]
    denied = tuple(v for v in verdicts if isinstance(v, Denied))
    if denied:
        return denied
    return Approved(child, tuple(v for v in verdicts if isinstance(v, Check)))


def _judge(limit: str, holds: bool, value: object, bound: object) -> Verdict:
    shown = [plain(x) if isinstance(x, Decimal) else str(x) for x in (value, bound)]
    return Check(limit, *shown) if holds else Denied(limit, *shown)


PACING = frozenset(
    {
        "trading hours",
        "account in step",
        "duplicate intent",
        "attempts",
        "order notional",
        "venue filters",
        "daily quota",
    }
)
"""What paces orders in a book, and is no measure for a deal that was struck by voice."""


def check_deal(child: ChildOrder, world: World) -> list[Verdict]:
    """The verdicts on a deal that people struck: all that protects mandate, path and price."""
    found = [*_standing(child, world), *_path(child, world), *_size(child, world), *_price(child, world)]
    return [verdict for verdict in found if verdict.limit not in PACING]


BOOKISH = frozenset({"order notional", "venue filters"})
"""What is a measure for an order in a book, and none for a block that a desk takes whole."""


class Offered(Struct, frozen=True):
    """A firm quote, and what else the gate may know of it."""

    quote: Quote
    until: Instant
    """Until when it may be taken, in market time."""
    book: Decimal
    """What crossing the best book with the same quantity would bring at this instant, after fees."""
    taken: bool
    """This quote was taken before."""
    working: ClientOrderId | None
    """An order of the same leg that may still trade, on any venue."""


def check_quote(child: ChildOrder, offered: Offered, world: World) -> Approved | tuple[Denied, ...]:
    """Hold a quote against every limit, as the order that stands for it; `child` has its price rounded down."""
    found = [
        *_quote(child, offered, world),
        *_standing(child, world),
        *_path(child, world),
        *_size(child, world),
        *_price(child, world),
    ]
    verdicts = [verdict for verdict in found if verdict.limit not in BOOKISH]
    if denied := tuple(v for v in verdicts if isinstance(v, Denied)):
        return denied
    return Approved(child, tuple(v for v in verdicts if isinstance(v, Check)))


def _quote(child: ChildOrder, offered: Offered, world: World) -> Iterator[Verdict]:
    """Is it what was asked for, can it be taken, and does the book not pay more?"""
    quote = offered.quote
    terms = (quote.venue, quote.sell, quote.buy, quote.quantity)
    asked = (child.venue, child.sell, child.buy, child.quantity)
    same = terms == asked and times(child.price, quote.quantity) <= quote.proceeds
    yield _judge("quote terms", same, _terms(quote), f"{plain(child.quantity)} {child.sell}>{child.buy}")
    yield _judge("quote stands", world.at < offered.until, world.at, offered.until)
    yield _judge("quote untaken", not offered.taken, quote.quote_id, "a quote is taken once")
    yield _judge("one deal", offered.working is None, offered.working or "none", "no other order of the leg")
    yield _judge("book", quote.proceeds >= offered.book, quote.proceeds, offered.book)
    making = world.terms.stable(quote.buy)
    if making is not None:
        after = world.stable_waiting + quote.proceeds
        yield _judge("stable proceeds", after <= making.inventory_max, after, making.inventory_max)


def _terms(quote: Quote) -> str:
    return f"{plain(quote.quantity)} {quote.sell}>{quote.buy} for {plain(quote.proceeds)} on {quote.venue}"


def _standing(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """May anything be sent to this venue now?"""
    yield _judge("running", not world.stopped, world.stopped or "yes", "nothing stops it")
    yield _judge("trading hours", not world.closed, world.closed or "open", "open")
    yield _judge("deadline", world.at < world.deadline, world.at, world.deadline)
    yield _judge("venue allowed", child.venue in world.terms.venues, child.venue, ",".join(world.terms.venues))
    yield _judge("venue licensed", not world.unlicensed, world.unlicensed or "yes", "a valid entry on the register")
    yield _judge("account in step", world.continuous, "yes" if world.continuous else "no", "private stream and survey")
    yield _judge(
        "duplicate intent", not world.seen and world.live is None, world.live or child.client_id, "none before"
    )
    yield _judge("attempts", child.attempt <= ATTEMPTS_MAX, child.attempt, ATTEMPTS_MAX)


def _path(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Is this hop lawful, by the classes of its two assets and by the mandate's own edges?"""
    classes, hop = world.terms.classes, f"{child.sell}>{child.buy}"
    kinds = (classes.get(child.sell), classes.get(child.buy))
    lawful = kinds in ((AssetClass.VOLATILE, AssetClass.STABLE), (AssetClass.STABLE, AssetClass.FIAT))
    yield _judge(
        "path class", lawful, ">".join(k.value if k else "unknown" for k in kinds), "volatile>stable or stable>fiat"
    )
    edges = [f"{e.sell}>{e.buy}" for e in world.terms.edges]
    yield _judge("path edge", hop in edges, hop, ",".join(edges))
    pair = (world.instrument.base, world.instrument.quote, world.instrument.symbol)
    yield _judge("pair", pair == (child.sell, child.buy, child.symbol), "/".join(pair[:2]), hop)


def _size(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Never more than was entrusted, received, and stands there."""
    after = world.sold + world.committed + child.quantity
    holding = world.terms.holding(child.sell)
    released = (holding.released if holding is not None else ZERO) + world.received
    yield _judge("quantity", child.quantity > 0, child.quantity, "above zero")
    yield _judge("mandate quantity", after <= released, after, released)
    yield _judge("plan quantity", after <= world.total, after, world.total)
    if world.today is not None:
        sold, bound = world.today
        used = sold + world.working + child.quantity
        yield _judge("daily quota", used <= bound, used, bound)
    rule = world.limits.deposit
    if rule is not None and world.cover is not None:
        yield _judge("deposit cover", world.cover.reaches(rule.ratio), shown(world.cover, rule), plain(rule.ratio))
    yield _judge("on the account", child.quantity <= world.free, child.quantity, world.free)
    notional = times(child.quantity, child.price)
    yield _judge(
        "order notional", notional <= world.limits.order_notional_max, notional, world.limits.order_notional_max
    )
    faults = world.instrument.faults(child.quantity, child.price)
    yield _judge("venue filters", not faults, "; ".join(faults) or "kept", "tick, lot, minima, maxima")


def _price(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """A limit, a fresh reference, the collar under it, the floor, and the band of a stablecoin."""
    yield _judge("limit order", child.type is OrderType.LIMIT, child.type.value, "a sale has a lowest price")
    if world.view is None or (world.view.venue, world.view.symbol) != (child.venue, child.symbol):
        yield Denied("reference", "no view of the pair", "one live book")
        return
    ref = reference(world.view, world.at, world.limits.reference)
    if isinstance(ref, NoReference):
        yield Denied(
            "reference", ref.reason, f"younger than {show_span(world.limits.reference.age_ns_max)}, consistent"
        )
    else:
        yield Check("reference", plain(ref.price), ref.label)
        bound = collar(ref.price, world.limits.collar_bp, world.instrument)
        yield _judge("collar", child.price >= bound, child.price, bound)
    if world.floor is not None:
        bottom = floor_in_quote(world.floor, world.instrument, fresh(world.fiat_view, world.at, world.limits.reference))
        if bottom is None:
            yield Denied("floor", "no price of the stablecoin in fiat", f"{world.floor.price} {world.floor.currency}")
        else:
            yield _judge("floor", child.price >= bottom, child.price, bottom)
    yield from _stable(child, world)


def _stable(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Selling a stablecoin: not under its band. Making more of one: only while it is sound and little of it waits."""
    if (selling := world.terms.stable(child.sell)) is not None:
        bottom = band_bottom(selling, world.instrument)
        yield _judge("par band", child.price >= bottom, child.price, bottom)
    making = world.terms.stable(child.buy)
    if making is None:
        return
    best = world.view.bids[0].price if world.view is not None and world.view.bids else ZERO
    after = world.stable_waiting + times(child.quantity, max(child.price, best))
    yield _judge("stable inventory", after <= making.inventory_max, after, making.inventory_max)
    age = world.at - world.stable_since if world.stable_since is not None else 0
    yield _judge("stable age", age <= making.age_max, show_span(age), show_span(making.age_max))
    fiat = fresh(world.fiat_view, world.at, world.limits.reference)
    mid = fiat.mid if fiat is not None else None
    if mid is None:
        yield Denied(
            "depeg", f"no price of {making.asset} in {making.fiat}", f"within {making.band_bp} bp of {making.par}"
        )
    else:
        yield _judge("depeg", not outside_band(making, mid), mid, f"within {making.band_bp} bp of {making.par}")


def _flow(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """How much and how often, over the last minute and over the whole sale."""
    notional = world.minute_notional + times(child.quantity, child.price)
    yield _judge(
        "minute notional", notional <= world.limits.minute_notional_max, notional, world.limits.minute_notional_max
    )
    if (basket := world.limits.basket_minute_max) is not None:
        together = world.basket_notional + times(child.quantity, child.price)
        yield _judge("basket notional", together <= basket, together, basket)
    yield _judge(
        "minute orders",
        world.minute_orders < world.limits.minute_orders_max,
        world.minute_orders + 1,
        world.limits.minute_orders_max,
    )
    if world.participation_max is not None:
        ours = world.sold + world.committed + child.quantity
        others = max(ZERO, world.volume - world.sold)
        holds = ours <= times(world.participation_max, others + ours)
        share = ratio(ours, others + ours, 6) if others + ours else ZERO
        yield _judge("participation", holds, share, world.participation_max)
