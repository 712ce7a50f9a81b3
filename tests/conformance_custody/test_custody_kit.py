"""One suite for every way to a custodian, and the proof that it sees what is wrong."""

from pathlib import Path

import pytest

from tests.conformance_custody.kit import CASES
from tests.conformance_custody.planted import FAULTS, Wrapped
from tests.conformance_custody.rigs import RIGS, in_process


@pytest.mark.parametrize("rig", RIGS)
@pytest.mark.parametrize("case", CASES)
async def test_every_way_to_a_custodian_keeps_the_port(case: str, rig: str, tmp_path: Path) -> None:
    async with RIGS[rig](tmp_path) as opened:
        await CASES[case](opened)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_fails_the_case_that_is_about_it(fault: type[Wrapped], tmp_path: Path) -> None:
    async with in_process(tmp_path) as opened:
        opened.custody = fault(opened.custody)
        with pytest.raises(AssertionError):
            await CASES[FAULTS[fault]](opened)
