"""One canonical encoding: whatever stands in a journal is read and written again byte by byte."""

from typing import get_args

import msgspec
import pytest

from engine.events import COMMANDS, EVENTS, Entry, decode, kind
from engine.kernel import codec
from tests.support.builders import d
from tests.support.entries import one_of_every_entry

EXAMPLES = one_of_every_entry()


def test_there_is_an_example_of_every_kind_of_row() -> None:
    assert {type(entry) for entry in EXAMPLES.values()} == set(get_args(Entry))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_row_is_decoded_and_encoded_to_the_same_bytes(name: str) -> None:
    payload = codec.encode(EXAMPLES[name])
    assert codec.encode(decode(payload)) == payload


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_row_is_the_same_value_after_its_journey(name: str) -> None:
    assert decode(codec.encode(EXAMPLES[name])) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_row_carries_its_kind(name: str) -> None:
    assert kind(EXAMPLES[name]) == name.split(",")[0].split(" ")[0]


def test_no_two_kinds_share_a_tag() -> None:
    members = get_args(Entry)
    assert len({member.__struct_config__.tag for member in members}) == len(members)


def test_every_row_is_an_event_or_a_command_or_a_note_and_only_one_of_them() -> None:
    assert set(EVENTS) | set(COMMANDS) <= set(get_args(Entry))
    assert not set(EVENTS) & set(COMMANDS)


@pytest.mark.parametrize("payload", [b"", b"{", b"null", b'{"type":"unheard_of"}', b'{"type":"halt"}', b"\xff"])
def test_what_is_no_row_is_refused(payload: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        decode(payload)


def test_a_mapping_is_encoded_in_the_same_order_whoever_built_it() -> None:
    assert codec.encode({"b": 1, "a": 2}) == codec.encode({"a": 2, "b": 1}) == b'{"a":2,"b":1}'


def test_a_decimal_is_text_with_the_digits_it_was_given() -> None:
    assert codec.encode([d("1.50"), d("0.00000001")]) == b'["1.50","1E-8"]'


def test_a_digest_depends_on_every_value() -> None:
    assert codec.digest({"a": d("1")}) != codec.digest({"a": d("1.0")})
