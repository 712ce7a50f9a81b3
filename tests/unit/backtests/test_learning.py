"""A model is learned from what lies before a day, judged on its last part, and falls back where it earns nothing."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from backtests import learning
from backtests.learning import Wish, learn
from engine.cli import app
from engine.kernel.clock import HOUR, Span
from engine.kernel.errors import BadInput
from engine.market import volume_model
from engine.market.volume_model import WHOLE
from tests.support.volumes import history, written

TWELVE = {"window": Span(12 * HOUR), "slices": 12, "days": 28, "until": ""}


def wish(**changes: Any) -> Wish:
    return Wish(**{**TWELVE, **changes})


def refused(path: Path, **changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        learn(path, wish(**changes))
    return [str(mistake) for mistake in caught.value.mistakes]


def test_what_is_learned_finds_its_way_back_from_its_text(tmp_path: Path) -> None:
    """The process behind the bars fades by 0.8 an hour, with innovations of 0.35."""
    model = learn(written(tmp_path / "bars.parquet"), wish())
    assert volume_model.read(model.text, "there") == model
    assert float(model.rho) == pytest.approx(0.8, abs=0.05)
    assert float(model.s2) == pytest.approx(0.35**2, rel=0.1)
    assert sum(model.curve) == WHOLE
    assert (model.window, model.slices, model.calibrated) == ("12h", 12, "2024-04-29")
    assert (model.origin.file, model.origin.bar) == ("bars.parquet", "1h")


def test_the_last_fifth_judges_and_the_better_rule_is_chosen(tmp_path: Path) -> None:
    model = learn(written(tmp_path / "bars.parquet"), wish())
    judged = model.validation
    assert judged.begins == "2024-04-06T00:00:00.000000Z"
    assert judged.windows == 24 * 24 - 11
    assert model.chosen == "direct"
    assert judged.direct_bp < min(judged.static_bp, judged.ar1_bp)


@pytest.mark.parametrize(
    ("errors", "chosen"),
    [
        ({"static": 9.0, "ar1": 9.0, "direct": 9.5}, "static"),
        ({"static": 9.0, "ar1": 8.9, "direct": 9.5}, "ar1"),
        ({"static": 9.0, "ar1": 8.9, "direct": 8.5}, "direct"),
    ],
)
def test_what_does_not_beat_the_static_curve_is_not_chosen_and_both_numbers_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: Mapping[str, float], chosen: str
) -> None:
    monkeypatch.setattr(learning, "_errors", lambda *_: {"twap": 10.0, **errors})
    model = learn(written(tmp_path / "bars.parquet"), wish())
    assert model.chosen == chosen
    assert model.validation.static_bp == Decimal("9.0000")
    assert model.validation.direct_bp == Decimal(f"{errors['direct']:.4f}")


def test_nothing_after_the_last_day_is_looked_at(tmp_path: Path) -> None:
    """What is learned until the 100th day is the same, whatever the days after it hold."""
    volumes = history().volume.copy()
    volumes[24 * 100 :] *= 7
    changed = written(tmp_path / "changed.parquet", volume=volumes, without=["quote_volume"])
    whole = written(tmp_path / "whole.parquet", without=["quote_volume"])
    one, two = (learn(path, wish(until="2024-04-09")) for path in (whole, changed))
    assert (one.curve, one.direct, one.validation) == (two.curve, two.direct, two.validation)
    assert one.origin.until == "2024-04-10T00:00:00.000000Z"


def test_a_day_without_a_volume_at_some_hour_can_t_be_learned_from(tmp_path: Path) -> None:
    volumes = np.where(np.arange(24 * 120) % 24 == 3, 0.0, history().volume)
    path = written(tmp_path / "bars.parquet", volume=volumes, without=["quote_volume"])
    (told,) = refused(path, window=Span(2 * HOUR), slices=2)
    assert "hours of the day in which no volume is known" in told


def test_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = refused(tmp_path / "none", window=Span(25 * HOUR), slices=97, days=0, until="soon")
    assert [mistake.split(":")[0] for mistake in told] == ["--window", "--slices", "--days", "--until", "--bars"]


def test_slices_are_whole_bars(tmp_path: Path) -> None:
    assert refused(written(tmp_path / "bars.parquet", days=3), slices=24) == [
        "--slices: a slice of 30m is no whole number of bars of 1h"
    ]
    (told,) = refused(written(tmp_path / "bars.parquet", days=3), slices=7)
    assert told == "--slices: 7 do not divide 12h evenly"


@pytest.mark.parametrize(("days", "until"), [(20, ""), (33, ""), (120, "2023-01-01")])
def test_too_few_bars_are_a_mistake(tmp_path: Path, days: int, until: str) -> None:
    (told,) = refused(written(tmp_path / "bars.parquet", days=days), until=until)
    assert told.startswith("bars.parquet: ")


def test_the_verb_writes_a_file_and_never_over_one(tmp_path: Path) -> None:
    bars, out = written(tmp_path / "bars.parquet"), tmp_path / "models" / "model.json"
    order = ["learn", str(bars), "--window", "12h", "--slices", "12", "--out", str(out)]
    done = CliRunner().invoke(app, order)
    assert (done.exit_code, "chosen: direct" in done.stdout) == (0, True)
    assert volume_model.read(out.read_bytes(), "there") == learn(bars, wish())
    again = CliRunner().invoke(app, [*order, "--window", "12x"])
    assert again.exit_code == 2
    assert [line.split(":")[0] for line in again.stderr.splitlines()] == ["--out", "--window"]
    assert list(out.parent.iterdir()) == [out]
