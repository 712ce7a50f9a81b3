"""The deposit: below its ratio no new slice of leg one, leg two goes on, and a top-up opens them again."""

from decimal import Decimal

from msgspec.structs import replace

from engine.core.exposure import cover_of, exposed, prices
from engine.core.hindering import hindrance
from engine.kernel.ids import LegId, Symbol
from engine.kernel.money import Asset, AssetClass
from engine.mandate.deposit import Covered, DepositRule, Unexposed, Unpriced, Valuation
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Edge, Holding
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.events import Surveyed
from engine.orders.order import ChildOrder
from tests.support.builders import (
    BTC,
    BTCUSDT,
    COIN,
    ONE,
    START,
    TWO,
    USD,
    USDT,
    USDTUSD,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

RULE = DepositRule(currency=USD, ratio=d("1.05"), limit=d("1.00"), valuation=Valuation.CURRENT)
ETH = Asset("ETH")


def covered_by(deposit: str, **standing: object) -> Run:
    """10 BTC are out of custody, worth 1000 dollars; 1050 of deposit are needed for the next slice."""
    put = CaseStanding(deposit={USD: d(deposit)}, **standing)  # type: ignore[arg-type]
    return Run(opened(limits=limits(deposit=RULE), standing=put)).ready()


def mid(run: Run, price: str) -> None:
    """The book stands a cent on either side of it."""
    run.price(str(d(price) - d("0.01")), str(d(price) + d("0.01")))


def legs(orders: list[ChildOrder]) -> list[LegId]:
    return [order.leg for order in orders]


def withheld_by(commands: Commands) -> list[str]:
    return [denied.limit for one in only(c.Withheld, commands) for denied in one.denied]


def test_with_enough_cover_a_slice_goes_and_carries_the_ratio_on_record() -> None:
    run = covered_by("1050")
    (order,) = only(c.Place, run.due("00:00"))
    assert "deposit cover" in {check.limit for check in order.approved.checks}


def test_with_a_cent_too_little_no_slice_goes_and_the_reason_is_on_record() -> None:
    run = covered_by("1049.99")
    commands = run.due("00:00")
    assert placed(commands) == []
    assert withheld_by(commands) == ["deposit cover"]


def test_where_no_deposit_is_asked_for_none_is_needed() -> None:
    run = Run().ready()
    assert cover_of(run.state) is None
    assert len(placed(run.due("00:00"))) == 1


def test_a_price_that_rises_by_fifteen_per_cent_stops_new_slices_before_cover_passes_its_limit() -> None:
    """A deposit of 1100, and a percent a minute: orders go at a cover of 1.05 or more, and none below."""
    run = covered_by("1100")
    sent, held = list[Decimal](), list[Decimal]()
    for step in range(16):
        mid(run, str(100 + step))
        orders = [order for order in placed(run.due(f"00:{step:02d}")) if order.leg == ONE]
        there = cover_of(run.state)
        assert isinstance(there, Covered)
        (sent if orders else held).append(there.ratio)
        for order in orders:
            run.expired(order)
    assert sent
    assert held
    assert min(sent) >= RULE.ratio > max(held)
    assert min(sent) > RULE.limit


def test_while_cover_is_short_leg_two_goes_on_selling_what_there_is() -> None:
    """It turns stablecoin into money, and makes nothing more exposed."""
    run = covered_by("1050")
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    mid(run, "115")
    commands = run.due("00:00:20")
    assert legs(placed(commands)) == [TWO]
    assert hindrance(run.state, run.state.plan.leg(ONE)).startswith("the deposit: cover")


def test_a_top_up_opens_new_slices_soon_and_at_no_more_than_the_capped_pace() -> None:
    run = covered_by("1100")
    mid(run, "115")
    assert [placed(run.due(when)) for when in ("00:00", "00:01", "00:02", "00:03")] == [[], [], [], []]
    run.case(deposit={USD: d("1300")})
    assert run.state.wakes[0] <= at("00:03:02")
    (order,) = placed(run.due("00:03:01"))
    assert order.quantity == 5


def test_a_price_that_falls_back_opens_new_slices_as_well() -> None:
    run = covered_by("1100")
    mid(run, "110")
    assert placed(run.due("00:00")) == []
    mid(run, "100")
    assert len(placed(run.due("00:00:10"))) == 1


def test_what_a_sale_brought_is_exposed_until_the_authority_has_it() -> None:
    """2.5 BTC became 249 USDT, and then 248 dollars: still out of anybody's hands."""
    run = covered_by("2000")
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    assert exposed(run.state) == {BTC: d("7.5"), USDT: d("249"), USD: 0}
    (swept,) = [o for o in placed(run.due("00:00:10")) if o.leg == TWO]
    run.sold(swept)
    assert exposed(run.state) == {BTC: d("7.5"), USDT: 0, USD: d("249") * swept.price}


def test_money_that_was_received_lowers_what_is_exposed() -> None:
    run = covered_by("2000", proceeds_before={USD: d("500")})
    assert exposed(run.state)[USD] == 500
    run.case(deposit={USD: d("2000")}, proceeds_before={USD: d("500")}, received={USD: d("400")})
    assert exposed(run.state)[USD] == 100


def test_money_that_was_received_opens_new_slices() -> None:
    """500 dollars of a run before count like coin until the authority has them."""
    before = {USD: d("500")}
    run = covered_by("1100", proceeds_before=before)
    assert placed(run.due("00:00")) == []
    run.case(deposit={USD: d("1100")}, proceeds_before=before, received=before)
    assert len(placed(run.due("00:00:10"))) == 1


def test_more_received_than_was_brought_counts_for_nothing_else() -> None:
    run = covered_by("2000", received={USD: d("9999")})
    assert exposed(run.state) == {BTC: 10, USDT: 0, USD: 0}


def basket() -> Run:
    """10 BTC and 10 ETH, both at 100 dollars, under a deposit that covers them well."""
    coin = replace(COIN, base=ETH, symbol=Symbol("ETHUSDT"))
    ether = leg_one(id=LegId("3"), sell=ETH, instruments=(coin,))
    onward = leg_two(fed_by=(ONE, LegId("3")))
    of = terms(
        holdings=tuple(Holding(asset, d("10"), d("10"), None, None) for asset in (BTC, ETH)),
        edges=(Edge(BTC, USDT), Edge(ETH, USDT), Edge(USDT, USD)),
        classes={**terms().classes, ETH: AssetClass.VOLATILE},
    )
    first = opened(
        terms=of,
        plan=plan(leg_one(), ether, onward),
        limits=limits(deposit=RULE),
        standing=CaseStanding(deposit={USD: d("9000")}),
        balances={VENUE: tuple(r.Balance(asset, d("10"), d("0")) for asset in (BTC, ETH))},
    )
    run = Run(first, methods() | {LegId("3"): methods()[ONE]})
    run.books[VENUE, coin.symbol] = replace(run.books[VENUE, BTCUSDT], symbol=coin.symbol)
    run.restart(1)
    totals = tuple(r.Balance(asset, d("10"), d("0")) for asset in (BTC, ETH))
    run.stream(up=True)
    seen = r.Survey(VENUE, START, (), (), totals)
    run.feed(Surveyed(run.now, VENUE, seen))
    return run


def test_a_price_that_is_missing_blocks_and_says_whose() -> None:
    """Nobody shows a price of ETH, so nobody can tell what the deposit covers; BTC waits as well."""
    run = basket()
    run.books[VENUE, Symbol("ETHUSDT")] = replace(run.books[VENUE, Symbol("ETHUSDT")], live=False)
    commands = run.due("00:00")
    assert placed(commands) == []
    (one,) = only(c.Withheld, commands)
    assert [denied.limit for denied in one.denied] == ["deposit cover"]
    assert "ETH" in one.denied[0].value
    assert "BTC" not in one.denied[0].value
    assert cover_of(run.state) == Unpriced((ETH,))


def test_with_every_price_both_are_sold() -> None:
    assert legs(placed(basket().due("00:00"))) == [ONE, LegId("3")]


def test_what_is_worth_nothing_yet_needs_no_cover() -> None:
    """Everything was received, and nothing stands at a venue."""
    run = Run(opened(limits=limits(deposit=RULE), balances={VENUE: ()}))
    assert cover_of(run.state) == Unexposed()


def test_coin_counts_at_what_it_brings_in_the_settlement_currency() -> None:
    """100 USDT at 0.99 dollars each."""
    run = covered_by("2000")
    run.price("0.9899", "0.9901", USDTUSD)
    run.due("00:00")
    assert prices(run.state)[BTC] == d("99.00")
    assert prices(run.state)[USDT] == d("0.99")


def test_cover_is_counted_in_whole_units_of_money_and_not_by_the_rounded_ratio() -> None:
    there = Covered(deposit=d("1049.99999"), exposed=Decimal(1000))
    assert (there.ratio, there.reaches(RULE.ratio)) == (d("1.0499"), False)


def test_cover_is_decided_again_from_the_rows_alone() -> None:
    run = covered_by("1050")
    for price, when in (("100", "00:00"), ("115", "00:01"), ("100", "00:02")):
        mid(run, price)
        for order in placed(run.due(when)):
            run.sold(order)
    run.case(deposit={USD: d("2000")})
    run.due("00:03")
    assert again(run) == turned(run)
