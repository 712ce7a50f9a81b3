"""The name of a tranche: derived, short, and fit for a file and for an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.ids import RunId, VenueName, run_tag
from engine.orders.tranche import NUMBER_MAX, is_tranche_id, tranche_id

TAG = run_tag(RunId("run-1"))


def test_a_tranche_is_named_by_run_venue_and_number() -> None:
    assert tranche_id(TAG, VenueName("hashkey"), 7) == f"{TAG}-hashkey-7"


@given(venue=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True), number=st.integers(0, NUMBER_MAX))
def test_every_venue_name_gives_a_valid_id(venue: str, number: int) -> None:
    assert is_tranche_id(tranche_id(TAG, VenueName(venue), number))


@given(
    venues=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True), min_size=2, unique=True),
    number=st.integers(0, NUMBER_MAX),
)
def test_two_venues_never_share_an_id(venues: list[str], number: int) -> None:
    assert len({tranche_id(TAG, VenueName(venue), number) for venue in venues}) == len(venues)


@pytest.mark.parametrize("number", [-1, NUMBER_MAX + 1])
def test_a_number_beyond_six_digits_names_nothing(number: int) -> None:
    with pytest.raises(ValueError, match="not a tranche's number"):
        tranche_id(TAG, VenueName("hashkey"), number)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a\\b", "a.json", "a b", "a\n", "x" * 33, "é"])
def test_nothing_else_becomes_the_name_of_a_file(text: str) -> None:
    assert not is_tranche_id(text)
