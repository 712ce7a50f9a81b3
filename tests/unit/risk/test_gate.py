"""One specification a limit: just inside, an order passes with the limit on record; just outside, it is denied."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.kernel.errors import Denied
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset, AssetClass
from engine.mandate.deposit import Covered, DepositRule, Unexposed, Unpriced, Valuation
from engine.mandate.terms import Edge, Floor, FloorScope
from engine.market.facts import Level
from engine.market.footprint import Footing
from engine.market.reference import ReferenceRules
from engine.orders.order import Approved, ChildOrder, OrderType
from engine.risk import gate
from engine.risk.gate import ATTEMPTS_MAX
from engine.risk.world import World
from tests.support.builders import (
    BTC,
    COIN,
    ONE,
    START,
    USD,
    USDT,
    USDTUSD,
    VENUE,
    at,
    book,
    child,
    d,
    limits,
    name,
    sweep,
    terms,
    view,
    world,
)
from tests.support.builders import STABLE as STABLE_PAIR

ALL = [
    "running", "trading hours", "calm market", "deadline", "venue allowed", "venue licensed", "account in step",
    "duplicate intent",
    "attempts",
    "path class", "path edge", "pair", "quantity", "mandate quantity", "plan quantity", "on the account",
    "order notional", "venue filters", "limit order",
    "reference", "collar", "floor", "stable inventory", "stable age", "depeg", "minute notional", "minute orders",
    "participation",
]  # fmt: skip
RULE = DepositRule(currency=USD, ratio=d("1.05"), limit=d("1.00"), valuation=Valuation.CURRENT)
TOO_MUCH = ["mandate quantity", "plan quantity"]
QUOTED = Floor(d("99.60"), USDT, FloorScope.FILL)
FIAT = Floor(d("99.60"), USD, FloorScope.FILL)


def broken(order: ChildOrder, picture: World) -> list[str]:
    """The limits that the gate says were broken; none when it approved."""
    verdict = gate.check(order, picture)
    return [] if isinstance(verdict, Approved) else [denied.limit for denied in verdict]


def selling_stable(**changes: Any) -> World:
    """A picture in which `sweep()` passes."""
    own = {"instrument": STABLE_PAIR, "view": view(USDTUSD), "fiat_view": None, "free": d("100")}
    own |= {"total": d("100"), "received": d("100")}
    return world(**(own | changes))


def test_what_is_approved_carries_every_limit_it_was_held_against() -> None:
    verdict = gate.check(child(), world(floor=QUOTED, participation_max=d("0.5"), volume=d("100")))
    assert isinstance(verdict, Approved)
    assert [check.limit for check in verdict.checks] == ALL


def test_a_sale_of_stablecoin_for_fiat_passes_too() -> None:
    assert broken(sweep(), selling_stable()) == []


def test_the_same_order_and_picture_always_give_the_same_verdict() -> None:
    assert gate.check(child(), world()) == gate.check(child(), world())


@pytest.mark.parametrize("why", ["halted", "paused", "keys refused"])
def test_nothing_passes_while_something_stops_it(why: str) -> None:
    verdict = gate.check(child(), world(stopped=why))
    assert verdict == (Denied("running", why, "nothing stops it"),)


@pytest.mark.parametrize(("now", "found"), [(at("00:59:59.999999"), []), (at("01:00"), ["deadline"])])
def test_nothing_is_sent_from_the_deadline_on(now: Instant, found: list[str]) -> None:
    fresh = {"view": view(when=now), "fiat_view": view(USDTUSD, now)}
    assert broken(child(), world(at=now, **fresh)) == found


def test_a_venue_that_the_mandate_does_not_name_is_denied() -> None:
    assert broken(child(), world(terms=terms(venues=(VenueName("osl"),)))) == ["venue allowed"]


def test_a_venue_without_a_valid_licence_is_denied_whatever_the_mandate_says() -> None:
    verdict = gate.check(child(), world(unlicensed="the entry ran out on 2026-01-01"))
    assert verdict == (Denied("venue licensed", "the entry ran out on 2026-01-01", "a valid entry on the register"),)


def test_an_order_without_a_lowest_price_is_denied() -> None:
    assert broken(child(type=OrderType.MARKET), world()) == ["limit order"]


def test_an_account_that_is_not_in_step_is_denied() -> None:
    assert broken(child(), world(continuous=False)) == ["account in step"]


@pytest.mark.parametrize("used", [{"seen": True}, {"live": name()}, {"live": name(ONE, 3)}])
def test_an_intent_that_was_sent_or_may_still_live_is_denied(used: dict[str, Any]) -> None:
    assert broken(child(), world(**used)) == ["duplicate intent"]


@pytest.mark.parametrize(("attempt", "found"), [(ATTEMPTS_MAX, []), (ATTEMPTS_MAX + 1, ["attempts"])])
def test_a_slice_has_only_so_many_attempts(attempt: int, found: list[str]) -> None:
    assert broken(child(attempt=attempt), world()) == found


@pytest.mark.parametrize(
    ("sell", "buy"),
    [
        ("BTC", "USD"),
        ("BTC", "BTC"),
        ("USDT", "BTC"),
        ("USD", "USDT"),
        ("USDT", "USDC"),
        ("BTC", "NEW"),
        ("NEW", "USD"),
    ],
)
def test_only_volatile_to_stable_and_stable_to_fiat_pass_even_where_the_terms_have_an_edge_for_more(
    sell: str, buy: str
) -> None:
    """The direct sale of a volatile asset for fiat is impossible whatever the mandate's edges say."""
    one, other = Asset(sell), Asset(buy)
    classes = {**terms().classes, Asset("USDC"): AssetClass.STABLE}
    lawless = terms(edges=(Edge(one, other),), classes=classes)
    pair = replace(COIN, base=one, quote=other, symbol=Symbol(sell + buy))
    order = child(sell=one, buy=other, symbol=pair.symbol)
    assert "path class" in broken(order, world(terms=lawless, instrument=pair))


