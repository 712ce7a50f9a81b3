"""May it be sold at this price: reference, collar, floor, and the band of a stablecoin."""

from collections.abc import Iterator

from engine.kernel.clock import show_span
from engine.kernel.errors import Denied
from engine.kernel.money import ZERO, plain, times
from engine.market.reference import NoReference, fresh, reference
from engine.orders.order import Check, ChildOrder, OrderType
from engine.risk.floor import band_bottom, collar, floor_in_quote, outside_band
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World


def verdicts(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """A limit, a fresh reference, the collar under it, the floor, and the band of a stablecoin."""
    yield judge("limit order", child.type is OrderType.LIMIT, child.type.value, "a sale has a lowest price")
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
        yield judge("collar", child.price >= bound, child.price, bound)
    if world.floor is not None:
        bottom = floor_in_quote(world.floor, world.instrument, fresh(world.fiat_view, world.at, world.limits.reference))
        if bottom is None:
            yield Denied("floor", "no price of the stablecoin in fiat", f"{world.floor.price} {world.floor.currency}")
        else:
            yield judge("floor", child.price >= bottom, child.price, bottom)
    yield from _stable(child, world)


def _stable(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Selling a stablecoin: not under its band. Making more of one: only while it is sound and little of it waits."""
    if (selling := world.terms.stable(child.sell)) is not None:
        bottom = band_bottom(selling, world.instrument)
        yield judge("par band", child.price >= bottom, child.price, bottom)
    making = world.terms.stable(child.buy)
    if making is None:
        return
    best = world.view.bids[0].price if world.view is not None and world.view.bids else ZERO
    after = world.stable_waiting + times(child.quantity, max(child.price, best))
    yield judge("stable inventory", after <= making.inventory_max, after, making.inventory_max)
    age = world.at - world.stable_since if world.stable_since is not None else 0
    yield judge("stable age", age <= making.age_max, show_span(age), show_span(making.age_max))
    fiat = fresh(world.fiat_view, world.at, world.limits.reference)
    mid = fiat.mid if fiat is not None else None
    if mid is None:
        yield Denied(
            "depeg", f"no price of {making.asset} in {making.fiat}", f"within {making.band_bp} bp of {making.par}"
        )
    else:
        yield judge("depeg", not outside_band(making, mid), mid, f"within {making.band_bp} bp of {making.par}")
