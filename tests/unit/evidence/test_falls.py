"""Sales against the references of the minutes before: orders that each keep their collar may still walk down."""

from decimal import Decimal

from engine.evidence.falls import Fall, falls, records
from engine.evidence.reading import tell
from engine.kernel.ids import ClientOrderId
from engine.orders import commands as c
from engine.orders import quotes
from engine.orders.order import Approved, Check
from tests.support.journals import FIRST, Journal, at, fill, opened, order

D = Decimal
Step = tuple[str, str, str]
"""When an order was decided, the reference that it was held against, and what it sold for a second later."""


def name(index: int, time: str) -> ClientOrderId:
    return order(FIRST, index, time, "0.1", "60000").client_id


def told(*steps: Step, first: int = 1) -> tuple[Fall, ...]:
    """Orders of 0.1 each, numbered from `first` on; the collar is 50 bp."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    for index, (time, reference, price) in enumerate(steps, start=first):
        child = order(FIRST, index, time, "0.1", "60000")
        checks = (Check("reference", reference, "single source"),) if reference else ()
        j.write(child.decided_at, c.Place(Approved(child, checks)))
        j.filled(time, fill(child, f"t{index}", time, "0.1", price))
    story = tell(j.rows)
    return falls(story, story.leg(FIRST))


def test_a_chain_of_sales_each_within_the_collar_is_told_as_the_fall_that_it_was() -> None:
    """Each order sells 40 bp under its own reference; the third one 119.2 bp under the first one's."""
    steps = (("10:01:00", "65000", "64740"), ("10:02:00", "64740", "64481"), ("10:03:00", "64481", "64225"))
    minutes, hour = told(*steps)
    assert (minutes.window, minutes.bp, minutes.bound_bp, minutes.beyond) == (
        "5 minutes",
        D("119.2308"),
        D(50),
        True,
    )
    assert (minutes.reference, minutes.since, minutes.begun_by) == (D(65000), at("10:01:00"), name(1, "10:01:00"))
    assert (minutes.price, minutes.at, minutes.sold_by) == (D(64225), at("10:03:00"), name(3, "10:03:00"))
    assert minutes.orders == 3
    assert (hour.window, hour.bp) == ("hour", minutes.bp)


def test_a_window_reaches_five_minutes_back_and_no_farther() -> None:
    """64,805 against 65,000 five minutes before, 30 bp; a second later only against its own reference."""
    within, beyond = (
        told(("10:01:00", "65000", "65000"), (time, "64805", "64805"))[0].bp for time in ("10:06:00", "10:06:01")
    )
    assert [within, beyond] == [30, 0]
    assert told(("10:01:00", "65000", "65000"), ("10:06:01", "64805", "64805"))[1].bp == 30


def test_a_later_reference_that_is_higher_takes_the_place_of_the_first() -> None:
    minutes, _ = told(("10:01:00", "64000", "64000"), ("10:02:00", "65000", "65000"), ("10:03:00", "64500", "64350"))
    assert (minutes.bp, minutes.since) == (D(100), at("10:02:00"))


def test_a_rising_price_falls_by_less_than_nothing() -> None:
    (minutes, _) = told(("10:01:00", "65000", "65130"))
    assert (minutes.bp, minutes.beyond) == (D(-20), False)


def test_without_a_reference_or_a_sale_in_a_book_there_is_nothing_to_tell() -> None:
    assert told(("10:01:00", "", "64000")) == ()
    assert told(("10:01:00", "65000", "60000"), first=quotes.FIRST + 1) == ()
    assert told() == ()


def test_in_the_summary_numbers_are_text() -> None:
    (minutes, _) = records(told(("10:01:00", "65000", "64740")))
    assert minutes == {
        "over": "5 minutes", "bp": "40.0000", "bound_bp": "50", "beyond": False, "reference": "65000",
        "since": "2026-05-02T10:01:00.000000Z", "begun_by": name(1, "10:01:00"), "price": "64740",
        "at": "2026-05-02T10:01:00.000000Z", "sold_by": name(1, "10:01:00"), "orders": 1,
    }  # fmt: skip
