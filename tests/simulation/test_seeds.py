"""Hundreds of small runs, each with its own market, faults and crashes, all drawn from one number.

Other seeds: `STEELYARD_SEEDS=1000..1999 pytest tests/simulation/test_seeds.py`. A failure names its seed and its plan.
"""

import os
from collections import Counter
from functools import cache
from typing import Final, NamedTuple

import pytest

from tests.simulation.plans import FAMILIES, MODES, SCENARIOS, SimulationPlan, drawn
from tests.simulation.world import World

CHUNK: Final = 25
FAST: Final = 100
"""So many seeds run with the quick tests; the others are slow ones."""


def _chunks(first: int, last: int) -> list[range]:
    return [range(at, min(at + CHUNK, last + 1)) for at in range(first, last + 1, CHUNK)]


def _named(seeds: range) -> str:
    return f"{seeds[0]}..{seeds[-1]}"


_first, _, _last = os.environ.get("STEELYARD_SEEDS", f"0..{FAST - 1}").partition("..")
CHOSEN: Final = _chunks(int(_first), int(_last or _first))
MORE: Final = _chunks(FAST, 299)


class Ran(NamedTuple):
    """What became of a run in which no invariant was broken."""

    met: dict[tuple[str, str, str], int]
    """How often each fault was injected."""
    died: list[str]
    """How its processes died, one after another."""
    finished: str


@cache
def ran(seed: int) -> Ran:
    """The run of this seed, once for all that ask for it."""
    world = World(drawn(seed)).run()
    assert world.state is not None
    met = {(str(channel), op, str(do)): n for (channel, op, do), n in world.injected.items()}
    return Ran(met, [crash.mode for crash in world.disk.died], world.state.finished)


@pytest.mark.parametrize("seeds", CHOSEN, ids=_named)
def test_no_seed_makes_us_break_an_invariant(seeds: range) -> None:
    """Faults until a drawn time, then none; up to three crashes; every invariant at every turn and at the end."""
    for seed in seeds:
        ran(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", MORE, ids=_named)
def test_no_further_seed_makes_us_break_an_invariant(seeds: range) -> None:
    """The same, for more of them."""
    for seed in seeds:
        ran(seed)


@pytest.mark.slow
def test_the_seeds_meet_every_fault_and_every_way_to_die() -> None:
    """A campaign in which something never happens says nothing about it."""
    met: Counter[tuple[str, str, str]] = Counter()
    died: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for seed in range(100):
        met.update(ran(seed).met)
        died.update(ran(seed).died)
        ended[ran(seed).finished] += 1
    assert {(str(channel), op, str(do)) for moves in FAMILIES.values() for channel, op, do in moves} <= met.keys()
    assert set(MODES) <= died.keys()
    assert {"done", "halted"} <= ended.keys()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_without_faults_everything_is_sold(scenario: str) -> None:
    """Five markets each; no fault, no crash, and only dust is left in the end."""
    for seed in range(5):
        world = World(SimulationPlan(seed=seed, scenario=scenario)).run()
        assert world.state is not None
        assert world.state.finished == "done", f"seed {seed}"


def test_a_seed_gives_the_same_journal_each_time() -> None:
    """Crashes, faults, shuffled tasks: the last hash is the same twice."""
    for seed in range(6):
        first, again = World(drawn(seed)).run(), World(drawn(seed)).run()
        assert first.disk.records[-1].hash == again.disk.records[-1].hash, f"seed {seed}"
