"""Where and when there is somebody to sell to: medians of whole local hours, and nothing where nothing is known."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.forecast.cells import Cell
from engine.forecast.given import Given
from engine.forecast.heat import NONE, heat, shown
from engine.forecast.leg import prospect
from engine.forecast.market import History
from engine.forecast.prospect import HeatMap, HeatRow
from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import plain
from engine.market.bars import Bar
from engine.market.footprint import FootprintRule, Shares
from tests.support.builders import CAPABILITIES, COIN, START, VENUE, d, hours, leg_one, limits, programme

OSL = VenueName("osl")
SATURDAY = START
"""2026-05-02, which is when every specification takes place."""


def bar(begins: int, volume: str) -> Bar:
    price = d("100")
    return Bar(Instant(begins), price, price, price, price, d(volume))


def history(source: str = VENUE, days: int = 3, span: int = HOUR, **changes: Any) -> History:
    """So many days until the start; the hour that begins at `h` o'clock trades `h` coins, and on weekends ten more."""
    since = SATURDAY - days * DAY
    rows = [(since + index * span) for index in range(days * DAY // span)]
    weekend = {at: 10 if (at // DAY + 3) % 7 >= 5 else 0 for at in rows}
    bars = tuple(bar(at, plain(d(str(at % DAY // HOUR + weekend[at])) * span / HOUR)) for at in rows)
    standard = {"source": source, "file": f"{source}.csv", "sha256": "ab", "span": Span(span), "bars": bars}
    return History(**(standard | changes))


def given(*histories: History, **changes: Any) -> Given:
    standard: dict[str, Any] = {
        "leg": leg_one(**changes.pop("leg", {})),
        "start": START,
        "stops": Instant(START + 5 * HOUR),
        "hours": None,
        "programme": None,
        "limits": limits(),
        "capabilities": {VENUE: CAPABILITIES, OSL: CAPABILITIES},
        "views": (),
        "price": (d("100"), "now"),
        "impact": None,
        "histories": histories,
        "targets": [(START, d("10"))],
        "floor": None,
        "worth": None,
    }
    return Given(**(standard | changes))


def mapped(of: Given, *sold: tuple[int, int]) -> HeatMap:
    """`sold` are hours of the start's day, from and until."""
    cells = [Cell(Instant(START + a * HOUR), Instant(START + b * HOUR), (b - a) * HOUR, 0.0) for a, b in sold]
    return shown(of, heat(of), cells, [0.5] * len(cells))


def volumes(row: HeatRow) -> list[str]:
    return [volume for volume, _, _ in row.cells]


def test_a_cell_is_the_median_of_its_hour_over_the_days() -> None:
    """Ten coins at noon, twelve, and a day of a thousand: the loud day does not count for more than its place."""
    noon = [SATURDAY - back * DAY + 12 * HOUR for back in (3, 2, 1)]
    loud = history(bars=tuple(bar(at, volume) for at, volume in zip(noon, ("10", "12", "1000"), strict=True)))
    assert volumes(mapped(given(loud)).rows[0])[11:14] == ["", "12", ""]


def test_an_hour_without_data_stays_empty_whatever_its_neighbours_say() -> None:
    whole = history()
    lacking = history(bars=tuple(each for each in whole.bars if each.at % DAY != 7 * HOUR))
    assert volumes(mapped(given(lacking)).rows[0])[6:9] == ["6", "", "8"]


def test_an_hour_of_which_a_bar_lacks_is_no_hour() -> None:
    """Bars of a quarter of an hour; of the three hours that begin at seven each lacks one."""
    whole = history(span=15 * MINUTE)
    lacking = history(
        span=15 * MINUTE, bars=tuple(each for each in whole.bars if each.at % DAY != 7 * HOUR + 30 * MINUTE)
    )
    assert volumes(mapped(given(whole)).rows[0])[6:9] == ["6", "7", "8"]
    assert volumes(mapped(given(lacking)).rows[0])[6:9] == ["6", "", "8"]


def test_hours_are_those_of_the_programme() -> None:
    """What begins at 01:00 UTC begins at nine in Hong Kong."""
    opens = hours(("09:00", "17:00"), offset=Span(8 * HOUR))
    found = mapped(given(history(), programme=programme(hours=opens), hours=opens), (1, 2))
    assert found.zone == "UTC+08:00"
    assert volumes(found.rows[0])[9] == "1"
    assert found.rows[0].sold_in == "09"


def test_bars_that_lie_across_the_edges_of_local_hours_make_none() -> None:
    """Bars of an hour where clocks stand at half past."""
    half = hours(("09:00", "17:00"), offset=Span(5 * HOUR + 30 * MINUTE))
    found = mapped(given(history(), programme=programme(hours=half), hours=half))
    assert (found.rows, found.remark) == (
        (),
        "no heat map; hashkey: no whole local hour (UTC+05:30) in hashkey.csv",
    )


def test_weekends_stand_apart_once_there_are_enough_of_them() -> None:
    """Four weeks until a Saturday: noon trades 12 coins on a weekday and 22 on a weekend."""
    found = mapped(given(history(days=28)), (12, 13))
    assert [(row.days, volumes(row)[12], row.sold_in) for row in found.rows] == [
        ("weekdays", "12", ""),
        ("weekends", "22", "12"),
    ]
    assert found.remark == ""
    assert [row.source for row in found.rows] == [
        "hashkey.csv, 20 days from 2026-04-06 to 2026-05-01",
        "hashkey.csv, 8 days from 2026-04-04 to 2026-04-26",
    ]


def test_of_few_days_all_are_taken_together_and_that_is_said() -> None:
    found = mapped(given(history(days=6)))
    assert [row.days for row in found.rows] == ["all days"]
    assert found.remark.startswith("weekdays and weekends are not told apart")


def test_what_is_allowed_is_beside_what_others_trade() -> None:
    """A fifth of all that is traded is a quarter of what others trade; the tightest of the limits counts, by name."""
    rule = FootprintRule(market=Shares(hour=d("0.2")), venue=Shares(hour=d("0.5")))
    found = mapped(given(history(), limits=limits(footprint=rule)))
    assert found.rows[0].cells[8] == ("8", "2", False)
    assert found.share == "20.00 % of all that is traded (footprint.market, an hour)"
    unbounded = mapped(given(history()))
    assert (unbounded.rows[0].allowed, unbounded.share) == ("", "no limit goes by volume")


def test_a_market_that_is_only_looked_at_allows_nothing_and_is_sold_at_never() -> None:
    found = mapped(given(history(), history("elsewhere"), leg={"participation_max": d("0.1")}), (8, 9))
    ours, theirs = found.rows
    assert (ours.sells, ours.sold_in, bool(ours.allowed)) == (True, "08", True)
    assert (theirs.venue, theirs.sells, theirs.sold_in, theirs.allowed) == ("elsewhere", False, "", "")
    assert volumes(theirs)[8] == "8"


def test_a_venue_of_the_plan_without_bars_has_a_row_that_says_so() -> None:
    found = mapped(given(history(), leg={"instruments": (COIN, replace(COIN, venue=OSL))}))
    assert [(row.venue, row.source) for row in found.rows][1] == ("osl", "no bars")
    assert volumes(found.rows[1]) == [""] * 24


def test_without_bars_there_is_no_map() -> None:
    found = prospect(given()).heat
    assert found is not None
    assert (found.rows, found.remark) == ((), NONE) == ((), "no heat map: no volumes were given")


def test_bars_of_a_day_show_no_hours() -> None:
    assert mapped(given(history(span=DAY))).remark == "no heat map; hashkey: no hours: hashkey.csv has bars of 1d"


@pytest.mark.parametrize(("venue", "at", "usual"), [(VENUE, 12, 12.0), (OSL, 12, None)])
def test_others_are_told_what_is_usual_in_an_hour(venue: VenueName, at: int, usual: float | None) -> None:
    """By the very cells that people are shown."""
    assert heat(given(history())).usual(venue, Instant(START + at * HOUR)) == usual
