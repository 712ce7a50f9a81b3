"""The page that describes the journal to others names every kind of row, with every field of it."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from engine.events import COMMANDS, EVENTS, Entry
from engine.journal.record import FORMAT

PAGE = (Path(__file__).parents[3] / "docs" / "formats" / "journal.md").read_text(encoding="utf-8")
CELLS = [(line, line.split("|")[1]) for line in PAGE.splitlines() if line.startswith("| `")]
ROWS = {tag: line for line, first in CELLS for tag in re.findall(r"`([a-z_]+)`", first)}
KINDS: dict[str, Any] = {str(member.__struct_config__.tag): member for member in get_args(Entry)}


def described(which: str) -> set[str]:
    """The kinds in the table whose first heading is this."""
    table = PAGE.split(f"\n| {which} |")[1].split("\n\n")[0]
    return {tag for line in table.splitlines()[2:] for tag in re.findall(r"`([a-z_]+)`", line.split("|")[1])}


@pytest.mark.parametrize("tag", KINDS)
def test_every_kind_has_a_row_that_names_its_fields(tag: str) -> None:
    fields = [name for name in KINDS[tag].__struct_fields__ if name != "at" or tag == "wake_at"]
    assert [name for name in fields if f"`{name}`" not in ROWS[tag]] == []


@pytest.mark.parametrize(("heading", "members"), [("event", EVENTS), ("command", COMMANDS)])
def test_every_kind_stands_in_the_table_it_belongs_to(heading: str, members: tuple[Any, ...]) -> None:
    assert described(heading) == {str(member.__struct_config__.tag) for member in members}


def test_what_is_neither_stands_among_the_notes() -> None:
    others = set(get_args(Entry)) - {*EVENTS, *COMMANDS}
    assert described("note") == {str(member.__struct_config__.tag) for member in others}


def test_the_version_is_the_one_that_is_written() -> None:
    assert PAGE.startswith(f"# The journal, version {FORMAT}\n")
    assert f"`user_version` {FORMAT}" in PAGE
