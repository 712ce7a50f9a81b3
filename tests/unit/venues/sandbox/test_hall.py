"""Several venues over one price: in lock-step, each with a basis of its own, and the same bytes again."""

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest

from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.kernel.errors import BadInput
from venues.sandbox.exchange import Exchange
from venues.sandbox.hall import Hall, sandbox_hall
from venues.sandbox.listings import START, sandbox_exchange
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Reason, Side

D = Decimal
BOTH = ("hashkey", "osl")
HELD = {name: {"a": {"BTC": D(50), "USDT": D(1_000_000)}} for name in BOTH}


def hall(seed: int = 7, venues: Sequence[str] = BOTH, *, recorded: bool = False) -> Hall:
    return sandbox_hall(seed, venues=venues, balances=HELD, recorded=recorded)


def at(seconds: float) -> Instant:
    return Instant(START + int(seconds * SECOND))


def mid(exchange: Exchange, symbol: str = "BTCUSDT") -> float:
    depth = exchange.depth(symbol, 1)
    return float(depth.bids[0][0] + depth.asks[0][0]) / 2


def basis_bp(over: Hall, symbol: str = "BTCUSDT") -> float:
    there, here = (mid(over.exchange(name), symbol) for name in ("osl", "hashkey"))
    return (there / here - 1) * 10_000


def sell(exchange: Exchange, quantity: str, client_id: str = "s1") -> OrderRow:
    made = exchange.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.MARKET, D(quantity), D(0), client_id))
    assert isinstance(made, OrderRow), made
    return made


@pytest.mark.parametrize("recorded", [False, True])
def test_hashkey_is_byte_for_byte_what_it_is_alone(recorded: bool) -> None:
    """With another venue beside it where nobody trades, and moved in other steps."""
    alone = sandbox_exchange(7, balances=HELD["hashkey"], recorded=recorded)
    beside = hall(recorded=recorded).exchange("hashkey")
    for exchange, steps in ((alone, (30, 60, 120)), (beside, (7, 30, 59.5, 60, 120))):
        for step in steps:
            exchange.advance(at(step))
            if step in (30, 60):
                sell(exchange, "0.5", f"s{step}")
    assert json.dumps(alone.truth()) == json.dumps(beside.truth())
    assert alone.take_public() == beside.take_public()
    assert [alone.depth(symbol) for symbol in alone.listings] == [beside.depth(symbol) for symbol in beside.listings]


@pytest.mark.parametrize("recorded", [False, True])
def test_the_same_calls_give_the_same_bytes_however_time_is_cut(recorded: bool) -> None:
    told = []
    for steps, first in (((20, 40), "hashkey"), ((3, 9.25, 20, 31, 40), "osl")):
        market = hall(recorded=recorded)
        for step in steps:
            market.exchange(first).advance(at(step))
            if step == 20:
                sell(market.exchange("osl"), "0.8")
                sell(market.exchange("hashkey"), "0.8")
        told.append((json.dumps(market.truth()), [str(market.exchange(v).depth("BTCUSDT")) for v in BOTH]))
    assert told[0] == told[1]


def test_another_seed_is_another_market() -> None:
    shown = []
    for seed in (7, 8):
        market = hall(seed)
        market.advance(at(40))
        shown.append([market.exchange(v).depth("BTCUSDT") for v in BOTH])
    assert shown[0] != shown[1]


def test_whoever_moves_one_venue_moves_them_all() -> None:
    market = hall()
    market.exchange("osl").advance(at(30))
    assert market.now == market.exchange("hashkey").now == market.exchange("osl").now == at(30)
    assert [one.version > 0 for one in (market.exchange(v).depth("ETHUSDT") for v in BOTH)] == [True, True]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "USDTUSD", "USDTHKD"])
def test_prices_stay_together_with_a_small_basis_that_comes_and_goes(symbol: str, recorded: bool) -> None:
    """Over ten minutes: never far apart, not always on the same side, and not simply equal."""
    market, seen = hall(recorded=recorded), []
    for step in range(5, 600, 5):
        market.advance(at(step))
        seen.append(basis_bp(market, symbol))
    assert max(map(abs, seen)) < 15
    assert min(seen) < 0 < max(seen)
    assert len({round(one, 3) for one in seen}) > 3  # a stablecoin moves by ticks of half a basis point


