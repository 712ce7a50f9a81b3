"""A leg over two venues, by hand: each holds coins, and both are of the mandate."""

from typing import Any, Final

from msgspec.structs import replace

from engine.events import Opened
from engine.kernel.ids import VenueName
from engine.orders import reports as r
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    STABLE,
    VENUE,
    d,
    leg_one,
    leg_two,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Commands, placed
from tests.support.desks import OTHER

BOTH: Final = (VENUE, OTHER)


def two(coins: str = "10", there: str = "10", leg: Any = None, **changes: Any) -> Opened:
    """10 BTC to be sold, with `coins` at the first venue and `there` at the second."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    legs = (leg_one(instruments=(COIN, coin), **(leg or {})), leg_two(instruments=(STABLE, stable)))
    standard: dict[str, Any] = {
        "terms": terms(venues=BOTH),
        "plan": plan(*legs),
        "licences": {name: replace(LICENCE, venue=name) for name in BOTH},
        "capabilities": dict.fromkeys(BOTH, CAPABILITIES),
        "balances": {VENUE: (r.Balance(BTC, d(coins), d("0")),), OTHER: (r.Balance(BTC, d(there), d("0")),)},
    }
    return opened(**(standard | changes))


def coins(commands: Commands) -> list[tuple[VenueName, str]]:
    return [(o.venue, str(o.quantity)) for o in placed(commands) if o.sell == BTC]
