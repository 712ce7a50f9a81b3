"""Whose prices count and how many of them have to agree, as a config says it."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.config import OURS, Config, load
from engine.kernel.clock import SECOND
from engine.kernel.errors import BadInput, Mistake
from engine.market.reference import ReferenceRules
from tests.support.builders import START, d
from tests.support.configs import PRODUCTION, written

KNOWN = replace(OURS, adapters={**OURS.adapters, "generic": {"exchange": "its name"}})
WATCHED = {"hashkey": {"adapter": "hashkey"}, "kraken": {"adapter": "generic", "use": "reference"}}


def rules(folder: Path, **changes: Any) -> ReferenceRules:
    found: Config = load(written(folder, **changes), START, KNOWN)
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
        Mistake(
            "reference.quorum",
            "5 can't agree among 2: kraken, osl; "
            'add venues with use = "reference" that list the pairs, or say at most 2',
        ),
    ]


def test_a_quorum_of_nobody_is_no_quorum(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, reference={"quorum": 0})
    assert mistake.where == "reference.quorum"


TWICE = "in production one exchange counts once, so name only one of them in reference.sources"


def test_in_production_one_exchange_under_two_names_agrees_with_nobody(tmp_path: Path) -> None:
    """Neither by the same adapter, nor by one that was told the same exchange; a third source changes nothing."""
    other = {"hashkey": {"adapter": "hashkey"}, "other": {"adapter": "hashkey", "use": "reference"}}
    told = {"other": {"adapter": "generic", "options": {"exchange": "hashkey"}, "use": "reference"}}
    for venues in (other, {**other, **told}, {**other, **WATCHED}):
        assert mistakes(tmp_path, environment="production", venues=venues, reference={"quorum": 2}) == [
            Mistake("venues.other", f"other is hashkey, and so is hashkey: {TWICE}")
        ]


def test_who_names_one_of_them_may_use_both(tmp_path: Path) -> None:
    twice = {**WATCHED, "other": {"adapter": "hashkey", "use": "reference"}}
    production = {"environment": "production", "venues": twice}
    named = {"quorum": 2, "sources": ["hashkey", "kraken"]}
    assert rules(tmp_path, **production, reference=named).sources == ("hashkey", "kraken")
    assert mistakes(tmp_path, **production, reference={"quorum": 2, "sources": ["kraken", "other", "hashkey"]}) == [
        Mistake("reference.sources[2]", f"hashkey is hashkey, and so is other: {TWICE}")
    ]


def test_exchanges_of_one_adapter_are_as_many_as_it_was_told(tmp_path: Path) -> None:
    def generic(exchange: str) -> dict[str, Any]:
        return {"adapter": "generic", "options": {"exchange": exchange}, "use": "reference"}

    venues = {"hashkey": {"adapter": "hashkey"}, "one": generic("kraken"), "two": generic("coinbase")}
    assert rules(tmp_path, environment="production", venues=venues, reference={"quorum": 3}).quorum == 3


def test_a_sandbox_may_hear_one_exchange_twice(tmp_path: Path) -> None:
    twice = {"hashkey": {"adapter": "hashkey"}, "other": {"adapter": "hashkey", "use": "reference"}}
    assert rules(tmp_path, venues=twice, reference={"quorum": 2}).quorum == 2
