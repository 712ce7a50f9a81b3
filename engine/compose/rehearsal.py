"""The exchange in memory: what the virtual run, the backtest and the simulation tests are made of."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.compose.places import HASHKEY, SANDBOX
from engine.compose.request import Request
from engine.kernel.clock import Instant
from engine.kernel.money import Asset
from engine.orders.reports import Capabilities
from venues.sandbox.faults import FaultPlan, Faults, load
from venues.sandbox.flow import Flow
from venues.sandbox.inprocess import Counter
from venues.sandbox.listings import START, sandbox_exchange

__all__ = ["START", "Stage", "stage"]


class Stage(Struct, frozen=True):
    """An exchange, our counter at it, and what it can do."""

    counter: Counter
    capabilities: Capabilities


def stage(
    request: Request,
    balances: Mapping[Asset, Decimal],
    now: Callable[[], Instant],
    *,
    start: Instant = START,
    played: Flow | None = None,
) -> Stage:
    """Set it up as the request asks; the same request gives the same exchange. `played` is another flow to play."""
    seed = request.chosen_seed
    account = request.config.terms.account
    exchange = sandbox_exchange(
        seed,
        balances={account: {str(asset): units for asset, units in balances.items()}},
        recorded=not request.synthetic,
        strict_tif=request.strict_tif,
        start=start,
        played=played,
    )
    plan = load(request.faults.read_bytes()) if request.faults is not None else FaultPlan()
    counter = Counter(exchange, account, HASHKEY, Faults(plan), now, seed)
    return Stage(counter, replace(SANDBOX, ioc=not request.strict_tif))
