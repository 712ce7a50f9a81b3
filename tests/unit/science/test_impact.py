"""Empirical laws of impact."""

import pytest

from engine.science.impact import athl_impact, sqrt_impact


def test_four_times_the_quantity_moves_the_price_twice_as_far() -> None:
    """And costs two thirds of the move on average, whatever the quantity."""
    once, fourfold = (sqrt_impact(0.8, 0.0275, q, 29717.0) for q in (100.0, 400.0))
    assert fourfold.peak_bp == pytest.approx(2 * once.peak_bp)
    assert once.average_bp / once.peak_bp == pytest.approx(2 / 3)


def test_the_average_is_that_of_a_price_that_moves_by_the_law_all_along() -> None:
    """A thousand steps of a sale with another exponent."""
    whole = sqrt_impact(1.0, 0.02, 500.0, 10_000.0, 0.6)
    middles = [sqrt_impact(1.0, 0.02, 500.0 * (i + 0.5) / 1000, 10_000.0, 0.6).peak_bp for i in range(1000)]
    assert sum(middles) / 1000 == pytest.approx(whole.average_bp, rel=1e-4)


def test_nothing_sold_moves_nothing() -> None:
    assert sqrt_impact(1.0, 0.02, 0.0, 1.0).average_bp == 0
    assert athl_impact(0.0, 1.0, 5.0, 0.02, 0.5).cost_bp == 0


def test_without_shares_outstanding_only_what_passes_is_left() -> None:
    """A coin: a tenth of a day's volume in half a day."""
    coin = athl_impact(1000.0, 10_000.0, 0.0, 0.0275, 0.5)
    assert coin.permanent_bp == 0
    assert coin.cost_bp == coin.temporary_bp == pytest.approx(275 * 0.142 * 0.2**0.6)


def test_slower_is_cheaper_and_moves_the_price_as_far() -> None:
    fast, slow = (athl_impact(1000.0, 10_000.0, 1e5, 0.0275, days) for days in (0.1, 0.5))
    assert slow.temporary_bp < fast.temporary_bp
    assert slow.permanent_bp == fast.permanent_bp


@pytest.mark.parametrize("given", [(1, 0.02, 1, 0, 0.5), (-1, 0.02, 1, 1, 0.5), (1, -0.02, 1, 1, 0.5), (1, 1, 1, 1, 0)])
def test_a_law_without_a_market_is_refused(given: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no impact"):
        sqrt_impact(*given)


@pytest.mark.parametrize("given", [(1, 0, 1, 0.02, 1), (1, 1, 1, 0.02, 0), (-1, 1, 1, 0.02, 1), (1, 1, -1, 0.02, 1)])
def test_a_direct_estimate_without_a_market_is_refused(given: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no impact"):
        athl_impact(*given)
