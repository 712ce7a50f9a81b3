"""The report's lines on how far our own sales fell over minutes."""

from msgspec.structs import replace

from engine.evidence.falls import Fall
from engine.evidence.reading import tell
from engine.evidence.summary import Summary, summarise
from engine.reports.falls import falls
from engine.reports.html import render
from tests.support.builders import d
from tests.support.journals import FIRST, at, order, tape, two_legs

SOLD = order(FIRST, 2, "10:03:00", "0.1", "64000").client_id
FALL = Fall(
    window="5 minutes", bp=d("119.2308"), bound_bp=d("50"), reference=d("65000"), since=at("10:01:00"),
    begun_by=order(FIRST, 1, "10:01:00", "0.1", "64000").client_id, price=d("64225"), at=at("10:03:00"), sold_by=SOLD,
    orders=3,
)  # fmt: skip


def page(*told: Fall) -> str:
    story = tell(two_legs().rows, tape())
    plain: Summary = summarise(story)
    return render(story, replace(plain, legs=(replace(plain.legs[0], falls=told), *plain.legs[1:])))


def test_a_fall_says_how_far_from_what_to_what_and_by_which_orders() -> None:
    (row,) = falls([FALL])
    assert row[:4] == ("any 5 minutes", "119.23 (beyond)", "50.00", "65,000")
    assert row[6:] == ("64,225", "2026-05-02 10:03:00.000", SOLD, "3")


def test_one_within_the_collar_of_an_order_is_not_marked() -> None:
    (row,) = falls([replace(FALL, bp=d("40"))])
    assert row[1] == "40.00"


def test_the_page_has_the_section_where_there_is_something_to_tell() -> None:
    assert "How far our sales fell" in page(FALL)
    assert "How far our sales fell" not in page()
