"""Every command of the README is run, as it stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import ROOT, Person, summary

BLOCKS: Final = re.findall(r"^```(?:sh|console)\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
COMMANDS: Final = [
    line.removeprefix("$ ").strip()
    for block in BLOCKS
    for line in block.splitlines()
    if line.strip() and not line.lstrip().startswith("#")
]
MAKE: Final = [command for command in COMMANDS if command.startswith("make ")]
STEELYARD: Final = [command for command in COMMANDS if command.startswith("steelyard ")]
MARKERS: Final = (".run", ".demo", ".dev")


def environment(folder: Path, program: str) -> Path:
    """A `.venv` that is installed already: this interpreter's, with `steelyard` as `program` has it."""
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "steelyard"
    script.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m engine {program}\n")
    script.chmod(0o755)
    for marker in MARKERS:
        (folder / marker).touch()
    return folder


def make(target: str, venv: Path, *options: str, person: Person) -> "subprocess.CompletedProcess[str]":
    outside = {name: value for name, value in person.env.items() if name != "STEELYARD_HOME"}
    return subprocess.run(
        ["make", *options, "--no-print-directory", target, f"VENV={venv}"], cwd=ROOT, env=outside,
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def test_the_readme_says_nothing_that_is_not_tried_here() -> None:
    assert [*MAKE, *STEELYARD] == COMMANDS
    assert MAKE == ["make demo", "make test"]
    assert len(STEELYARD) >= 5


@pytest.mark.slow
def test_the_commands_do_what_they_say_one_after_another(tmp_path: Path) -> None:
    """In a folder with the examples in it, as in a checkout."""
    person = Person(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for command in STEELYARD:
        answer = person.says(*shlex.split(command)[1:])
        assert answer.code == 0, (command, answer)
        assert answer.out


@pytest.mark.slow
def test_make_demo_sells_the_demonstration_holding(tmp_path: Path) -> None:
    """Its own recipe, with nothing left to install, and played four times as fast."""
    person = Person(tmp_path)
    venv = environment(tmp_path / "venv", f'"$@" --speed 120 --out {shlex.quote(str(tmp_path / "run"))}')
    person.env["PATH"] = os.defpath
    demo = make("demo", venv, person=person)
    assert demo.returncode == 0, demo
    result = summary(tmp_path / "run")
    assert (result["case"], result["status"]) == ("DEMO-2026-001", "done")
    assert {"journal.sqlite", "fills.jsonl", "report.html", "ledger.beancount"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }


def test_make_test_runs_this_suite(tmp_path: Path) -> None:
    """Run for real it would run itself; so make is only asked what it would do."""
    shown = make("test", environment(tmp_path / "venv", '"$@"'), "-n", person=Person(tmp_path))
    assert (shown.returncode, shown.stdout) == (0, f"{tmp_path / 'venv'}/bin/python -m pytest -q -n 3\n")
