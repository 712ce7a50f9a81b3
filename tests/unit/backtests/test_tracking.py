"""The tracking study: nothing is known before its time, what is stored holds or is done again, mistakes are told."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from backtests import tracking
from backtests.volume import fitting, rules
from backtests.volume.bootstrap import reduction
from backtests.volume.history import read
from backtests.volume.windows import season, windows
from engine.kernel.clock import HOUR, MINUTE, iso
from engine.science.volume import vwap_dynamic
from tests.support.volumes import BEGINS, day, history, written

DATA: Final = Path(os.environ.get("STEELYARD_DATA", Path(__file__).parents[4] / "shared" / "data"))
SPLIT: Final = day(80)
REFERENCE: Final = {
    "BTC": {"twap": 16.26, "static": 14.98, "ar1": 13.76, "direct": 11.56},
    "ETH": {"twap": 20.48, "static": 19.79, "ar1": 18.33, "direct": 15.57},
    "SOL": {"twap": 23.06, "static": 22.20, "ar1": 19.65, "direct": 17.37},
}
"""Mean absolute errors in basis points that were measured elsewhere on the same bars and the same split."""
TOLERANCE: Final = {"twap": 0.005, "static": 0.005, "ar1": 0.12, "direct": 0.21}
"""How far ours were from them at the most, and a little; the last two rules are told in words and not to the digit."""


def learned() -> fitting.Fit:
    past = windows(history(), BEGINS, SPLIT, HOUR, 12)
    return fitting.fit(past.where(past.whole))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "bars" / "some_BTCUSDT_1h_2024.parquet")
    written(tmp_path / "bars" / "some_ETHUSDT_1h_2024.parquet", seed=2)
    return tmp_path / "bars"


def started(folder: Path, *more: str) -> int:
    dates = ("--begins", iso(BEGINS), "--split", iso(SPLIT), "--until", iso(day(120)))
    return tracking.main(
        [
            str(folder),
            "--out",
            str(folder.parent / "out"),
            "--resamples",
            "200",
            "--assets",
            "BTC",
            "ETH",
            *dates,
            *more,
        ]
    )


@pytest.fixture
def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Start the study, and give what it says while it goes on."""

    def telling(*more: str) -> str:
        assert started(folder, *more) == 0
        return capsys.readouterr().err

    return telling


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder.parent / "out" / "results.json").read_bytes())


@pytest.mark.parametrize("hours", [24 * 80 + 1, 24 * 80 + 7, 24 * 97, 24 * 97 + 13, 24 * 119 + 23])
def test_weights_decided_before_an_hour_do_not_depend_on_what_comes_after_it(hours: int) -> None:
    """The data are cut there; shares of bins that had begun by then stay the same to the last bit."""
    fit, whole = learned(), history()
    cut = BEGINS + hours * HOUR
    short = whole.until(cut)
    before = windows(whole, SPLIT, day(120), HOUR, 12)
    after = windows(short, SPLIT, day(120), HOUR, 12)
    assert (before.starts == after.starts).all()
    decided = before.starts[:, None] + np.arange(12) * HOUR <= cut
    decided &= before.starts[:, None] <= cut
    for name, shares in fit.shares(before).items():
        assert shares[decided].tobytes() == fit.shares(after)[name][decided].tobytes(), name


def test_what_is_learned_does_not_depend_on_what_comes_after_the_split() -> None:
    whole = learned()
    past = windows(history().until(SPLIT), BEGINS, SPLIT, HOUR, 12)
    assert fitting.fit(past.where(past.whole)) == whole


def test_no_window_that_is_learned_from_overlaps_the_test() -> None:
    past = windows(history(), BEGINS, SPLIT, HOUR, 12)
    assert past.starts.max() + 12 * HOUR == SPLIT


def test_the_season_is_the_mean_of_the_same_hours_of_the_days_before() -> None:
    """The bin of 15 h of a window that begins at 10 h: the volumes at 15 h of the 28 days until yesterday."""
    whole = history()
    start = 24 * 40 + 10
    seen = windows(whole, BEGINS + start * HOUR, BEGINS + (start + 12) * HOUR, HOUR, 12)
    assert seen.seasonal.shape == (1, 12)
    days = [whole.volume[start + 5 - 24 * back] for back in range(1, 29)]
    assert seen.seasonal[0, 5] == pytest.approx(np.mean(days))


