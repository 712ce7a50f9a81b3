"""A client order id says what it was for, fits every venue, and is never another's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.ids import (
    LegId,
    OrderName,
    RunId,
    RunTag,
    client_order_id,
    parse_client_order_id,
    run_tag,
)

TAGS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8).map(RunTag)
NAMES = st.builds(
    OrderName,
    tag=TAGS,
    leg=st.from_regex(r"\A[A-Za-z0-9]{1,4}\Z").map(LegId),
    slice=st.integers(0, 999_999),
    attempt=st.integers(0, 9999),
    epoch=st.integers(0, 999),
)
STRANGERS = ["", "abc", "web-1712345", "aaaaaaaa-1-0-1", "AAAAAAAA-1-0-1-1", "aaaaaaaa-1-0-1-1-1", "aaaaaaaa-1-x-1-1"]


@given(NAMES)
def test_an_id_is_parsed_to_the_name_it_was_made_of(name: OrderName) -> None:
    assert parse_client_order_id(client_order_id(name)) == name


@given(NAMES)
def test_an_id_fits_every_venue(name: OrderName) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", client_order_id(name))


@given(NAMES, NAMES)
def test_two_names_never_make_one_id(one: OrderName, other: OrderName) -> None:
    assert (client_order_id(one) == client_order_id(other)) == (one == other)


@pytest.mark.parametrize("text", STRANGERS)
def test_a_strangers_id_is_none_of_ours(text: str) -> None:
    assert parse_client_order_id(text) is None


@pytest.mark.parametrize("text", ["aaaaaaaa-1-01-1-1", "aaaaaaaa-1-\u0661-1-1"])
def test_an_id_that_no_name_could_have_made_is_none_of_ours(text: str) -> None:
    assert parse_client_order_id(text) is None


@pytest.mark.parametrize(
    "name",
    [
        OrderName(RunTag("aaaaaaaa"), LegId("12345"), 0, 1, 1),
        OrderName(RunTag("aaaaaaaa"), LegId("a-b"), 0, 1, 1),
        OrderName(RunTag("short"), LegId("1"), 0, 1, 1),
        OrderName(RunTag("aaaaaaaa"), LegId("1"), 1_000_000, 1, 1),
        OrderName(RunTag("aaaaaaaa"), LegId("1"), -1, 1, 1),
        OrderName(RunTag("aaaaaaaa"), LegId("1"), 0, 1, 1000),
    ],
)
def test_a_name_that_does_not_fit_is_refused_rather_than_cut(name: OrderName) -> None:
    with pytest.raises(ValueError, match="not a client order id"):
        client_order_id(name)


@given(st.text(max_size=40).map(RunId))
def test_a_runs_tag_is_eight_letters_and_always_the_same(run: RunId) -> None:
    assert re.fullmatch(r"[a-z2-7]{8}", run_tag(run))
    assert run_tag(run) == run_tag(RunId(str(run)))


def test_runs_of_one_case_have_different_tags() -> None:
    runs = [RunId(f"CASE-1-{n}") for n in range(1000)]
    assert len({run_tag(run) for run in runs}) == len(runs)
