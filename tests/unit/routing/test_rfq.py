"""Desks' firm quotes against the books."""

from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.orders.reports import Quote
from engine.routing.rfq import Comparison, compare
from engine.routing.sweep import Division, divide
from tests.support.builders import BTC, USDT, d
from tests.support.outlets import outlet

BOOKS = [outlet("A", ("100", "5"), rate="0.001", lowest="90"), outlet("B", ("99", "5"), lowest="90")]


def quote(desk: str, proceeds: str, quantity: str = "10") -> Quote:
    return Quote(VenueName(desk), f"q-{desk}", BTC, USDT, d(quantity), d(proceeds), Instant(0))


def over_books(*quantities: str) -> dict[Decimal, Division]:
    return {d(quantity): divide(d(quantity), BOOKS) for quantity in quantities}


def told(found: Comparison) -> dict[str, str]:
    return {judged.venue: judged.lost for judged in found.judged}


def test_the_desk_that_pays_most_wins_where_it_pays_more_than_all_books_together() -> None:
    """Ten bring 499.5 and 495 in the two books; neither alone has bids for as much."""
    found = compare([quote("X", "994.51"), quote("Y", "996"), quote("Z", "994.49")], over_books("10"), d("100"))
    assert found.winner is not None
    assert (found.winner.venue, found.winner.unit, found.winner.books) == ("Y", d("99.6"), d("99.45"))
    assert told(found) == {
        "Y": "",
        "X": "another desk pays as much or more",
        "Z": "the books bring more",
    }


def test_nobody_wins_where_the_books_bring_more_than_every_desk() -> None:
    found = compare([quote("X", "994.4"), quote("Y", "900")], over_books("10"), d("100"))
    assert found.winner is None
    assert set(told(found).values()) == {"the books bring more"}


def test_every_price_is_told_against_the_reference_of_the_instant() -> None:
    found = compare([quote("X", "996"), quote("Y", "1003")], over_books("10"), d("100"))
    assert [(judged.venue, judged.against_reference_bp) for judged in found.judged] == [
        ("Y", d("30.00")),
        ("X", d("-40.00")),
    ]


def test_what_the_books_do_not_take_counts_at_the_lowest_price() -> None:
    """Of twenty the books take ten for 994.5; the rest would bring 89.91 each, the limit less the greater fee."""
    (judged,) = compare([quote("X", "1894", "20")], over_books("20"), d("100")).judged
    assert (judged.books, judged.lost) == ((d("994.5") + 10 * d("89.91")) / 20, "")


def test_desks_that_were_asked_for_different_quantities_are_each_held_against_the_books_for_theirs() -> None:
    """Five bring 499.5: 99.9 a unit; ten bring 99.45."""
    found = compare([quote("X", "499.4", "5"), quote("Y", "996")], over_books("5", "10"), d("100"))
    assert told(found) == {"X": "the books bring more", "Y": ""}


def test_a_quote_for_a_quantity_that_was_not_compared_never_wins() -> None:
    found = compare([quote("X", "2000", "10")], {}, d("100"))
    assert (found.winner, found.judged[0].books) == (None, None)
    assert told(found) == {"X": "the books were not compared for its quantity"}


def test_of_equal_quotes_the_one_listed_first_wins() -> None:
    found = compare([quote("X", "996"), quote("Y", "996")], over_books("10"), d("100"))
    assert found.winner is not None
    assert found.winner.venue == "X"


def test_without_quotes_there_is_nothing_to_win() -> None:
    found = compare([], over_books("10"), d("100"))
    assert (found.winner, found.judged) == (None, ())
