"""What others trade: what a feed has shown less what is ours, whichever of the two is told first."""

from collections.abc import Callable
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.evolve import Glance, Glimpse, glanced
from engine.drivers.recovery import Fold
from engine.events import kind
from engine.journal.record import Record
from engine.kernel import codec
from engine.kernel.clock import SECOND, Instant
from engine.kernel.money import ZERO
from engine.orders.leg import GAPS_MAX, LOOKS_MAX, Leg
from engine.orders.order import ChildOrder
from engine.orders.reports import Done, OrderStatus
from tests.support.builders import BTCUSDT, ONE, START, TWO, VENUE, at, d, days, opened, programme, ticket
from tests.support.by_hand import Run, placed


def others(run: Run) -> Decimal:
    return run.state.legs[ONE].volume


def shows(run: Run, volume: str, when: str) -> None:
    """The feed has shown so much in all, our own prints included; nothing is decided on it."""
    glanced(run.state, Glance(at(when), (Glimpse(VENUE, BTCUSDT, d(volume)),)))


def sent(volume: str = "5") -> tuple[Run, ChildOrder]:
    """A run whose first order, of 2.5 BTC, stands in the book; others have traded 5."""
    run = Run().ready()
    run.price("99.99", "100.01", volume=d(volume))
    (order,) = placed(run.due("00:00"))
    run.answer(order, Done())
    assert (others(run), order.quantity) == (d(volume), d("2.5"))
    return run, order


def test_a_fill_that_is_known_before_its_print_takes_nothing_from_others() -> None:
    run, order = sent()
    run.fill(order, "2.5")
    run.report(order, OrderStatus.FILLED, "2.5")
    shows(run, "5", "00:00:05")
    assert others(run) == 5
    shows(run, "7.5", "00:00:06")
    assert others(run) == 5
    shows(run, "8.5", "00:00:07")
    assert others(run) == 6


def test_a_print_that_is_seen_before_its_fill_is_not_taken_for_somebody_elses() -> None:
    run, order = sent()
    fill = run.execution(order, "2.5")
    shows(run, "7.5", "00:00:05")
    assert others(run) == 5
    run.told(fill)
    run.report(order, OrderStatus.FILLED, "2.5")
    shows(run, "7.5", "00:00:06")
    assert others(run) == 5


def test_what_others_traded_while_our_order_stood_counts_once_its_fate_is_known() -> None:
    """The order ends with 1 sold of 2.5; of the 4 that were shown, 3 are others'."""
    run, order = sent()
    fill = run.execution(order, "1")
    shows(run, "9", "00:00:05")
    assert others(run) == d("6.5")
    run.told(fill)
    run.report(order, OrderStatus.CANCELLED, "1")
    shows(run, "9", "00:00:06")
    assert others(run) == 8


def test_a_fill_that_comes_after_its_order_was_given_up_is_made_good_by_what_comes_later() -> None:
    """Its print was counted as others': nothing is taken back, and the next 2.5 count for nobody."""
    run, order = sent()
    fill = run.execution(order, "2.5")
    run.report(order, OrderStatus.CANCELLED, "0")
    shows(run, "7.5", "00:00:05")
    assert others(run) == d("7.5")
    run.told(fill)
    shows(run, "9", "00:00:06")
    assert others(run) == d("7.5")
    shows(run, "11", "00:00:07")
    assert others(run) == d("8.5")


def test_a_deal_by_voice_prints_nowhere() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.expired(order)
    run.people(ticket(dealt_at=run.now))
    assert run.state.legs[ONE].sold == 1
    shows(run, "3", "00:00:05")
    assert others(run) == 3


def test_what_was_sold_while_no_process_listened_is_taken_from_nobody() -> None:
    """The order is filled in the dark; the survey tells of it, and the new feed never showed its print."""
    run, order = sent()
    run.later(10)
    fill = run.execution(order, "2.5")
    run.later(10)
    run.restart(2)
    run.survey(fills=[fill])
    run.report(order, OrderStatus.FILLED, "2.5")
    shows(run, "4", "00:01")
    assert others(run) == 9


def test_what_was_sold_before_the_last_look_was_shown_by_the_feed_before() -> None:
    run, order = sent()
    fill = run.execution(order, "2.5")
    run.later(5)
    shows(run, "8.5", "00:00:05")
    run.restart(2)
    run.survey(fills=[fill])
    run.report(order, OrderStatus.FILLED, "2.5")
    shows(run, "4", "00:01")
    assert others(run) == 5 + 1 + 4


class Market:
    """Others trade, and our order for 2.5 is filled in bits, whose fills and prints come in any order."""

    def __init__(self) -> None:
        self.run, self.order = sent("0")
        self.true, self.bits, self.printed, self.told = ZERO, ZERO, ZERO, ZERO

    def trade(self, units: Decimal) -> None:
        self.true += units

    def sell(self, units: Decimal) -> None:
        self.bits += min(units, self.order.quantity - self.bits)

    def print(self, units: Decimal) -> None:
        self.printed += min(units, self.bits - self.printed)

    def tell(self, units: Decimal) -> None:
        more = min(units, self.bits - self.told)
        self.told += more
        if more:
            self.run.fill(self.order, str(more))

    def look(self, _: Decimal = ZERO) -> Decimal:
        shown = Glimpse(VENUE, BTCUSDT, self.true + self.printed)
        glanced(self.run.state, Glance(self.run.now, (shown,)))
        return others(self.run)


