"""Runs over two venues, one or both of which may fall silent for a while or for good; all drawn from one number.

Other seeds: `STEELYARD_SEEDS=1000..1999 pytest tests/simulation/test_apart.py`. A failure names its seed and its plan.
"""

import os
from collections import Counter
from functools import cache
from typing import Final, NamedTuple

import pytest

from engine.kernel.clock import SECOND, Span
from tests.simulation.plans import APART, MODES, SimulationPlan, Spell, drawn_apart
from tests.simulation.world import World

CHUNK: Final = 25
FAST: Final = 25
"""So many seeds run with the quick tests; the others are slow ones."""


def _chunks(first: int, last: int) -> list[range]:
    return [range(at, min(at + CHUNK, last + 1)) for at in range(first, last + 1, CHUNK)]


def _named(seeds: range) -> str:
    return f"{seeds[0]}..{seeds[-1]}"


_first, _, _last = os.environ.get("STEELYARD_SEEDS", f"0..{FAST - 1}").partition("..")
CHOSEN: Final = _chunks(int(_first), int(_last or _first))
MORE: Final = _chunks(FAST, FAST + 149)
EARLY: Final = Span(20 * SECOND)


class Ran(NamedTuple):
    """What became of a run in which no invariant was broken."""

    spells: list[tuple[str, bool, bool]]
    """Which venue fell silent; for good? its prices as well?"""
    died: list[str]
    """How its processes died, one after another."""
    finished: str


@cache
def ran(seed: int) -> Ran:
    """The run of this seed, once for all that ask for it."""
    world = World(drawn_apart(seed)).run()
    assert world.state is not None
    spells = [(spell.venue, spell.lasts is None, spell.blind) for spell in world.plan.spells]
    return Ran(spells, [crash.mode for crash in world.disk.died], world.state.finished)


def ended(plan: SimulationPlan) -> str:
    """How the run ends, if no invariant is broken on the way."""
    state = World(plan).run().state
    return state.finished if state is not None else ""


@pytest.mark.parametrize("seeds", CHOSEN, ids=_named)
def test_no_seed_makes_two_venues_break_an_invariant(seeds: range) -> None:
    """Coins here, there or in both places, other fees, faults of one venue alone, and the dark; then all the rest."""
    for seed in seeds:
        ran(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", MORE, ids=_named)
def test_no_further_seed_makes_two_venues_break_an_invariant(seeds: range) -> None:
    """The same, for more of them."""
    for seed in seeds:
        ran(seed)


@pytest.mark.slow
def test_the_seeds_meet_every_way_of_falling_silent() -> None:
    """A campaign in which something never happens says nothing about it."""
    spells: Counter[tuple[str, bool, bool]] = Counter()
    died: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for seed in range(100):
        spells.update(ran(seed).spells)
        died.update(ran(seed).died)
        ends[ran(seed).finished] += 1
    assert len(spells) == 8
    assert set(MODES) <= died.keys()
    assert {"done", "short", "halted", "unresolved"} <= ends.keys()


@pytest.mark.parametrize("scenario", APART)
@pytest.mark.parametrize("blind", [True, False])
def test_what_lies_at_both_venues_is_sold_though_one_falls_silent_for_good(scenario: str, blind: bool) -> None:
    """Everything lies at either; the dead one keeps what it may have, and no more than that is left unsold."""
    for seed in range(5):
        spells = (Spell("hashkey", Span(EARLY + seed * SECOND), blind=blind),)
        plan = SimulationPlan(seed=seed, scenario=scenario, held=(100, 100), fees=("0", "0.0029"), spells=spells)
        world = World(plan).run()
        assert world.state is not None
        leg = world.state.legs[world.state.opened.plan.legs[0].id]
        lost = world.state.working(leg.id)
        assert leg.remaining - lost < leg.own / 100, f"seed {seed}"


@pytest.mark.parametrize("scenario", APART)
def test_a_venue_that_comes_back_in_time_changes_no_ending(scenario: str) -> None:
    """Half lies at each; one is silent for half a minute in the middle of the run."""
    for seed in range(5):
        spells = (Spell("osl", EARLY, Span(30 * SECOND)),)
        plan = SimulationPlan(seed=seed, scenario=scenario, held=(50, 50), spells=spells)
        assert ended(plan) == "done", f"seed {seed}"


def test_a_venue_that_is_silent_from_the_start_is_not_missed_where_the_other_holds_everything() -> None:
    """Nothing was ever sent to it, so that nothing about it is open in the end."""
    for venue, held in (("hashkey", (0, 100)), ("osl", (100, 0))):
        plan = SimulationPlan(seed=1, scenario="apart_cross", held=held, spells=(Spell(venue, Span(0)),))
        assert ended(plan) == "done", venue


def test_a_seed_over_two_venues_gives_the_same_journal_each_time() -> None:
    """Crashes, faults, dark spells, shuffled tasks: the last hash is the same twice."""
    for seed in range(4):
        first, again = World(drawn_apart(seed)).run(), World(drawn_apart(seed)).run()
        assert first.disk.records[-1].hash == again.disk.records[-1].hash, f"seed {seed}"
