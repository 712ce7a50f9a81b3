"""Where a scenario takes place: one exchange, or several in a hall, with balances and fees as the plan says."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.config import Config
from engine.kernel.clock import MILLISECOND, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import times
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from tests.simulation.plans import SCENARIOS, SimulationPlan
from tests.simulation.wire import WatchedExchange, WatchedNeighbour
from venues.sandbox.crowd import PeggedFlow, SyntheticFlow
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Flow
from venues.sandbox.hall import HASHKEY, Follower, Hall, Neighbour
from venues.sandbox.inprocess import VALIDITY
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Listing
from venues.sandbox.stalls import STALLS

ACCOUNT: Final = "main"
VENUE: Final = VenueName(HASHKEY)
CAPABILITIES: Final = Capabilities(tifs=tuple(TimeInForce), validity=VALIDITY, read_lag=Span(500 * MILLISECOND))
PAIRS: Final = ("BTCUSDT", "USDTUSD")


def exchanges_for(plan: SimulationPlan, config: Config, *, watched: bool) -> dict[VenueName, Exchange]:
    """The two markets that the scenarios need, at each of the scenario's venues."""
    scenario = SCENARIOS[plan.scenario]
    flows: list[Flow] = [
        SyntheticFlow("BTCUSDT", START, plan.seed, Decimal(78_300)),
        PeggedFlow("USDTUSD", START, plan.seed),
    ]
    strict = not scenario.ioc
    if len(scenario.venues) == 1:
        alone = WatchedExchange if watched else Exchange
        balances = _balances(plan, config, 0)
        return {VENUE: alone(_listed(plan, 0, LISTINGS), balances, flows, start=START, strict_tif=strict)}
    kind = WatchedNeighbour if watched else Neighbour
    source = kind(_listed(plan, 0, LISTINGS), _balances(plan, config, 0), flows, start=START, strict_tif=strict)
    found = {HASHKEY: source}
    for index, name in enumerate(scenario.venues[1:], 1):
        stall, listed = STALLS[name], _listed(plan, index, STALLS[name].listings)
        crowds = [Follower(stall, one.tick, one.lot, one.symbol, source, plan.seed) for one in listed]
        found[name] = kind(
            listed, _balances(plan, config, index), crowds, start=START, strict_tif=strict, client_ids=stall.client_ids
        )
    Hall(found, source, {})
    return {VenueName(name): exchange for name, exchange in found.items()}


def _listed(plan: SimulationPlan, index: int, listings: tuple[Listing, ...]) -> list[Listing]:
    """The pairs that are needed, at the fees that were drawn."""
    listed = [listing for listing in listings if listing.symbol in PAIRS]
    if not plan.fees:
        return listed
    fee, least = Decimal(plan.fees[index]), Decimal(plan.fee_min) or None
    return [replace(listing, maker_fee=fee, taker_fee=fee, fee_min=least) for listing in listed]


def _balances(plan: SimulationPlan, config: Config, index: int) -> Mapping[str, Mapping[str, Decimal]]:
    """So many hundredths of what was released are on this account; all of it where nothing was drawn."""
    held = plan.held or SCENARIOS[plan.scenario].held
    part = Decimal(held[index]) / 100 if held else Decimal(1)
    return {ACCOUNT: {str(h.asset): times(h.released, part) for h in config.terms.holdings}}


def capabilities_for(plan: SimulationPlan) -> dict[VenueName, Capabilities]:
    """What each venue of the plan says that it can do."""
    scenario = SCENARIOS[plan.scenario]
    wide = CAPABILITIES if scenario.ioc else replace(CAPABILITIES, tifs=(TimeInForce.GTC, TimeInForce.POST_ONLY))
    fees = plan.fees or ("0",) * len(scenario.venues)
    return {
        VenueName(name): replace(wide, taker_fee=Decimal(fee), maker_fee=Decimal(fee), fee_min=Decimal(plan.fee_min))
        for name, fee in zip(scenario.venues, fees, strict=True)
    }