def test_the_season_when_the_bars_end_is_that_of_the_order_which_begins_then() -> None:
    """15 days and 7 hours of bars: the order's first hour is 7 h, its last one 6 h."""
    short = history().until(BEGINS + (24 * 15 + 7) * HOUR)
    seen = windows(short, short.end, short.end + 24 * HOUR, HOUR, 24, days=14)
    assert np.roll(season(short, 14), -7) == pytest.approx(seen.seasonal[0])


def test_bins_of_several_bars_take_their_part_of_each_hour() -> None:
    """Half hours of an order that begins at half past: the second bin lies in the next hour."""
    whole = history(60)
    halves = replace(whole, span=30 * MINUTE, volume=np.repeat(whole.volume / 2, 2), price=np.repeat(whole.price, 2))
    start = (24 * 40 + 10) * HOUR + 30 * MINUTE
    seen = windows(halves, BEGINS + start, BEGINS + start + HOUR, 30 * MINUTE, 2)
    hourly = windows(whole, BEGINS + start - 30 * MINUTE, BEGINS + start + 90 * MINUTE, HOUR, 2)
    assert seen.seasonal[0] * 2 == pytest.approx(hourly.seasonal[0])
    assert seen.volume[0] * 2 == pytest.approx(hourly.volume[0])


def test_a_missing_hour_is_in_no_window_and_in_no_mean(tmp_path: Path) -> None:
    """The file has no bar at 10 h of the 50th day, and nobody traded at 11 h."""
    volumes = [v if i != 24 * 50 + 11 else 0.0 for i, v in enumerate(history().volume.tolist())]
    path = written(tmp_path / "bars.parquet", volume=volumes, without=["quote_volume"])
    table = pq.read_table(path)
    pq.write_table(table.take([i for i in range(table.num_rows) if i != 24 * 50 + 10]), path)
    found = read(path)
    assert np.flatnonzero(np.isnan(found.volume)).tolist() == [24 * 50 + 10, 24 * 50 + 11]
    seen = windows(found, day(49), day(52), HOUR, 12)
    assert (~seen.whole).sum() == 13
    later = windows(found, day(60), day(61), HOUR, 12)
    assert later.whole.all()


def test_the_price_of_a_bar_is_what_was_paid_or_else_its_middle(tmp_path: Path) -> None:
    paid = read(written(tmp_path / "paid.parquet", days=3))
    assert paid.paid
    assert paid.price == pytest.approx(history(3).price)
    middle = read(written(tmp_path / "middle.parquet", days=3, without=["quote_volume"]))
    assert not middle.paid
    assert middle.price == pytest.approx(history(3).price)


def test_many_windows_follow_the_rule_of_one() -> None:
    """The cumulative target of the contract, with the season moved by the centre of its residuals."""
    fit, seen = learned(), windows(history(), SPLIT, day(83), HOUR, 12)
    residuals = seen.residuals - fit.centre
    ours = rules.ar1(seen.seasonal, residuals, fit.centre, fit.rho, fit.s2)
    for row in range(len(ours)):
        usual = seen.seasonal[row] * np.exp(fit.centre)
        one = vwap_dynamic(1.0, usual.tolist(), seen.volume[row].tolist(), fit.rho, fit.s2)
        assert ours[row] == pytest.approx(one.cumulative_target)


def test_every_rule_sells_everything_once() -> None:
    fit, seen = learned(), windows(history(), SPLIT, day(120), HOUR, 12)
    for shares in fit.shares(seen).values():
        assert shares.sum(axis=1) == pytest.approx(1.0)
        assert shares.min() >= -1e-12


def test_an_error_that_is_half_of_the_other_in_each_week_is_less_by_half_for_sure() -> None:
    starts = np.arange(24 * 70) * HOUR
    theirs = np.random.default_rng(3).normal(size=len(starts))
    half = reduction(theirs / 2, theirs, starts, seed=1, resamples=500)
    assert (half.found, half.low, half.high) == pytest.approx((0.5, 0.5, 0.5))


def test_weeks_are_drawn_and_not_windows() -> None:
    """All of the gain lies in one week of ten, so the interval begins at nothing."""
    starts = np.arange(24 * 70) * HOUR
    theirs = np.ones(len(starts))
    ours = np.where(starts < 24 * 7 * HOUR, 0.5, 1.0)
    found = reduction(ours, theirs, starts, seed=1, resamples=2000)
    assert found.found == pytest.approx(0.05)
    assert (found.low, found.high) == pytest.approx((0.0, 0.15), abs=0.01)
    assert found == reduction(ours, theirs, starts, seed=1, resamples=2000)


