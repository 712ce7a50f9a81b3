"""A register file: TOML, one table a venue. The package brings a dated one, `licences.toml`; a release renews it."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import Instant, parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.mandate.register import SHARINGS, STATUSES, Licence, Register, SharedBook

SCHEMA: Final = 1
OPTIONAL: Final = ("licensed_on", "shared_since")
"""Days that may be left empty."""


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """`[licences.NAME]` in a file."""

    entity: str
    authority: str
    status: str
    seen_at: str
    valid_until: str
    source: str
    reference: str = ""
    licensed_on: str = ""
    shared_book: str = ""
    shared_since: str = ""
    shared_source: str = ""


@cache
def listed() -> Register:
    """The package's own snapshot."""
    return parse(files("engine.config").joinpath("licences.toml").read_text("utf-8"))


def parse(text: str) -> Register:
    """A register file's text; `BadInput` with every mistake in it, by `licences.NAME.FIELD`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput([Mistake("licences", f"is not TOML: {error}")]) from error
    mistakes = list(_about_the_file(tree))
    tables = tree.get("licences", {})
    register: dict[VenueName, Licence] = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        try:
            entry = msgspec.convert(table, _Entry)
        except msgspec.ValidationError as error:
            mistakes.append(Mistake(f"licences.{name}", str(error)))
            continue
        read = _licence(VenueName(name), entry)
        if isinstance(read, Licence):
            register[read.venue] = read
        else:
            mistakes += read
    if mistakes:
        raise BadInput(mistakes)
    return register


def _about_the_file(tree: Mapping[str, Any]) -> Iterator[Mistake]:
    if tree.get("schema") != SCHEMA:
        yield Mistake("licences.schema", f"is {tree.get('schema', 'missing')}; this version reads {SCHEMA}")
    if not isinstance(tree.get("licences"), dict):
        yield Mistake("licences", "no table [licences.NAME] in the file")
    for key in tree.keys() - {"schema", "licences"}:
        yield Mistake(f"licences.{key}", "unknown key; known here: schema, licences")


def _licence(venue: VenueName, entry: _Entry) -> Licence | list[Mistake]:
    mistakes = []
    if entry.status not in STATUSES:
        mistakes.append(Mistake(f"licences.{venue}.status", f"{entry.status!r} is none of: {', '.join(STATUSES)}"))
    dates: dict[str, Instant] = {}
    for name in ("licensed_on", "seen_at", "valid_until", "shared_since"):
        if name in OPTIONAL and not getattr(entry, name):
            continue
        try:
            dates[name] = parse_instant(getattr(entry, name))
        except ValueError as error:
            mistakes.append(Mistake(f"licences.{venue}.{name}", str(error)))
    if {"seen_at", "valid_until"} <= dates.keys() and dates["valid_until"] <= dates["seen_at"]:
        mistakes.append(Mistake(f"licences.{venue}.valid_until", "lies before seen_at, so it was never valid"))
    mistakes += _about_the_book(venue, entry)
    if mistakes:
        return mistakes
    return Licence(
        venue=venue,
        entity=entry.entity,
        authority=entry.authority,
        reference=entry.reference,
        status=entry.status,
        licensed_on=dates.get("licensed_on"),
        seen_at=dates["seen_at"],
        valid_until=dates["valid_until"],
        source=entry.source,
        shared_book=entry.shared_book,
        shared_since=dates.get("shared_since"),
        shared_source=entry.shared_source,
    )


def _about_the_book(venue: VenueName, entry: _Entry) -> Iterator[Mistake]:
    """Whoever says that a book is shared, or is not, says who told them."""
    where, said = f"licences.{venue}", entry.shared_book
    if said not in SHARINGS:
        what = f"{said!r} is neither yes nor no; leave it empty where it is not known"
        yield Mistake(f"{where}.shared_book", what)
    elif said and not entry.shared_source:
        yield Mistake(f"{where}.shared_source", f"is missing: who says {said}?")
    if entry.shared_since and said != SharedBook.YES:
        yield Mistake(f"{where}.shared_since", 'goes with shared_book = "yes" alone')
