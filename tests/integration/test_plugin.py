"""Somebody else's package: installed offline beside ours, listed, checked, run, and held to the conformance kit."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.processes import ROOT, Person, summary
from tests.support.registers import public, sign

PACKAGE: Final = ROOT / "examples" / "venue_plugin"


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
    """Somebody who has installed the package, and trusts the register that lies beside its example config."""
    for name in ("village.toml", "licences.toml"):
        shutil.copy(PACKAGE / name, tmp_path / name)
    sign(tmp_path / "licences.toml")
    return Person(
        tmp_path, variables={"PYTHONPATH": os.pathsep.join([str(ROOT), str(site)]), "STEELYARD_LICENCE_KEY": public()}
    )


@pytest.fixture
def village(person: Person) -> Iterator[dict[str, Any]]:
    """The package's own exchange, at thirty market seconds a second; the person knows its keys."""
    command = [sys.executable, "-m", "example_venue", "--speed", "30"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=person.env, cwd=person.folder)
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        person.env |= {
            "STEELYARD_SANDBOX_VILLAGE_KEY": ready["key"],
            "STEELYARD_SANDBOX_VILLAGE_SECRET": ready["secret"],
        }
        yield ready
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_its_venue_schedule_and_tactic_are_listed_with_the_package_that_brings_them(person: Person) -> None:
    answer = person.says("venues", "--json", "--licences", "licences.toml")
    assert answer.code == 0, answer.err
    shown = json.loads(answer.out)
    adapter = next(adapter for adapter in shown["adapters"] if adapter["name"] == "village")
    assert adapter["package"] == "steelyard-example-venue 1.0"
    assert adapter["capabilities"]["tifs"] == ["gtc", "ioc"]
    assert (adapter["licence"]["entity"], adapter["licence"]["gap"]) == ("The Village", "")
    assert [(plugin["kind"], plugin["name"]) for plugin in shown["plugins"]] == [
        ("schedule", "halves"),
        ("tactic", "patient"),
    ]
    assert shown["broken"] == []


def test_people_are_told_the_same_in_words(person: Person) -> None:
    words = person.says("venues").out
    assert "Village Exchange, an example on one's own machine: HTTP, polled (from steelyard-example-venue 1.0)" in words
    assert "none: no entry is named village, so its prices alone can be had under that name" in words
    assert "Hash Blockchain Limited, SFC Hong Kong, Type 1 and 7: licensed" in words


def test_a_register_that_nobody_signed_is_not_shown(person: Person) -> None:
    (person.folder / "licences.toml.sig").unlink()
    answer = person.says("venues", "--licences", "licences.toml")
    assert answer.code == 2
    assert "licences: licences.toml.sig can't be read: No such file or directory" in answer.mistakes


def test_a_config_may_name_what_it_brings(person: Person) -> None:
    answer = person.says("check", "village.toml")
    assert (answer.code, answer.mistakes) == (0, [])


def test_without_the_package_a_config_that_names_it_is_refused(person: Person) -> None:
    person.env["PYTHONPATH"] = str(ROOT)
    answer = person.says("check", "village.toml")
    assert answer.code == 2
    assert [mistake.partition(":")[0] for mistake in answer.mistakes] == [
        "strategy.schedule",
        "tactic.kind",
        "venues.village.adapter",
    ]


def test_parameters_that_it_will_not_take_are_told_before_anything_begins(person: Person) -> None:
    config = person.folder / "village.toml"
    config.write_text(config.read_text().replace('every = "20s", ', "").replace('wait = "5s"', 'wait = "a while"'))
    answer = person.says("check", config)
    assert answer.code == 2
    assert answer.mistakes[0] == "strategy.parameters: halves needs 'every'"
    assert answer.mistakes[1].startswith("tactic.parameters: patient will not take them: not a length of time")


def test_a_run_over_its_exchange_by_its_schedule_and_its_tactic_sells_everything(
    person: Person, village: dict[str, Any]
) -> None:
    answer = person.says("run", "village.toml", "--venue", f"village={village['address']}", "--out", "run", "--plain")
    assert answer.code == 0, answer
    done = summary(person.folder / "run")
    assert done["status"] == "done"
    assert person.says("audit", "run").code == 0


def test_its_adapter_passes_the_conformance_kit(person: Person) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--venue", "village"]
    kit = subprocess.run(command, cwd=ROOT, env=person.env, capture_output=True, text=True, check=False, timeout=120)
    assert kit.returncode == 0, kit.stdout[-3000:]
    assert " passed" in kit.stdout
