"""May it be sold at this price: reference, collar, floor, and the band of a stablecoin."""

from collections.abc import Iterator

from engine.kernel.clock import show_span
from engine.kernel.errors import Denied
from engine.kernel.money import plain, trimmed
from engine.market.consolidated import at_venue, sober
from engine.market.reference import NoReference
from engine.orders.order import Check, ChildOrder, OrderType
from engine.risk import stable
from engine.risk.floor import collar, price_in_quote
from engine.risk.reserve import Charge, Tally, brings, keeps
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World


def verdicts(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """A limit, a fresh reference, the collar under it, the floor, and the band of a stablecoin."""
    yield judge("limit order", child.type is OrderType.LIMIT, child.type.value, "a sale has a lowest price")
    if world.view is None or (world.view.venue, world.view.symbol) != (child.venue, child.symbol):
        yield Denied("reference", "no view of the pair", "one live book")
        return
    ref = at_venue(world.view, world.views or (world.view,), world.at, world.limits.reference)
    if isinstance(ref, NoReference):
        yield Denied(
            "reference", ref.reason, f"younger than {show_span(world.limits.reference.age_ns_max)}, consistent"
        )
    else:
        yield Check("reference", plain(ref.price), ref.label)
        bound = collar(ref.price, world.limits.collar_bp, world.instrument)
        yield judge("collar", child.price >= bound, child.price, bound)
    yield from _floor(child, world)
    yield from stable.verdicts(child, world)


def _floor(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """The order's limit, or what a unit brings there with all that is spare, against the floor of now."""
    bottom = world.bottom
    if bottom is None:
        return
    shown = f"{trimmed(bottom.price)} {bottom.currency}"
    if bottom.lack:
        yield Denied("floor", bottom.lack, bottom.words)
        return
    fiat = sober(world.fiat_view, world.fiat_views, world.at, world.limits.reference)
    bound = price_in_quote(bottom.price, bottom.currency, world.instrument, fiat)
    if bound is None:
        yield Denied("floor", "no price of the stablecoin in fiat", shown)
        return
    kept = keeps(child.quantity, child.price, bound, world.tally, world.charge)
    alone = (world.tally, world.charge) == (Tally(), Charge()) or not child.quantity
    value = child.price if alone else brings(child.quantity, child.price, world.tally, world.charge)
    yield judge("floor", kept, value, bound)
