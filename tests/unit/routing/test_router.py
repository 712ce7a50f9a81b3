"""Which venues are asked, for how much, and what is written down of the choice."""

from decimal import Decimal

from msgspec.structs import replace

from engine.market.facts import Level
from engine.orders.reason import Rule
from engine.routing.curve import Outlet
from engine.routing.router import Asked, crossing, resting
from tests.support.builders import VENUE, d, view

OTHER = "osl"


def asked(venue: str = VENUE, bids: str = "100x5", room: str = "10", **changes: object) -> Asked:
    """A venue that takes lots of 0.01 without a fee; its bids as `price x size`, best first."""
    levels = tuple(Level(*map(Decimal, each.split("x"))) for each in bids.split())
    book = view(bids=levels, venue=venue)
    outlet = Outlet(
        venue=book.venue,
        bids=levels,
        lowest=d("90"),
        room=d(room),
        lot=d("0.01"),
        quantity_min=d("0.01"),
        notional_min=d("1"),
        fee_rate=d("0"),
        fee_min=d("0"),
    )
    return Asked(replace(outlet, **changes), book)


def test_a_single_venue_gets_all_that_is_lacking_and_its_tactic_says_how_deep() -> None:
    (share,) = crossing(d("7"), [asked()]).values()
    assert (share.quantity, share.reason.rule) == (d("7"), Rule.ONLY)


def test_the_best_levels_of_two_books_are_swept() -> None:
    both = [asked(bids="100x1 98x9"), asked(OTHER, bids="99x4 97x9")]
    shares = crossing(d("5"), both)
    assert {venue: share.quantity for venue, share in shares.items()} == {VENUE: d("1"), OTHER: d("4")}


def test_a_reason_tells_every_book_that_was_seen_and_what_each_venue_alone_would_have_brought() -> None:
    both = [asked(bids="100x1 98x9"), asked(OTHER, bids="99x4 97x9")]
    reason = crossing(d("5"), both)[both[0].outlet.venue].reason
    assert (reason.rule, reason.quantity, reason.placed, reason.proceeds) == (Rule.SWEEP, 5, 5, 496)
    assert [(book.venue, book.bid, book.depth) for book in reason.books] == [(VENUE, 100, 10), (OTHER, 99, 13)]
    assert [(other.venue, other.proceeds) for other in reason.alternatives] == [(VENUE, 492), (OTHER, 493)]


def test_what_waits_is_spread_over_equal_books_in_equal_parts() -> None:
    shares = resting(d("5"), [asked(), asked(OTHER)])
    assert {share.quantity for share in shares.values()} == {d("2.5")}
    assert {share.reason.rule for share in shares.values()} == {Rule.SPREAD}


def test_nobody_is_asked_for_nothing() -> None:
    assert crossing(d("5"), []) == {}
    assert resting(d("0"), [asked()]) == {}