def test_a_lawful_hop_that_is_not_among_the_mandates_edges_is_denied() -> None:
    assert broken(child(), world(terms=terms(edges=(Edge(USDT, USD),)))) == ["path edge"]


@pytest.mark.parametrize(
    "pair", [replace(COIN, base=Asset("ETH")), replace(COIN, quote=USD), replace(COIN, symbol=Symbol("ETHUSDT"))]
)
def test_an_order_on_another_pair_than_its_assets_is_denied(pair: object) -> None:
    assert broken(child(), world(instrument=pair)) == ["pair"]


@pytest.mark.parametrize(("sold", "committed", "found"), [("6", "3", []), ("6.001", "3", TOO_MUCH)])
def test_sold_and_committed_and_asked_never_exceed_what_the_leg_may_sell(
    sold: str, committed: str, found: list[str]
) -> None:
    assert broken(child(), world(sold=d(sold), committed=d(committed))) == found


@pytest.mark.parametrize(("free", "found"), [("1", []), ("0.999", ["on the account"])])
def test_nothing_is_sold_that_the_ledger_does_not_show_on_the_account(free: str, found: list[str]) -> None:
    assert broken(child(), world(free=d(free))) == found


@pytest.mark.parametrize(("bound", "found"), [("99.60", []), ("99.59", ["order notional"])])
def test_one_order_has_a_largest_notional(bound: str, found: list[str]) -> None:
    assert broken(child(), world(limits=limits(order_notional_max=d(bound)))) == found


@pytest.mark.parametrize("wrong", [{"quantity": d("0.9995")}, {"price": d("99.605")}, {"quantity": d("0.01")}])
def test_what_the_venue_would_not_take_is_denied(wrong: dict[str, Any]) -> None:
    assert broken(child(**wrong), world()) == ["venue filters"]


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_and_less_than_nothing_are_denied(quantity: str) -> None:
    assert "venue filters" in broken(child(quantity=d(quantity)), world())


def test_nothing_is_denied_also_where_no_volume_was_seen_yet() -> None:
    assert "venue filters" in broken(child(quantity=d("0")), world(participation_max=d("0.25")))


