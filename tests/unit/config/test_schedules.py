"""Which keys of `[strategy]` each of our schedules needs, takes and refuses, and the recipe that they become."""

from pathlib import Path
from typing import Any, Final

import pytest

from engine.config import Config, load
from engine.config.schedule_checks import KEYS, NEEDED
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import Asset
from engine.planning.plan import Recipe
from tests.support.builders import START, d
from tests.support.configs import short, written

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guides" / "strategies.md"
ALWAYS: Final = {"window": "80s", "catch_up": "2", "at_end": "extend"}
POV: Final = {"schedule": "pov", **ALWAYS, "rate": "10%", "every": "10s", "slice_max": "12.5%"}
SHORTFALL: Final = {"schedule": "shortfall", **ALWAYS, "slices": 8, "risk_aversion": "0.00001", "law": "power"}
IMPACT: Final = {
    "price": "78500",
    "sigma_daily": "2.75%",
    "volume_daily": "29717",
    "y": "0.8",
    "spread_bp": "1.2",
    "calibrated": "2026-04-30",
    "source": "a month of bars",
}


def config(folder: Path, **changes: Any) -> Config:
    return load(written(folder, **changes), START)


def mistakes(folder: Path, **changes: Any) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        config(folder, **changes)
    assert all(isinstance(mistake, Mistake) for mistake in caught.value.mistakes)
    return {mistake.where: mistake.what for mistake in caught.value.mistakes}


def test_a_pov_becomes_a_recipe_in_fractions_and_spans(tmp_path: Path) -> None:
    assert config(tmp_path, strategy=POV).way.schedule == Recipe(
        "pov",
        {
            "rate": "0.10",
            "every": "10s",
            "slice_max": "0.125",
            "time_jitter": "0.00",
            "size_jitter": "0.00",
            "seed": "0",
        },
    )


def test_a_shortfall_s_recipe_carries_what_was_measured_when_and_by_whom(tmp_path: Path) -> None:
    """So that what people sign covers it. It stands with the asset, since each has its own."""
    found = config(tmp_path, strategy=SHORTFALL, impact={"BTC": IMPACT})
    (asset,) = found.own
    assert asset == "BTC"
    assert found.own[asset].schedule.parameters == {
        "slices": "8",
        "risk_aversion": "0.00001",
        "law": "power",
        "price": "78500",
        "sigma_daily": "0.0275",
        "volume_daily": "29717",
        "prefactor": "0.8",
        "exponent": "0.5",
        "spread_bp": "1.2",
        "permanent": "0",
        "calibrated": "2026-04-30",
        "source": "a month of bars",
        "time_jitter": "0.00",
        "size_jitter": "0.00",
        "seed": "0",
    }
    assert found.impacts[asset].market.sigma_daily == 0.0275


@pytest.mark.parametrize("name", KEYS)
def test_all_that_a_schedule_needs_is_asked_for_at_once(tmp_path: Path, name: str) -> None:
    needed = {f"strategy.{key}" for key, need in KEYS[name].items() if need == NEEDED}
    assert needed <= mistakes(tmp_path, strategy={"schedule": name, **ALWAYS}).keys()


def test_keys_of_another_schedule_are_refused_with_whose_they_are(tmp_path: Path) -> None:
    found = mistakes(tmp_path, strategy={**POV, "slices": 8, "law": "linear"})
    assert found.keys() == {"strategy.slices", "strategy.law"}
    assert found["strategy.law"] == "is not for pov; did you mean schedule = shortfall?"


