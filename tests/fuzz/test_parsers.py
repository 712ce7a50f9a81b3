"""Whatever a wire brings, a parser says what the frame says or raises its one error; it never says anything else.

`STEELYARD_FUZZ=1000000 python -m pytest tests/fuzz` runs a million frames a parser; `STEELYARD_FUZZ_SEED` draws others.
"""

import os
from typing import Any, Final
from zlib import crc32

import pytest
from msgspec import Struct

from engine.orders.reports import Refused, Transient, Unknown
from tests.fuzz.mutation import Damage
from tests.fuzz.parsers import KNOWN, PARSERS, Parser
from tests.fuzz.reading import Said, decimal, from_one_row, read, sober, unsaid

FRAMES: Final = int(os.environ.get("STEELYARD_FUZZ", "20000"))
SEED: Final = int(os.environ.get("STEELYARD_FUZZ_SEED", "1"))


def wrong(parser: Parser, frame: bytes) -> str | None:
    """What is wrong with the parser's word on this frame; `None` when it refused it, or spoke the truth."""
    try:
        value = parser.parse(frame)
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        declared = parser.raises is not None and isinstance(error, parser.raises)
        return None if declared else f"{type(error).__name__}: {error}"
    if not parser.right(value) or not sober(value):
        return f"not to be believed: {value}"
    try:
        document = read(frame)
    except (ValueError, RecursionError):
        return f"it read what is no JSON: {value}" if value and not isinstance(value, Unknown | Transient) else None
    said = Said(document)
    if isinstance(value, Refused) and value.code not in said.texts and decimal(value.code) not in said.numbers:
        return f"nobody refused with {value.code}"
    invented = next(unsaid(value, said, known=KNOWN, derived=parser.derived), None)
    if invented is not None:
        return f"{invented}, in {value}"
    mixed = next((row for row in values(value) if not of_one_row(parser, row, document)), None)
    return None if mixed is None else f"no one row says {mixed}"


def of_one_row(parser: Parser, value: Any, document: Any) -> bool:
    """Where the parser makes such values of one row: is there one that says all of it?"""
    fields = parser.fields.get(type(value))
    return fields is None or from_one_row(value, document, fields)


def values(told: Any) -> list[Struct]:
    """The values of the port in what a parser told."""
    return [each for each in (told if isinstance(told, list | tuple) else [told]) if isinstance(each, Struct)]


@pytest.mark.parametrize("name", PARSERS)
def test_a_golden_frame_is_understood(name: str) -> None:
    """Otherwise the damaged ones would prove nothing."""
    parser = PARSERS[name]
    for frame in parser.golden:
        assert wrong(parser, frame) is None
        parser.parse(frame)


@pytest.mark.parametrize("name", PARSERS)
def test_a_damaged_frame_is_refused_or_said_as_it_is(name: str) -> None:
    parser = PARSERS[name]
    damage = Damage(parser.golden, SEED ^ crc32(name.encode()))
    for number, frame in enumerate(damage.frames(FRAMES)):
        found = wrong(parser, frame)
        assert found is None, f"{name}, seed {SEED}, frame {number}: {frame[:400]!r}: {found}"
