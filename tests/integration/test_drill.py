"""The drill as somebody plays it: one command, two processes killed or halted, and a record that stays."""

import json
from pathlib import Path

import pytest

from tests.support.processes import Person


@pytest.mark.slow
def test_the_drill_passes_and_its_result_is_kept(tmp_path: Path) -> None:
    person = Person(tmp_path / "shell")
    done = person.says("drill", "--seed", "3", "--out", tmp_path / "drill.json", within=150)
    assert done.code == 0, done
    result = json.loads((tmp_path / "drill.json").read_bytes())
    assert result["passed"]
    assert [act["way"] for act in result["acts"]] == ["halt", "kill"]
    assert all(act["rested"] == {"hashkey": 1, "osl": 1} for act in result["acts"])
    assert all(act["left"] == {"hashkey": 0, "osl": 0} for act in result["acts"])
    [kept] = (person.home / "drills").glob("drill-*.json")
    assert kept.read_bytes() == (tmp_path / "drill.json").read_bytes()
    listed = person.says("drill", "--list")
    assert (listed.code, listed.out.count("passed")) == (0, 1)


def test_without_any_drill_the_list_says_so(tmp_path: Path) -> None:
    listed = Person(tmp_path / "shell").says("drill", "--list")
    assert listed.code == 0
    assert listed.out.startswith("no drill is kept in ")
