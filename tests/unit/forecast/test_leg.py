"""One leg's prospect: the ways side by side, and what is left out where nobody knows."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.forecast.given import FloorNow, Given, Worth
from engine.forecast.leg import prospect, scene_of
from engine.forecast.prospect import LegProspect, Way
from engine.kernel.clock import HOUR, Instant, Span
from engine.kernel.codec import encode
from engine.kernel.ids import VenueName
from engine.mandate.terms import Floor, FloorScope
from engine.market.facts import Level
from engine.market.footprint import FootprintRule, Shares
from engine.planning.impact import Impact
from engine.planning.plan import AtEnd, Recipe
from engine.risk.caps import Bounds, CapRules
from tests.support.builders import (
    BTCUSDT,
    CAPABILITIES,
    COIN,
    START,
    USDT,
    VENUE,
    d,
    hours,
    leg_one,
    limits,
    programme,
    view,
)

OSL = VenueName("osl")
IMPACT = Impact(
    price=d("100"),
    sigma_daily=d("0.03"),
    volume_daily=d("2400"),
    prefactor=d("0.8"),
    exponent=d("0.5"),
    spread_bp=d("3"),
    permanent=d("0"),
    calibrated="2026-04-30",
    source="a study",
)
FEE = replace(CAPABILITIES, taker_fee=d("0.001"))
TWAP = Recipe("twap", {"slices": "4"})
PLENTY = limits(order_notional_max=d("100000"), minute_notional_max=d("100000"))


def given(**changes: Any) -> Given:
    """40 coins at 100 within four hours, of a market that trades 100 an hour."""
    leg = leg_one(quantity=d("40"), window=Span(4 * HOUR), **changes.pop("leg", {"schedule": TWAP}))
    standard: dict[str, Any] = {
        "leg": leg,
        "start": START,
        "stops": Instant(START + 5 * HOUR),
        "hours": None,
        "programme": None,
        "limits": PLENTY,
        "capabilities": {VENUE: FEE, OSL: FEE},
        "views": (view(),),
        "price": (d("100"), "mid, single source, now"),
        "impact": IMPACT,
        "histories": (),
        "targets": [(Instant(START + i * HOUR), d(str(10 * (i + 1)))) for i in range(4)],
        "floor": None,
        "worth": None,
    }
    return Given(**(standard | changes))


def way(found: LegProspect, name: str) -> Way:
    return next(each for each in found.ways if each.name == name)


def line(found: LegProspect, name: str) -> str:
    return next(words for each, words in found.lines if each == name)


def test_the_ways_stand_side_by_side_with_the_config_s_own_first() -> None:
    found = prospect(given())
    assert [each.name for each in found.ways] == ["TWAP", "VWAP", "POV", "IS", "RFQ"]
    assert [each.chosen for each in found.ways] == [True, False, False, False, False]


def test_a_total_is_the_sum_of_its_parts() -> None:
    """Half of 2 bp, a thousandth, and 0.8 x 3 % x the root of 40 / 2400, times two thirds: 20.66 bp."""
    own = prospect(given()).ways[0]
    assert (own.spread_bp, own.fees_bp, own.impact_bp, own.total_bp) == ("1.00", "10.00", "20.66", "31.66")
    assert own.cost == "12.66"
    assert own.peak == "9.09"


def test_what_would_rest_on_an_unknown_number_is_not_told() -> None:
    """No calibration, no bars: fees and the spread of the book are all that is known."""
    found = prospect(given(impact=None))
    assert [each.name for each in found.ways] == ["TWAP", "RFQ"]
    own = found.ways[0]
    assert (own.spread_bp, own.fees_bp) == ("1.00", "10.00")
    assert (own.impact_bp, own.total_bp, own.deviation_bp, own.worst_bp, own.cost, own.peak) == ("",) * 6
    assert found.stretches == ()
    assert found.frontier == ()
    assert [what.split(":")[0] for what in found.lacking] == [
        "impact, its second opinion, frontier and best rate",
        "footprint, participation and what volume allows",
        "risk of the price, floor and worst case",
    ]


def test_a_share_of_an_unknown_volume_has_no_course() -> None:
    recipe = Recipe("pov", {"rate": "0.1", "every": "1m", "slice_max": "0.1"})
    found = prospect(given(leg={"schedule": recipe}, impact=None))
    assert (found.ways[0].name, found.ways[0].chosen) == ("POV", True)
    assert found.ways[0].basis == "nobody said how much is traded"


def test_a_desk_is_told_only_where_somebody_assumed_what_it_takes() -> None:
    assert way(prospect(given()), "RFQ").total_bp == ""
    assumed = way(prospect(given(impact=replace(IMPACT, desk_bp=d("45")))), "RFQ")
    assert (assumed.total_bp, assumed.cost, assumed.lasts) == ("45.00", "18.00", "at once")


def test_without_a_risk_aversion_the_one_of_the_least_bad_case_is_assumed_and_said() -> None:
    assert "assumed: lambda" in way(prospect(given()), "IS").basis


def test_a_rate_that_is_too_low_leaves_something() -> None:
    """A hundredth of all volume is 4.04 coins of the 40."""
    recipe = Recipe("pov", {"rate": "0.01", "every": "1m", "slice_max": "0.1"})
    own = prospect(given(leg={"schedule": recipe})).ways[0]
    assert own.unsold == "35.96 BTC"


def test_our_share_is_held_against_the_tightest_limit_hour_by_hour() -> None:
    """Ten coins an hour beside a hundred are 9.09 % of all."""
    rule = FootprintRule(market=Shares(hour=d("0.09")))
    found = prospect(given(limits=replace(PLENTY, footprint=rule)))
    assert [(row.share, row.limit, row.over) for row in found.stretches] == [("9.09", "9.00", True)] * 4
    assert line(found, "footprint over its limit").startswith("in 4 of 4 hours")
    assert line(found, "footprint").startswith("9.09 % of all that is traded meanwhile; at most 9.09 % in the hour of")


def test_a_longer_sale_is_shown_by_days() -> None:
    leg = {"schedule": TWAP}
    long = given(leg=leg)
    long = replace(long, leg=replace(long.leg, window=Span(120 * HOUR)), stops=Instant(START + 121 * HOUR))
    assert [row.begins for row in prospect(long).stretches][:2] == ["2026-05-02 00:00", "2026-05-03 00:00"]


def test_what_the_venues_get_is_divided_by_their_cost() -> None:
    """The same fee and the same volume: halves. A cap of our share at one venue alone would not fit, so it counts."""
    two = (COIN, replace(COIN, venue=OSL))
    found = prospect(given(leg={"schedule": TWAP, "instruments": two}))
    assert found.stretches[0].venues == (("hashkey", "9.09"), ("osl", "9.09"))
    dear = {VENUE: replace(FEE, taker_fee=d("0.002")), OSL: FEE}
    shares = dict(prospect(given(leg={"schedule": TWAP, "instruments": two}, capabilities=dear)).stretches[0].venues)
    assert float(shares["osl"]) > float(shares["hashkey"])


def test_the_floor_is_held_against_what_a_sale_brings() -> None:
    """97 of 99.99, with half the spread gone; by reflection, over four hours at 3 % a day."""
    floor = Floor(d("97"), USDT, FloorScope.FILL)
    found = prospect(given(leg={"schedule": TWAP, "floor": floor}, floor=FloorNow(d("97"), "the floor of 97 USDT")))
    assert "299.03 bp below what a sale brings" in line(found, "floor")
    assert "at some moment 1.3 %" in line(found, "floor")
    unknown = given(
        leg={"schedule": TWAP, "floor": floor}, floor=FloorNow(None, "the floor has no price: 1 of 2 desks")
    )
    assert line(prospect(unknown), "floor") == (
        "the floor has no price: 1 of 2 desks; the chance that it blocks is not told"
    )


def test_a_floor_on_the_average_is_reckoned_by_paths() -> None:
    floor = Floor(d("99"), USDT, FloorScope.AVERAGE)
    found = prospect(given(leg={"schedule": TWAP, "floor": floor}, floor=FloorNow(d("99"), "the floor of 99 USDT")))
    assert "20,000 seeded paths, looked at 4 times" in line(found, "floor")


def test_the_deadline_is_held_against_what_limits_let_through() -> None:
    """A twentieth of all volume: 26.3 of the 40 coins in five hours, 21.05 where it stops with its window."""
    found = prospect(given(leg={"schedule": TWAP, "participation_max": d("0.05")}))
    assert "the limits let 26.32 BTC through" in line(found, "deadline")
    stopped = prospect(given(leg={"schedule": TWAP, "participation_max": d("0.05"), "at_end": AtEnd.STOP}))
    assert "the limits let 21.05 BTC through" in line(stopped, "deadline")


def test_limits_of_orders_minutes_and_days_that_bind_are_named() -> None:
    """Ten coins are 1000 an order; half of the coin is wanted within the two hours of the first day."""
    open_hours = hours(("00:00", "02:00"))
    of_days = programme(hours=open_hours, quota=d("0.4"))
    slices = [
        (Instant(START + when * HOUR), d(units)) for when, units in ((0, "10"), (1, "20"), (24, "30"), (25, "40"))
    ]
    found = prospect(given(limits=limits(), hours=open_hours, programme=of_days, targets=slices))
    told = line(found, "caps hit")
    assert "an order of 1000.00 is above 600, and is cut" in told
    assert "50.00 % on 2026-05-02 are above the day's quota of 40 %" in told
    assert line(prospect(given()), "caps hit") == "none of the limits on orders, minutes, hours and days"


def test_caps_in_money_are_held_against_hours_days_and_the_whole() -> None:
    """4000 in four hours, begun on the hour: 1000 in each. Another venue's cap leaves this one alone."""
    caps = CapRules(all=Bounds(hour=d("900"), day=d("3500")), total=d("3900"), venues={OSL: Bounds(hour=d("1"))})
    found = prospect(given(limits=replace(PLENTY, caps=caps)))
    told = line(found, "caps hit")
    assert "1000.00 in the hour of" in told
    assert "are above its cap, 900.00" in told
    assert "4000.00 on 2026-05-02 are above the day's cap, 3500.00" in told
    assert "4000.00 in all are above total_notional_max, 3900.00" in told


