"""Cancels first, then readings; and nobody is believed to be flat before the last order could have arrived."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from engine.kill.desks import Open
from engine.kill.line import NoAnswer
from engine.kill.orders import OwnOrder
from engine.kill.sweep import Left, Standing, Task, sweep

TAG: Final = "abcdefgh"
FIRST, LATER, BY_HAND, OTHER_RUN = f"{TAG}-1-0-1-1", f"{TAG}-1-0-2-1", "by-hand", "zzzzzzzz-1-0-1-1"


class Counter:
    """An account with these orders, at a venue that is silent for so many calls and deaf to so many cancels."""

    def __init__(self, *client_ids: str, silent: int = 0, deaf: int = 0) -> None:
        self.standing = list(client_ids)
        self.silent, self.deaf = silent, deaf
        self.asked: list[str] = []

    def cancel(self, client_ids: Sequence[str]) -> None:
        self._speak("cancel " + " ".join(client_ids))
        self.deaf -= 1
        if self.deaf < 0:
            self.standing = [name for name in self.standing if name not in client_ids]

    def open_orders(self) -> list[Open]:
        self._speak("read")
        return [Open(name, "BTCUSDT", Decimal("0.1")) for name in self.standing]

    def _speak(self, what: str) -> None:
        self.asked.append(what)
        self.silent -= 1
        if self.silent >= 0:
            raise NoAnswer("TimeoutError")


def live(client_id: str = FIRST, sure_ns: int = 0) -> OwnOrder:
    return OwnOrder(client_id, "hashkey", "BTCUSDT", "BTC", Decimal("0.4"), Decimal("0.1"), sure_ns)


def swept(counter: Counter, *orders: OwnOrder, tags: frozenset[str] = frozenset({TAG})) -> Standing:
    sure = max((order.sure_ns for order in orders), default=0)
    return sweep(Task("hashkey", orders, tags, sure), counter, sleep=lambda _: None)


def test_the_cancel_goes_before_any_question() -> None:
    counter = Counter(FIRST)
    assert swept(counter, live()).confirmed
    assert counter.asked == [f"cancel {FIRST}", "read"]


def test_what_still_stands_is_cancelled_again() -> None:
    counter = Counter(FIRST, deaf=2)
    standing = swept(counter, live())
    assert (standing.confirmed, standing.rounds) == (True, 3)


def test_an_order_that_the_journal_does_not_show_is_found_by_how_its_id_begins() -> None:
    counter = Counter(FIRST, LATER)
    assert swept(counter, live()).confirmed
    assert counter.standing == []


def test_orders_of_others_and_of_other_runs_stay() -> None:
    counter = Counter(BY_HAND, OTHER_RUN, FIRST)
    assert swept(counter, live()).confirmed
    assert counter.standing == [BY_HAND, OTHER_RUN]


def test_a_venue_that_comes_back_within_the_rounds_is_emptied() -> None:
    counter = Counter(FIRST, silent=5)
    assert swept(counter, live()).confirmed
    assert counter.standing == []


def test_a_venue_that_stays_dark_is_unverified_with_all_that_the_journal_knows() -> None:
    """0.4 BTC were ordered and 0.1 had been sold: between nothing and 0.3 may still go."""
    standing = swept(Counter(FIRST, silent=99), live())
    assert (standing.confirmed, standing.why) == (False, "TimeoutError")
    assert standing.left == (Left("BTC", Decimal(0), Decimal("0.3")),)


def test_what_a_deaf_venue_shows_to_the_end_is_what_may_still_be_sold() -> None:
    standing = swept(Counter(FIRST, LATER, deaf=99), live())
    assert (standing.confirmed, standing.why) == (False, "2 of our orders still stand")
    assert standing.left == (Left("BTC", Decimal("0.2"), Decimal("0.2")),)


class Slow(Counter):
    """Its one order comes onto the book only while somebody waits."""

    def waits(self, seconds: float) -> None:
        if not self.standing and self.asked.count("read") == 1:
            self.standing = [FIRST]
        time.sleep(min(seconds, 0.05))


def test_a_reading_from_before_the_last_order_could_arrive_proves_nothing() -> None:
    """The account looks empty at once, and the order comes a moment later; it is found and cancelled."""
    slow, sure = Slow(), time.time_ns() + 20_000_000
    standing = sweep(Task("hashkey", (live(sure_ns=sure),), frozenset({TAG}), sure), slow, sleep=slow.waits)
    assert standing.confirmed
    assert slow.asked == [f"cancel {FIRST}", "read", "read", f"cancel {FIRST}", "read"]
    assert standing.read_ns >= sure


def test_without_knowing_how_our_ids_begin_nothing_is_confirmed() -> None:
    standing = swept(Counter(BY_HAND), tags=frozenset())
    assert (standing.confirmed, standing.why) == (False, "the journal does not show how our client ids begin")
