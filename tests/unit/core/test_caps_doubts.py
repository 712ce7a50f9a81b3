"""Whatever happens to orders, no hour and no local day ever holds more than its cap."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, SECOND, Instant
from engine.kernel.money import ZERO
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from tests.support.builders import (
    BTC,
    START,
    VENUE,
    d,
    report,
)
from tests.support.by_hand import Run, again, placed, turned
from tests.support.capped import (
    HONG_KONG,
    rules,
    two_venues,
    withheld,
)

FATES = ("sold", "sold", "dearer", "half", "nothing", "lost", "late", "found out")
WALKS = st.lists(st.tuples(st.integers(1, 55), st.sampled_from(FATES)), min_size=8, max_size=60)
BOUNDS = st.sampled_from(["60", "150", "333", "900"])


def walked(steps: list[tuple[int, str]], hour: str, day: str, venue: str) -> list[r.Fill]:
    """All that the venues ever executed of BTC in a run to which these things happened, `steps` minutes apart."""
    run = Run(two_venues(rules(hour=hour, day=day, hashkey={"hour": venue}))).ready()
    executed, doubtful, now = list[r.Fill](), list[tuple[ChildOrder, list[r.Fill]]](), Instant(START + 15 * HOUR)
    for minutes, fate in steps:
        now = Instant(max(now + minutes * 17 * SECOND, run.now))
        for order in placed(run.due_at(now)):
            happened(run, order, fate, executed, doubtful)
        if fate == "found out" and doubtful:
            order, fills = doubtful.pop(0)
            status = report(r.OrderStatus.CANCELLED, str(sum((f.quantity for f in fills), ZERO)), order, run.now)
            run.looked_up(order, r.Found(status, tuple(fills)))
            run.survey(venue=order.venue)
    assert withheld(run) == []
    assert again(run) == turned(run)
    return executed


def happened(
    run: Run, order: ChildOrder, fate: str, executed: list[r.Fill], doubtful: list[tuple[ChildOrder, list[r.Fill]]]
) -> None:
    """What the venue makes of the order, and what it tells of it."""
    if order.sell != BTC:
        run.sold(order)
        return
    part = order.quantity if fate != "half" else (order.quantity / 2).quantize(d("0.001"))
    part = ZERO if fate == "nothing" else part
    price = "100.38" if fate == "dearer" else "99.99"
    fills = [run.execution(order, str(part), price)] if part else []
    executed += fills
    if fate in ("lost", "late"):
        run.unanswered(order)
        doubtful.append((order, fills))
        return
    run.answer(order, r.Done())
    for fill in fills:
        run.told(fill)
    run.report(order, r.OrderStatus.FILLED if part == order.quantity else r.OrderStatus.CANCELLED, str(part))


def notional(fills: list[r.Fill]) -> Decimal:
    return sum((fill.quantity * fill.price for fill in fills), ZERO)


@settings(deadline=None, max_examples=40)
@given(WALKS, BOUNDS, BOUNDS, BOUNDS)
def test_in_no_hour_and_on_no_day_is_more_executed_than_the_caps(
    steps: list[tuple[int, str]], hour: str, day: str, venue: str
) -> None:
    """Answers are lost and found, prices rise by less than the collar, and a midnight lies on the way."""
    executed = walked(steps, hour, day, venue)
    for last in executed:
        within = [f for f in executed if last.at - HOUR < f.at <= last.at]
        assert notional(within) <= d(hour)
        assert notional([f for f in within if f.venue == VENUE]) <= d(venue)
    for number in {(fill.at + HONG_KONG) // DAY for fill in executed}:
        assert notional([f for f in executed if (f.at + HONG_KONG) // DAY == number]) <= d(day)