@pytest.mark.parametrize(
    ("caps", "through"),
    [
        (CapRules(all=Bounds(hour=d("600"))), "30 BTC"),  # of five hours until it has to stop
        (CapRules(all=Bounds(day=d("2500"))), "25 BTC"),
        (CapRules(total=d("1200")), "12 BTC"),
        (CapRules(venues={VENUE: Bounds(hour=d("600"), day=d("2000"))}), "20 BTC"),
    ],
)
def test_the_deadline_is_held_against_what_caps_let_through(caps: CapRules, through: str) -> None:
    found = prospect(given(limits=replace(PLENTY, caps=caps)))
    assert f"the limits let {through} through" in line(found, "deadline")
    assert "chance that it is missed 100" in line(found, "deadline")


def test_slices_below_a_minimum_are_told() -> None:
    large = replace(COIN, quantity_min=d("15"))
    found = prospect(given(leg={"schedule": TWAP, "instruments": (large,)}))
    assert line(found, "below a minimum") == (
        "2 slices are too small alone and go with a later one, at most 1 in a row (1h)"
    )


def test_proceeds_are_told_in_what_is_settled_as_well() -> None:
    found = prospect(given(worth=Worth(d("7.75"), "HKD", "the bid for USDT now")))
    assert line(found, "proceeds") == (
        "3987.34 USDT after fees and expected costs, 30901.87 HKD at the bid for USDT now"
    )


