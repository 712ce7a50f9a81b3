"""Which sales may have met a book abroad: by the venue's entry, at the instant of each fill."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.events import Entry, Opened, decode
from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.evidence.running import Running
from engine.evidence.sharing import shared
from engine.evidence.story import Story
from engine.journal.record import Record
from engine.kernel import codec
from engine.mandate.register import SharedBook
from engine.orders import quotes
from tests.support.builders import d
from tests.support.journals import FIRST, LICENCE, VENUE, Journal, at, fill, opened, order, two_legs

NOTICE = {"shared_book": "yes", "shared_source": "its notice"}


def rows(**entry: Any) -> list[tuple[Record, Entry]]:
    """The usual run, whose register says this of the venue's book."""
    (record, first), *others = two_legs().rows
    assert isinstance(first, Opened)
    return [(record, replace(first, licences={VENUE: replace(LICENCE, **entry)})), *others]


def story(**entry: Any) -> Story:
    return tell(rows(**entry))


def words(told: Story) -> list[str]:
    return [evidence.shared_book.value for evidence in gather(told)]


@pytest.mark.parametrize(
    ("entry", "found"),
    [({}, "unknown"), (NOTICE, "yes"), ({"shared_book": "no", "shared_source": "a letter"}, "no")],
)
def test_every_fill_has_the_word_of_the_register(entry: dict[str, str], found: str) -> None:
    assert words(story(**entry)) == [found] * 4


def test_a_book_that_was_shared_on_the_way_tells_the_fills_before_from_those_after() -> None:
    """The coin is sold at 10:00:03 and 10:01:02; from then on its book is shared."""
    told = story(**NOTICE, shared_since=at("10:01:02"))
    assert words(told) == ["no", "yes", "yes", "yes"]
    coin, dollars = shared(told)
    assert coin.units == {
        SharedBook.YES: d("0.5"),
        SharedBook.NO: d("0.3"),
        SharedBook.UNKNOWN: d("0"),
        SharedBook.NO_BOOK: d("0"),
    }
    assert (coin.notional[SharedBook.YES], coin.notional[SharedBook.NO]) == (d("32482.5"), d("19497"))
    assert (dollars.units[SharedBook.YES], dollars.source) == (d("40000"), "its notice")


def test_a_deal_with_a_desk_met_no_book_whatever_the_register_says() -> None:
    j = Journal()
    j.write(at("10:00:00"), replace(opened(), licences={VENUE: replace(LICENCE, **NOTICE)}))
    child = j.place(replace(order(FIRST, 1, "10:00:02", "0.5", "63900"), slice=quotes.FIRST))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", "0.5", "64000"))
    told = tell(j.rows)
    assert words(told) == ["no book"]
    assert shared(told)[0].notional[SharedBook.NO_BOOK] == d("32000")


def test_the_line_of_a_fill_says_so_while_the_run_goes_on() -> None:
    running, lines = Running(), []
    for record, entry in rows(**NOTICE, shared_since=at("10:01:02")):
        lines += running.take(record, entry)
    assert [line["shared_book"] for line in lines] == ["no", "yes", "yes", "yes"]


def test_a_first_row_that_was_written_before_the_flag_reads_as_unknown() -> None:
    before = msgspec.json.decode(codec.encode(opened()))
    for name in ("shared_book", "shared_since", "shared_source"):
        del before["licences"][VENUE][name]
    del before["capabilities"][VENUE]["fees"]
    assert decode(msgspec.json.encode(before)) == opened()
