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
from engine.mandate.terms import Floor, Terms
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, fresh, reference
from engine.market.view import MarketView
from engine.orders.order import Approved, Check, ChildOrder, OrderType
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


def _standing(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """May anything be sent to this venue now?"""
    yield _judge("running", not world.stopped, world.stopped or "yes", "nothing stops it")
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
    yield _judge("mandate quantity", after <= released, after, released)
    yield _judge("plan quantity", after <= world.total, after, world.total)
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
    if world.view is None:
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
