"""The exchanges in memory: what the virtual run, the backtest and the simulation tests are made of."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.compose.places import STRICT, Place, Places
from engine.compose.request import Request
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import Capabilities
from engine.ports import Clock
from venues import registry
from venues.sandbox.faults import FaultPlan, Faults, load
from venues.sandbox.flow import Flow
from venues.sandbox.hall import sandbox_hall
from venues.sandbox.inprocess import Counter
from venues.sandbox.listings import START
from venues.sandbox.venue import CAPABILITIES, InProcessMarket, InProcessVenue

__all__ = ["START", "Stage", "in_process", "stage"]


class Stage(Struct, frozen=True):
    """Our counter at each exchange, and what can be done there."""

    counters: Mapping[VenueName, Counter]
    capabilities: Mapping[VenueName, Capabilities]


def stage(
    request: Request,
    balances: Mapping[Asset, Decimal],
    now: Callable[[], Instant],
    *,
    start: Instant = START,
    played: Flow | None = None,
) -> Stage:
    """Set it up as the request asks; the same request gives the same exchanges. `played` is another flow to play.

    Every exchange holds all that is to be sold, so that any of them can finish alone.
    """
    seed, account, names = request.chosen_seed, request.config.terms.account, request.config.terms.venues
    held = {account: {str(asset): units for asset, units in balances.items()}}
    hall = sandbox_hall(
        seed,
        venues=names,
        balances=dict.fromkeys(names, held),
        recorded=not request.synthetic,
        strict_tif=request.strict_tif,
        start=start,
        played=played,
    )
    plan = load(request.faults.read_bytes()) if request.faults is not None else FaultPlan()
    counters = {name: Counter(hall.exchange(name), account, name, Faults(plan, name), now, seed) for name in names}
    return Stage(counters, {name: _capabilities(request, name) for name in names})


def _capabilities(request: Request, name: VenueName) -> Capabilities:
    """Of the exchange in memory, with the fees of the venue that it stands for."""
    venue = registry.adapter(request.config.venues[name].adapter).sandbox
    fees = replace(CAPABILITIES, taker_fee=venue.taker_fee, maker_fee=venue.maker_fee, fee_min=venue.fee_min)
    return replace(fees, tifs=STRICT) if request.strict_tif else fees


def in_process(set_up: Stage, clock: Clock) -> Places:
    """The ports of all of them."""
    there = Whereabouts(adapter="sandbox", address="memory")
    places = {
        name: Place(InProcessVenue(counter, set_up.capabilities[name], clock), InProcessMarket(counter), there)
        for name, counter in set_up.counters.items()
    }
    return Places(places, clock, Switch())
