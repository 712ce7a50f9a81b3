"""What a leg should have sold by when: for the reports, along the hours that were approved."""

from msgspec.structs import replace

from engine.compose.methods import targets
from tests.support.days import begun, on
from tests.support.journals import FIRST, SECOND_LEG, opened


def test_without_hours_the_schedule_runs_from_the_start() -> None:
    """Ten slices in ten minutes."""
    points = targets(opened())[FIRST]
    assert (points[0][0], points[-1]) == (opened().at, (opened().at + 600 * 10**9, 1))
    assert len(points) == 11


def test_with_hours_it_stands_while_nothing_is_sold() -> None:
    """Ten hours of open time in ten slices, from nine in the morning on: five on Saturday, five on Sunday."""
    first = begun()
    legs = tuple(replace(leg, window=leg.window * 60) for leg in first.plan.legs)
    points = targets(replace(first, plan=replace(first.plan, legs=legs)))[FIRST]
    times = [at for at, _ in points]
    assert not [at for at in times if on(2, "12:00:00") <= at < on(2, "13:00:00")]
    assert not [at for at in times if on(2, "16:00:00") <= at < on(3, "10:00:00")]
    assert [units for at, units in points if at < on(3, "00:00:00")][-1] * 2 == points[-1][1]
    assert points[-1] == (on(3, "16:00:00"), 1)


def test_a_leg_that_is_fed_has_no_schedule_of_its_own() -> None:
    assert SECOND_LEG not in targets(begun())
