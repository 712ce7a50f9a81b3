"""One order between crossing now and waiting in several queues."""

from itertools import product
from typing import Final

import numpy as np
import pytest
from msgspec.structs import replace

from engine.science.limit_split import LimitMarket, ck_multi, expected_cost

MARKET: Final = LimitMarket(
    quantity=1000.0,
    half_spread=0.02,
    taker_fee=0.003,
    rebates=(0.002, 0.0025, 0.001),
    impact=0.0005,
    underfill=0.06,
    overfill=0.4,
    queues=(1500.0, 2500.0, 400.0),
    outflows=(2500.0, 4000.0, 500.0),
)
PAIR: Final = replace(MARKET, rebates=MARKET.rebates[:2], queues=(1500.0, 2500.0), outflows=(2500.0, 4000.0))


def sampled(case: LimitMarket, market: float, limits: tuple[float, ...], draws: int = 1_000_000) -> tuple[float, float]:
    """The mean cost over drawn outflows, and its standard error: the definition of the contract."""
    flows = np.random.default_rng(7).exponential(case.outflows, size=(draws, len(case.outflows)))
    filled = np.clip(flows - np.array(case.queues), 0, np.array(limits))
    got = market + filled.sum(axis=1)
    lacking, over = np.maximum(case.quantity - got, 0), np.maximum(got - case.quantity, 0)
    costs = (
        (case.half_spread + case.taker_fee) * market
        - (filled * (case.half_spread + np.array(case.rebates))).sum(axis=1)
        + case.impact * (market + sum(limits) + lacking)
        + case.underfill * lacking
        + case.overfill * over
    )
    return float(costs.mean()), float(costs.std() / draws**0.5)


@pytest.mark.parametrize(
    ("market", "limits"),
    [
        (200.0, (300.0, 500.0, 100.0)),
        (0.0, (700.0, 600.0, 300.0)),
        (1000.0, (0.0, 0.0, 0.0)),
        (0.0, (1000.0, 1000.0, 1000.0)),
        (0.0, (0.0, 0.0, 400.0)),
    ],
)
def test_the_expected_cost_is_the_mean_over_many_drawn_outflows(market: float, limits: tuple[float, ...]) -> None:
    mean, error = sampled(MARKET, market, limits)
    assert expected_cost(MARKET, market, limits) == pytest.approx(mean, abs=5 * error + 1e-9)


def test_no_division_on_a_grid_costs_less() -> None:
    """Steps of a twentieth of the quantity, overfilling included."""
    best = ck_multi(PAIR).cost
    grid = np.linspace(0, 1000, 21)
    assert best <= min(expected_cost(PAIR, *split) for split in ((m, (a, b)) for m, a, b in product(grid, repeat=3)))


def test_a_third_venue_never_makes_it_dearer_and_no_division_is_dearer_than_a_simple_one() -> None:
    three, two = ck_multi(MARKET), ck_multi(PAIR)
    assert three.cost <= two.cost * (1 + 1e-5)
    assert two.cost <= two.cost_best_single <= two.cost_all_market


def test_the_same_question_has_the_same_answer() -> None:
    assert ck_multi(PAIR) == ck_multi(PAIR)


def test_hopeless_queues_leave_the_market() -> None:
    """A thousandth of the outflow that would reach us: everything is crossed."""
    found = ck_multi(replace(PAIR, queues=(25_000.0, 40_000.0)))
    assert found.market == pytest.approx(1000.0, rel=1e-3)
    assert found.cost == pytest.approx(found.cost_all_market, rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"queues": (1.0,)}, "of 1 to 4 venues"),
        ({"quantity": 0.0}, "above zero"),
        ({"outflows": (0.0, 1.0)}, "above zero"),
        ({"half_spread": float("nan")}, "finite"),
        ({"overfill": 0.01}, "overfill penalty"),
    ],
)
def test_what_is_no_such_market_is_refused(wrong: dict[str, float | tuple[float, ...]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ck_multi(replace(PAIR, **wrong))
