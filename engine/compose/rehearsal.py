"""The exchanges in memory: what the virtual run, the backtest and the simulation tests are made of."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.compose.places import STRICT, Outlook, Place, Places
from engine.compose.references import Absent
from engine.compose.request import Request
from engine.config.custody_checks import SANDBOX
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset
from engine.mandate.hours import pauses
from engine.orders.reports import Capabilities
from engine.ports import Clock
from venues import registry
from venues.sandbox.custodian import NAME as CUSTODY
from venues.sandbox.custodian import Custodian
from venues.sandbox.custody import CustodyCounter, InProcessCustody
from venues.sandbox.faults import FaultPlan, Faults, load
from venues.sandbox.flow import Flow
from venues.sandbox.hall import VENUES, sandbox_hall
from venues.sandbox.inprocess import Counter
from venues.sandbox.listings import START
from venues.sandbox.slumber import Slumber
from venues.sandbox.venue import CAPABILITIES, InProcessMarket, InProcessVenue

WAKEFUL: Final = Span(15 * MINUTE)
"""After hours have ended: for what is still on its way."""
__all__ = ["START", "Stage", "in_process", "stage"]


class Stage(Struct, frozen=True):
    """Our counter at each exchange, and what can be done there."""

    counters: Mapping[VenueName, Counter]
    capabilities: Mapping[VenueName, Capabilities]
    references: Mapping[VenueName, Counter | None] = {}
    """Where prices are only looked at; `None` for a venue that has no stall to itself."""
    custody: CustodyCounter | None = None
    """Who holds the coin, where the config has a custodian; the exchanges then begin with none of it."""


def stage(
    request: Request,
    balances: Mapping[Asset, Decimal],
    now: Callable[[], Instant],
    *,
    start: Instant = START,
    played: Flow | None = None,
) -> Stage:
    """Set it up as the request asks; the same request gives the same exchanges. `played` is another flow to play.

    Every exchange holds all that is to be sold, so that any of them can finish alone; or a custodian does, for all.
    """
    seed, account, names = request.chosen_seed, request.config.terms.account, request.config.terms.venues
    apart = request.config.custody is not None and request.config.custody.kind == SANDBOX
    coin = {str(asset): units for asset, units in balances.items()}
    held = {account: dict.fromkeys(coin, ZERO) if apart else coin}
    stalls, slumber = _stalls(request), _slumber(request, start)
    hall = sandbox_hall(
        seed,
        venues=[*names, *filter(None, stalls.values())],
        balances=dict.fromkeys(names, held),
        recorded=not request.synthetic,
        strict_tif=request.strict_tif,
        start=start,
        played=played,
        slumber=slumber,
    )
    plan = _faults(request)
    hall.expect(plan.moves)

    def counter(name: VenueName, stall: str, faults: Faults) -> Counter:
        made = Counter(hall.exchange(stall), account, name, faults, now, seed, slumber)
        made.dealer = hall.dealer(stall)
        return made

    return Stage(
        {name: counter(name, name, Faults(plan, name)) for name in names},
        {name: _capabilities(request, name) for name in names},
        {name: counter(name, stall, Faults(FaultPlan())) if stall else None for name, stall in stalls.items()},
        CustodyCounter(
            Custodian({account: coin}, {name: hall.exchange(name) for name in names}),
            account,
            Faults(plan, CUSTODY),
            now,
            seed,
        )
        if apart
        else None,
    )


def _slumber(request: Request, start: Instant) -> Slumber | None:
    """Other people doze while the run sells nothing: from a while after its hours end until they begin again."""
    programme = request.config.programme
    if programme is None:
        return None
    ends = request.config.terms.deadline.from_start(start)
    closed = list(pauses(programme.hours, start, ends))
    if programme.bank is not None:
        banks = list(pauses(programme.bank, start, ends))
        closed = [(max(a, c), min(b, d)) for a, b in closed for c, d in banks if max(a, c) < min(b, d)]
    stretches = [(Instant(begins + WAKEFUL), end) for begins, end in closed if end - begins > WAKEFUL]
    return Slumber(stretches) if stretches else None


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
    """Of the exchange in memory, with the fees of the venue that it stands for, and a desk where that one has."""
    venue = registry.adapter(request.config.venues[name].adapter).sandbox
    fees = replace(CAPABILITIES, taker_fee=venue.taker_fee, maker_fee=venue.maker_fee, fee_min=venue.fee_min)
    like = replace(fees, quotes=venue.quotes)
    return replace(like, tifs=STRICT) if request.strict_tif else like


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
    custody = InProcessCustody(set_up.custody, clock) if set_up.custody is not None else None
    return Places(places, clock, Switch(), outlooks, custody)
