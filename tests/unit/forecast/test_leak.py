"""What a watcher of the chain learns from deposits: each finding at its bound, and what makes it smaller."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from engine.forecast.leak import Level, Usual, findings
from engine.forecast.prospect import Finding
from engine.forecast.trail import Deposit, Sale, Trail, peak, waits
from engine.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant
from engine.kernel.ids import VenueName
from engine.mandate.hours import Hours
from tests.support.builders import START, VENUE, d, hours

OSL = VenueName("osl")
SILENT = Usual(daily={}, hourly=lambda _venue, _at: None)
ODD = ("1.0371", "0.9713", "1.1937", "0.8519", "1.0787", "0.9341")
"""Sizes that nobody chose."""
Sent = tuple[int, str]
"""Minutes since the start, and coins."""


def trail(
    sent: Sequence[Sent], sold: Sequence[Sent] = (), whole: str = "100", there: str = "0", to: VenueName = VENUE
) -> Trail:
    return Trail(
        whole=d(whole),
        there={VENUE: d(there)},
        deposits=tuple(Deposit(to, Instant(START + at * MINUTE), d(units)) for at, units in sent),
        sales=tuple(Sale(to, Instant(START + at * MINUTE), d(units)) for at, units in sold),
    )


def found(name: str, of: Trail, usual: Usual = SILENT, within: Hours | None = None) -> Finding:
    return next(each for each in findings(of, usual, within, "BTC") if each.name == name)


def level(name: str, of: Trail, usual: Usual = SILENT) -> str:
    return found(name, of, usual).level


@pytest.mark.parametrize(("coins", "expected"), [("0.999", "fine"), ("1", "note"), ("3.99", "note"), ("4", "warn")])
def test_a_deposit_is_held_against_a_usual_day_of_its_venue(coins: str, expected: str) -> None:
    """A hundred coins a day: a hundredth of them is worth a note, a twenty-fifth a warning."""
    usual = Usual(daily={VENUE: 100.0}, hourly=SILENT.hourly)
    assert level("size against a day", trail([(0, coins)]), usual) == expected


def test_what_goes_to_a_venue_in_one_day_is_added_up_for_the_reader() -> None:
    """Three of 1 % each, and the fourth on the day after."""
    usual = Usual(daily={VENUE: 100.0}, hourly=SILENT.hourly)
    told = found("size against a day", trail([(0, "1"), (60, "1"), (120, "1"), (1500, "1")]), usual).measure
    assert told == (
        "the largest is 1.00 % of a usual day: 1 BTC to hashkey at 2026-05-02 00:00 UTC, where 100 BTC are traded a "
        "day; all of a day to one venue come to 3.00 % at most"
    )


def test_a_deposit_is_held_against_the_hour_in_which_it_goes_out() -> None:
    """Four coins in an hour that begins at one, and nobody knows of other hours."""
    usual = Usual(daily={}, hourly=lambda _venue, at: 4.0 if at == START + HOUR else None)
    large = found("size against its hour", trail([(0, "90"), (60, "1")]), usual)
    assert (large.level, large.measure) == (
        "note",
        "the largest is 25.00 % of its hour: 1 BTC to hashkey at 2026-05-02 01:00 UTC, where others usually trade "
        "4 BTC in that hour; 1 of 2 fall in hours that no bars show",
    )
    assert level("size against its hour", trail([(60, "4")]), usual) == Level.WARN


def test_an_hour_in_which_others_trade_nothing_is_the_worst_and_not_unknown() -> None:
    usual = Usual(daily={}, hourly=lambda _venue, at: 0.0 if at == START + HOUR else 4.0)
    still = found("size against its hour", trail([(0, "0.5"), (60, "0.1")]), usual)
    assert (still.level, still.measure) == (
        "warn",
        "0.1 BTC to hashkey at 2026-05-02 01:00 UTC, where others usually trade nothing in that hour",
    )


def test_deposits_to_a_venue_of_unknown_volume_are_told_beside_the_day() -> None:
    """What can be judged is fine; the other is not passed over in silence."""
    both = trail([(0, "0.1"), (60, "0.2")])
    both = replace(both, deposits=(both.deposits[0], replace(both.deposits[1], venue=OSL)))
    day = found("size against a day", both, Usual(daily={VENUE: 100.0}, hourly=SILENT.hourly))
    assert (day.level, day.measure.endswith("; 1 of 2 go to venues of which nobody said it")) == ("fine", True)


def test_without_volumes_no_size_is_judged() -> None:
    assert level("size against a day", trail([(0, "50")])) == "not told"
    assert level("size against its hour", trail([(0, "50")])) == "not told"


def test_a_size_that_comes_back_is_a_label() -> None:
    """Alike to three digits: half of six are a warning; twice is no pattern."""
    odd = [(60 * index, units) for index, units in enumerate(ODD)]
    assert level("sizes that repeat", trail(odd)) == "fine"
    assert level("sizes that repeat", trail([*odd[:4], (600, "1.0372")])) == "fine"
    often = found("sizes that repeat", trail([*odd[:3], (600, "0.5001"), (660, "0.5002"), (720, "0.4999")]))
    assert (often.level, often.measure) == ("warn", "3 of 6 are alike to 3 digits: 0.5 BTC")
    assert "tranche_min" in often.remedy
    assert level("sizes that repeat", trail(odd[:2])) == "not told"


def test_round_sizes_were_chosen_by_somebody() -> None:
    """0.25 has two digits that count, and 20 has one; 0.251 has three."""
    assert level("round sizes", trail([(0, "0.25"), (9, "20"), (18, "1.0371")])) == "warn"
    assert level("round sizes", trail([(0, "0.251"), (9, "20.3"), (18, "1.0371")])) == "fine"
    assert level("round sizes", trail([(0, "0.25"), (9, "1.01"), (18, "1.0371"), (27, "1.1937")])) == "note"


def test_deposits_by_the_clock_are_regular() -> None:
    by_clock = found("regular times", trail([(30 * index, units) for index, units in enumerate(ODD)]))
    assert (by_clock.level, by_clock.measure) == (
        "warn",
        "6 moments, 30m of open time apart on average; they vary by 0.00 of that",
    )
    assert "time_jitter" in by_clock.remedy


def test_times_between_deposits_that_vary_by_half_of_their_mean_are_fine() -> None:
    """Ten, thirty and thirty minutes, then twenty to a hundred: 0.40 and 0.54 of the mean."""
    assert level("regular times", trail([(0, "1"), (10, "1"), (40, "1"), (70, "1")])) == "note"
    assert level("regular times", trail([(0, "1"), (20, "1"), (60, "1"), (160, "1"), (190, "1")])) == "fine"
    assert level("regular times", trail([(0, "1"), (10, "1"), (70, "1")])) == "not told"


def test_deposits_of_one_minute_are_one_moment() -> None:
    """Two venues are supplied every half an hour, a few seconds apart: that is a clock, and no chance."""
    first = trail([(30 * index, "1") for index in range(4)])
    then = tuple(Deposit(OSL, Instant(each.at + 20 * SECOND), d("1")) for each in first.deposits)
    merged = Trail(whole=d("100"), there={}, deposits=(*first.deposits, *then), sales=())
    assert found("regular times", merged).measure.startswith("4 moments, 30m of open time apart")


def test_nights_make_nothing_irregular() -> None:
    """From ten to noon, every half an hour, over two days: 22 hours of night are no time."""
    slots = [day * DAY // MINUTE + 600 + 30 * slot for day in range(2) for slot in range(4)]
    told = found("regular times", trail([(at, "1") for at in slots]), within=hours(("10:00", "12:00")))
    assert told.measure == "8 moments, 30m of open time apart on average; they vary by 0.00 of that"


def test_what_leaves_for_two_venues_at_once_belongs_together() -> None:
    """Within a minute; half an hour apart two are two."""
    both = trail([(0, "1.0371"), (60, "0.9713")])
    other = trail([(1, "1.1937"), (90, "0.8519")], to=OSL)
    merged = Trail(whole=d("100"), there={}, deposits=(*both.deposits, *other.deposits), sales=())
    told = found("several at one moment", merged)
    assert (told.level, told.measure) == ("warn", "2 of 4 leave within 1m of one for another venue")
    assert level("several at one moment", both) == "fine"


def test_the_lead_is_the_time_from_a_deposit_to_its_sale() -> None:
    """Ten coins at midnight; four are sold after an hour and six after three: 2.2 hours on average."""
    told = found("lead before the sale", trail([(0, "10")], [(60, "4"), (180, "6")]))
    assert (told.level, told.measure) == (
        "note",
        "a coin lies at its venue for 2h12m before it is sold, on average; at most for 3h",
    )
    assert level("lead before the sale", trail([(0, "10")], [(59, "10")])) == "fine"
    assert level("lead before the sale", trail([(0, "10")], [(240, "10")])) == "warn"
    assert level("lead before the sale", trail([(0, "10")])) == "not told"


def test_coin_that_lay_there_before_is_sold_first() -> None:
    """Two were there, ten came, and five are sold: three of the ten have waited an hour."""
    assert list(waits(trail([(0, "10")], [(60, "5")], there="2"))) == [(d("3"), HOUR)]


def test_a_sale_uses_up_deposits_in_their_order() -> None:
    of = trail([(0, "1"), (30, "2")], [(60, "2"), (90, "1")])
    assert list(waits(of)) == [(d("1"), HOUR), (d("1"), 30 * MINUTE), (d("1"), HOUR)]


def test_what_can_be_foreseen_is_what_lies_unsold_at_its_most() -> None:
    """Ten come and go, then twelve: twelve of a hundred at the most."""
    of = trail([(0, "10"), (60, "12")], [(30, "10"), (90, "12")])
    assert peak(of) == (d("12"), START + HOUR)
    told = found("what can be foreseen", of)
    assert (told.level, told.measure) == (
        "note",
        "at most 12 BTC that are not sold yet stand at the venues, 12.00 % of the whole (2026-05-02 01:00 UTC)",
    )


def test_deposits_that_give_away_the_total_are_named() -> None:
    assert level("the total given away", trail([(0, "24.9"), (9, "24.9")])) == "fine"
    large = found("the total given away", trail([(0, "30"), (9, "26"), (18, "44")]))
    assert (large.level, large.measure) == (
        "note",
        "3 deposits; the largest is 44.00 % of the whole: 44 BTC to hashkey at 2026-05-02 00:18 UTC, and 2 more give "
        "away 25 % or more",
    )
    all_of_it = found("the total given away", trail([(0, "100")]))
    assert (all_of_it.level, all_of_it.measure) == (
        "warn",
        "one deposit of the whole: 100 BTC to hashkey at 2026-05-02 00:00 UTC",
    )


def test_coin_that_is_at_the_venues_already_is_one_finding() -> None:
    """Forty of a hundred coins a day: whoever saw them come knows what is for sale."""
    usual = Usual(daily={VENUE: 1000.0}, hourly=SILENT.hourly)
    (only,) = findings(trail([], there="39"), usual, None, "BTC")
    assert (only.name, only.level) == ("coin at the venues already", "note")
    assert only.measure.startswith("39 BTC at hashkey (3.90 % of a usual day there); no tranche is asked for")
    (large,) = findings(trail([], there="40"), usual, None, "BTC")
    assert large.level == "warn"


def test_what_is_fine_asks_for_nothing_and_what_is_not_says_what_to_do() -> None:
    of = trail([(30 * index, "0.5") for index in range(8)], [(240, "4")])
    told = findings(of, SILENT, None, "BTC")
    assert {bool(each.remedy) for each in told if each.level in ("note", "warn")} == {True}
    assert {bool(each.remedy) for each in told if each.level in ("fine", "not told")} == {False}
    assert all(each.bound for each in told)