def test_a_coin_off_its_par_would_look_better_at_par() -> None:
    """A tenth of a percent below: 10.01 bp of what it is worth."""
    found = prospect(given(worth=Worth(d("0.9985"), "USD", "the bid", 0.999)))
    assert line(found, "proceeds").endswith("; at par it would look 10.01 bp better than by the mid")


def test_jitter_has_a_deviation_and_no_cost() -> None:
    """Up to half of an hour late, in four slices: 10,000 x 0.03 x the root of a 96th of a day over 8."""
    recipe = Recipe("twap", {"slices": "4", "time_jitter": "0.5", "size_jitter": "0"})
    assert line(prospect(given(leg={"schedule": recipe})), "jitter").startswith("moves the average by 10.83 bp")


def test_a_tactic_that_rests_is_weighed_against_crossing() -> None:
    """300 coins a day buy a slice of 10 in a quarter of an hour... and the queue before it is ten times as long."""
    peg = Recipe("peg", {"every": "1m", "before": "1m"})
    found = prospect(given(leg={"schedule": TWAP, "tactic": peg}))
    assert line(found, "waiting").startswith("at hashkey a slice of 10 that waits 59m at the offer is filled with a ch")
    assert "waiting" not in dict(prospect(given()).lines)


def test_the_plan_lies_on_or_above_the_frontier() -> None:
    """An even schedule is the cheapest and the riskiest of the best ways."""
    found = prospect(given())
    costs = [float(cost) for _, cost in found.frontier]
    risks = [float(risk) for risk, _ in found.frontier]
    assert costs == sorted(costs)
    assert risks == sorted(risks, reverse=True)
    assert found.marks[0] == ("this plan, TWAP", *found.frontier[0])


def test_the_same_leg_gives_the_same_bytes() -> None:
    assert encode(prospect(given())) == encode(prospect(given()))


def test_courses_begin_with_nothing_and_end_with_all() -> None:
    for each in prospect(given()).ways[:2]:
        assert each.course.startswith("0.00 0.00, ")
        assert each.points[-1] == ("4.00", "100.00")


def test_a_leg_whose_hours_never_open_has_no_course() -> None:
    never = hours(("09:00", "10:00"), covers_until="2026-05-01")
    found = scene_of(given(hours=never, programme=programme(hours=never)))
    assert (found.bins, found.ways, found.rows) == ((), (), ())
    assert prospect(given(hours=never, programme=programme(hours=never))).ways[-1].name == "RFQ"


@pytest.mark.parametrize("symbol", [BTCUSDT])
def test_no_book_and_no_calibration_is_no_spread(symbol: Any) -> None:
    found = prospect(given(impact=None, views=(view(symbol, bids=()),), price=None))
    assert (found.ways[0].spread_bp, found.ways[0].fees_bp) == ("", "")
    assert line(found, "deadline").startswith("the chance of missing it is not told")


def test_the_largest_slice_is_tried_on_the_books_as_they_are_shown() -> None:
    """10 coins: all at 99.99, less the fee of 10 bp, is 11 bp under the mid of 100."""
    deep = view(bids=(Level(d("99.99"), d("50")),))
    assert line(prospect(given(views=(deep,))), "the largest slice now") == (
        "10 BTC into the books shown: 11.00 bp under the mid, after rates"
    )


def test_a_slice_that_the_books_do_not_take_is_told_with_what_they_take() -> None:
    thin = view(bids=(Level(d("99.99"), d("3")),))
    told = line(prospect(given(views=(thin,))), "the largest slice now")
    assert told == "the books shown take 3 of its 10"
