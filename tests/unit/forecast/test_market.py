"""What is known of a market, from whom, and what is not made up where nobody says it."""

from decimal import Decimal
from math import sqrt

import pytest

from engine.forecast.market import EVEN, History, closed_by, conditions, seen
from engine.kernel.clock import DAY, HOUR, Instant, Span
from engine.kernel.ids import VenueName
from engine.market.bars import Bar
from engine.market.volume_model import WHOLE
from engine.planning.impact import Impact
from tests.support.builders import START, VENUE, d, view

OSL = VenueName("osl")
IMPACT = Impact(
    price=d("90"),
    sigma_daily=d("0.03"),
    volume_daily=d("500"),
    prefactor=d("0.8"),
    exponent=d("0.5"),
    spread_bp=d("3"),
    permanent=d("0"),
    calibrated="2026-04-30",
    source="a study",
)


def bar(begins: int, volume: str = "1", close: str = "100") -> Bar:
    price = d(close)
    return Bar(Instant(begins), price, price, price, price, d(volume))


def history(source: str = "hashkey", days: int = 3, volume: str = "1", **changes: object) -> History:
    """Hourly bars of whole days that end when the plan is made; noon trades thirteen times as much as other hours."""
    since = START - days * DAY
    rows = tuple(
        bar(since + hour * HOUR, str(Decimal(volume) * (13 if hour % 24 == 12 else 1))) for hour in range(24 * days)
    )
    return History(source=source, file=f"{source}.csv", sha256="ab", span=Span(HOUR), bars=rows)


def test_volume_is_the_median_of_whole_days_and_hours_are_as_they_were() -> None:
    """23 hours of 1 coin and noon of 13: 36 a day, and noon has 13 in 36 of it."""
    known = conditions(None, [history()], [], None, [VENUE])
    assert known.volume_daily == 36
    assert known.curve[12] == pytest.approx(WHOLE * 13 / 36, abs=1)
    assert sum(known.curve) == WHOLE
    assert known.factors == (1.0, 1.0, 1.0)
    assert [f.source for f in known.figures if f.name == "volume a day at hashkey"] == [
        "median of 3 whole days until 2026-05-01, hashkey.csv"
    ]


def test_a_day_that_lacks_a_bar_is_no_whole_day() -> None:
    full = history(days=2)
    assert seen(full).volumes == (36.0, 36.0)
    lacking = History(source="hashkey", file="x", sha256="", span=full.span, bars=full.bars[1:])
    assert seen(lacking).volumes == (36.0,)


def test_nothing_that_closes_after_the_plan_is_looked_at() -> None:
    late = history(days=1)
    assert closed_by(late, Instant(START - HOUR)).bars == late.bars[:-1]
    assert closed_by(late, Instant(START - HOUR - 1)).bars == late.bars[:-2]


def test_the_deviation_of_a_day_is_that_of_its_steps_times_the_root_of_their_number() -> None:
    """Up and down by a hundredth each hour: a logarithm of 0.00995 an hour, 0.04875 a day."""
    rows = tuple(bar(START - DAY * 2 + hour * HOUR, close="101" if hour % 2 else "100") for hour in range(48))
    found = seen(History(source="a", file="a", sha256="", span=Span(HOUR), bars=rows))
    assert found.sigma_daily == pytest.approx(0.00995033 * sqrt(24), rel=1e-6)


def test_without_bars_the_calibrated_volume_is_divided_evenly_and_said_to_be_assumed() -> None:
    known = conditions(IMPACT, [], [], None, [VENUE, OSL])
    assert known.venues == {VENUE: 250.0, OSL: 250.0}
    assert known.curve == EVEN
    assert known.sigma_daily == 0.03
    assert ("of it each venue", "250", "assumed: equal parts") in [(f.name, f.value, f.source) for f in known.figures]
    assert ("price", "90", "calibrated 2026-04-30, a study") in [(f.name, f.value, f.source) for f in known.figures]


def test_bars_of_our_venues_count_and_those_of_others_do_not() -> None:
    """Bars of a larger market elsewhere would make our share look small."""
    known = conditions(IMPACT, [history("elsewhere", volume="100"), history("osl")], [], None, [VENUE, OSL])
    assert known.volume_daily == 36
    assert known.venues == {VENUE: 0.0, OSL: 36.0}


def test_bars_of_another_market_count_where_none_of_ours_has_any() -> None:
    known = conditions(None, [history("elsewhere")], [], None, [VENUE])
    assert known.venues == {VENUE: 36.0}


def test_a_book_of_this_moment_says_more_of_the_spread_than_a_calibration() -> None:
    """A cent to either side of 100: two basis points."""
    known = conditions(IMPACT, [], [view()], (d("100"), "mid, now"), [VENUE])
    assert known.spread_bp == pytest.approx(2.0)
    assert known.price == 100


def test_what_nobody_says_is_named_and_not_invented() -> None:
    known = conditions(None, [], [], None, [VENUE])
    assert (known.price, known.spread_bp, known.sigma_daily, known.volume_daily) == (None, None, None, None)
    assert len(known.lacking) == 5
