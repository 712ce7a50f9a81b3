"""`[tactic]`: what each of ours needs, takes and is where the config is silent, and how what is wrong is told."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.config import OURS, load
from engine.config.tactic_checks import ALL, KEYS
from engine.kernel.errors import BadInput, Mistake
from strategies import registry
from tests.support.builders import START
from tests.support.configs import holding, written

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "tactics.md"
WHOLE: dict[str, dict[str, Any]] = {
    "cross": {},
    "peg": {},
    "iceberg": {"display": "20%"},
    "chase": {},
    "snipe": {"size": "0.05", "within_bp": "5"},
    "stop": {"below": "95%", "persist": "1m", "at_sweep": "sell"},
}
SILENT = {
    "cross": {},
    "peg": {"every": "10s", "before": "10s"},
    "iceberg": {"display": "20%", "every": "10s", "before": "10s", "vary": "0.20", "inside": "0", "seed": "0"},
    "chase": {"every": "10s", "before": "10s", "step_bp": "1", "replaces": "10", "inside": "0"},
    "snipe": {"size": "0.05", "within_bp": "5", "every": "2s", "before": "10s", "cross_at_end": "yes"},
    "stop": {"below": "95%", "persist": "1m", "every": "5s", "at_sweep": "sell"},
}


def parameters(folder: Path, kind: str, **keys: Any) -> dict[str, str]:
    recipe = load(written(folder, tactic={"kind": kind, **keys}), START).way.tactic
    assert recipe.name == kind
    return dict(recipe.parameters)


def mistakes(folder: Path, kind: str, **keys: Any) -> list[Mistake]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, tactic={"kind": kind, **keys}), START)
    return list(caught.value.mistakes)


def test_every_tactic_of_ours_has_its_keys_and_every_key_its_tactic() -> None:
    assert set(KEYS) == set(registry.TACTICS) == OURS.tactics == set(WHOLE)
    assert {key for keys in KEYS.values() for key in keys} == set(ALL)


@pytest.mark.parametrize("kind", WHOLE)
def test_what_a_tactic_needs_is_enough_and_makes_one(kind: str, tmp_path: Path) -> None:
    given = parameters(tmp_path, kind, **WHOLE[kind])
    assert given == SILENT[kind]
    registry.tactic(kind, given)


@pytest.mark.parametrize(
    ("kind", "keys", "told"),
    [
        ("cross", {"reach_bp": "5"}, {"reach_bp": "5"}),
        ("peg", {"every": "5s", "urgency": "clock"}, {"every": "5s", "before": "10s"}),
        (
            "peg",
            {"urgency": "cost", "drift_bp": "2.5"},
            {"every": "10s", "before": "10s", "urgency": "cost", "adverse_bp": "1", "drift_bp": "2.5"},
        ),
        ("iceberg", {"display": "0.5", "vary": "0%", "seed": 7}, {"display": "0.5", "vary": "0.00", "seed": "7"}),
        ("chase", {"reach_bp": "30", "inside": 2, "replaces": 40}, {"reach_bp": "30", "inside": "2", "replaces": "40"}),
        ("snipe", {**WHOLE["snipe"], "cross_at_end": "no"}, {"cross_at_end": "no"}),
        ("stop", {**WHOLE["stop"], "every": "15s", "reach_bp": "20"}, {"every": "15s", "reach_bp": "20"}),
    ],
)
def test_what_is_said_is_what_the_tactic_gets(
    kind: str, keys: dict[str, Any], told: dict[str, str], tmp_path: Path
) -> None:
    given = parameters(tmp_path, kind, **keys)
    assert given == SILENT[kind] | told
    registry.tactic(kind, given)


def test_an_asset_may_be_sold_in_a_manner_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, tactics={"BTC": {"kind": "iceberg", "display": "0.05"}})
    (way,) = load(path, START).own.values()
    assert way.tactic.name == "iceberg"


def test_what_is_missing_is_told_with_what_it_means(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "iceberg")
    assert mistake.where == "tactic.display"
    assert '"20%" or "0.05"' in mistake.what
    assert [mistake.where for mistake in mistakes(tmp_path, "snipe")] == ["tactic.size", "tactic.within_bp"]


def test_a_stop_without_a_price_and_with_nothing_else_is_told_all_of_it(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "stop", every="1m")
    assert [mistake.where for mistake in found] == ["tactic.persist", "tactic.at_sweep", "tactic.below"]
    assert "needs one of them" in found[-1].what


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_for_another_tactic_is_refused_with_what_this_one_takes(kind: str, tmp_path: Path) -> None:
    foreign = {**WHOLE["iceberg"], **WHOLE["snipe"], "reach_bp": "1", "replaces": 3, "urgency": "cost", "step_bp": "1"}
    found = mistakes(tmp_path, kind, **(foreign | WHOLE[kind]))
    assert {m.where for m in found} == {f"tactic.{key}" for key in foreign if key not in KEYS[kind]}
    assert all(", ".join(KEYS[kind]) in mistake.what for mistake in found)


@pytest.mark.parametrize(
    ("kind", "key", "value", "word"),
    [
        ("cross", "reach_bp", "10000", "between 0 and 10000"),
        ("cross", "reach_bp", "-1", "between 0 and 10000"),
        ("peg", "every", "0s", "above zero"),
        ("peg", "urgency", "soon", "clock, cost"),
        ("peg", "drift_bp", "2", 'urgency = "cost"'),
        ("iceberg", "display", "0%", "above zero"),
        ("iceberg", "display", "0", "above zero"),
        ("iceberg", "display", "101%", "more than there is"),
        ("iceberg", "vary", "51%", "50%"),
        ("chase", "step_bp", "0", "above zero"),
        ("chase", "replaces", 41, "40"),
        ("snipe", "size", "0", "above zero"),
        ("snipe", "within_bp", "-0.1", "between 0 and 10000"),
        ("snipe", "cross_at_end", "maybe", "yes, no"),
        ("stop", "below", "0", "above zero"),
        ("stop", "below", "100%", "from the start"),
        ("stop", "above", "66500", "one of them"),
        ("stop", "persist", "0s", "above zero"),
        ("stop", "persist", "19s", "less than 4 looks"),
        ("stop", "at_sweep", "perhaps", "sell, wait"),
    ],
)
def test_what_no_tactic_could_work_with_is_told_at_its_place(
    kind: str, key: str, value: Any, word: str, tmp_path: Path
) -> None:
    (mistake,) = mistakes(tmp_path, kind, **{**WHOLE[kind], key: value})
    assert mistake.where == f"tactic.{key}"
    assert word in mistake.what


@pytest.mark.parametrize(
    ("key", "value"),
    [("display", "a fifth"), ("inside", -1), ("replaces", 0), ("vary", "0.2"), ("seed", "7"), ("every", "soon")],
)
def test_what_has_not_even_the_form_is_told_too(key: str, value: Any, tmp_path: Path) -> None:
    found = mistakes(tmp_path, "iceberg", **{"display": "20%", key: value})
    assert f"tactic.{key}" in [mistake.where for mistake in found]


@pytest.mark.parametrize(
    ("below", "scope", "places"),
    [
        ("69999.99", {"scope": "fill"}, {"tactic.below"}),
        ("70000", {"scope": "fill"}, set()),
        ("60000", {"scope": "average", "fees": "out"}, set()),
    ],
)
def test_a_stop_under_the_floor_of_each_fill_could_sell_nothing(
    tmp_path: Path, below: str, scope: dict[str, str], places: set[str]
) -> None:
    """At the floor itself it could; a floor on the average of all may let single fills be lower."""
    floor = {"price": "70000", "currency": "USDT", **scope}
    tactic = {"kind": "stop", "below": below, "persist": "1m", "at_sweep": "sell"}
    told = _told(written(tmp_path, tactic=tactic, mandate__assets=holding("0.2", floor=floor)))
    assert {each.where for each in told} == places
    assert all("under the floor of BTC, 70000 USDT" in each.what for each in told)


def _told(config: Path) -> tuple[Mistake, ...]:
    try:
        load(config, START)
    except BadInput as error:
        return tuple(error.mistakes)
    return ()


def test_the_stop_of_the_guide_is_read(tmp_path: Path) -> None:
    (block,) = (part.split("```")[0] for part in GUIDE.read_text().split("```toml\n")[1:])
    said = tomllib.loads(block)["tactic"]
    assert parameters(tmp_path, **said) == {key: value for key, value in said.items() if key != "kind"}


def test_all_that_is_wrong_is_told_at_once_and_in_the_section_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, tactic={"kind": "snipe"}, tactics={"BTC": {"kind": "chase", "step_bp": "0", "size": "1"}})
    with pytest.raises(BadInput) as caught:
        load(path, START)
    assert [mistake.where for mistake in caught.value.mistakes] == [
        "tactic.size",
        "tactic.within_bp",
        "tactics.BTC.size",
        "tactics.BTC.step_bp",
    ]
