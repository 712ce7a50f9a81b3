"""A config names a volume model, and its plan carries it; what does not fit is told with its place, all at once."""

from pathlib import Path
from typing import Any

import pytest

from engine.compose.methods import manner
from engine.config import Config, load
from engine.kernel.errors import BadInput
from engine.market import volume_model
from engine.planning.draft import draft
from engine.planning.plan import Plan
from strategies import registry
from tests.support.builders import COIN, STABLE, START, d
from tests.support.configs import written
from tests.support.models import learned

DYNAMIC = {
    "schedule": "dynamic_vwap", "window": "80s", "slices": 10, "model": "models/m.json", "at_end": "extend",
    "catch_up": "2",
}  # fmt: skip


@pytest.fixture(autouse=True)
def model(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "m.json"
    path.parent.mkdir()
    path.write_text(learned(window="80s"))
    return path


def config(folder: Path, **changes: Any) -> Config:
    return load(written(folder, **changes), START)


def mistakes(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        config(folder, **changes)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("schedule", ["dynamic_vwap", "vwap"])
def test_a_model_is_read_beside_the_config_and_its_text_is_in_the_recipe(tmp_path: Path, schedule: str) -> None:
    recipe = config(tmp_path, strategy={**DYNAMIC, "schedule": schedule}).way.schedule
    text = recipe.parameters["model"]
    assert text == volume_model.read(learned(window="80s"), "here").text
    registry.schedule(schedule, START, START + 80 * 10**9, {**recipe.parameters, "quantity": "1"})


def test_another_number_in_the_model_is_another_plan_to_approve(tmp_path: Path, model: Path) -> None:
    def digest() -> str:
        known = config(tmp_path, strategy=DYNAMIC)
        plan = draft(known.terms, {h.asset: d("0.1") for h in known.terms.holdings}, [COIN, STABLE], manner(known))
        assert isinstance(plan, Plan)
        return plan.digest

    first = digest()
    assert digest() == first
    model.write_text(learned(window="80s", rho="0.5"))
    assert digest() != first


def test_how_the_file_is_laid_out_does_not_matter(tmp_path: Path, model: Path) -> None:
    first = config(tmp_path, strategy=DYNAMIC).way
    model.write_text("\n" + learned(window="80s").replace(",", " ,\n "))
    assert config(tmp_path, strategy=DYNAMIC).way == first


def test_a_model_of_another_length_is_a_mistake_where_it_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path, strategy={**DYNAMIC, "window": "100s", "slices": 20}) == [
        "strategy.model: was learned for a window of 80s, and this one is 100s",
        "strategy.model: was learned for 10 slices, and here are 20",
    ]


def test_an_asset_s_own_strategy_has_a_model_of_its_own(tmp_path: Path) -> None:
    own = {**DYNAMIC, "slices": 5}
    assert mistakes(tmp_path, strategies={"BTC": own}) == [
        "strategies.BTC.model: was learned for 10 slices, and here are 5"
    ]


@pytest.mark.parametrize(
    ("written_", "told"),
    [(None, "can't be read: No such file or directory"), ("{}", "is no volume model"), ("x", "is no volume model")],
)
def test_a_file_that_is_no_model_is_told_of_with_whatever_else_is_wrong(
    tmp_path: Path, model: Path, written_: str | None, told: str
) -> None:
    model.unlink() if written_ is None else model.write_text(written_)
    first, second = mistakes(tmp_path, strategy={**DYNAMIC, "catch_up": "0.5"})
    assert first.startswith("strategy.model: ")
    assert told in first
    assert second.startswith("strategy.catch_up: ")


def test_vwap_follows_a_curve_or_a_model_and_not_both_or_neither(tmp_path: Path) -> None:
    plain = {**DYNAMIC, "schedule": "vwap"}
    assert mistakes(tmp_path, strategy={**plain, "curve": [1, 2]}) == [
        "strategy.model: vwap takes a curve or a model, not both"
    ]
    (told,) = mistakes(tmp_path, strategy={key: value for key, value in plain.items() if key != "model"})
    assert told.startswith("strategy.curve: is missing, and so is a model")


def test_dynamic_vwap_needs_a_model_and_takes_no_curve(tmp_path: Path) -> None:
    without = {key: value for key, value in DYNAMIC.items() if key != "model"}
    told = mistakes(tmp_path, strategy={**without, "curve": [1]})
    assert [mistake.split(":")[0] for mistake in told] == ["strategy.curve", "strategy.model"]


def test_a_schedule_that_takes_none_refuses_it(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, strategy={**DYNAMIC, "schedule": "twap"})
    assert told == "strategy.model: is not for twap; did you mean schedule = vwap or dynamic_vwap?"


def test_a_programme_stops_the_clock_that_a_model_counts_by(tmp_path: Path) -> None:
    hours = {"windows": [{"days": "mon-sun", "opens": "00:00", "closes": "24:00"}]}
    told = mistakes(tmp_path, strategy=DYNAMIC, programme=hours)
    assert any("strategy.model: counts hours of the day" in mistake for mistake in told)
