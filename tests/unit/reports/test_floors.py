"""The report's section on floors."""

from functools import cache

from msgspec.structs import replace

from engine.events import FloorSet
from engine.evidence.floors import FloorStretch
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.evidence.summary import summarise
from engine.mandate.terms import Floor, FloorFees, FloorScope
from engine.orders import commands as c
from engine.reports.floors import floors
from engine.reports.html import render
from tests.support.builders import BTC, START, USDT, average_floor, d, floor_version
from tests.support.journals import at, tape, two_legs


@cache
def story() -> Story:
    """Two legs, the first under a floor by average that blocked once, and was set on one day of two."""
    plain = tell(two_legs().rows, tape())
    floor = Floor(d("0"), USDT, FloorScope.FILL, FloorFees.OUT, average=average_floor())
    first = replace(plain.legs[0], plan=replace(plain.legs[0].plan, floor=floor))
    began = c.FloorBlocked(
        at=at("09:00:10"), leg=first.plan.id, floor="the floor of 100 USDT", wanted=d("100"), bid=d("98")
    )
    return replace(
        plain,
        legs=(first, plain.legs[1]),
        floors=(
            FloorSet(at=START, asset=BTC, day="2026-05-02", version=floor_version()),
            FloorSet(at=START, asset=BTC, day="2026-05-03", version=None, lack="desk.csv can't be read"),
        ),
        stretches=(FloorStretch(began, at("09:01:40")),),
    )


def test_it_names_the_floor_how_it_is_held_and_how_it_is_taken() -> None:
    facts = dict(floors(story())[0]["facts"])
    assert facts["Floor at the start"] == "95 % of the 2-day average in USDT"
    assert facts["Held"] == "for each fill, before fees"
    assert facts["How it is taken"].startswith("2 calendar days before, close of the day in UTC, the median of 1")


def test_it_lists_every_version_and_every_day_without_one() -> None:
    made, lacking = floors(story())[0]["versions"]
    assert made[:4] == ("2026-05-02", "1", "95 USDT", "95 % of 100")
    assert made[4:] == ("2026-04-30 to 2026-05-01, 2 days", f"values {'a' * 12}; files desk {'b' * 12}")
    assert (lacking[0], lacking[-1]) == ("2026-05-03", "desk.csv can't be read")


def test_it_lists_every_stretch_with_its_length_and_its_distance() -> None:
    (stretch,) = floors(story())[0]["stretches"]
    assert stretch[2:] == ("1m30s", "the floor of 100 USDT", "100", "98", "2.04 %")


def test_a_run_without_floors_has_no_such_section() -> None:
    plain = tell(two_legs().rows, tape())
    bare = replace(plain, legs=tuple(replace(leg, plan=replace(leg.plan, floor=None)) for leg in plain.legs))
    assert floors(bare) == []
    assert "<h2>Floors</h2>" not in render(bare, summarise(bare))


def test_the_page_holds_it() -> None:
    shown = render(story(), summarise(story()))
    for words in ("<h2>Floors</h2>", "95 % of the 2-day average in USDT", "desk.csv can&#39;t be read", "1m30s"):
        assert words in shown
