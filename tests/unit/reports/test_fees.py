"""The report's sections on fees and on shared books, and the columns of the tables."""

import csv
from io import StringIO

from msgspec.structs import replace

from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.evidence.summary import summarise, summary_json
from engine.kernel.clock import parse_instant
from engine.market.fees import FeeRow
from engine.reports.fees import books, fees
from engine.reports.html import render
from engine.reports.tables import fills_csv, orders_csv
from tests.support.builders import d
from tests.support.journals import LICENCE, VENUE, tape, two_legs

ROW = FeeRow(
    since=parse_instant("2026-01-01T00:00:00+08:00"), tier="VIP0", maker=d("0"), taker=d("0.0005"), source="a <notice>"
)
"""The venue of the usual run charges twice as much."""


def story(*rows: FeeRow) -> Story:
    told = tell(two_legs().rows, tape())
    first = told.opened
    there = {VENUE: first.capabilities[VENUE].under(rows, first.at)} if rows else first.capabilities
    known = replace(LICENCE, shared_book="yes", shared_source="its notice")
    return replace(told, opened=replace(first, capabilities=there, licences={VENUE: known}))


def test_the_table_has_a_row_a_tier_and_names_what_was_charged_too_much() -> None:
    told = fees(summarise(story(ROW)).fees)
    assert told is not None
    assert told["rows"][1] == (
        "hashkey", "VIP0, since 2025-12-31T16:00Z: a <notice>", "2", "51.9795 USDT", "25.98975 USDT", "25.98975 USDT",
    )  # fmt: skip
    assert [(row[2], row[3], row[6]) for row in told["differences"]] == [
        ("t1", "tier VIP0, taker", "9.7485 USDT too much"),
        ("t2", "tier VIP0, taker", "16.24125 USDT too much"),
        ("t3", "tier VIP0, taker", "14.991 USD too much"),
        ("t4", "tier VIP0, taker", "4.9965 USD too much"),
    ]


def test_the_page_and_the_summary_have_it_where_the_config_has_a_schedule() -> None:
    told = story(ROW)
    page = render(told, summarise(told))
    assert "Fees as charged and as scheduled" in page
    assert "a &lt;notice&gt;" in page
    assert b'"fees": {\n    "tariffs"' in summary_json(summarise(told))


def test_without_a_schedule_the_page_and_the_summary_are_silent_about_it() -> None:
    told = story()
    assert fees(summarise(told).fees) is None
    assert "as scheduled" not in render(told, summarise(told))
    assert b'"tariffs"' not in summary_json(summarise(told))


def test_a_venue_s_line_says_how_much_may_have_met_a_book_abroad_and_who_says_so() -> None:
    dash = "\N{EN DASH}"
    assert books(story()) == [
        ("hashkey", "BTC for USDT", "0.8 BTC, 51,979.5 USDT", dash, dash, dash, "its notice"),
        ("hashkey", "USDT for USD", "40,000 USDT, 39,975 USD", dash, dash, dash, "its notice"),
    ]
    assert "outside Hong Kong" in render(story(), summarise(story()))


def test_orders_and_fills_have_it_in_their_last_column() -> None:
    told = story()
    for text in (orders_csv(told), fills_csv(gather(told))):
        found = list(csv.DictReader(StringIO(text)))
        assert {row["shared_book"] for row in found} == {"yes"}
        assert list(found[0])[-1] == "shared_book"