@pytest.mark.parametrize(("price", "found"), [("99.60", []), ("99.59", ["collar"])])
def test_no_limit_lies_further_under_the_reference_than_the_collar(price: str, found: list[str]) -> None:
    """40 bp under a mid of 100."""
    assert broken(child(price=d(price)), world()) == found


def test_the_collar_is_rounded_upwards_to_the_tick() -> None:
    """40 bp under 100.003 are 99.602988: the lowest limit is 99.61."""
    picture = world(view=book(child().symbol, "99.996", "100.010"))
    assert broken(child(price=d("99.60")), picture) == ["collar"]
    assert broken(child(price=d("99.61")), picture) == []


@pytest.mark.parametrize(("price", "found"), [("99.60", []), ("99.59", ["floor"])])
def test_no_sale_is_limited_below_the_floor_in_the_asset_bought(price: str, found: list[str]) -> None:
    wide = limits(collar_bp=d("100"))
    assert broken(child(price=d(price)), world(limits=wide, floor=QUOTED)) == found


@pytest.mark.parametrize(("price", "found"), [("99.80", []), ("99.79", ["floor"])])
def test_a_floor_in_fiat_is_compared_at_the_stablecoins_best_bid(price: str, found: list[str]) -> None:
    """At a bid of 0.9980 a floor of 99.60 USD is 99.7996 USDT, upwards to the tick 99.80; the mid would say 99.70."""
    picture = world(floor=FIAT, fiat_view=book(USDTUSD, "0.9980", "1.0000"))
    assert broken(child(price=d(price)), picture) == found


@pytest.mark.parametrize("fiat_view", [None, view(USDTUSD, bids=()), view(USDTUSD, live=False)])
def test_a_floor_in_fiat_without_a_price_of_the_stablecoin_is_denied(fiat_view: object) -> None:
    assert broken(child(), world(floor=FIAT, fiat_view=fiat_view)) == ["floor", "depeg"]


def test_a_floor_in_fiat_is_not_compared_at_a_price_that_is_no_longer_fresh() -> None:
    """The stablecoin's book is an hour old; that of the coin is fresh, and its limit would keep the floor."""
    now = at("00:59")
    old = view(USDTUSD, now, book_at=START, seen_at=START)
    picture = world(at=now, view=view(when=now), floor=FIAT, fiat_view=old)
    assert "floor" in broken(child(price=d("99.70")), picture)


@pytest.mark.parametrize(
    "doubtful",
    [
        None,
        view(live=False),
        view(seen_at=Instant(START - 61 * SECOND)),
        view(book_at=Instant(START - 61 * SECOND)),
        view(bids=()),
        view(asks=(Level(d("99.99"), d("1")),)),
        view(last=d("90")),
    ],
)
def test_without_a_reference_nothing_passes(doubtful: object) -> None:
    """Missing, not continuous, stale by either clock, one-sided, crossed, contradicted by the prints."""
    assert "reference" in broken(child(), world(view=doubtful))


def test_a_view_that_was_taken_long_before_the_decision_is_no_reference() -> None:
    now = at("00:59")
    assert broken(child(), world(at=now, view=view(), fiat_view=view(USDTUSD, now))) == ["reference"]


@pytest.mark.parametrize(("waiting", "found"), [("900.01", []), ("900.02", ["stable inventory"])])
def test_no_more_stablecoin_is_made_than_may_wait(waiting: str, found: list[str]) -> None:
    """1000 may wait, and the order brings what the best bid pays, 99.99, though it would take 99.60."""
    assert broken(child(), world(stable_waiting=d(waiting))) == found


@pytest.mark.parametrize(("age", "found"), [(6 * MINUTE, []), (6 * MINUTE + 1, ["stable age"])])
def test_no_more_stablecoin_is_made_while_some_has_waited_too_long(age: int, found: list[str]) -> None:
    assert broken(child(), world(stable_since=Instant(START - age))) == found


