"""Whose prices count and how many of them have to agree, as a config says it."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import OURS, Config, load
from engine.kernel.clock import SECOND
from engine.kernel.errors import BadInput, Mistake
from engine.market.reference import ReferenceRules
from tests.support.builders import START, d
from tests.support.configs import PRODUCTION, written

WATCHED = {"hashkey": {"adapter": "hashkey"}, "kraken": {"adapter": "generic", "use": "reference"}}


def rules(folder: Path, **changes: Any) -> ReferenceRules:
    found: Config = load(written(folder, **changes), START, OURS)
    return found.limits.reference


def mistakes(folder: Path, **changes: Any) -> list[Mistake]:
    with pytest.raises(BadInput) as caught:
        rules(folder, **changes)
    return list(caught.value.mistakes)


def test_without_a_word_all_venues_count_and_one_is_enough_in_a_sandbox(tmp_path: Path) -> None:
    """Those of the mandate first, then those for reference."""
    assert rules(tmp_path) == ReferenceRules(60 * SECOND, d("200"), 1, ("hashkey",))  # type: ignore[arg-type]
    assert rules(tmp_path, venues=WATCHED).sources == ("hashkey", "kraken")


def test_a_config_names_its_sources_and_its_quorum(tmp_path: Path) -> None:
    found = rules(tmp_path, venues=WATCHED, reference={"quorum": 2, "sources": ["kraken", "hashkey"]})
    assert (found.quorum, found.sources) == (2, ("kraken", "hashkey"))
    assert rules(tmp_path, venues=WATCHED, reference={"sources": ["kraken"]}).sources == ("kraken",)


def test_production_believes_no_single_source(tmp_path: Path) -> None:
    """One venue without the section, and with two sources but a quorum of one."""
    told = 'is 1; in production at least 2 sources have to agree, and a venue with use = "reference" is one'
    assert Mistake("reference.quorum", told) in mistakes(tmp_path, environment="production")
    assert mistakes(tmp_path, environment="production", venues=WATCHED, reference={"quorum": 1}) == [
        Mistake("reference.quorum", told)
    ]
    assert rules(tmp_path, **PRODUCTION).quorum == 2


def test_every_mistake_of_the_section_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    found = mistakes(tmp_path, venues=WATCHED, reference={"quorum": 5, "sources": ["kraken", "kraken", "osl"]})
    assert found == [
        Mistake("reference.sources[1]", "kraken stands here twice"),
        Mistake("reference.sources[2]", "osl is none of the venues: hashkey, kraken"),
        Mistake("reference.quorum", "5 can't agree among 2: kraken, osl"),
    ]


def test_a_quorum_of_nobody_is_no_quorum(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, reference={"quorum": 0})
    assert mistake.where == "reference.quorum"
