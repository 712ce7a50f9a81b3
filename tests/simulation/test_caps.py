"""Drawn markets, faults and crashes with caps that bind: what the exchange says was executed never passes them."""

from decimal import Decimal
from typing import Final

import pytest
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO
from tests.simulation import plans
from tests.simulation.plans import APART, SCENARIOS, drawn, drawn_apart
from tests.simulation.world import World
from venues.sandbox.faults import FaultPlan

HOUR_CAP, VENUE_CAP = Decimal(1500), Decimal(900)
"""Of about 3,900 USDT that 0.05 BTC bring; no run lasts an hour."""
SEEDS: Final = range(12)


def bound(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Give the scenario caps."""
    text = SCENARIOS[name].toml.replace(
        "minute_orders_max = 60\n", f'minute_orders_max = 60\nhour_notional_max = "{HOUR_CAP}"\n'
    )
    text = text.replace("[venues.hashkey]\n", f'[venues.hashkey]\nhour_notional_max = "{VENUE_CAP}"\n')
    monkeypatch.setitem(plans.SCENARIOS, name, replace(SCENARIOS[name], toml=text))


def executed(world: World, venue: str = "") -> Decimal:
    """What all sales of BTC came to, by the books of the exchanges."""
    sales = (t.quote for v, t in world.checker.truth.all_trades() if t.symbol.startswith("BTC") and venue in ("", v))
    return sum(sales, ZERO)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_seed_makes_us_sell_more_than_the_caps(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are lost, processes die, orders are unknown; every other invariant holds as well."""
    plan = drawn_apart(seed)
    for name in APART:
        bound(monkeypatch, name)
    world = World(replace(plan, askings=())).run()
    assert executed(world) <= HOUR_CAP
    assert executed(world, "hashkey") <= VENUE_CAP


def test_without_faults_the_caps_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,500 little is left: less than the smallest orders of the venues."""
    bound(monkeypatch, "apart_cross")
    world = World(replace(drawn(0), scenario="apart_cross", faults=FaultPlan(), crashes=(), askings=())).run()
    assert world.state is not None
    assert HOUR_CAP - 30 < executed(world) <= HOUR_CAP
    assert world.state.finished == "short"
    assert "hour cap of 1500 USDT is reached" in next(iter(world.state.legs.values())).residue_reason
    assert world.state.at < Instant(world.limit)
