"""A peg that weighs: it waits only while that is expected to cost less than crossing now."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.money import ZERO
from engine.orders.strategy import Fees, Look, Pull, Want
from strategies.tactics.peg import Peg
from strategies.tactics.urgency import Urgency, chance
from tests.support.builders import START, at, d, view
from tests.support.wants import ASKS, BIDS, levels, maker, resting, taker
from tests.support.wants import want as asked

LOOK = Look(at("00:00:10"))
TURNING = at("00:00:45")
BUSY, QUIET = d("0.4"), d("0.02")


def peg(adverse_bp: str = "0.2", drift_bp: str = "1") -> Peg:
    """It may wait for 45 of the 60 seconds."""
    return Peg(Span(10 * SECOND), Span(15 * SECOND), Urgency(d(adverse_bp), d(drift_bp)))


def want(**changes: Any) -> Want:
    """2 BTC; 3 are offered before ours, and others trade 0.4 a second: within 45 ours is filled with 83 %."""
    return asked(**({"flow": BUSY} | changes))


def test_where_a_fill_is_likely_it_waits() -> None:
    assert peg().act(want()) == (maker("2", "100.01"), LOOK)


def test_where_little_is_traded_it_crosses_at_once() -> None:
    assert peg().act(want(flow=QUIET)) == (taker("2", "99.60"), LOOK)


def test_where_nothing_is_known_of_what_is_traded_nothing_speaks_for_waiting() -> None:
    """A chance of nought costs the drift; without a drift it is no gain either."""
    assert peg().act(want(flow=ZERO)) == (taker("2", "99.60"), LOOK)
    assert peg(drift_bp="0").act(want(flow=ZERO)) == (taker("2", "99.60"), LOOK)


def test_without_urgency_it_goes_by_the_clock_however_quiet_it_is() -> None:
    assert Peg(Span(10 * SECOND), Span(15 * SECOND)).act(want(flow=ZERO)) == (maker("2", "100.01"), LOOK)


def test_as_time_runs_out_it_stops_waiting() -> None:
    """With 45 seconds left a fill is likely, with one it is not: what rests is pulled, and then crossed."""
    late = at("00:00:44")
    assert peg().act(want(resting=resting("100.01", "2"))) == (LOOK,)
    assert peg().act(want(at=late, resting=resting("100.01", "2"))) == (Pull(), Look(TURNING))
    assert peg().act(want(at=late)) == (taker("2", "99.60"), Look(TURNING))


def test_a_long_queue_is_not_joined() -> None:
    queue = view(bids=BIDS, asks=levels("100.01 x 400"))
    assert peg().act(want(view=queue)) == (taker("2", "99.60"), LOOK)


@pytest.mark.parametrize(
    ("adverse", "drift", "waits"),
    [("0.2", "1", True), ("1.9", "1", False), ("0.2", "0", True), ("1.2", "90", False)],
)
def test_what_is_expected_of_the_mid_weighs(adverse: str, drift: str, waits: bool) -> None:
    """A fill earns the spread of 2 bp, less what the mid does after it; missing it costs the drift."""
    (move, _) = peg(adverse, drift).act(want())
    assert (move == maker("2", "100.01")) is waits


@pytest.mark.parametrize(("taker_fee", "waits"), [("0.0002", False), ("0.0012", True)])
def test_fees_weigh(taker_fee: str, waits: bool) -> None:
    """The maker pays 2 bp. Without a difference to the taker's fee an adverse 1.9 bp eat the spread."""
    fees = Fees(maker=d("0.0002"), taker=d(taker_fee))
    (move, _) = peg("1.9").act(want(fees=fees))
    assert (move == maker("2", "100.01")) is waits


def test_where_nobody_buys_at_the_limit_it_waits_whatever_that_costs() -> None:
    assert peg().act(want(flow=ZERO, floor=d("100.00"))) == (maker("2", "100.01"), LOOK)
    assert peg().act(want(flow=ZERO, floor=d("100.00"), resting=resting("100.01", "2"))) == (LOOK,)


def test_the_chance_is_that_of_buyers_who_first_take_what_stands_before_us() -> None:
    """4 BTC in two orders like ours, 0.2 BTC a second bought: three arrivals at a tenth a second within 20 seconds.

    Erlang's 1 - e**-2 (1 + 2 + 2) = 0.3233.
    """
    two_ahead = want(view=view(asks=levels("100.01 x 4")))
    assert chance(two_ahead, d("100.01"), Instant(START + 20 * SECOND)) == pytest.approx(0.323324, abs=1e-6)


def test_what_stands_below_us_is_before_us_and_our_own_order_is_not() -> None:
    """At 100.05 there are 3 + 10 before us; where ours is 2 of the 3 at 100.01, one is."""
    until = Instant(START + 20 * SECOND)
    behind, ours = chance(want(view=view(asks=ASKS)), d("100.05"), until), resting("100.01", "2")
    assert behind < chance(want(view=view(asks=ASKS)), d("100.01"), until)
    assert chance(want(resting=ours), d("100.01"), until) == pytest.approx(
        chance(want(view=view(asks=levels("100.01 x 1"))), d("100.01"), until)
    )


def test_a_book_that_does_not_show_all_of_ours_yet_puts_nobody_before_us() -> None:
    """Ours of 5 was just sent; the book is older, and shows 3 there."""
    until = Instant(START + 20 * SECOND)
    alone = chance(want(view=view(asks=())), d("100.01"), until)
    assert chance(want(resting=resting("100.01", "5")), d("100.01"), until) == alone


def test_a_chance_grows_with_what_is_traded_and_with_time() -> None:
    flows = [chance(want(flow=d(flow)), d("100.01"), TURNING) for flow in ("0.01", "0.1", "1", "10")]
    times = [chance(want(), d("100.01"), Instant(START + n * SECOND)) for n in (1, 5, 20, 60)]
    assert flows == sorted(flows)
    assert times == sorted(times)
    assert 0 < flows[0] < 0.01 < 0.99 < flows[-1] < 1.0000001
