"""Runs by hand under caps on all that is sold: at one venue, and at two."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.core.hindering import hindrance
from engine.events import Opened
from engine.kernel.clock import HOUR, MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.plan import Plan
from engine.risk.caps import NAMES, Bounds, CapRules
from engine.risk.depth import NAME as DEPTH
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    START,
    VENUE,
    d,
    days,
    hours,
    leg_one,
    leg_two,
    limits,
    opened,
    programme,
    terms,
)
from tests.support.by_hand import Run, placed

OTHER = VenueName("osl")
HONG_KONG = Span(8 * HOUR)
MIDNIGHT = Instant(START + 16 * HOUR)
"""Eight hours ahead of UTC; the run begins at eight in the morning."""
LONG = days(programme(hours=hours(offset=HONG_KONG)))
"""Four days to sell 10 BTC, about 1,000 USDT, which the schedule wants within four minutes."""


def rules(hour: str = "", day: str = "", total: str = "", **venues: dict[str, str]) -> CapRules:
    def bounds(hour: str = "", day: str = "") -> Bounds:
        return Bounds(hour=d(hour) if hour else None, day=d(day) if day else None)

    return CapRules(
        all=bounds(hour, day),
        total=d(total) if total else None,
        venues={VenueName(name): bounds(**bound) for name, bound in venues.items()},
    )


def capped(bound: CapRules | None, of: Plan = LONG, **changes: Any) -> Run:
    return Run(opened(plan=of, limits=limits(caps=bound), **changes)).ready()


def coins(commands: list[c.Command]) -> list[ChildOrder]:
    return [order for order in placed(commands) if order.sell == BTC]


def through(run: Run, begins: Instant, minutes: int = 10, price: str | None = "99.99") -> Decimal:
    """A decision every minute, in which everything is sold at what is bid; what the BTC of it brought."""
    before = run.state.legs[ONE].proceeds
    for minute in range(minutes):
        for order in placed(run.due_at(Instant(begins + minute * MINUTE))):
            run.sold(order, price if order.sell == BTC else None)
    return run.state.legs[ONE].proceeds - before


def waits(run: Run) -> str:
    return hindrance(run.state, run.state.plan.leg(ONE))


def withheld(run: Run) -> list[str]:
    """The caps, and the share of the depth, that the gate withheld an order for: every order is made to fit."""
    found = [denied.limit for row in run.rows if isinstance(row, c.Withheld) for denied in row.denied]
    return [limit for limit in found if limit in (*NAMES, DEPTH)]


def two_venues(bound: CapRules, **changes: Any) -> Opened:
    """10 BTC at each of two venues, 10 to be sold."""
    legs = (
        leg_one(instruments=(COIN, replace(COIN, venue=OTHER))),
        leg_two(instruments=(STABLE, replace(STABLE, venue=OTHER))),
    )
    both = (VENUE, OTHER)
    return opened(
        terms=terms(venues=both),
        plan=replace(LONG, legs=legs),
        limits=limits(caps=bound, **changes),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (r.Balance(BTC, d("10"), d("0")),) for venue in both},
    )


def thin(size: str, price: str = "99.99") -> tuple[Level, ...]:
    return (Level(d(price), d(size)),)
