"""Stablecoins: not sold under their band; and no more of one is made than may wait, or while its peg is in doubt."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, show_span
from engine.kernel.errors import Denied
from engine.kernel.money import BP, ZERO, ratio, times, trimmed
from engine.mandate.terms import StablePolicy
from engine.market.consolidated import median
from engine.market.reference import ReferenceRules, fresh
from engine.market.view import MarketView
from engine.orders.order import ChildOrder
from engine.risk.floor import band_bottom
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World


class PegSeen(Struct, frozen=True):
    """Where a stablecoin stands at one instant, by everybody who shows it against fiat."""

    off_bp: Decimal | None
    """The median of the venues' mids, less par, in basis points of par; `None` where too few venues show one."""
    sources: int
    """So many venues show one."""
    beyond: int = 0
    """Of them, farther from par than the hard bound and on the side of the median."""


def seen(policy: StablePolicy, views: Iterable[MarketView], at: Instant, rules: ReferenceRules) -> PegSeen:
    """The median over live, fresh and uncrossed books of the coin. A venue has one voice; of no venue is none.

    A book is not held against its own last prints here, nor against other venues: a coin that really falls would be
    left out by either, and the guard would see nothing.
    """
    mids: dict[str, Decimal] = {}
    for view in views:
        known = not rules.sources or view.venue in rules.sources
        believed = fresh(view, at, rules) if known and view.venue not in mids else None
        if believed is not None and (mid := believed.mid) is not None:
            mids[view.venue] = mid
    if len(mids) < rules.quorum:
        return PegSeen(None, len(mids))
    offs = [ratio(times(mid - policy.par, BP), policy.par, 4) + ZERO for mid in mids.values()]  # and no -0
    off, hard = median(offs), policy.guard.hard_bp
    beyond = sum(abs(one) > hard and (one > 0) is (off > 0) for one in offs)
    return PegSeen(off, len(offs), beyond)


def verdicts(child: ChildOrder, world: World) -> Iterator[Verdict]:
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
    yield _peg(making, world)


def _peg(making: StablePolicy, world: World) -> Verdict:
    """By the level that the minutes before have led to, and by the median of this instant, taken here anew."""
    views = world.fiat_views or ((world.fiat_view,) if world.fiat_view is not None else ())
    now, hard = seen(making, views, world.at, world.limits.reference), making.guard.hard_bp
    bound = f"level below 2, and within {trimmed(hard)} bp of {trimmed(making.par)} {making.fiat}"
    if now.off_bp is None:
        quorum = world.limits.reference.quorum
        told = f"no price of {making.asset} in {making.fiat}: {now.sources} of the {quorum} venues needed"
        return Denied("depeg", told, bound)
    told = f"level {world.peg_level}: {shown(now)}"
    return judge("depeg", world.peg_level < 2 and abs(now.off_bp) <= hard, told, bound)


def shown(now: PegSeen) -> str:
    """`-57 bp by 3 sources`."""
    by = "1 source" if now.sources == 1 else f"{now.sources} sources"
    return f"no price by {by}" if now.off_bp is None else f"{trimmed(now.off_bp)} bp by {by}"
