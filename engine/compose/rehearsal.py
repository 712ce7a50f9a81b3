"""The exchanges in memory: what the virtual run, the backtest and the simulation tests are made of."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.compose.places import STRICT, Outlook, Place, Places
from engine.compose.references import Absent
from engine.compose.request import Request
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import Capabilities
from engine.ports import Clock
from venues import registry
from venues.sandbox.faults import FaultPlan, Faults, load
from venues.sandbox.flow import Flow
from venues.sandbox.hall import VENUES, sandbox_hall
from venues.sandbox.inprocess import Counter
from venues.sandbox.listings import START
from venues.sandbox.venue import CAPABILITIES, InProcessMarket, InProcessVenue

__all__ = ["START", "Stage", "in_process", "stage"]


class Stage(Struct, frozen=True):
    """Our counter at each exchange, and what can be done there."""

    counters: Mapping[VenueName, Counter]
    capabilities: Mapping[VenueName, Capabilities]
    references: Mapping[VenueName, Counter | None] = {}
    """Where prices are only looked at; `None` for a venue that has no stall to itself."""


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
    stalls = _stalls(request)
    hall = sandbox_hall(
        seed,
        venues=[*names, *filter(None, stalls.values())],
        balances=dict.fromkeys(names, held),
        recorded=not request.synthetic,
        strict_tif=request.strict_tif,
        start=start,
        played=played,
    )
    plan = _faults(request)

    def counter(name: VenueName, stall: str, faults: Faults) -> Counter:
        return Counter(hall.exchange(stall), account, name, faults, now, seed)

    return Stage(
        {name: counter(name, name, Faults(plan, name)) for name in names},
        {name: _capabilities(request, name) for name in names},
        {name: counter(name, stall, Faults(FaultPlan())) if stall else None for name, stall in stalls.items()},
    )


def _faults(request: Request) -> FaultPlan:
    """The plan; `BadInput` for what only a server can do."""
    if request.faults is None:
        return FaultPlan()
    plan = load(request.faults.read_bytes())
    beyond = {"mode": plan.modes, "skew": plan.skews}
    if found := [name for name, entries in beyond.items() if entries]:
        raise BadInput([Mistake("--faults", f"{name}: only over sockets, not in memory") for name in found])
    return plan


def _stalls(request: Request) -> dict[VenueName, str]:
    """Per venue for reference the stall at which it looks; empty where there is none, or where somebody stands.

    An exchange in memory tells its prints once, so two who look at one would take them from each other.
    """
    taken, stalls = set[str](request.config.terms.venues), dict[VenueName, str]()
    for name, use in request.config.references.items():
        stall = use.dialect
        stalls[name] = stall if stall in VENUES and stall not in taken else ""
        taken.add(stall)
    return stalls


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
    nowhere = "no exchange in memory is its own"
    outlooks = {
        name: Outlook(
            Absent(name, nowhere) if counter is None else InProcessMarket(counter), replace(there, reference=True)
        )
        for name, counter in set_up.references.items()
    }
    return Places(places, clock, Switch(), outlooks)
