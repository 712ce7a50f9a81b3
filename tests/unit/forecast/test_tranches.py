"""The tranches that a plan will cause: by the rule of a run itself, slice by slice."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.forecast.course import Course, grid
from engine.forecast.given import Given, Supply
from engine.forecast.leg import prospect
from engine.forecast.market import EVEN
from engine.forecast.orders import Outlet
from engine.forecast.prospect import Leak
from engine.forecast.trail import Trail
from engine.forecast.tranches import foretold, reach, steps_of
from engine.kernel.clock import HOUR, MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import total
from engine.mandate.custody import CustodyPlan
from engine.planning.plan import Recipe
from tests.support.builders import BTC, CAPABILITIES, COIN, START, VENUE, d, leg_one, limits

OSL = VenueName("osl")
UNIT = d("0.00000001")
HALVES = {VENUE: Fraction(1, 2), OSL: Fraction(1, 2)}


def custody(**changes: Any) -> CustodyPlan:
    standard: dict[str, Any] = {
        "holdings": {BTC: d("10")},
        "statement_sha256": "",
        "account": "main",
        "slices_ahead": 1,
    }
    return CustodyPlan(**(standard | changes))


def supply(plan: CustodyPlan | None = None, kept: str = "10", **there: str) -> Supply:
    return Supply(
        there={VenueName(name): d(units) for name, units in there.items()},
        custody=plan,
        in_custody=d(kept) if plan is not None else d("0"),
        unit=UNIT,
    )


def given(**changes: Any) -> Given:
    """Ten coins in four slices of an hour: 2.5 each."""
    standard: dict[str, Any] = {
        "leg": leg_one(window=Span(4 * HOUR), **changes.pop("leg", {})),
        "start": START,
        "stops": Instant(START + 5 * HOUR),
        "hours": None,
        "programme": None,
        "limits": limits(),
        "capabilities": {VENUE: CAPABILITIES, OSL: CAPABILITIES},
        "views": (),
        "price": (d("100"), "now"),
        "impact": None,
        "histories": (),
        "targets": [(Instant(START + i * HOUR), d("2.5") * (i + 1)) for i in range(4)],
        "floor": None,
        "worth": None,
    }
    return Given(**(standard | changes))


def played(of: Given, supply: Supply, parts: Mapping[VenueName, Fraction] | None = None, price: str = "100") -> Trail:
    parts = parts or {VENUE: Fraction(1)}
    outlets = [Outlet(replace(COIN, venue=venue), CAPABILITIES, part) for venue, part in parts.items()]
    return foretold(of, supply, of.targets, outlets, d(price))


def sent(trail: Trail) -> list[tuple[int, str, str]]:
    """Hours since the start, venue, coins."""
    return [((each.at - START) // HOUR, each.venue, f"{each.quantity.normalize():f}") for each in trail.deposits]


def sold(trail: Trail) -> list[tuple[int, str, str]]:
    return [((each.at - START) // HOUR, each.venue, f"{each.quantity.normalize():f}") for each in trail.sales]


def test_the_first_tranche_is_for_the_slice_and_those_ahead_and_each_later_one_for_one_more() -> None:
    """One slice ahead: five coins at once, then 2.5 an hour until nothing is left in custody."""
    found = played(given(), supply(custody()))
    assert sent(found) == [(0, "hashkey", "5"), (1, "hashkey", "2.5"), (2, "hashkey", "2.5")]
    assert sold(found) == [(hour, "hashkey", "2.5") for hour in range(4)]


def test_as_many_slices_ahead_as_there_are_is_one_deposit_of_the_whole() -> None:
    assert sent(played(given(), supply(custody(slices_ahead=9)))) == [(0, "hashkey", "10")]


def test_what_is_lacking_is_raised_to_the_least_and_the_last_may_be_less() -> None:
    found = played(given(), supply(custody(minimum={BTC: d("4")})))
    assert sent(found) == [(0, "hashkey", "5"), (1, "hashkey", "4"), (2, "hashkey", "1")]


def test_a_ceiling_leaves_room_for_so_much_at_its_price() -> None:
    """350 at a hundred a coin are 3.5 coins; once a slice is sold there is room for what it took."""
    found = played(given(), supply(custody(exposure_max={VENUE: d("350")})))
    assert sent(found)[:2] == [(0, "hashkey", "3.5"), (1, "hashkey", "2.5")]


def test_coin_at_a_venue_is_counted_before_any_is_asked_for() -> None:
    assert sent(played(given(), supply(custody(), kept="6", hashkey="4")))[0] == (0, "hashkey", "1")


def test_venues_are_supplied_in_equal_parts_and_sell_in_their_own() -> None:
    """All is sold at osl as long as its coin lasts; what lies at hashkey is sold last."""
    found = played(given(), supply(custody(slices_ahead=2)), {VENUE: Fraction(0), OSL: Fraction(1)})
    assert sent(found)[:2] == [(0, "hashkey", "3.75"), (0, "osl", "3.75")]
    assert {venue for hour, venue, _ in sold(found) if hour < 2} == {"osl"}
    assert (3, "hashkey", "2.5") in sold(found)


def test_a_schedule_that_follows_others_is_played_by_its_course() -> None:
    """Nothing is foretold of its targets, so the course says what is gone; ahead is as much again as the slice."""
    recipe = Recipe("pov", {"rate": "0.1", "every": "1h", "slice_max": "0.5"})
    of = given(leg={"schedule": recipe}, targets=[(Instant(START + i * HOUR), d("0")) for i in range(5)])
    bins = grid(START, Span(4 * HOUR), None, 4, EVEN, 24.0)
    steps = steps_of(of, bins, Course((0.1, 0.2, 0.3, 0.4)))
    assert [goal for _, goal in steps] == [d("0"), d("1"), d("3"), d("6"), d("10")]
    assert reach(of, steps, 2) == [d("0"), d("3"), d("7"), d("12"), d("18")]


@drawn(
    quantities=st.lists(st.integers(1, 500), min_size=1, max_size=12),
    ahead=st.integers(1, 5),
    least=st.integers(0, 900),
    part=st.fractions(0, 1),
)
def test_no_more_leaves_custody_than_lies_there_and_no_more_is_sold_than_came(
    quantities: list[int], ahead: int, least: int, part: Fraction
) -> None:
    """Hundredths of a coin, over any number of slices, with any least and any parts."""
    whole = d(str(sum(quantities))) / 100
    goals = [d(str(sum(quantities[: index + 1]))) / 100 for index in range(len(quantities))]
    targets = [(Instant(START + index * HOUR), goal) for index, goal in enumerate(goals)]
    of = given(leg={"quantity": whole}, targets=targets)
    plan = custody(holdings={BTC: whole}, slices_ahead=ahead, minimum={BTC: d(str(least)) / 100})
    found = played(of, supply(plan, kept=str(whole)), {VENUE: part, OSL: 1 - part})
    assert total(each.quantity for each in found.deposits) <= whole
    assert total(each.quantity for each in found.sales) == whole
    for at in {each.at for each in found.sales}:
        came = total(each.quantity for each in found.deposits if each.at <= at)
        assert total(each.quantity for each in found.sales if each.at <= at) <= came


def leak(of: Given) -> Leak:
    found = prospect(of).leak
    assert found is not None
    return found


def levels(of: Leak) -> dict[str, str]:
    return {each.name: each.level for each in of.findings}


def test_a_prospect_lists_the_deposits_and_what_they_give_away() -> None:
    found = leak(given(supply=supply(custody())))
    assert found.marks == (("0.00", "5", "hashkey"), ("1.00", "2.5", "hashkey"), ("2.00", "2.5", "hashkey"))
    assert found.basis.startswith("3 tranches foretold, 2.5 to 5 BTC, 10 BTC in all; as though each arrived at once")
    assert levels(found)["the total given away"] == "warn"
    assert levels(found)["round sizes"] == "warn"


def test_smaller_supplies_give_away_less() -> None:
    """Forty slices of a quarter of a coin: three ahead instead of thirty."""
    targets = [(Instant(START + i * 6 * MINUTE), d("0.25") * (i + 1)) for i in range(40)]
    few, many = (levels(leak(given(supply=supply(custody(slices_ahead=ahead)), targets=targets))) for ahead in (3, 30))
    assert (few["what can be foreseen"], many["what can be foreseen"]) == ("note", "warn")
    assert (few["the total given away"], many["the total given away"]) == ("fine", "warn")


def test_without_custody_one_finding_says_what_the_coin_at_the_venues_shows() -> None:
    found = leak(given(supply=supply(hashkey="10")))
    assert (found.basis, [each.name for each in found.findings]) == (
        "no BTC leaves custody for this sale",
        ["coin at the venues already"],
    )


def test_a_ceiling_without_room_foretells_no_tranche() -> None:
    found = leak(given(supply=supply(custody(exposure_max={VENUE: d("0.0000001")}))))
    assert (found.findings, "no ceiling leaves room" in found.basis) == ((), True)


def test_where_nobody_knows_the_volume_that_a_schedule_follows_nothing_is_foretold() -> None:
    recipe = Recipe("pov", {"rate": "0.1", "every": "1m", "slice_max": "0.1"})
    found = leak(given(leg={"schedule": recipe}, supply=supply(custody())))
    assert (found.findings, found.basis) == (
        (),
        "not told: nobody said how much is traded, and the schedule goes by it",
    )


def test_nobody_who_does_not_know_where_the_coin_lies_judges_deposits() -> None:
    assert prospect(given()).leak is None