@pytest.mark.parametrize(
    ("strategy", "where"),
    [
        ({**POV, "rate": "0%"}, "rate"),
        ({**POV, "rate": "100%"}, "rate"),
        ({**POV, "slice_max": "0%"}, "slice_max"),
        ({**POV, "slice_max": "101%"}, "slice_max"),
        ({**POV, "least": "101%"}, "least"),
        ({**POV, "every": "999ms"}, "every"),
        ({**POV, "every": "81s"}, "every"),
        ({**POV, "time_jitter": "100%"}, "time_jitter"),
        ({**POV, "size_jitter": "6%"}, "size_jitter"),
        ({**SHORTFALL, "risk_aversion": "-0.1"}, "risk_aversion"),
        ({**SHORTFALL, "law": "cubic"}, "law"),
        ({**SHORTFALL, "slices": 81}, "slices"),
    ],
)
def test_a_value_that_no_schedule_can_work_with_is_told_at_its_place(
    tmp_path: Path, strategy: dict[str, Any], where: str
) -> None:
    assert mistakes(tmp_path, strategy=strategy, impact={"BTC": IMPACT}).keys() == {f"strategy.{where}"}


def test_more_slices_than_orders_can_be_named_by_are_refused(tmp_path: Path) -> None:
    """A second each, for two days."""
    long = {**POV, "window": "2d", "every": "1s"}
    found = mistakes(tmp_path, strategy=long, mandate__deadline="3d")
    assert found == {"strategy.every": "makes 172800 slices; 100000 are the most"}


def test_a_shortfall_without_what_selling_does_to_the_price_is_a_mistake_for_each_asset(tmp_path: Path) -> None:
    """Stablecoin that BTC is sold for is swept, and needs no section."""
    assets = [{"asset": name, "entrusted": "1", "released": "1"} for name in ("BTC", "ETH", "USDT")]
    found = mistakes(
        tmp_path,
        strategy=SHORTFALL,
        mandate__assets=assets,
        path__hops=["BTC>USDT", "ETH>USDT", "USDT>USD"],
        impact={"ETH": IMPACT},
    )
    assert found == {"impact.BTC": "is missing: shortfall asks what selling BTC does to its price"}


def test_only_the_asset_that_is_sold_by_a_shortfall_needs_a_section(tmp_path: Path) -> None:
    found = config(tmp_path, strategies={"BTC": SHORTFALL}, impact={"BTC": IMPACT})
    assert found.way.schedule.name == "twap"
    assert {asset: way.schedule.name for asset, way in found.own.items()} == {"BTC": "shortfall"}


def test_a_section_of_an_asset_that_is_not_sold_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, impact={"DOGE": IMPACT}) == {"impact.DOGE": "is not entrusted; those are: BTC"}


def test_all_that_is_wrong_with_a_measurement_is_told_at_once(tmp_path: Path) -> None:
    wrong = {
        **IMPACT,
        "price": "0",
        "sigma_daily": "0%",
        "volume_daily": "0",
        "y": "-1",
        "exponent": "1.1",
        "spread_bp": "-1",
        "permanent": "-1",
        "calibrated": "yesterday",
        "source": " ",
    }
    found = mistakes(tmp_path, strategy=SHORTFALL, impact={"BTC": wrong})
    assert found.keys() == {f"impact.BTC.{key}" for key in wrong}


def test_nothing_was_measured_tomorrow(tmp_path: Path) -> None:
    """The tests' today is the second of May."""
    found = mistakes(tmp_path, impact={"BTC": {**IMPACT, "calibrated": "2026-05-03"}})
    assert found == {"impact.BTC.calibrated": "2026-05-03 has not come yet"}


def test_a_measurement_that_leaves_no_best_schedule_is_a_mistake(tmp_path: Path) -> None:
    """Permanent impact so large that each slice would do better sold at once."""
    impact = {"BTC": {**IMPACT, "permanent": "1000"}}
    found = mistakes(tmp_path, strategy={**SHORTFALL, "law": "linear"}, impact=impact)
    assert found.keys() == {"impact.BTC.permanent"}
    assert "2 eta / gamma" in found["impact.BTC.permanent"]


def test_the_guide_s_measurement_can_be_written_in_a_config(tmp_path: Path) -> None:
    block = GUIDE.read_text().split("```toml\n")[1].split("```")[0]
    (path := tmp_path / "config.toml").write_text(short(strategy=SHORTFALL) + block)
    assert load(path, START).impacts[Asset("BTC")].volume_daily == d("29717")