def test_a_sale_at_one_venue_is_felt_at_the_other() -> None:
    """Two halls of one seed; in one of them somebody sells much at OSL. Twenty seconds later HashKey is lower too."""
    quiet, pressed = hall(), hall()
    for market in (quiet, pressed):
        market.advance(at(60))
    assert sell(pressed.exchange("osl"), "5").filled > D(4)
    for market in (quiet, pressed):
        market.advance(at(80))
    lower = {v: mid(pressed.exchange(v)) / mid(quiet.exchange(v)) - 1 for v in BOTH}
    assert -0.01 < lower["hashkey"] < -0.0003
    assert -0.01 < lower["osl"] < -0.0003


def test_a_recording_minds_no_sale_elsewhere_and_the_crowd_that_was_sold_to_does() -> None:
    quiet, pressed = hall(recorded=True), hall(recorded=True)
    for market in (quiet, pressed):
        market.advance(at(60))
    sell(pressed.exchange("osl"), "5")
    for market in (quiet, pressed):
        market.advance(at(70))
    assert mid(pressed.exchange("hashkey")) == mid(quiet.exchange("hashkey"))
    assert mid(pressed.exchange("osl")) < mid(quiet.exchange("osl"))


def test_a_venue_of_less_depth_gives_a_worse_price_for_the_same_sale() -> None:
    market = hall()
    market.advance(at(60))
    before = {v: mid(market.exchange(v)) for v in BOTH}
    rows = {v: sell(market.exchange(v), "3") for v in BOTH}
    cost = {v: 1 - float(rows[v].quote_filled / rows[v].filled) / before[v] for v in BOTH}
    assert cost["osl"] > cost["hashkey"] > 0


def test_osl_alone_follows_a_price_that_nobody_else_sees() -> None:
    alone, both = hall(venues=("osl",)), hall()
    for market in (alone, both):
        market.advance(at(60))
    assert alone.venues == ("osl",)
    assert alone.exchange("osl").depth("BTCUSDT") == both.exchange("osl").depth("BTCUSDT")
    with pytest.raises(KeyError):
        alone.exchange("hashkey")


def test_osl_has_listings_of_its_own() -> None:
    """Another tick, no maker's fee, a taker's of 5 bp, and nothing at all on the stablecoin's pairs."""
    listings = hall().exchange("osl").listings
    assert (listings["BTCUSDT"].tick, listings["BTCUSDT"].lot) == (D("0.1"), D("0.0000001"))
    assert (listings["BTCUSDT"].maker_fee, listings["BTCUSDT"].taker_fee) == (0, D("0.0005"))
    assert listings["USDTUSD"].taker_fee == listings["USDTHKD"].taker_fee == 0
    assert "BTCUSD" not in listings
    assert (
        "BTCUSD" in sandbox_hall(7, venues=BOTH, balances={}, recorded=False, forbidden=True).exchange("osl").listings
    )


def test_osl_takes_ids_that_hashkey_does_not() -> None:
    market = hall()
    request = OrderRequest("BTCUSDT", Side.SELL, Kind.GTC, D("0.01"), D(79_000), "an.id:of~thirty-six/characters-here!")
    assert isinstance(market.exchange("osl").place("a", request), OrderRow)
    assert market.exchange("hashkey").place("a", request).reason is Reason.BAD_ID


def test_an_unknown_venue_is_bad_input() -> None:
    with pytest.raises(BadInput, match="nowhere"):
        hall(venues=("hashkey", "nowhere"))


def test_hashkeys_minimum_fee_is_on_demand_and_in_the_quote_asset() -> None:
    assert {one.fee_min for one in hall().exchange("hashkey").listings.values()} == {None}
    market = sandbox_hall(7, venues=BOTH, balances={}, recorded=False, fee_min=D("1.99"))
    minimums = {symbol: one.fee_min for symbol, one in market.exchange("hashkey").listings.items()}
    assert minimums == {"BTCUSDT": D("1.99"), "ETHUSDT": D("1.99"), "USDTUSD": D("1.99"), "USDTHKD": D("15.522")}
    assert {one.fee_min for one in market.exchange("osl").listings.values()} == {None}


def test_each_venue_has_its_dealer() -> None:
    market = hall()
    market.advance(at(MINUTE / SECOND))
    quotes = [market.dealer(v).quote("a", "BTC", "USDT", at(60), sell_units=D(1)) for v in BOTH]
    assert quotes[0].buy_units != quotes[1].buy_units
    assert quotes[1].expires_at - quotes[1].made_at <= 8 * SECOND < quotes[0].expires_at - quotes[0].made_at
