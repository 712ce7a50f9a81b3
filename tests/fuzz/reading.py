"""An independent reading of a frame, by another JSON library: what it says, and whether a parsed value was said.

A parser may refuse a frame. What it must not do is say something that the frame does not: every number, every name and
every time of a parsed value has to stand in the frame, and the fields of one row have to come from one row.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum
from math import isfinite
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import parse_instant
from engine.kernel.money import ZERO, exact

MILLION: Final = 1_000_000
SOBER: Final = 60
"""Digits; a number beyond them is compared, and not counted with."""
Fields = Mapping[str, tuple[str, ...]]
"""An attribute of ours, and the names under which a row may carry it."""


class Written(Decimal):
    """A number, and how it was written."""

    text: str


def _written(text: str) -> Written:
    number = Written(text)
    number.text = text
    return number


def read(frame: bytes) -> Any:
    """The frame as plain values; every number is exact. `ValueError` or `RecursionError` if it is no JSON."""
    return json.loads(frame, parse_float=_written, parse_int=_written, parse_constant=_written)


class Said:
    """Every number, text and time in a frame."""

    def __init__(self, told: Any) -> None:
        self.numbers: set[Decimal] = {ZERO}
        self.texts: set[str] = {""}
        self.times: set[int] = set()
        for value in scalars(told):
            if isinstance(value, str):
                self._text(value)
            elif isinstance(value, Decimal):
                self._number(value)

    def _text(self, text: str) -> None:
        self.texts.add(text)
        if (number := decimal(text)) is not None:
            self._number(number)
        elif "T" in text:
            try:
                self.times.add(parse_instant(text))
            except ValueError:
                return

    def _number(self, number: Decimal) -> None:
        if isinstance(number, Written):
            whole = _whole(number)
            self.texts |= {number.text, whole}
            self.times |= {int(whole) * MILLION} if whole and len(whole) < SOBER else set()
        if not number.is_finite():
            return
        self.numbers.add(number)
        if abs(number.adjusted()) < SOBER and number == int(number):
            self.texts.add(str(int(number)))
            self.times |= {int(number) * MILLION, int(number) * 1000 * MILLION}


def _whole(number: Decimal) -> str:
    """A number that is written as a fraction where a whole one belongs: JSON libraries read it as a float first."""
    nearest = float(number)
    return str(int(nearest)) if isfinite(nearest) else ""


def scalars(told: Any) -> Iterator[Any]:
    """Every value in a document that holds no others."""
    stack = [told]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
            stack.extend(value)
        elif isinstance(value, list):
            stack.extend(value)
        else:
            yield value


def decimal(text: Any) -> Decimal | None:
    """The number that a text or a number is, `None` for anything else."""
    if isinstance(text, bool) or not isinstance(text, str | Decimal | int):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def unsaid(value: Any, said: Said, *, known: frozenset[Any], derived: frozenset[str]) -> Iterator[str]:
    """Everything in a parsed value that the frame does not say. Fields in `derived` are judged elsewhere."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            if name not in derived:
                yield from (
                    f"{name}: {what}" for what in unsaid(getattr(value, name), said, known=known, derived=derived)
                )
    elif isinstance(value, list | tuple | dict):
        for each in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
            yield from unsaid(each, said, known=known, derived=derived)
    elif value is None or isinstance(value, bool | Enum) or value in known:
        return
    elif isinstance(value, Decimal):
        if value not in said.numbers:
            yield f"{value} is no number of the frame"
    elif isinstance(value, int):
        if value not in said.times and Decimal(value) not in said.numbers:
            yield f"{value} is no time of the frame"
    elif isinstance(value, str):
        if value not in said.texts:
            yield f"{value!r} is no text of the frame"
    else:
        yield f"{value!r} is a {type(value).__name__}"


def rows(told: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    stack = [told]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def from_one_row(value: Any, told: Any, fields: Fields) -> bool:
    """Is there a row that says all of this?"""
    return any(all(_says(row, names, getattr(value, ours)) for ours, names in fields.items()) for row in rows(told))


def _says(row: Mapping[str, Any], names: Sequence[str], value: Any) -> bool:
    return any(name in row and _is(row[name], value) for name in names)


def _is(theirs: Any, value: Any) -> bool:
    """Is this what they wrote?"""
    if isinstance(value, bool):
        yes, no = ("true", "1", "Added"), ("false", "0", "-0", "Removed")
        return str(theirs) in (yes if value else no) or theirs is value
    if isinstance(value, Decimal):
        return decimal(theirs) == value
    if isinstance(theirs, Written):
        return str(value) in (theirs.text, _whole(theirs))
    return isinstance(theirs, str) and theirs == str(value)


def sober(value: Any) -> bool:
    """Every number in it is one that a market can show: it could be written out, and reckoned with exactly."""
    if isinstance(value, Struct):
        return all(sober(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, list | tuple):
        return all(map(sober, value))
    return not isinstance(value, Decimal) or _kept(value)


def _kept(number: Decimal) -> bool:
    try:
        exact(str(number))
    except ValueError:
        return False
    return True