@pytest.mark.parametrize(
    ("bid", "ask", "found"),
    [
        ("0.9899", "0.9901", []),
        ("0.9898", "0.9900", ["depeg"]),
        ("1.0099", "1.0101", []),
        ("1.0100", "1.0102", ["depeg"]),
    ],
)
def test_no_more_stablecoin_is_made_while_it_stands_beyond_the_hard_bound_on_either_side(
    bid: str, ask: str, found: list[str]
) -> None:
    """100 bp around par, by the mid of its own market, whatever the minutes before have shown."""
    assert broken(child(), world(fiat_view=book(USDTUSD, bid, ask))) == found


@pytest.mark.parametrize(("level", "found"), [(0, []), (1, []), (2, ["depeg"])])
def test_no_more_stablecoin_is_made_at_the_second_level_of_its_guard(level: int, found: list[str]) -> None:
    assert broken(child(), world(peg_level=level)) == found


def test_one_venue_of_three_beyond_the_hard_bound_stops_nothing_for_the_median_does_not_move() -> None:
    """As on 3 January 2024, when one venue showed a stablecoin at 0.74 for some minutes, and no other did."""
    others = [book(USDTUSD, "0.9999", "1.0001", venue=VenueName(name)) for name in ("osl", "kraken")]
    wick = book(USDTUSD, "0.7400", "0.7500")
    assert broken(child(), world(fiat_view=wick, fiat_views=(wick, *others))) == []
    assert broken(child(), world(fiat_view=wick)) == ["depeg"]


def test_a_denial_for_the_peg_says_level_distance_and_sources() -> None:
    off = [book(USDTUSD, "0.9942", "0.9944", venue=VenueName(name)) for name in ("hashkey", "osl", "kraken")]
    verdict = gate.check(child(), world(peg_level=2, fiat_views=tuple(off)))
    bound = "level below 2, and within 100 bp of 1 USD"
    assert verdict == (Denied("depeg", "level 2: -57 bp by 3 sources", bound),)


def test_too_few_venues_that_show_the_stablecoin_are_no_price_of_it() -> None:
    strict = limits(reference=ReferenceRules(60 * SECOND, d("200"), quorum=2))
    views = (view(), view(venue=VenueName("osl")))
    verdict = gate.check(child(), world(limits=strict, views=views))
    told = "no price of USDT in USD: 1 of the 2 venues needed"
    assert verdict == (Denied("depeg", told, "level below 2, and within 100 bp of 1 USD"),)


def test_nothing_is_sold_into_a_restless_market() -> None:
    assert broken(child(), world(restless="moved 3 % within 5m, and 2 % pauses")) == ["calm market"]


@pytest.mark.parametrize("fiat_view", [None, view(USDTUSD, asks=()), view(USDTUSD, live=False)])
def test_no_more_stablecoin_is_made_while_nobody_knows_its_price(fiat_view: object) -> None:
    assert broken(child(), world(fiat_view=fiat_view)) == ["depeg"]


def test_no_more_stablecoin_is_made_on_a_price_that_is_no_longer_fresh() -> None:
    """Its book is an hour old, by its own venue and by receipt; limit 8 is the age of data."""
    now = at("00:59")
    old = view(USDTUSD, now, book_at=START, seen_at=START)
    assert broken(child(), world(at=now, view=view(when=now), fiat_view=old)) == ["depeg"]


@pytest.mark.parametrize(("price", "found"), [("0.9950", []), ("0.9949", ["par band"])])
def test_a_stablecoin_is_not_sold_under_its_band(price: str, found: list[str]) -> None:
    wide = limits(collar_bp=d("100"))
    assert broken(sweep(price=d(price)), selling_stable(limits=wide)) == found


@pytest.mark.parametrize(("before", "found"), [("800.40", []), ("800.41", ["minute notional"])])
def test_a_minute_has_a_largest_notional(before: str, found: list[str]) -> None:
    """900 a minute, and the order is 99.60."""
    assert broken(child(), world(minute_notional=d(before))) == found


@pytest.mark.parametrize(("before", "found"), [(29, []), (30, ["minute orders"])])
def test_a_minute_has_a_largest_number_of_orders(before: int, found: list[str]) -> None:
    assert broken(child(), world(minute_orders=before)) == found


