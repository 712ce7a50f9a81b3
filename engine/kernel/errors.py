"""Refusals as values, and the few exceptions that end a run.

What a venue call ended in is not an exception: see `orders.reports.Outcome`.
"""

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct


class ExitCode(IntEnum):
    """What a command leaves for scripts; where several apply, 4 wins over 3 over 1 over 0."""

    DONE = 0
    SHORT = 1
    BAD_INPUT = 2
    UNRESOLVED = 3
    VERIFICATION_FAILED = 4
    INTERNAL = 70


class Mistake(Struct, frozen=True):
    """One thing wrong with what we were given: where, what, and what would be right."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Denied(Struct, frozen=True):
    """The gate said no: which limit, its value, and the bound that it broke."""

    limit: str
    value: str
    bound: str

    def __str__(self) -> str:
        return f"{self.limit}: {self.value} against {self.bound}"


class BadInput(Exception):
    """Nothing was started; every mistake is listed."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


class Damaged(Exception):
    """A journal or tape cannot be trusted; the message names the row."""
