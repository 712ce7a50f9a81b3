"""Implementation shortfall: the curve of Almgren and Chriss, followed from what is really left."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import HOUR, Instant
from engine.kernel.money import ZERO
from engine.science.almgren_chriss import ac_plan
from engine.science.calibration import LAWS, Law, Market, sale
from engine.science.powerlaw import powerlaw_plan
from strategies.shortfall import Shortfall, shortfall
from strategies.stepped import WHOLE
from strategies.twap import twap
from tests.support.builders import START, d, progress

END = Instant(START + 12 * HOUR)
COIN = Market(price=62_000.0, sigma_daily=0.0275, volume_daily=29_717.0, prefactor=0.8, exponent=0.5, spread_bp=1.0)
LOT = d("0.00001")
every_law = pytest.mark.parametrize("law", LAWS)


def curve(law: Law = "linear", **changes: Any) -> Shortfall:
    """500 BTC in twelve hours of a day's market, in 24 slices."""
    standard: dict[str, Any] = {"market": COIN, "quantity": 500.0, "risk_aversion": 1e-6, "law": law}
    return shortfall(START, END, 24, **(standard | changes))


def followed(schedule: Shortfall, total: Decimal, sells: list[Fraction] | None = None) -> list[Decimal]:
    """What has been sold after each slice, if each sells so much of what it is asked for; all of it unless told."""
    sold, after = ZERO, []
    for index, when in enumerate(schedule.line.times):
        asked = schedule.target(progress(str(total), at=when, before=sold, sold=str(sold), lot=LOT)) - sold
        kept = sells[index] if sells else Fraction(1)
        sold += (asked * kept.numerator / kept.denominator).quantize(LOT, "ROUND_DOWN")
        after.append(sold)
    return after


@every_law
def test_a_slice_s_share_is_the_best_curve_s_to_one_part_in_a_thousand_million(law: Law) -> None:
    problem = sale(COIN, 500.0, 0.5, 24, law)
    held = {"linear": ac_plan(problem, 1e-6).holdings, "power": powerlaw_plan(problem, 0.5, 1e-6).holdings}[law]
    for share, left in zip(curve(law).line.shares, held[1:], strict=True):
        assert abs(share - WHOLE * (1 - left / 500.0)) <= 1


@every_law
def test_more_aversion_sells_earlier_and_none_is_a_straight_line(law: Law) -> None:
    calm, wary, afraid = (curve(law, risk_aversion=each).line.shares for each in (0.0, 1e-6, 1e-4))
    assert max(abs(a - b) for a, b in zip(calm, twap(START, END, 24).shares, strict=True)) <= 1
    assert all(a <= b <= c for a, b, c in zip(calm, wary, afraid, strict=True))
    assert calm[0] < wary[0] < afraid[0]


@every_law
def test_a_run_that_keeps_to_its_curve_sells_the_curve(law: Law) -> None:
    """Each slice is rounded down to a lot, and what that leaves comes with the slices after it."""
    schedule, total = curve(law), d("500")
    for sold, share in zip(followed(schedule, total), schedule.line.shares, strict=True):
        assert abs(Fraction(share, WHOLE) * 500 - Fraction(sold)) < 24 * Fraction(LOT)


@every_law
def test_a_run_that_fell_behind_does_not_sell_it_all_at_once(law: Law) -> None:
    """Half of its time was lost. It goes on from there, and what a slice may plan stays what was planned of one."""
    schedule = curve(law)
    late = progress("500", at=schedule.line.times[12], lot=LOT)
    assert 500 / 12 < float(schedule.target(late)) < 100
    last = progress("500", at=schedule.line.times[23], lot=LOT)
    assert schedule.target(last) == 500
    assert schedule.step(last) == d("20.83333")
    assert schedule.step(progress("500", at=START, lot=LOT)) == schedule.line.step(progress("500", at=START, lot=LOT))