def test_a_second_start_takes_up_what_is_stored_and_says_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, stored = [], []
    for _ in range(2):
        assert started(folder) == 0
        said.append(capsys.readouterr())
        stored.append((folder.parent / "out" / "results.json").read_bytes())
    assert ("BTC: begun" in said[0].err, said[1].err.count("taken up from")) == (True, 2)
    assert said[0].out == said[1].out
    assert stored[0] == stored[1]


def test_a_start_that_was_stopped_between_two_assets_goes_on_with_the_second(
    folder: Path, told: Callable[..., str]
) -> None:
    """The first start knew of one asset only."""
    told("--assets", "BTC")
    again = told()
    assert "BTC: taken up" in again
    assert "ETH: begun" in again
    assert list(results(folder)["assets"]) == ["BTC", "ETH"]


@pytest.mark.parametrize("change", [("--seed", "5"), ("--resamples", "300"), ("--split", iso(day(81)))])
def test_another_parameter_is_another_study(told: Callable[..., str], change: tuple[str, str]) -> None:
    told()
    assert told(*change).count("changed since it was stored") == 2


def test_other_bars_are_another_study(folder: Path, told: Callable[..., str]) -> None:
    told()
    written(folder / "some_ETHUSDT_1h_2024.parquet", seed=3)
    again = told()
    assert "BTC: taken up" in again
    assert "ETH: changed since it was stored" in again


def test_a_file_of_results_that_can_t_be_read_is_as_none(folder: Path, told: Callable[..., str]) -> None:
    told()
    (folder.parent / "out" / "results.json").write_text("{")
    assert "BTC: begun" in told()


def test_the_same_seed_gives_the_same_results_and_another_one_other_intervals(
    folder: Path, told: Callable[..., str]
) -> None:
    found = []
    for seed in ("1", "2", "1"):
        told("--seed", seed)
        found.append(results(folder)["assets"]["BTC"]["methods"]["direct"])
    assert found[0] == found[2]
    assert found[0]["mean_bp"] == found[1]["mean_bp"]
    assert found[0]["reduction"]["low"] != found[1]["reduction"]["low"]


def test_the_answer_is_a_table_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert started(folder) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in out[1:5]] == ["BTC"] * 4
    assert out[5].split()[:3] == ["949", "windows", "tested,"]
    assert out[4].split()[1:3] == ["direct", "linear"]
    assert out[4].endswith("%]")


def test_mistakes_are_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder.parent / "a_file"
    out.write_text("")
    code = tracking.main(
        [str(folder), "--out", str(out), "--assets", "BTC", "XMR", "--seed", "-1", "--resamples", "ten",
         "--split", "soon"]
    )  # fmt: skip
    told = capsys.readouterr().err
    assert code == 2
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "--assets XMR", "--seed", "--resamples", "--split", "--out",
    ]  # fmt: skip


def test_a_folder_that_is_none_and_a_split_outside_are_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert tracking.main(["/nowhere/at/all", "--out", "x", "--split", "2031-01-01T00:00:00Z"]) == 2
    told = capsys.readouterr().err
    assert "is no folder of bars" in told
    assert "does not lie between" in told


def test_what_is_wrong_with_some_bars_is_told_once_the_others_are_stored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ETH's file holds ten days."""
    written(folder / "some_ETHUSDT_1h_2024.parquet", days=10)
    assert started(folder) == 2
    assert "has 0 whole windows before" in capsys.readouterr().err
    assert list(results(folder)["assets"]) == ["BTC"]


def test_help_says_what_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tracking.main(["--help"])
    assert ended.value.code == 0
    assert "--resamples" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "ohlcv").is_dir(), reason="real bars (STEELYARD_DATA, or shared/data beside the checkout) are not here"
)
def test_the_reference_figures_are_reached_on_three_years_of_real_hours(tmp_path: Path) -> None:
    """Binance spot 2022 to 2024; 4,405 orders in the second half of 2024. Far less error would be foreknowledge."""
    assert tracking.main([str(DATA / "ohlcv"), "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "results.json").read_bytes())["assets"]
    assert list(found) == list(REFERENCE)
    for asset, figures in REFERENCE.items():
        assert found[asset]["tested"] == 4405
        for name, figure in figures.items():
            assert found[asset]["methods"][name]["mean_bp"] == pytest.approx(figure, abs=TOLERANCE[name]), (asset, name)
        for name in ("ar1", "direct"):
            assert found[asset]["methods"][name]["reduction"]["low"] > 0, (asset, name)
