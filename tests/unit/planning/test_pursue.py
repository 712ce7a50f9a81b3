"""From what a schedule says to what a leg should have in the market now."""

from collections import deque
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.orders.leg import Leg
from engine.orders.order import Order
from engine.orders.strategy import Progress
from engine.planning import pursue
from engine.planning.pursue import Room
from strategies.twap import twap
from tests.support.builders import COIN, ONE, START, at, child, d, progress

WIDE = Room(
    participation=None,
    inventory=None,
    minute=d("1000"),
    order=d("1000"),
    account=d("1000"),
    elsewhere=d("0"),
    worth=d("0"),
)
TEN_SLICES = twap(START, at("00:10"), 10)


def leg(own: str = "10", sold: str = "0", **changes: Any) -> Leg:
    return Leg(ONE, d(own), sold=d(sold), **changes)


def wanted(of: Leg, when: str, room: Room = WIDE, catch_up: str = "2", **changes: Any) -> Decimal:
    """What the leg wants at this time by ten slices of a minute, at a price of 100."""
    closing, resting = changes.get("closing", True), changes.get("resting")
    schedule = changes.get("schedule", TEN_SLICES)
    seen = pursue.progress(of, closing, at(when), COIN.lot, [COIN.venue])
    return pursue.wanted(of, seen, schedule, COIN, d("100"), d("100"), d(catch_up), room, resting)


def test_a_leg_in_step_wants_its_slice() -> None:
    assert [wanted(leg(sold=str(n)), f"00:0{n}") for n in range(10)] == [1] * 10


def test_a_leg_that_is_ahead_wants_nothing() -> None:
    assert wanted(leg(sold="1.5"), "00:00:30") == 0


def test_what_a_slice_left_unsold_is_asked_for_with_the_next() -> None:
    """The first slice sold 0.4 of its 1."""
    assert wanted(leg(sold="0.4"), "00:01") == d("1.6")


def test_what_is_below_the_minimum_waits_for_the_next_slice() -> None:
    """0.3 BTC in ten slices: 0.03 is below the venue's 0.05, and two of them are not."""
    small = leg("0.3")
    assert [wanted(small, when) for when in ("00:00", "00:01")] == [0, d("0.06")]


def test_what_is_below_the_minimum_is_never_replaced_by_the_whole() -> None:
    """Not even in the last moment of its slice, and though the whole would pass."""
    assert wanted(leg("0.3"), "00:00:59") == 0


def test_slices_far_below_the_minimum_are_carried_over_until_they_can_be_sold() -> None:
    """0.2 BTC in ten slices of 0.02; the venue takes 0.05, and a slice may catch up to twice 0.02."""
    small = leg("0.2")
    assert [wanted(small, f"00:0{n}") for n in range(2)] == [0, 0]
    assert d("0.05") <= wanted(small, "00:02") <= d("0.06")


def test_slices_far_below_the_minimum_are_sold_at_the_latest_after_the_window() -> None:
    assert wanted(leg("0.2"), "00:11") > 0


@pytest.mark.parametrize(("catch_up", "quantity"), [("1", "1"), ("2", "2"), ("3.5", "3.5")])
def test_after_a_gap_a_deficit_is_made_up_at_so_many_times_the_planned_rate(catch_up: str, quantity: str) -> None:
    """Nothing was sold in the first half of the window."""
    assert wanted(leg(), "00:05", catch_up=catch_up) == d(quantity)


def test_what_a_slice_has_sold_already_counts_towards_its_cap() -> None:
    behind = leg(sold="1.5", slice=5, slice_used=d("1.5"))
    assert wanted(behind, "00:05:20") == d("0.5")


def test_what_another_slice_sold_does_not() -> None:
    behind = leg(sold="1.5", slice=4, slice_used=d("1.5"))
    assert wanted(behind, "00:05:20") == 2


def test_an_order_that_rests_may_be_replaced_by_one_of_its_size() -> None:
    """Its quantity is used by itself, and is free again once it is pulled."""
    order = Order(child(quantity=d("2")))
    behind = leg(slice=5, slice_used=d("2"), live=order.child.client_id)
    assert wanted(behind, "00:05:20", resting=order) == 2