STEPS = st.lists(st.tuples(st.sampled_from([Market.trade, Market.sell, Market.print, Market.tell]), st.integers(1, 9)))


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_others_never_fall_never_exceed_the_truth_and_lose_nothing(
    steps: list[tuple[Callable[[Market, Decimal], None], int]],
) -> None:
    market, last = Market(), ZERO
    for step, units in steps:
        step(market, d(str(units)) / 10)
        assert last <= market.look() <= market.true
        last = others(market.run)
    market.print(market.bits)
    market.tell(market.bits)
    market.run.report(market.order, OrderStatus.CANCELLED, str(market.bits))
    assert market.look() == market.true


def test_a_schedule_sees_every_look_at_what_others_traded() -> None:
    run = Run().ready()
    shows(run, "3", "00:00")
    shows(run, "4", "00:00:05")
    traded = run.state.legs[ONE].traded
    assert (traded.by(START), traded.by(at("00:00:01")), traded.total) == (d("3"), d("4"), d("4"))


def test_of_two_looks_at_one_instant_the_later_stands() -> None:
    run = Run().ready()
    shows(run, "3", "00:00")
    shows(run, "4", "00:00")
    assert run.state.legs[ONE].looks == [d("4")]


def test_of_what_is_long_past_every_second_look_is_kept_and_of_late_every_one() -> None:
    leg = Leg(ONE, d("10"))
    for second in range(3 * LOOKS_MAX):
        leg.volume += 1
        leg.look(Instant(START + second * SECOND))
    assert LOOKS_MAX // 2 < len(leg.looks) <= LOOKS_MAX
    assert leg.looks[-LOOKS_MAX // 2 :] == list(range(5 * LOOKS_MAX // 2 + 1, 3 * LOOKS_MAX + 1))
    assert (leg.looked_at[0], leg.looks[0]) == (START, 1)
    assert leg.traded.by(Instant(START + 100 * SECOND)) >= 101


def test_what_is_traded_while_we_are_closed_is_no_volume_that_we_sell_in() -> None:
    """Else a share of the volume would ask for a whole night's worth at the opening."""
    run = Run(opened(plan=days(programme(("00:00", "00:10"), ("00:20", "00:30"))))).ready()
    for when, volume in (("00:09", "10"), ("00:10", "12"), ("00:20", "500"), ("00:21", "507")):
        run.price("99.99", "100.01", volume=d(volume), live=False)
        run.due(when)
    assert run.state.legs[ONE].volume == 19


# What nobody saw


def gaps(run: Run) -> list[tuple[int, int]]:
    """In seconds since the start."""
    return [((begins - START) // SECOND, (ends - START) // SECOND) for begins, ends in run.state.legs[ONE].gaps]


def looks(run: Run, *told: str) -> None:
    """Looks a second apart, from one second after the start: `x` where the feed is down."""
    for second, seen in enumerate("".join(told), START // SECOND + 1):
        glanced(run.state, Glance(Instant(second * SECOND), (Glimpse(VENUE, BTCUSDT, d("1"), seen != "x"),)))


def test_a_lost_feed_leaves_a_gap_from_the_last_look_before_it_to_the_first_look_after_it() -> None:
    run = Run().ready()
    looks(run, "..xx..x.")
    assert gaps(run) == [(2, 5), (6, 8)]


def test_a_feed_that_comes_and_goes_with_every_look_is_one_gap() -> None:
    run = Run().ready()
    looks(run, ".x.x.x.")
    assert gaps(run) == [(1, 7)]


def test_a_feed_that_was_never_there_is_missed_from_the_first_look_on() -> None:
    run = Run().ready()
    looks(run, "xxx")
    assert gaps(run) == [(1, 3)]


def test_what_passed_without_a_process_is_a_gap_until_the_new_one_sees_the_market() -> None:
    run = Run().ready()
    looks(run, "..")
    run.now = Instant(START + 60 * SECOND)
    run.restart(2)
    run.restart(3)
    assert gaps(run) == [(2, 2)]
    run.price("99.99", "100.01", live=False)
    run.due("00:01:05")
    run.price("99.99", "100.01")
    run.due("00:01:10")
    run.due("00:01:20")
    assert gaps(run) == [(2, 70)]


def test_the_first_process_of_a_run_has_missed_nothing() -> None:
    run = Run().ready()
    run.due("00:00:05")
    assert gaps(run) == []


def test_only_the_legs_that_sell_a_pair_miss_it() -> None:
    run = Run().ready()
    looks(run, ".x.")
    assert (len(run.state.legs[ONE].gaps), run.state.legs[TWO].gaps) == (1, [])


def test_of_gaps_long_past_all_that_lies_between_them_is_one() -> None:
    """However long a run, no more than so many are kept; and never is a gap forgotten."""
    run = Run().ready()
    looks(run, "..x." * 2 * GAPS_MAX)
    assert GAPS_MAX // 2 < len(gaps(run)) <= GAPS_MAX
    assert gaps(run)[0][0] == 2
    assert gaps(run)[-GAPS_MAX // 2 :] == [(4 * i + 2, 4 * i + 4) for i in range(2 * GAPS_MAX)][-GAPS_MAX // 2 :]


def test_a_fold_that_skips_books_knows_the_same_gaps() -> None:
    run = Run().ready()
    for minute in range(12):
        run.price("99.99", "100.01", volume=d(str(minute)), live=minute not in (3, 4, 9))
        run.due(f"00:{minute:02d}")
        if minute == 6:
            run.restart(2)
    fold = Fold()
    for seq, row in enumerate(run.rows, 1):
        fold.take(Record(seq, run.now, run.now, kind(row), codec.encode(row), ""))
    assert (fold.state.legs[ONE].gaps, fold.state.legs[ONE].blind) == (run.state.legs[ONE].gaps, False)
    assert gaps(run) == [(120, 300), (360, 420), (480, 600)]
