"""Caps and the share of the depth in a config: what they mean, and every mistake with its place."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.config import load
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.risk.caps import Bounds, CapRules
from tests.support.builders import START, d
from tests.support.configs import SHORT, written

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "limits.md").read_text()


def said(venue: dict[str, Any] | None = None, **limits: Any) -> dict[str, Any]:
    here = {"adapter": "hashkey", **(venue or {})}
    return {"limits": {**SHORT["limits"], **limits}, "venues": {"hashkey": here}}


def wrong(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, **changes), START)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_config_that_names_no_cap_has_none(tmp_path: Path) -> None:
    limits = load(written(tmp_path), START).limits
    assert (limits.caps, limits.depth_share_max) == (None, None)


def test_every_cap_is_meant_as_it_is_said(tmp_path: Path) -> None:
    changes = said(
        {"hour_notional_max": "30000", "day_notional_max": "90000"},
        hour_notional_max="40000",
        day_notional_max="100000",
        total_notional_max="1000000",
        depth_share_max="50%",
    )
    limits = load(written(tmp_path, **changes), START).limits
    assert limits.caps == CapRules(
        all=Bounds(hour=d("40000"), day=d("100000")),
        total=d("1000000"),
        venues={VenueName("hashkey"): Bounds(hour=d("30000"), day=d("90000"))},
    )
    assert limits.depth_share_max == d("0.5")


def test_one_cap_of_one_venue_is_enough(tmp_path: Path) -> None:
    limits = load(written(tmp_path, **said({"day_notional_max": "90000"})), START).limits
    assert limits.caps == CapRules(venues={VenueName("hashkey"): Bounds(day=d("90000"))})


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    changes = said(
        {"hour_notional_max": "70000", "day_notional_max": "-1"},
        hour_notional_max="60000",
        day_notional_max="50000",
        total_notional_max="0",
        depth_share_max="101%",
    )
    assert wrong(tmp_path, **changes) == [
        "limits.total_notional_max: has to be above zero",
        "limits.hour_notional_max: 60000 is above day_notional_max, 50000, and would never bind",
        "limits.depth_share_max: 101% is not above 0% and at most 100%",
        "venues.hashkey.day_notional_max: has to be above zero",
        "venues.hashkey.hour_notional_max: 70000 is above the 60000 of all venues together, and would never bind",
    ]


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"hour_notional_max": "0"}, "limits.hour_notional_max: has to be above zero"),
        ({"day_notional_max": "-5"}, "limits.day_notional_max: has to be above zero"),
        ({"depth_share_max": "0%"}, "limits.depth_share_max: 0% is not above 0% and at most 100%"),
        (
            {"hour_notional_max": "70000", "total_notional_max": "60000"},
            "limits.hour_notional_max: 70000 is above total_notional_max, 60000, and would never bind",
        ),
    ],
)
def test_a_cap_is_above_zero_and_no_larger_than_that_of_a_longer_time(
    limits: dict[str, Any], found: str, tmp_path: Path
) -> None:
    assert wrong(tmp_path, **said(**limits)) == [found]


def test_a_venue_for_reference_sells_nothing_that_could_be_capped(tmp_path: Path) -> None:
    changes = said()
    changes["venues"]["kraken"] = {"adapter": "generic", "use": "reference", "day_notional_max": "5"}
    assert wrong(tmp_path, **changes) == ["venues.kraken.day_notional_max: a venue for reference sells nothing"]


def test_what_the_guide_shows_is_a_config(tmp_path: Path) -> None:
    block = tomllib.loads(GUIDE.split("```toml\n")[1].split("```")[0])
    limits = load(written(tmp_path, **said(block["venues"]["hashkey"], **block["limits"])), START).limits
    assert limits.caps is not None
    assert limits.caps.all == Bounds(hour=d("100000"), day=d("400000"))
    assert limits.depth_share_max == d("0.5")