@pytest.mark.parametrize(("volume", "found"), [("9", []), ("8.999", ["participation"])])
def test_our_share_of_all_volume_stays_under_its_cap(volume: str, found: list[str]) -> None:
    """2 sold, 1 asked, and others have traded 9: with the order, 3 of 12 are a quarter."""
    assert broken(child(), world(participation_max=d("0.25"), sold=d("2"), volume=d(volume))) == found


def test_what_is_still_committed_counts_towards_our_share() -> None:
    picture = world(participation_max=d("0.25"), sold=d("2"), committed=d("0.001"), volume=d("9"))
    assert broken(child(), picture) == ["participation"]


@pytest.mark.parametrize(("ours", "found"), [("8", []), ("8.001", ["footprint venue hour"])])
def test_our_share_of_a_venue_over_an_hour_stays_under_its_cap(ours: str, found: list[str]) -> None:
    """A tenth of all: 9 of ours with the order, and 81 that count of the others."""
    picture = world(footings=(Footing("venue", "hour", d(ours), d("81"), d("0.1")),))
    assert broken(child(), picture) == found


def test_every_share_that_is_limited_is_held_and_on_record() -> None:
    small, full = (Footing(scope, "day", d("0"), d("99"), d("0.01")) for scope in ("venue", "market"))
    verdict = gate.check(child(), world(footings=(small, full)))
    assert isinstance(verdict, Approved)
    held = [(check.limit, check.value, check.bound) for check in verdict.checks[-2:]]
    assert held == [("footprint venue day", "0.010000", "0.01"), ("footprint market day", "0.010000", "0.01")]


def test_a_deal_prints_in_no_book_and_is_held_against_no_footprint() -> None:
    picture = world(footings=(Footing("venue", "hour", d("0"), d("0"), d("0.1")),))
    assert [verdict for verdict in gate.check_deal(child(), picture) if isinstance(verdict, Denied)] == []


def test_every_broken_limit_is_named_at_once() -> None:
    """Halted, too late, unlicensed, out of step, sent before, along no lawful path, too much, too cheap, too often."""
    stranger = {"type": OrderType.MARKET, "venue": VenueName("binance"), "buy": USD}
    order = child(**stranger, attempt=99, quantity=d("50"), price=d("1.005"))
    picture = world(
        at=at("02:00"),
        view=view(when=at("02:00"), venue=stranger["venue"]),
        floor=QUOTED,
        participation_max=d("0.1"),
        continuous=False,
        unlicensed="not on the register",
        seen=True,
        stopped="halted",
        closed="night",
        restless="moved 3 % within 5m",
        limits=limits(order_notional_max=d("1"), minute_notional_max=d("1"), minute_orders_max=0),
        terms=terms(venues=(VENUE,)),
    )
    without = {"quantity", "reference", "stable inventory", "stable age", "depeg", "path class", "path edge"}
    assert set(broken(order, picture)) == (set(ALL) - without) | {"path class", "path edge"}


def test_a_denial_says_what_was_measured_against_which_bound() -> None:
    verdict = gate.check(child(price=d("99.59")), world())
    assert verdict == (Denied("collar", "99.59", "99.60"),)
    assert str(verdict[0]) == "collar: 99.59 against 99.60"


def test_a_stablecoin_of_the_mandate_is_not_held_against_the_limits_of_making_it_when_it_is_sold() -> None:
    """An inventory that is too large or too old has to be sold, not kept."""
    old = selling_stable(stable_waiting=d("5000"), stable_since=Instant(START - 60 * MINUTE))
    assert broken(sweep(), old) == []
    assert BTC not in {policy.asset for policy in terms().stables}


def test_a_plan_can_not_make_the_mandate_larger() -> None:
    """The authority released 10; whatever the plan's leg says, nothing beyond that is approved."""
    assert broken(child(), world(total=d("20"), sold=d("10"))) == ["mandate quantity"]


# Days, deposits and baskets


def test_outside_its_hours_a_leg_is_denied_with_the_next_opening() -> None:
    verdict = gate.check(child(), world(closed="outside trading hours until 2026-05-03T01:30:00Z"))
    assert verdict == (Denied("trading hours", "outside trading hours until 2026-05-03T01:30:00Z", "open"),)


