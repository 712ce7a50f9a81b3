"""The venues of a rehearsal: a mirror of each in memory, behind the public half of its adapter."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from decimal import Decimal

from msgspec.structs import replace

from engine.compose.places import Outlook, Place, Places, Target, one_clock, site_of
from engine.compose.references import Absent
from engine.compose.request import Request
from engine.config import VenueUse
from engine.drivers.clocks import WallClock
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.mandate.assets import KNOWN
from engine.market.instrument import Instrument
from engine.orders.reports import Capabilities
from engine.ports import Clock, Market
from venues import registry
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.inprocess import Counter
from venues.sandbox.mirror import Mirror, listing
from venues.sandbox.mirror_market import MirrorMarket
from venues.sandbox.venue import CAPABILITIES, InProcessVenue


async def mirrored(request: Request, stack: AsyncExitStack) -> Places:
    """A mirror of every venue of the mandate, each holding all that is released; `BadInput` for what can't be asked.

    No target has a key, so no adapter is asked for an account.
    """
    config = request.config
    targets = {name: _target(request, name, config.venues[name]) for name in config.rehearsal}
    production = config.environment == "production"
    # A sandbox lives by a time of its own, and says so; a real venue's is ours.
    clock: Clock = WallClock() if production else await one_clock(list(targets.values()), all_of_them=True)
    markets: dict[VenueName, Market] = {}
    reached = Places({}, clock, Switch())
    mistakes: list[Mistake] = []
    for name, target in targets.items():
        adapter = registry.adapter(target.adapter)
        try:
            market = adapter.market(site_of(target, clock, adapter.capabilities, reached.switch, request.chosen_seed))
        except BadInput as error:
            mistakes += error.mistakes
            continue
        stack.push_async_callback(market.aclose)
        markets[name] = market
    places: dict[VenueName, Place] = {}
    for name in config.terms.venues:
        if name in markets:
            try:
                places[name] = await _place(request, markets[name], targets[name], clock)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a feed, it is one line of the preflight
                mistakes.append(Mistake(f"rehearsal.hosts.{name}", f"did not list its pairs: {error}"))
    if mistakes:
        raise BadInput(mistakes)
    return replace(reached, places=places, outlooks=_outlooks(request, markets, targets))


def _target(request: Request, name: VenueName, use: VenueUse) -> Target:
    """The venue's public half. In production its adapter goes to its own addresses, which the host was held against."""
    production = request.config.environment == "production"
    return Target(
        name=name,
        adapter=use.adapter,
        address="" if production else request.config.rehearsal[name],
        key=None,
        options=use.options,
        production=production,
    )


async def _place(request: Request, market: Market, target: Target, clock: Clock) -> Place:
    config, capabilities = request.config, _capabilities(target)
    hops = {(edge.sell, edge.buy) for edge in config.terms.edges}
    pairs = [pair for pair in await market.listed() if (pair.base, pair.quote) in hops]
    mirror = Mirror(
        [listing(pair, capabilities, _unit(pair)) for pair in pairs],
        {config.terms.account: _held(request.released)},
        market.drain,
        start=clock.market(),
    )
    counter = Counter(mirror, config.terms.account, target.name, Faults(FaultPlan()), clock.market, request.chosen_seed)
    # No address: whoever reads the folder, the kill switch too, must not take the venue for one that we sold on.
    there = Whereabouts(adapter="mirror", address="memory", options={"public": config.rehearsal[target.name]})
    return Place(InProcessVenue(counter, capabilities, clock), MirrorMarket(market, mirror, counter), there)


def _capabilities(target: Target) -> Capabilities:
    """Of an exchange in memory, with the fees of the venue, and the kinds of orders that it takes."""
    venue = registry.adapter(target.adapter).capabilities
    return replace(
        CAPABILITIES, tifs=venue.tifs, taker_fee=venue.taker_fee, maker_fee=venue.maker_fee, fee_min=venue.fee_min
    )


def _outlooks(
    request: Request, markets: Mapping[VenueName, Market], targets: Mapping[VenueName, Target]
) -> dict[VenueName, Outlook]:
    found = {}
    for name, use in request.config.references.items():
        if name in markets:
            found[name] = Outlook(markets[name], targets[name].whereabouts)
        else:
            nowhere = Whereabouts(adapter=use.adapter, address="", options=dict(use.options), reference=True)
            found[name] = Outlook(Absent(name, "[rehearsal.hosts] names no host of it"), nowhere)
    return found


def _held(released: Mapping[Asset, Decimal]) -> dict[str, Decimal]:
    return {str(asset): units for asset, units in released.items()}


def _unit(pair: Instrument) -> Decimal:
    """Fees are rounded up to the smallest unit of what they are paid in."""
    return KNOWN[pair.quote].unit
