"""When a mid counts as the market's price, and what is said when it does not."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND, Instant
from engine.market.facts import Level
from engine.market.reference import NoReference, Reference, ReferenceRules, reference
from tests.support.builders import START, d, view

RULES = ReferenceRules(60 * SECOND, d("200"))
OLD = Instant(START - 60 * SECOND)
TOO_OLD = Instant(OLD - 1)


def test_the_mid_of_a_good_book_is_the_reference_and_says_how_many_sources_it_has() -> None:
    assert reference(view(), view().at, RULES) == Reference(d("100.00"), 1, "single source")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"live": False}, "not continuous"),
        ({"seen_at": TOO_OLD}, "60000 ms old"),
        ({"book_at": TOO_OLD}, "60000 ms old"),
        ({"bids": ()}, "empty side or is crossed"),
        ({"asks": ()}, "empty side or is crossed"),
        ({"asks": (Level(d("99.99"), d("1")),)}, "empty side or is crossed"),
        ({"asks": (Level(d("99.98"), d("1")),)}, "empty side or is crossed"),
        ({"last": d("98.03")}, "more than 200 bp from"),
        ({"last": d("102.05")}, "more than 200 bp from"),
    ],
)
def test_a_doubtful_book_gives_no_reference_and_the_reason(changes: dict[str, Any], reason: str) -> None:
    found = reference(view(**changes), view(**changes).at, RULES)
    assert isinstance(found, NoReference)
    assert reason in found.reason


@pytest.mark.parametrize(
    "changes",
    [{"seen_at": OLD}, {"book_at": OLD}, {"last": None}, {"last": d("98.04")}, {"last": d("102.04")}],
)
def test_a_book_just_within_the_rules_counts(changes: dict[str, Any]) -> None:
    assert isinstance(reference(view(**changes), view(**changes).at, RULES), Reference)


def test_a_pair_that_was_never_seen_has_no_reference() -> None:
    never = view(bids=(), asks=(), book_at=Instant(0), seen_at=Instant(0), live=False)
    assert isinstance(reference(never, never.at, RULES), NoReference)