@pytest.mark.parametrize(
    ("room", "quantity"),
    [
        (replace(WIDE, order=d("0.7")), "0.7"),
        (replace(WIDE, minute=d("0.6")), "0.6"),
        (replace(WIDE, inventory=d("0.5")), "0.5"),
        (replace(WIDE, participation=d("0.4")), "0.4"),
        (replace(WIDE, inventory=d("0.0499")), "0"),
        (replace(WIDE, participation=d("0")), "0"),
        (replace(WIDE, order=d("0.7005"), minute=d("0.9")), "0.7"),
    ],
)
def test_every_limit_leaves_only_so_much_room_in_whole_lots(room: Room, quantity: str) -> None:
    assert wanted(leg(), "00:00", room) == d(quantity)


def test_room_for_participation_counts_what_was_sold_before() -> None:
    assert wanted(leg(sold="1"), "00:01", replace(WIDE, participation=d("1.3"))) == d("0.3")


def test_a_remainder_that_could_never_be_sold_alone_joins_the_last_order() -> None:
    """1.03 are left and the slice is 1: 0.03 would be stranded below the minimum."""
    assert wanted(leg(sold="8.97"), "00:09:30", schedule=FLAT) == d("1.03")


def test_a_remainder_joins_nothing_while_more_may_still_come() -> None:
    assert wanted(leg(sold="8.97"), "00:09:30", schedule=FLAT, closing=False) == 1


def test_a_remainder_does_not_break_a_limit_to_join() -> None:
    assert wanted(leg(sold="8.97"), "00:09:30", replace(WIDE, order=d("1.02")), schedule=FLAT) == 1


def test_a_remainder_finer_than_a_lot_is_left_behind() -> None:
    assert wanted(leg("10.0004", sold="9"), "00:09") == 1


@pytest.mark.parametrize(
    ("rest", "price", "reason"),
    [
        ("0", "100", ""),
        ("0.0004", "100", "finer than the venue's lot of 0.001 BTC"),
        ("0.009", "1000", "below the venue's minimum quantity of 0.01 BTC"),
        ("0.049", "100", "below the venue's minimum notional of 5 USDT"),
        ("0.05", "100", None),
        ("0.049", None, None),
        ("5", "100", None),
    ],
)
def test_what_can_never_be_sold_says_why(rest: str, price: str | None, reason: str | None) -> None:
    assert pursue.residue(d(rest), COIN, d(price) if price else None) == reason


@pytest.mark.parametrize(("volume", "share", "room"), [("30", "0.25", "10"), ("0", "0.25", "0")])
def test_the_room_of_a_share_is_reckoned_from_others_volume(volume: str, share: str, room: str) -> None:
    """Others traded 30; with 10 of ours, a quarter of 40 is ours."""
    assert pursue.participation_room(d(volume), d(share)) == d(room)


def test_without_a_cap_there_is_room() -> None:
    assert pursue.participation_room(d("30"), None) is None


def test_a_schedule_sees_the_age_of_what_waits() -> None:
    fed = Leg(ONE, d("0"), received=d("5"))
    fed.waiting[COIN.venue] = deque([(START, d("5"))])
    seen = pursue.progress(fed, False, at("00:01"), COIN.lot, [COIN.venue])
    assert seen == progress("5", oldest=START, at=at("00:01"), traded=fed.traded)
    assert pursue.progress(fed, False, at("00:01"), COIN.lot, ["elsewhere"]).oldest is None


class Flat:
    """Always 1 BTC more than is sold, whatever the time."""

    def target(self, progress: Progress) -> Decimal:
        return min(progress.total, progress.sold + 1)

    def slice(self, at: Instant) -> int:
        return 0

    def following(self, at: Instant) -> Instant:
        return Instant(at + 1)

    def step(self, progress: Progress) -> Decimal | None:
        return None


FLAT = Flat()
