"""Somebody else's rig, installed beside us: it is found by its entry point, and nothing is skipped without a reason."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.case import PATIENCE_NAME

ROOT: Final = Path(__file__).parents[2]
RIG: Final = """
from contextlib import asynccontextmanager

from msgspec.structs import replace

from tests.conformance.rigs import in_process


@asynccontextmanager
async def rig():
    async with in_process.rig() as opened:
        opened.levers = opened.levers - {"halt"}
        opened.venue.capabilities = replace(opened.venue.capabilities, tifs=())
        yield opened


rig.wire = False
"""
POINTS: Final = "[steelyard.conformance]\nmy_venue = my_venue_rig:rig\n"
HALT: Final = "tests/conformance/test_place.py::test_a_halted_pair_takes_no_sale"
IOC: Final = "tests/conformance/test_place.py::test_an_immediate_sale_that_nobody_bids_for_ends_unsold"
REST: Final = "tests/conformance/test_place.py::test_a_sale_that_nobody_bids_for_rests_whole"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that looks to Python like an installed package of somebody else."""
    (tmp_path / "my_venue_rig.py").write_text(RIG)
    about = tmp_path / "my_venue-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-venue\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    return tmp_path


def run(installed: Path, *words: str) -> str:
    """What pytest prints, started by somebody who has the package."""
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *words]
    env = {**os.environ, "PYTHONPATH": str(installed), PATIENCE_NAME: "1"}
    return subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120).stdout


def test_a_rig_of_somebody_else_is_found_by_the_name_of_its_venue(installed: Path) -> None:
    """It lacks immediate orders, which is a reason to skip, and a lever, which is none."""
    said = run(installed, "--venue", "my_venue", REST, IOC, HALT)
    assert "1 passed, 1 skipped, 1 error" in said, said
    assert "no ioc" in said
    assert "the rig has no lever halt" in said


def test_a_missing_lever_is_skipped_only_when_that_was_asked_for(installed: Path) -> None:
    said = run(installed, "--venue", "my_venue", "--allow-missing-levers", REST, IOC, HALT)
    assert "1 passed, 2 skipped" in said, said
    assert "no lever halt" in said


def test_a_venue_that_nobody_offers_is_named(installed: Path) -> None:
    assert "nobody offers a rig 'nowhere'" in run(installed, "--venue", "nowhere", REST)


def test_the_option_alone_runs_the_kit_and_nothing_else(installed: Path) -> None:
    said = run(installed, "--venue", "my_venue", "--collect-only")
    files = {line.partition("::")[0] for line in said.splitlines() if "::" in line}
    assert files
    assert all(name.startswith("tests/conformance/test_") for name in files), files
