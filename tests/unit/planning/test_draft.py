"""From a mandate and what venues list to the plan that people approve."""

from typing import Any

from msgspec.structs import replace

from engine.kernel.clock import MINUTE, Span
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset, AssetClass
from engine.mandate.terms import Edge, Floor, FloorScope, Holding, Terms
from engine.planning.draft import Manner, Way, draft, survey
from engine.planning.plan import Plan, Recipe
from tests.support.builders import BTC, COIN, ONE, STABLE, USD, USDT, VENUE, d, terms

ETH = Asset("ETH")
ETHUSDT = replace(COIN, base=ETH, symbol=Symbol("ETHUSDT"))
LISTED = [COIN, STABLE]
SWEEP = Recipe("fiat_sweep", {"every": "10s", "amount": "200", "age": "3m"})
MANNER = Manner(
    way=Way(
        schedule=Recipe("twap", {"slices": "4"}),
        window=Span(4 * MINUTE),
        catch_up=d("2"),
        tactic=Recipe("peg", {"every": "10s", "before": "10s"}),
    ),
    sweeps={USDT: SWEEP},
    tails={USDT: Span(MINUTE)},
)


def drafted(mandate: Terms, *instruments: Any) -> Plan:
    plan = draft(mandate, {h.asset: h.released for h in mandate.holdings}, instruments or LISTED, MANNER)
    assert isinstance(plan, Plan), plan
    return plan


def basket() -> Terms:
    """BTC, ETH and USDT of one case."""
    classes = {**terms().classes, ETH: AssetClass.VOLATILE}
    holdings = tuple(Holding(asset, d("5"), d("5"), None, None) for asset in (BTC, ETH, USDT))
    edges = (Edge(BTC, USDT), Edge(ETH, USDT), Edge(USDT, USD))
    return terms(holdings=holdings, classes=classes, edges=edges)


def test_a_volatile_asset_makes_two_legs_of_which_the_first_feeds_the_second() -> None:
    one, two = drafted(terms()).legs
    assert (one.sell, one.buy, one.quantity, one.fed_by) == (BTC, USDT, d("10"), ())
    assert (two.sell, two.buy, two.quantity, two.fed_by) == (USDT, USD, d("0"), (one.id,))


def test_the_leg_that_feeds_follows_the_mandates_method_and_stops_early() -> None:
    one, two = drafted(terms()).legs
    assert (one.schedule, one.tactic, one.tail) == (MANNER.way.schedule, MANNER.way.tactic, MINUTE)
    assert (two.schedule, two.tactic, two.tail) == (SWEEP, Recipe("cross"), 0)


def test_several_assets_share_the_leg_that_sells_their_stablecoin() -> None:
    plan = drafted(basket(), COIN, ETHUSDT, STABLE)
    assert [(leg.sell, len(leg.fed_by), leg.quantity) for leg in plan.legs] == [
        (BTC, 0, d("5")),
        (ETH, 0, d("5")),
        (USDT, 2, d("5")),
    ]


def test_a_seized_stablecoin_alone_is_sold_by_the_mandates_own_method() -> None:
    plan = drafted(terms(holdings=(Holding(USDT, d("5000"), d("5000"), None, None),)))
    assert [(leg.sell, leg.buy, leg.schedule) for leg in plan.legs] == [(USDT, USD, MANNER.way.schedule)]


def test_a_floor_and_a_share_go_with_the_leg_of_their_asset() -> None:
    floor = Floor(d("90"), USDT, FloorScope.FILL)
    one, two = drafted(terms(holdings=(Holding(BTC, d("10"), d("10"), floor, d("0.25")),))).legs
    assert (one.floor, one.participation_max) == (floor, d("0.25"))
    assert (two.floor, two.participation_max) == (None, None)


def test_what_no_allowed_venue_lists_is_a_mistake_for_each_hop() -> None:
    """Listed elsewhere, or listed and not trading, does not count."""
    elsewhere = replace(COIN, venue=VenueName("binance"))
    mistakes = draft(terms(), {BTC: d("10")}, [elsewhere, replace(STABLE, trading=False)], MANNER)
    assert isinstance(mistakes, list)
    assert [mistake.where for mistake in mistakes] == ["path.BTC>USDT", "path.USDT>USD"]
    assert all(VENUE in mistake.what for mistake in mistakes)


def test_an_asset_without_a_way_is_a_mistake_beside_the_others() -> None:
    no_way = replace(basket(), edges=(Edge(BTC, USDT), Edge(USDT, USD)))
    mistakes = draft(no_way, {}, [STABLE], MANNER)
    assert isinstance(mistakes, list)
    assert [mistake.where for mistake in mistakes] == ["path.ETH", "path.BTC>USDT"]


def test_the_preflight_says_who_lists_each_hop_and_who_does_not() -> None:
    both = terms(venues=(VENUE, VenueName("osl")))
    assert [(hop.edge.buy, len(hop.listed), hop.missing) for hop in survey(both, LISTED)] == [
        (USDT, 1, ("osl",)),
        (USD, 1, ("osl",)),
    ]


def test_what_is_approved_changes_with_every_figure_of_the_plan() -> None:
    plan = drafted(terms())
    more = replace(plan, legs=(replace(plan.leg(ONE), quantity=d("10.001")), plan.legs[1]))
    assert plan.digest == drafted(terms()).digest != more.digest
