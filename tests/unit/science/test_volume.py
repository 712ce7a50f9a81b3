"""Volume forecasts, the orders made of them, and the direct rule: what the contracts' examples do not reach."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.science import direct
from engine.science.volume import due, forecast, vwap_dynamic, vwap_losses

VOLUMES = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=24)


def test_a_surprise_fades_and_the_forecast_is_a_mean_and_no_median() -> None:
    """One bin ahead: s exp(rho e + s2 / 2); two ahead: the innovation of two steps."""
    ahead = forecast([100.0, 200.0], log(2), rho=0.5, s2=0.3)
    assert ahead == pytest.approx([100 * exp(0.5 * log(2) + 0.15), 200 * exp(0.25 * log(2) + 0.15 * 1.25)])


def test_before_the_first_bin_the_season_is_all_there_is() -> None:
    assert forecast([3.0, 4.0], None, rho=0.9, s2=0.5) == [3.0, 4.0]


def test_a_surprise_that_never_fades_is_no_special_case() -> None:
    assert forecast([1.0, 1.0], 0.0, rho=1.0, s2=0.2) == pytest.approx([exp(0.1), exp(0.2)])


def test_what_is_due_counts_what_was_traded_and_what_will_be() -> None:
    assert due(30.0, [10.0, 60.0]) == 0.4


@given(VOLUMES, st.data(), st.floats(-1, 1), st.floats(0, 2))
def test_every_rule_sells_all_of_it_and_nothing_twice(
    seasonal: list[float], data: st.DataObject, rho: float, s2: float
) -> None:
    realised = data.draw(st.lists(st.floats(0.01, 1e6), min_size=len(seasonal), max_size=len(seasonal)))
    found = vwap_dynamic(5.0, seasonal, realised, rho, s2)
    for sold in (found.static, found.remaining_fraction, found.cumulative_target):
        assert sum(sold) == pytest.approx(5.0)
        assert min(sold) >= -1e-12


@given(VOLUMES, st.floats(0, 1), st.integers(0, 23))
def test_a_bin_is_decided_before_its_own_volume_is_known(seasonal: list[float], rho: float, changed: int) -> None:
    """Whatever bin `changed` and those after it trade, the bins up to it sell the same."""
    others = [volume * 3 if i >= changed else volume for i, volume in enumerate(seasonal)]
    one, two = (vwap_dynamic(1.0, seasonal, realised, rho, 0.3) for realised in (seasonal, others))
    known = min(changed + 1, len(seasonal) - 1)
    assert one.cumulative_target[:known] == two.cumulative_target[:known]
    assert one.remaining_fraction[:known] == two.remaining_fraction[:known]


@pytest.mark.parametrize(
    ("seasonal", "realised", "rho", "s2"),
    [([], [], 0.5, 0), ([1], [1, 2], 0.5, 0), ([1, 0], [1, 1], 0.5, 0), ([1, 1], [0, 1], 0.5, 0),
     ([1, 1], [1, 1], 1.5, 0), ([1, 1], [1, 1], 0.5, -1)],
)  # fmt: skip
def test_what_is_no_day_is_refused(seasonal: list[float], realised: list[float], rho: float, s2: float) -> None:
    with pytest.raises(ValueError, match=r"volumes|process"):
        vwap_dynamic(1.0, seasonal, realised, rho, s2)


def test_the_toy_day_of_the_paper_costs_nothing_against_the_vwap_whatever_it_costs() -> None:
    """Prices 100, 101, 102 with volumes 2500, 1000, 1500: an order split alike gets 100.8, which is the VWAP."""
    found = vwap_losses([[25, 10, 15]], [[2500, 1000, 1500]], [[100, 101, 102]])
    assert found.slippage_bp == pytest.approx((0.0,), abs=1e-9)
    assert found.curve == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("allocations", "volumes"), [([[1, 1]], [[1]]), ([], []), ([[0, 0]], [[1, 1]]), ([[1, 1]], [[0, 0]])]
)
def test_a_window_without_an_average_is_refused(allocations: list[list[float]], volumes: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"shape|average"):
        vwap_losses(allocations, volumes, volumes)


@pytest.mark.parametrize(("bin_", "found"), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (7, 5)])
def test_a_bin_has_features_of_what_its_window_has_seen(bin_: int, found: int) -> None:
    """The share of the season, the last three residuals with the newest first, and then the mean of all."""
    residuals = [float(i + 1) for i in range(bin_)]
    features = direct.features(bin_, 12, 0.1, residuals)
    assert len(features) == found
    assert features[1 : 1 + direct.needed(bin_)] == residuals[::-1][:3]
    assert features[4:] == [sum(residuals) / max(bin_, 1)] * (bin_ > 3)


def test_one_window_and_many_are_weighed_alike_to_the_last_bit() -> None:
    chance = np.random.default_rng(5)
    table = chance.normal(size=(50, 6))
    coefficients = (0.01, 0.5, 0.1, -0.02, 0.003, 0.2)
    together = direct.weight(12, coefficients, direct.features(5, 12, table[:, 5] / 50, list(table[:, :5].T)))
    alone = [
        direct.weight(12, coefficients, direct.features(5, 12, float(r[5]) / 50, list(map(float, r[:5]))))
        for r in table
    ]
    assert together.tolist() == alone


def test_the_fit_finds_the_shares_that_leave_no_slippage() -> None:
    """Two bins; the first one's share of the volume is 1/2 + 0.3 times a residual that was known before it."""
    chance = np.random.default_rng(7)
    known, move = chance.normal(size=4000) * 0.2, chance.normal(size=4000) * 1e-3
    share = 0.5 + 0.3 * known
    returns = np.stack([move * (1 - share), -move * share], axis=1)  # r is p / VWAP - 1, so that share . r is nothing
    ((level, slope),) = direct.fit([[known]], returns)
    assert (level, slope) == pytest.approx((0.0, 0.3), abs=2e-3)


def test_a_few_wild_windows_do_not_decide() -> None:
    """One window in a hundred moves ten times as far, and against the rule."""
    chance = np.random.default_rng(8)
    known, move = chance.normal(size=5000) * 0.2, chance.normal(size=5000) * 1e-3
    share = 0.5 + 0.3 * known
    share[::100], move[::100] = 0.5 - 0.3 * known[::100], move[::100] * 10
    returns = np.stack([move * (1 - share), -move * share], axis=1)
    ((_, slope),) = direct.fit([[known]], returns)
    assert slope == pytest.approx(0.3, abs=0.01)


def test_the_same_history_gives_the_same_coefficients_and_a_short_one_none() -> None:
    returns = np.random.default_rng(9).normal(size=(40, 3)) * 1e-3
    features = [[returns[:, 0] * 5], [returns[:, 1] * 5, returns[:, 2] * 5]]
    assert direct.fit(features, returns) == direct.fit(features, returns)
    with pytest.raises(ValueError, match="2 windows are too few for 5 coefficients"):
        direct.fit([[column[:2] for column in columns] for columns in features], returns[:2])
