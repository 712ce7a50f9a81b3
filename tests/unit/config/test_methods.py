"""Schedules and tactics of other people's packages: named like ours, with parameters of their own."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.config import OURS, Config, load
from engine.kernel.errors import BadInput, Mistake
from engine.planning.plan import Recipe
from tests.support.builders import START
from tests.support.configs import written

KNOWN = replace(OURS, schedules=OURS.schedules | {"halves"}, tactics=OURS.tactics | {"patient"})
ALWAYS = {"at_end": "extend", "catch_up": "2"}
HALVES = {"schedule": "halves", "window": "80s", "parameters": {"first": "60s"}, **ALWAYS}
PATIENT = {"kind": "patient", "parameters": {"below": "5"}}


def config(folder: Path, **changes: Any) -> Config:
    return load(written(folder, **changes), START, KNOWN)


def mistakes(folder: Path, **changes: Any) -> list[Mistake]:
    with pytest.raises(BadInput) as caught:
        config(folder, **changes)
    return list(caught.value.mistakes)


def test_a_schedule_of_somebody_else_gets_its_parameters_as_they_are(tmp_path: Path) -> None:
    assert config(tmp_path, strategy=HALVES).way.schedule == Recipe("halves", {"first": "60s"})


def test_a_tactic_of_somebody_else_gets_its_parameters_as_they_are(tmp_path: Path) -> None:
    assert config(tmp_path, tactic=PATIENT).way.tactic == Recipe("patient", {"below": "5"})


def test_what_only_our_schedules_understand_is_refused_for_others(tmp_path: Path) -> None:
    ours = {"slices": 8, "curve": [1], "time_jitter": "1%", "size_jitter": "1%"}
    found = mistakes(tmp_path, strategy={**HALVES, **ours})
    assert [mistake.where for mistake in found] == [f"strategy.{key}" for key in ours]


def test_what_only_our_tactics_understand_is_refused_for_others(tmp_path: Path) -> None:
    found = mistakes(tmp_path, tactic={**PATIENT, "every": "5s", "before": "5s"})
    assert [mistake.where for mistake in found] == ["tactic.every", "tactic.before"]


def test_ours_take_no_parameters_but_their_own_keys(tmp_path: Path) -> None:
    found = mistakes(tmp_path, strategy__parameters={"first": "60s"}, tactic__parameters={"below": "5"})
    assert [mistake.where for mistake in found] == ["strategy.parameters", "tactic.parameters"]


def test_ours_need_to_know_how_many_slices(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, strategy={"schedule": "twap", "window": "80s", **ALWAYS})
    assert mistake == Mistake("strategy.slices", "is missing: twap cuts its window into so many")


def test_a_parameter_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, strategy={**HALVES, "parameters": {"first": 60}})
    assert mistake.where == "strategy.parameters.first"


def test_names_that_nobody_offers_are_answered_with_those_that_are_installed(tmp_path: Path) -> None:
    found = mistakes(tmp_path, strategy__schedule="astrology", tactic__kind="feng_shui")
    assert [mistake.what for mistake in found] == [
        f"'astrology' is none of: {', '.join(sorted(KNOWN.schedules))}",
        "'feng_shui' is none of: chase, cross, iceberg, patient, peg, snipe, stop",
    ]


def test_a_peg_has_a_pace_even_where_the_config_is_silent(tmp_path: Path) -> None:
    assert config(tmp_path, tactic={"kind": "peg"}).way.tactic == Recipe("peg", {"every": "10s", "before": "10s"})