@pytest.mark.parametrize(
    ("sold", "working", "found"),
    [("2", "0", []), ("1", "1", []), ("2.001", "0", ["daily quota"]), ("0", "2.001", ["daily quota"])],
)
def test_what_a_day_sold_and_what_may_still_be_sold_and_the_order_stay_within_its_quota(
    sold: str, working: str, found: list[str]
) -> None:
    """3 a day, and the order is 1. What works may belong to another day: it counts for this one until it is known."""
    assert broken(child(), world(today=(d(sold), d("3")), working=d(working))) == found


@pytest.mark.parametrize(("deposit", "found"), [("1050", []), ("1049.99", ["deposit cover"])])
def test_no_new_slice_goes_below_the_ratio_of_the_deposit(deposit: str, found: list[str]) -> None:
    there = Covered(deposit=d(deposit), exposed=d("1000"))
    assert broken(child(), world(limits=limits(deposit=RULE), cover=there)) == found


def test_what_can_not_be_counted_covers_nothing() -> None:
    verdict = gate.check(child(), world(limits=limits(deposit=RULE), cover=Unpriced((Asset("ETH"),))))
    assert [denied.limit for denied in verdict] == ["deposit cover"]  # type: ignore[union-attr]
    assert "the worth of ETH is not known" in str(verdict)


def test_money_and_nothing_else_outside_needs_no_cover() -> None:
    assert broken(child(), world(limits=limits(deposit=RULE), cover=Unexposed())) == []


@pytest.mark.parametrize(("before", "found"), [("300.40", []), ("300.41", ["basket notional"])])
def test_legs_that_sell_for_the_same_share_a_minute(before: str, found: list[str]) -> None:
    """400 for all of them, and the order is 99.60."""
    picture = world(limits=limits(basket_minute_max=d("400")), basket_notional=d(before))
    assert broken(child(), picture) == found


def test_a_deal_is_held_against_mandate_path_and_price_and_not_against_what_paces_a_book() -> None:
    """Closed, out of step, a slice too many attempts old, too large for one order, and the day is used up."""
    hurried = limits(order_notional_max=d("1"), minute_notional_max=d("1"), minute_orders_max=0)
    picture = world(
        closed="night",
        continuous=False,
        seen=True,
        limits=hurried,
        today=(d("3"), d("3")),
        participation_max=d("0.01"),
    )
    deal = child(attempt=99)
    assert [verdict for verdict in gate.check_deal(deal, picture) if isinstance(verdict, Denied)] == []
    assert "daily quota" in broken(deal, picture)


@pytest.mark.parametrize(
    ("changes", "picture", "found"),
    [
        ({}, {"stopped": "court order 7"}, "running"),
        ({}, {"at": at("02:00")}, "deadline"),
        ({"venue": VenueName("osl")}, {}, "venue allowed"),
        ({}, {"unlicensed": "not on the register"}, "venue licensed"),
        ({"buy": USD}, {}, "path class"),
        ({"quantity": d("10.001")}, {}, "mandate quantity"),
        ({}, {"free": d("0.999")}, "on the account"),
        ({"price": d("99.59")}, {}, "collar"),
        ({"price": d("99.60")}, {"floor": Floor(d("99.61"), USDT, FloorScope.FILL)}, "floor"),
        ({}, {"stable_waiting": d("5000")}, "stable inventory"),
        ({}, {"view": None}, "reference"),
    ],
)
def test_a_deal_outside_of_what_protects_the_sale_is_denied(
    changes: dict[str, Any], picture: dict[str, Any], found: str
) -> None:
    verdicts = gate.check_deal(child(**changes), world(**picture))
    assert found in [verdict.limit for verdict in verdicts if isinstance(verdict, Denied)]


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_deal_of_nothing_or_less_is_denied(quantity: str) -> None:
    """Less than nothing would give back what was sold."""
    verdicts = gate.check_deal(child(quantity=d(quantity)), world())
    assert [verdict for verdict in verdicts if isinstance(verdict, Denied)] != []
