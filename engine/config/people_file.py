"""A people file: TOML with the policy, and one table a person. Every mistake in it is named at once."""

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import Span, parse_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import PersonName
from engine.mandate.people import People, Person, Policy, Role

SCHEMA: Final = 1
_KNOWN: Final = ("schema", "policy", "people")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""The same letters as a key's file may have."""


class _Policy(Struct, frozen=True, forbid_unknown_fields=True):
    approvals: int
    lasts: str


class _Person(Struct, frozen=True, forbid_unknown_fields=True):
    """`[people.NAME]` in a file."""

    roles: tuple[str, ...]
    key: str
    former: tuple[str, ...] = ()
    name: str = ""


def parse(text: str) -> People:
    """A people file's text; `BadInput` with every mistake in it, by its place."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput([Mistake("people", f"is not TOML: {error}")]) from error
    mistakes = list(_about_the_file(tree))
    policy = _policy(tree.get("policy"), mistakes)
    tables = tree.get("people")
    entries = tables if isinstance(tables, dict) else {}
    people = [person for name, table in entries.items() if (person := _person(name, table, mistakes)) is not None]
    mistakes += _shared_keys(people)
    if policy is not None and isinstance(tables, dict):
        mistakes += _too_few(policy, people, len(entries))
    if mistakes or policy is None:
        raise BadInput(mistakes)
    return People({person.name: person for person in people}, policy)


def _about_the_file(tree: Mapping[str, Any]) -> Iterator[Mistake]:
    if tree.get("schema") != SCHEMA:
        yield Mistake("people.schema", f"is {tree.get('schema', 'missing')}; this version reads {SCHEMA}")
    if not isinstance(tree.get("people"), dict):
        yield Mistake("people", "no table [people.NAME] in the file")
    for key in tree.keys() - set(_KNOWN):
        yield Mistake(key, f"unknown key; known here: {', '.join(_KNOWN)}")


def _policy(table: object, mistakes: list[Mistake]) -> Policy | None:
    if table is None:
        mistakes.append(Mistake("policy", "no table [policy] in the file"))
        return None
    try:
        read = msgspec.convert(table, _Policy)
    except msgspec.ValidationError as error:
        mistakes.append(Mistake("policy", str(error)))
        return None
    before = len(mistakes)
    if read.approvals < 1:
        mistakes.append(Mistake("policy.approvals", f"is {read.approvals}; at least one person has to agree"))
    try:
        lasts = parse_span(read.lasts)
    except ValueError as error:
        mistakes.append(Mistake("policy.lasts", str(error)))
        return None
    if lasts <= 0:
        mistakes.append(Mistake("policy.lasts", "is no time at all; every approval would have expired"))
    return Policy(approvals=read.approvals, lasts=Span(lasts)) if len(mistakes) == before else None


def _person(name: str, table: object, mistakes: list[Mistake]) -> Person | None:
    where = f"people.{name}"
    try:
        read = msgspec.convert(table, _Person)
    except msgspec.ValidationError as error:
        mistakes.append(Mistake(where, str(error)))
        return None
    if not _NAME.fullmatch(name):
        mistakes.append(Mistake(where, "a name has letters, digits, . _ - and at most 64 of them"))
    roles = set()
    for word in read.roles:
        if word in set(Role):
            roles.add(Role(word))
        else:
            mistakes.append(Mistake(f"{where}.roles", f"{word!r} is none of: {', '.join(Role)}"))
    keys = {"key": read.key, **{f"former[{index}]": key for index, key in enumerate(read.former)}}
    for place, key in keys.items():
        if not _is_key(key):
            mistakes.append(Mistake(f"{where}.{place}", "is not an Ed25519 public key: 32 bytes in base64"))
    return Person(name=PersonName(name), roles=frozenset(roles), key=read.key, former=read.former, full_name=read.name)


def _is_key(text: str) -> bool:
    """Only the one way to write these bytes: two spellings of a key must not pass for two keys."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 32 and base64.b64encode(raw).decode() == text


def _shared_keys(people: list[Person]) -> Iterator[Mistake]:
    owners: dict[str, PersonName] = {}
    for person in people:
        for key in dict.fromkeys((person.key, *person.former)):
            if key in owners:
                what = f"has a key of {owners[key]}; whoever holds it could agree with themselves"
                yield Mistake(f"people.{person.name}.key", what)
            owners.setdefault(key, person.name)


def _too_few(policy: Policy, people: list[Person], tables: int) -> Iterator[Mistake]:
    """A policy that nobody could ever meet; said only where every table could be read."""
    approvers = sum(Role.APPROVER in person.roles for person in people)
    if len(people) == tables and approvers < policy.approvals:
        what = f"asks for {policy.approvals} of them, and the file names {approvers} with the role approver"
        yield Mistake("policy.approvals", what)
