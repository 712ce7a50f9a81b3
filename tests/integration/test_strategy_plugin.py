"""The guide's worked example of a strategy: its code is the package's, and the package is installed, held and run."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from strategies.conformance import schedules, tactics
from tests.support.processes import ROOT, Person, summary

PACKAGE: Final = ROOT / "examples" / "strategy_plugin"
GUIDE: Final = (ROOT / "docs" / "guides" / "add-a-strategy.md").read_text()
BLOCKS: Final = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
WHOLE: Final = ("src/example_strategy/fading.py", "src/example_strategy/narrow.py", "tests/test_promises.py")
COMMANDS: Final = [line for kind, _, text in BLOCKS if kind == "sh" for line in text.splitlines()]


def shown(name: str) -> list[str]:
    """The pieces of a file in the guide, in its order."""
    return [text.strip("\n") for _, path, text in BLOCKS if path == name]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed as pip does it, without a network; from a copy, since a build leaves things behind."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(PACKAGE, folder / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--disable-pip-version-check", "--target", folder / "site", source], check=True, capture_output=True
    )
    return folder / "site"


@pytest.fixture
def person(site: Path, tmp_path: Path) -> Person:
    """Somebody who has installed the package, in a folder with its config and its tests."""
    shutil.copy(PACKAGE / "fading.toml", tmp_path)
    shutil.copytree(PACKAGE / "tests", tmp_path / "tests")
    return Person(tmp_path, variables={"PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])})


def changed(person: Person, old: str, new: str) -> None:
    config = person.folder / "fading.toml"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))


def lines(text: str) -> list[str]:
    """Without the empty ones, and without indentation: a piece of a class stands at the margin of the guide."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", WHOLE)
def test_the_guide_shows_every_line_of_a_file_in_its_order(name: str) -> None:
    """Between two pieces only empty lines are left out."""
    assert [line for piece in shown(name) for line in lines(piece)] == lines((PACKAGE / name).read_text())


def test_every_block_of_the_guide_is_a_piece_of_a_file() -> None:
    assert {kind for kind, path, _ in BLOCKS if not path} == {"text", "sh"}
    for path in {path for _, path, _ in BLOCKS if path}:
        whole = "\n".join(lines((PACKAGE / path).read_text()))
        assert [piece for piece in shown(path) if "\n".join(lines(piece)) not in whole] == [], path


def test_the_guide_names_every_promise_of_the_kit() -> None:
    cells = {cell.strip().replace("`", "") for line in GUIDE.splitlines() for cell in line.split("|")}
    assert {*schedules.PROMISES, *tactics.PROMISES} <= cells


def test_the_guide_says_nothing_that_is_not_tried_here() -> None:
    assert COMMANDS[:2] == ["pip install --no-deps .", "python -m pytest -q tests"]
    assert [command.split()[0] for command in COMMANDS[2:]] == ["steelyard"] * 4


def test_the_packages_own_tests_ask_the_kit_and_pass(person: Person) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    told = subprocess.run(command, cwd=person.folder, env=person.env, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stdout[-3000:]
    assert " passed" in told.stdout


def test_its_schedule_and_tactic_are_listed_with_the_package_that_brings_them(person: Person) -> None:
    answer = person.says("venues", "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    brought = [(plugin["kind"], plugin["name"], plugin["package"]) for plugin in told["plugins"]]
    assert brought == [
        ("schedule", "fading", "steelyard-example-strategy 1.0"),
        ("tactic", "narrow", "steelyard-example-strategy 1.0"),
    ]
    assert told["broken"] == []


def test_the_commands_of_the_guide_do_what_they_say(person: Person) -> None:
    """Of 0.3 BTC the first slice sells 0.06, and each one after it four fifths of the one before."""
    for command in COMMANDS[2:]:
        answer = person.says(*shlex.split(command)[1:])
        assert answer.code == 0, (command, answer)
    done = summary(person.folder / "run")
    assert (done["status"], done["legs"][0]["residue"]) == ("done", "0.00000")
    with (person.folder / "run" / "orders.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["leg"] == "1"]
    asked = {row["slice"]: Decimal(row["quantity"]) for row in reversed(rows)}
    assert [asked[str(index)] for index in range(4)] == [
        Decimal("0.06000"), Decimal("0.04800"), Decimal("0.03840"), Decimal("0.03072"),
    ]  # fmt: skip
    assert {row["time_in_force"] for row in rows} == {"post_only", "ioc"}


def test_parameters_that_it_will_not_take_are_told_before_anything_begins(person: Person) -> None:
    """The engine has added what the leg is to sell."""
    changed(person, 'first = "0.06"', 'first = "0.4"')
    changed(person, 'narrow_bp = "0.1", ', "")
    answer = person.says("check", "fading.toml")
    assert (answer.code, answer.mistakes) == (
        2,
        [
            "strategy.parameters: fading will not take them: no first slice sells 0.4 of 0.3",
            "tactic.parameters: narrow needs 'narrow_bp'",
        ],
    )


def test_without_the_package_a_config_that_names_it_is_refused(person: Person) -> None:
    person.env["PYTHONPATH"] = str(ROOT)
    answer = person.says("check", "fading.toml")
    assert answer.code == 2
    assert [mistake.partition(":")[0] for mistake in answer.mistakes] == ["strategy.schedule", "tactic.kind"]
