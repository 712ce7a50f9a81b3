"""The papers that lie in a folder shared with a custodian: what they may say, and each mistake in them with its place.

People write the answers by hand. What is unclear is named and never guessed: an unknown word, a time without its zone,
a number that is not text, a name that stands there twice. Pure.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from engine.kernel import codec
from engine.kernel.clock import Instant, iso, parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import Asset, exact, trimmed
from engine.orders.tranche import Confirmed, CustodyStatement, Requested, Sent, Tranche, TrancheState, TurnedDown

T = TypeVar("T")
SCHEMA: Final = 1
_ASSET: Final = re.compile(r"[A-Z0-9]{2,10}")
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "accepted": (),
    "refused": ("reason",),
    "sent": ("reference", "at"),
    "confirmed": ("reference", "at"),
}
"""Per state of an answer what it says besides."""


def request_of(tranche: Tranche, case: str) -> bytes:
    """A request as its file holds it, to the byte."""
    said = {
        "schema": SCHEMA,
        "case": case,
        "id": tranche.id,
        "asset": tranche.asset,
        "quantity": trimmed(tranche.quantity),
        "venue": tranche.venue,
        "account": tranche.account,
        "asked_at": iso(tranche.asked_at),
    }
    return json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n"


def is_about(raw: bytes, tranche: Tranche, case: str) -> bool:
    """Does a request that lies there ask for the same movement, whenever it was written?"""
    try:
        said = _table(raw, "request")
    except BadInput:
        return False
    wanted = json.loads(request_of(tranche, case))
    return {**said, "asked_at": ""} == {**wanted, "asked_at": ""}


def answer_in(raw: bytes, where: str, tranche: str) -> TrancheState:
    """An answer's state; `BadInput` with every mistake in it."""
    said = _table(raw, where)
    reading = _Reading(said, where)
    reading.expect("id", tranche)
    state = reading.text("state")
    keys = _KEYS.get(state)
    if keys is None:
        if state:
            reading.wrong("state", f"{state!r} is none of: {', '.join(_KEYS)}")
        raise BadInput(reading.mistakes)
    reading.only(("schema", "id", "state", *keys))
    reading.schema()
    reason, reference = (reading.text(key) if key in keys else "" for key in ("reason", "reference"))
    at = reading.instant("at") if "at" in keys else Instant(0)
    if reading.mistakes:
        raise BadInput(reading.mistakes)
    evidence = codec.sha256_hex(raw)
    if state == "refused":
        return TurnedDown(reason, evidence)
    if state == "accepted":
        return Requested()
    return (Sent if state == "sent" else Confirmed)(reference, at, evidence)


def statement_in(raw: bytes, where: str, case: str) -> CustodyStatement:
    """A statement; `BadInput` with every mistake in it."""
    reading = _Reading(_table(raw, where), where)
    reading.only(("schema", "case", "at", "holdings"))
    reading.schema()
    reading.expect("case", case)
    at = reading.instant("at")
    units: dict[Asset, Decimal] = {}
    listed = reading.said.get("holdings")
    if not isinstance(listed, dict):
        reading.wrong("holdings", "should be a table of quantities by asset")
        listed = {}
    for name, text in listed.items():
        if not _ASSET.fullmatch(name):
            reading.wrong(f"holdings.{name}", "is no asset: capitals and digits, two to ten of them")
        units[Asset(name)] = reading.units(f"holdings.{name}", text)
    if reading.mistakes:
        raise BadInput(reading.mistakes)
    return CustodyStatement(at, units, codec.sha256_hex(raw))


class _Reading:
    """One table that is being read, and all that is wrong with it."""

    def __init__(self, said: dict[str, Any], where: str) -> None:
        self.said, self._where = said, where
        self.mistakes: list[Mistake] = []

    def wrong(self, key: str, what: str) -> None:
        self.mistakes.append(Mistake(f"{self._where}: {key}", what))

    def only(self, known: Iterable[str]) -> None:
        known = tuple(known)
        for key in self.said:
            if key not in known:
                self.wrong(key, f"unknown key; known here: {', '.join(known)}")

    def schema(self) -> None:
        found = self.said.get("schema", SCHEMA)
        if type(found) is not int or found != SCHEMA:
            self.wrong("schema", f"is {found!r}; this version reads {SCHEMA}")

    def text(self, key: str) -> str:
        """What stands there; empty, and a mistake, when nothing does."""
        found = self.said.get(key)
        if isinstance(found, str) and found.strip():
            return found
        self.wrong(key, "is missing" if key not in self.said else "should be text")
        return ""

    def expect(self, key: str, wanted: str) -> None:
        found = self.text(key)
        if found and found != wanted:
            self.wrong(key, f"is {found!r}, and not {wanted!r}")

    def instant(self, key: str) -> Instant:
        text = self.text(key)
        return self._parsed(key, text, parse_instant, Instant(0)) if text else Instant(0)

    def units(self, key: str, found: object) -> Decimal:
        if not isinstance(found, str):
            self.wrong(key, "should be text in quotes, so that no digit is lost")
            return Decimal(0)
        units = self._parsed(key, found, exact, Decimal(0))
        if units < 0:
            self.wrong(key, f"{found} is below nothing")
        return units

    def _parsed(self, key: str, text: str, parse: Callable[[str], T], otherwise: T) -> T:
        try:
            return parse(text)
        except ValueError as error:
            self.wrong(key, str(error))
            return otherwise


def _table(raw: bytes, where: str) -> dict[str, Any]:
    """The JSON table; `BadInput` when it is none, or when a name stands in it twice."""
    try:
        said = json.loads(raw.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadInput([Mistake(where, f"is not JSON as it should be: {error}")]) from error
    if not isinstance(said, dict):
        raise BadInput([Mistake(where, "should be a table")])
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return table
