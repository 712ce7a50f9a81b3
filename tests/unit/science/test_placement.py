"""What waiting costs against crossing, and the chance that a queue lets an order through."""

import subprocess
import sys
from math import exp, inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from engine.science.placement import fill_prob, passive_cross

basis_points = st.floats(-20, 20)


@given(st.floats(0, 1), st.floats(0, 20), basis_points, basis_points, basis_points, st.floats(0.01, 20))
def test_from_the_break_even_chance_on_waiting_costs_no_more_than_crossing(
    p: float, half: float, maker: float, taker: float, adverse: float, drift: float
) -> None:
    found = passive_cross(p, half, maker, taker, adverse, drift)
    saved, above = found.cross_now_bp - found.cost_bp, p - found.breakeven_p
    assert saved * max(above, -1.0) >= -1e-9


def test_without_any_chance_of_a_fill_waiting_costs_the_drift() -> None:
    found = passive_cross(0.0, 1.0, 1.0, 5.0, 1.0, 1.5)
    assert found.cost_bp == found.cross_now_bp + 1.5


def test_no_chance_is_enough_where_a_fill_gains_nothing() -> None:
    """The mid falls by 20 bp after each fill: more than spread and fees are worth."""
    assert passive_cross(0.9, 1.0, 1.0, 5.0, 20.0, 1.5).breakeven_p == inf


def test_any_chance_is_enough_where_the_market_comes_to_us() -> None:
    assert passive_cross(0.0, 1.0, 1.0, 5.0, 1.0, -0.5).breakeven_p == 0


@pytest.mark.parametrize(("p", "half", "fee"), [(-0.1, 1, 1), (1.1, 1, 1), (nan, 1, 1), (0.5, -1, 1), (0.5, 1, inf)])
def test_what_is_no_chance_or_no_cost_is_refused(p: float, half: float, fee: float) -> None:
    with pytest.raises(ValueError, match="no chance of a fill and costs"):
        passive_cross(p, half, fee, 5.0, 1.0, 1.5)


def by_matrix_exponential(ahead: int, mu: float, th: float, time: float) -> float:
    """The chain of orders ahead as its generator: the definition of the contract."""
    rates = [mu + n * th for n in range(ahead, -1, -1)]
    generator = np.diag([*(-rate for rate in rates), 0.0]) + np.diag(rates, 1)
    return float(expm(generator * time)[0, -1])


CANCELS = st.just(0.0) | st.floats(1e-6, 5)
"""Rates that are equal, or apart: of a chain in between the matrix exponential itself loses digits."""


@given(st.integers(0, 60), st.floats(1e-3, 5), CANCELS, st.floats(0, 30))
def test_the_chance_of_a_fill_is_that_of_the_matrix_exponential(n: int, mu: float, th: float, time: float) -> None:
    assert fill_prob(n, mu, th, time) == pytest.approx(by_matrix_exponential(n, mu, th, time), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("th", [0.0, 1e-300, 1e-16, 1e-12, 1e-9])
def test_without_cancels_it_is_erlang_s_law_and_nothing_jumps_on_the_way_there(th: float) -> None:
    """Three units ahead, and ours: at least four buyers of Poisson's 5."""
    expected = 1 - exp(-5) * (1 + 5 + 25 / 2 + 125 / 6)
    assert fill_prob(3, 0.5, th, 10.0) == pytest.approx(expected, abs=1e-8)


def test_an_order_at_the_front_waits_for_one_buyer_whatever_others_cancel() -> None:
    assert fill_prob(0, 0.3, 7.0, 2.0) == pytest.approx(1 - exp(-0.6))


@given(st.integers(0, 300), st.floats(1e-3, 50), st.floats(0, 5), st.floats(0, 300))
def test_it_is_a_chance_and_grows_with_time_and_cancels_and_shrinks_with_the_queue(
    n: int, mu: float, th: float, time: float
) -> None:
    chance, slack = fill_prob(n, mu, th, time), 1e-12
    assert 0 <= chance <= 1
    assert fill_prob(n, mu, th, 2 * time) >= chance - slack
    assert fill_prob(n, mu, th + 0.1, time) >= chance - slack
    assert fill_prob(n + 1, mu, th, time) <= chance + slack


@pytest.mark.parametrize(
    ("n", "mu", "th", "time", "chance"),
    [(100_000, 3.0, 0.1, 1e6, 1.0), (100_000, 1.0, 0.0, 10.0, 0.0), (5, 1e-200, 0.0, 1e-200, 0.0), (5, 1e5, 0, 1, 1)],
)
def test_long_queues_and_long_times_neither_overflow_nor_lose_the_chance(
    n: int, mu: float, th: float, time: float, chance: float
) -> None:
    assert fill_prob(n, mu, th, time) == pytest.approx(chance, abs=1e-9)


@pytest.mark.parametrize(("mu", "time"), [(0.0, 10.0), (1.0, 0.0)])
def test_without_buyers_or_time_nothing_is_filled(mu: float, time: float) -> None:
    assert fill_prob(0, mu, 1.0, time) == 0


@pytest.mark.parametrize(("n", "mu", "th", "time"), [(-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, inf, 1), (1, 1, 1, nan)])
def test_what_is_no_queue_is_refused(n: int, mu: float, th: float, time: float) -> None:
    with pytest.raises(ValueError, match="no queue, rates and time"):
        fill_prob(n, mu, th, time)


def test_a_tactic_may_import_it_without_numpy() -> None:
    """It is asked at every look of a resting order in the live core."""
    code = "import sys, engine.science.placement; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
