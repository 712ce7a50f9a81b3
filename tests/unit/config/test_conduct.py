"""`[conduct]`: every mistake with its place, what is meant, and what holds where nothing is said."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.config import load
from engine.config.conduct_checks import conduct
from engine.config.conduct_schema import ConductSection
from engine.kernel.clock import HOUR, MINUTE, SECOND, Span
from engine.kernel.errors import BadInput
from engine.mandate.conduct import ConductRules, Fixing
from tests.support.builders import START, d
from tests.support.configs import written

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "conduct.md").read_text()
FIXING = {"name": "desk rate", "at": "16:00", "within": "5m"}


def refused(folder: Path, **section: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, conduct=section), START)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_the_defaults_of_the_file_are_those_of_the_rules() -> None:
    assert conduct(ConductSection()) == ConductRules()


def test_without_the_section_the_defaults_hold(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).limits.conduct == ConductRules()


def test_what_is_said_is_meant_as_fractions_and_spans(tmp_path: Path) -> None:
    said = {
        "cancel_max": "80%", "orders_per_trade_max": "7.5", "quick": "500ms", "requotes_max": 0, "layers_max": 3,
        "fixing_max": "10%", "quote_minutes_max": 30, "fixing": [FIXING | {"offset": "-05:00"}],
    }  # fmt: skip
    rules = load(written(tmp_path, conduct=said), START).limits.conduct
    assert (rules.cancel_max, rules.orders_per_trade_max, rules.quick) == (d("0.8"), d("7.5"), SECOND // 2)
    assert (rules.requotes_max, rules.layers_max, rules.quote_minutes_max) == (0, 3, 30)
    assert rules.fixings == (
        Fixing(name="desk rate", at=Span(16 * HOUR), offset=Span(-5 * HOUR), within=Span(5 * MINUTE)),
    )
    assert rules.layers_within == 5 * SECOND


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ({"cancel_max": "101%"}, ["conduct.cancel_max: 101% is more than 100%, and would never be passed"]),
        (
            {"quick": "0s", "close": "13h", "orders_per_trade_max": "0.5"},
            [
                "conduct.quick: has to be longer than nothing",
                "conduct.close: 13h is longer than half a day",
                "conduct.orders_per_trade_max: below 1 every trade would be too dear: it needs an order",
            ],
        ),
        (
            {"fixing": [FIXING, FIXING | {"within": "0s", "offset": "+15:00"}, FIXING | {"name": " "}]},
            [
                "conduct.fixing[1].name: desk rate stands here twice",
                "conduct.fixing[1].offset: +15:00: no place is further than 14 hours from UTC",
                "conduct.fixing[1].within: 0s is not above nothing and at most half a day",
                "conduct.fixing[2].name: is empty; a report has to call it something",
            ],
        ),
    ],
)
def test_every_mistake_is_named_with_its_place(section: dict[str, Any], found: list[str], tmp_path: Path) -> None:
    assert refused(tmp_path, **section) == found


def test_a_time_that_is_none_is_refused_by_its_shape(tmp_path: Path) -> None:
    assert len(refused(tmp_path, fixing=[FIXING | {"at": "25:00"}])) == 1


def test_the_guide_shows_every_key_with_its_default_and_one_fixing(tmp_path: Path) -> None:
    section = GUIDE[GUIDE.index("[conduct]\norders_min") :].split("```")[0]
    config = written(tmp_path)
    config.write_text(config.read_text() + section)
    rules = load(config, START).limits.conduct
    (fixing,) = rules.fixings
    assert replace(rules, fixings=()) == ConductRules()
    assert (fixing.at, fixing.offset, fixing.within) == (16 * HOUR, 8 * HOUR, 5 * MINUTE)
    keys = {name for name in ConductSection.__struct_fields__ if name != "fixing"}
    assert keys == set(tomllib.loads(section)["conduct"]) - {"fixing"}