@settings(max_examples=25)
@given(st.lists(st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1)]), min_size=24, max_size=24))
@every_law
def test_targets_never_fall_whatever_slices_really_sold(law: Law, kept: list[Fraction]) -> None:
    schedule, targets, sold = curve(law), [], ZERO
    for when, after in zip(schedule.line.times, followed(schedule, d("500"), kept), strict=True):
        targets.append(schedule.target(progress("500", at=when, before=sold, lot=LOT)))
        sold = after
    assert all(a <= b + LOT for a, b in pairwise(targets))
    assert targets[-1] == 500


@pytest.mark.parametrize("sold", ["0", "50", "499"])
@pytest.mark.parametrize("index", [1, 8, 20])
def test_with_linear_impact_following_the_rest_of_the_curve_is_planning_again(index: int, sold: str) -> None:
    """From what is really left, for the slices that are left, with the impact that was measured at the start."""
    schedule, before = curve(), d(sold)
    problem = sale(COIN, 500.0, 0.5, 24, "linear")
    left = 24 - index
    again = ac_plan(replace(problem, quantity=500.0 - float(before), slices=left, horizon=problem.tau * left), 1e-6)
    seen = progress("500", at=schedule.line.times[index], before=before, lot=LOT)
    assert float(schedule.target(seen) - before) == pytest.approx(again.trades[0], abs=3e-5)


@pytest.mark.parametrize("kept", ["0.1", "0.8", "1.0"])
def test_with_a_power_of_the_rate_each_slice_is_planned_again(kept: str) -> None:
    """A third of the way, with so much of the plan sold. A larger rest hurries more than the scaled curve would."""
    schedule = curve("power", risk_aversion=1e-5)
    problem = sale(COIN, 500.0, 0.5, 24, "power")
    sold = (followed(schedule, d("500"))[7] * d(kept)).quantize(LOT)
    left = 500.0 - float(sold)
    again = powerlaw_plan(replace(problem, quantity=left, slices=16, horizon=problem.tau * 16), 0.5, 1e-5)
    asked = float(schedule.target(progress("500", at=schedule.line.times[8], before=sold, lot=LOT)) - sold)
    assert asked == pytest.approx(again.holdings[0] - again.holdings[1], abs=3e-5)
    scaled = left * (schedule.line.shares[8] - schedule.line.shares[7]) / (WHOLE - schedule.line.shares[7])
    assert asked >= scaled * (1 - 1e-6)


@every_law
@pytest.mark.parametrize("seed", range(20))
def test_drawn_sizes_stay_in_their_band_of_the_curve_and_end_at_the_whole(law: Law, seed: int) -> None:
    """A hundredth of 500 either way, whatever was drawn before."""
    plain, moved = (curve(law, size_jitter=Fraction(band, 100), seed=seed) for band in (0, 1))
    far = [abs(a - b) for a, b in zip(followed(plain, d("500")), followed(moved, d("500")), strict=True)]
    assert d("0.1") < max(far) <= d("5.001")
    assert far[-1] == 0


def test_jitter_moves_slices_for_real_and_a_seed_is_replayed() -> None:
    first, same, other = (
        curve(time_jitter=Fraction(1, 2), size_jitter=Fraction(1, 100), seed=seed) for seed in (5, 5, 6)
    )
    assert first == same
    assert first.line.times != curve().line.times
    assert followed(first, d("500")) != followed(other, d("500"))


def test_a_curve_so_steep_that_all_goes_at_once_asks_for_all_at_once() -> None:
    schedule = curve(risk_aversion=1e30)
    assert schedule.line.shares[0] == WHOLE
    assert schedule.target(progress("500", at=START, lot=LOT)) == 500
    assert schedule.target(progress("500", at=schedule.line.times[5], before=d("10"), lot=LOT)) == 500


def test_nothing_to_sell_is_sold_evenly() -> None:
    assert curve(quantity=0.0).line.shares[11] == WHOLE // 2


def test_what_no_market_can_bear_is_refused() -> None:
    """Permanent impact so large that half an hour's slice is too long for it."""
    with pytest.raises(ValueError, match="2 eta / gamma"):
        curve(market=replace(COIN, permanent=10.0))


def test_the_whole_is_sold_by_the_end_of_its_window() -> None:
    schedule = curve()
    assert schedule.target(progress("500", at=Instant(END - 1), lot=LOT)) == 500
    assert schedule.following(schedule.line.times[-1]) == END
