"""Which floors are owed when: at the start, at each local midnight, and again while a day has none."""

from msgspec.structs import replace

from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.drivers.daybreak import AGAIN, Daybreak, NoSource, Owed
from engine.events import FloorSet
from engine.kernel.clock import DAY, HOUR, Instant, Span
from engine.mandate.terms import Floor, FloorScope
from tests.support.builders import (
    BTC,
    ONE,
    START,
    USDT,
    average_floor,
    d,
    floor_version,
    leg_one,
    leg_two,
    opened,
    plan,
)

MORNING = Instant(START + 9 * HOUR)


def state(**rules: object) -> State:
    floor = Floor(d("0"), USDT, FloorScope.FILL, average=average_floor(**rules))
    return state_of(opened(at=MORNING, plan=plan(leg_one(floor=floor), leg_two())))


class Source:
    """Has a version of every day, or none."""

    def __init__(self, lack: str = "") -> None:
        self.lack, self.taken = lack, list[Owed]()

    def take(self, owed: Owed, at: Instant) -> FloorSet:
        self.taken.append(owed)
        made = None if self.lack else floor_version(owed.floor.average, day=owed.day, number=owed.number)
        return FloorSet(at=at, asset=owed.asset, day=owed.day, version=made, lack=self.lack)


def looked(daybreak: Daybreak, run: State, at: Instant) -> list[FloorSet]:
    events = list(daybreak.look(run, at))
    for event in events:
        evolve(run, event)
    return events


def test_at_the_start_the_floor_of_the_day_is_taken_and_then_not_again() -> None:
    run, daybreak = state(), Daybreak(Source())
    (event,) = looked(daybreak, run, MORNING)
    assert (event.asset, event.day) == (BTC, "2026-05-02")
    assert looked(daybreak, run, Instant(MORNING + HOUR)) == []


def test_the_next_look_is_at_local_midnight() -> None:
    """Eight hours ahead of UTC, midnight is at four in the afternoon."""
    run, daybreak = state(offset=Span(8 * HOUR)), Daybreak(Source())
    looked(daybreak, run, MORNING)
    assert daybreak.following(run, MORNING) == START + 16 * HOUR


def test_each_day_has_a_version_of_its_own_number() -> None:
    run, daybreak = state(), Daybreak(Source())
    looked(daybreak, run, MORNING)
    (event,) = looked(daybreak, run, Instant(MORNING + DAY))
    assert event.version is not None
    assert (event.version.number, event.version.day) == (2, "2026-05-03")


def test_a_day_that_has_none_is_tried_again_and_told_only_where_the_reason_is_another() -> None:
    run, source = state(), Source("not brought up to date")
    daybreak = Daybreak(source)
    assert len(looked(daybreak, run, MORNING)) == 1
    assert daybreak.following(run, MORNING) == MORNING + AGAIN
    assert looked(daybreak, run, Instant(MORNING + AGAIN)) == []
    source.lack = ""
    assert len(looked(daybreak, run, Instant(MORNING + 2 * AGAIN))) == 1


def test_other_rules_are_taken_anew_on_the_same_day() -> None:
    run, daybreak = state(), Daybreak(Source())
    looked(daybreak, run, MORNING)
    floor = Floor(d("0"), USDT, FloorScope.FILL, average=average_floor(days=3))
    run.plan = replace(run.plan, legs=(replace(run.plan.leg(ONE), floor=floor), run.plan.legs[1]))
    (event,) = looked(daybreak, run, MORNING)
    assert event.version is not None
    assert event.version.number == 2


def test_a_run_without_such_a_floor_is_never_looked_at() -> None:
    run = state_of(opened())
    assert (Daybreak(Source()).look(run, MORNING), Daybreak(Source()).following(run, MORNING)) == ([], None)


def test_a_leg_that_is_over_is_owed_nothing() -> None:
    run = state()
    run.legs[ONE].closed = True
    assert Daybreak(Source()).look(run, MORNING) == []


def test_a_run_that_was_given_no_prices_says_so() -> None:
    (event,) = Daybreak(NoSource()).look(state(), MORNING)
    assert event.lack == "no file of prices of BTC is named"
