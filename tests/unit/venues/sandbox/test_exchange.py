"""The exchange keeps accounts, filters, fees and ids straight around the book."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.kernel.clock import Instant
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, FlowAction
from venues.sandbox.model import (
    BalancesChanged,
    Kind,
    Listing,
    OrderChanged,
    OrderRequest,
    OrderRow,
    Reason,
    Rejection,
    Side,
    Status,
)

D = Decimal
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.02"), quantity_max=D(10),
    notional_min=D(10), notional_max=D(2000), maker_fee=D("0.001"), taker_fee=D("0.002"), fee_step=D("0.01"),
    band=D("0.5"),
)  # fmt: skip
START = Instant(1_000)
BOOK = ((True, "99", "1"), (True, "100", "0.5"), (False, "101", "0.5"), (False, "102", "1"))


class Script:
    """Other people who do what a list says."""

    def __init__(self, actions: Sequence[FlowAction]) -> None:
        self.symbol, self.origin = "BTCUSDT", START
        self.actions, self.heard = list(actions), []

    def until(self, to: Instant) -> Iterator[FlowAction]:
        while self.actions and self.actions[0].at <= to:
            yield self.actions.pop(0)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        self.heard.append((at, sold, lots))


def act(at: int, what: Act, bid: bool, price: str, size: str, key: int = 0, patient: bool = True) -> FlowAction:
    return FlowAction(
        Instant(START + at), "BTCUSDT", what, key, bid, int(D(price) / PAIR.tick), int(D(size) / PAIR.lot), patient
    )


def standing() -> list[FlowAction]:
    """Bids of 1 at 99 and 0.5 at 100, asks of 0.5 at 101 and 1 at 102; their keys are 1 to 4."""
    return [act(0, Act.ADD, bid, price, size, key) for key, (bid, price, size) in enumerate(BOOK, start=1)]


def exchange(*later: FlowAction, listing: Listing = PAIR, strict_tif: bool = False) -> Exchange:
    held = {"a": {"BTC": D(5), "USDT": D(1000)}, "b": {"BTC": D(5), "USDT": D(1000)}}
    return Exchange([listing], held, [Script([*standing(), *later])], start=START, strict_tif=strict_tif)


def ask(side: Side, quantity: str, price: str, client_id: str = "c1", kind: Kind = Kind.GTC) -> OrderRequest:
    return OrderRequest("BTCUSDT", side, kind, D(quantity), D(price), client_id)


def sell(quantity: str, price: str, client_id: str = "c1", kind: Kind = Kind.GTC) -> OrderRequest:
    return ask(Side.SELL, quantity, price, client_id, kind)


def buy(quantity: str, price: str, client_id: str = "c1", kind: Kind = Kind.GTC) -> OrderRequest:
    return ask(Side.BUY, quantity, price, client_id, kind)


def placed(made: OrderRow | Rejection) -> OrderRow:
    assert isinstance(made, OrderRow), made
    return made


def held(market: Exchange, account: str = "a") -> dict[str, tuple[Decimal, Decimal]]:
    return {row.asset: (row.free, row.locked) for row in market.balances(account)}


# Matching as an account sees it


def test_a_sale_walks_the_book_with_one_trade_for_each_order_it_meets() -> None:
    market = exchange()
    row = placed(market.place("a", sell("1.2", "99")))
    assert (row.status, row.filled, row.quote_filled) == (Status.FILLED, D("1.2"), D("119.3"))
    assert [(t.price, t.quantity, t.maker) for t in market.trades("a")] == [
        (D(100), D("0.5"), False),
        (D(99), D("0.7"), False),
    ]


def test_what_a_sale_took_is_gone_from_the_displayed_book() -> None:
    market = exchange()
    before = market.depth("BTCUSDT")
    market.advance(Instant(START + 7))
    placed(market.place("a", sell("1.2", "99")))
    after = market.depth("BTCUSDT")
    assert (before.bids, after.bids) == (((D(100), D("0.5")), (D(99), D(1))), ((D(99), D("0.3")),))
    assert after.version > before.version
    assert (before.changed_at, after.changed_at) == (START, START + 7)


def test_the_remainder_of_a_limit_order_rests_and_is_displayed() -> None:
    market = exchange()
    row = placed(market.place("a", sell("0.8", "100")))
    assert (row.status, row.filled) == (Status.PARTIALLY_FILLED, D("0.5"))
    assert market.depth("BTCUSDT").asks[0] == (D(100), D("0.3"))
    assert market.open_orders("a") == [row]


def test_a_resting_order_waits_behind_those_who_came_before_at_its_price() -> None:
    """0.5 stood at 101 before ours; takers buy 0.4, then 0.3."""
    market = exchange(act(1, Act.TAKE, True, "101", "0.4"), act(2, Act.TAKE, True, "101", "0.3"))
    placed(market.place("a", sell("1", "101")))
    market.advance(Instant(START + 1))
    assert market.trades("a") == []
    market.advance(Instant(START + 2))
    assert [(t.quantity, t.maker, t.at) for t in market.trades("a")] == [(D("0.2"), True, START + 2)]


def test_another_ones_order_that_arrives_through_ours_trades_at_our_price() -> None:
    market = exchange(act(1, Act.ADD, True, "100.5", "0.3", key=9))
    placed(market.place("a", sell("0.2", "100.5")))
    market.advance(Instant(START + 1))
    assert placed(market.order("a", client_id="c1")).status is Status.FILLED
    assert market.depth("BTCUSDT").bids[0] == (D("100.5"), D("0.1"))


def test_leaving_and_lessening_of_an_order_that_we_consumed_is_harmless() -> None:
    """Key 2 is the best bid, which our sale takes whole; key 1 loses 0.7 to us and is then told to be 0.5."""
    market = exchange(
        act(1, Act.LEAVE, True, "100", "0", key=2),
        act(1, Act.LESSEN, True, "100", "0.1", key=2),
        act(1, Act.LESSEN, True, "99", "0.5", key=1),
    )
    placed(market.place("a", sell("1.2", "99")))
    market.advance(Instant(START + 1))
    assert market.depth("BTCUSDT").bids == ((D(99), D("0.3")),)


def test_two_accounts_trade_and_the_print_and_both_rows_share_a_ticket() -> None:
    market = exchange()
    placed(market.place("a", sell("0.5", "100.5")))
    market.take_public()
    placed(market.place("b", buy("0.5", "100.5")))
    (public,) = market.take_public()
    (seller,), (buyer,) = market.trades("a"), market.trades("b")
    assert seller.ticket == buyer.ticket == public.trade_id
    assert (seller.maker, buyer.maker, public.buyer_is_maker) == (True, False, False)
    assert len({seller.trade_id, buyer.trade_id, public.trade_id}) == 3


def test_an_order_that_would_meet_one_of_its_own_account_expires_there() -> None:
    """The resting order stays as it was; what stood before it is traded."""
    market = exchange()
    placed(market.place("a", buy("0.2", "99.5", "mine")))
    row = placed(market.place("a", sell("0.9", "99", "c2")))
    assert (row.status, row.filled) == (Status.PARTIALLY_CANCELED, D("0.5"))
    assert [order.client_id for order in market.open_orders("a")] == ["mine"]
    assert held(market)["BTC"] == (D("4.5"), D(0))


@pytest.mark.parametrize(
    ("kind", "quantity", "price", "status", "filled"),
    [
        (Kind.IOC, "0.5", "100", Status.FILLED, "0.5"),
        (Kind.IOC, "0.9", "100", Status.PARTIALLY_CANCELED, "0.5"),
        (Kind.IOC, "0.9", "100.5", Status.CANCELED, "0"),
        (Kind.FOK, "1.5", "99", Status.FILLED, "1.5"),
        (Kind.FOK, "1.51", "99", Status.CANCELED, "0"),
        (Kind.MAKER, "0.5", "100", Status.REJECTED, "0"),
        (Kind.MAKER, "0.5", "100.5", Status.NEW, "0"),
    ],
)
def test_how_long_an_order_stands_decides_how_it_ends(
    kind: Kind, quantity: str, price: str, status: Status, filled: str
) -> None:
    market = exchange()
    row = placed(market.place("a", sell(quantity, price, kind=kind)))
    assert (row.status, row.filled) == (status, D(filled))
    assert held(market)["BTC"][1] == (D(quantity) - D(filled) if status is Status.NEW else 0)


@pytest.mark.parametrize("kind", [Kind.IOC, Kind.FOK])
def test_a_strict_exchange_knows_no_immediate_orders(kind: Kind) -> None:
    made = exchange(strict_tif=True).place("a", sell("0.5", "100", kind=kind))
    assert made == Rejection(Reason.TIF_NOT_SUPPORTED, kind)


# Filters and ids


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (sell("1", "100.25"), Reason.PRICE_OFF_TICK),
        (sell("1", "0"), Reason.PRICE_OFF_TICK),
        (sell("1", "NaN"), Reason.PRICE_OFF_TICK),
        (sell("1", "1E+999999"), Reason.PRICE_OFF_TICK),
        (sell("0.015", "100"), Reason.QUANTITY_TOO_SMALL),
        (sell("-1", "100"), Reason.QUANTITY_TOO_SMALL),
        (sell("0.025", "100"), Reason.QUANTITY_OFF_LOT),
        (sell("Infinity", "100"), Reason.QUANTITY_OFF_LOT),
        (sell("11", "100"), Reason.QUANTITY_TOO_LARGE),
        (sell("0.02", "100"), Reason.NOTIONAL_TOO_SMALL),
        (sell("10", "201"), Reason.NOTIONAL_TOO_LARGE),
        (sell("1", "50"), Reason.PRICE_OUTSIDE_BAND),
        (buy("1", "151"), Reason.PRICE_OUTSIDE_BAND),
        (sell("5.01", "100"), Reason.INSUFFICIENT),
        (buy("9.98", "100"), None),
        (buy("9.99", "100"), Reason.INSUFFICIENT),
        (sell("1", "100", ""), Reason.BAD_ID),
        (sell("1", "100", "x" * 33), Reason.BAD_ID),
        (sell("1", "100", "a.b"), Reason.BAD_ID),
        (sell("1", "100", "x" * 32), None),
        (replace(sell("1", "100"), symbol="ETHUSDT"), Reason.UNKNOWN_SYMBOL),
    ],
)
def test_an_order_is_held_against_every_filter(request_: OrderRequest, reason: Reason | None) -> None:
    """The mid is 100.5 and nothing has traded; 9.98 bought at 100 need 998 and a fee of at most 2."""
    market = exchange()
    truth = market.truth()
    made = market.place("a", request_)
    assert (made.reason if isinstance(made, Rejection) else None) == reason
    assert (market.truth() == truth) is (reason is not None)


def test_an_account_that_nobody_knows_holds_nothing() -> None:
    market = exchange()
    made = market.place("z", sell("1", "100"))
    assert isinstance(made, Rejection)
    assert made.reason is Reason.INSUFFICIENT
    assert (market.balances("z"), market.orders("z"), market.trades("z"), market.open_orders("z")) == ([], [], [], [])


def test_a_halted_pair_takes_no_orders() -> None:
    made = exchange(listing=replace(PAIR, trading=False)).place("a", sell("1", "100"))
    assert made == Rejection(Reason.HALTED, "BTCUSDT")


def test_a_client_id_is_used_once_for_ever() -> None:
    """By each account for itself; an order that was turned down has not used its id."""
    market = exchange()
    assert isinstance(market.place("a", sell("1", "100.25")), Rejection)
    placed(market.place("a", sell("1", "103")))
    placed(market.cancel("a", client_id="c1"))
    assert market.place("a", sell("1", "103")) == Rejection(Reason.DUPLICATE_ID, "c1")
    placed(market.place("b", sell("1", "103")))


def test_ids_are_nineteen_digits_and_grow() -> None:
    market = exchange()
    rows = [placed(market.place("a", sell("0.6", "99", f"c{n}"))) for n in range(3)]
    ids = [rows[0].order_id, *(t.trade_id for t in market.trades("a")[:2]), rows[1].order_id, rows[2].order_id]
    assert ids == sorted(set(ids))
    assert {len(name) for name in ids} == {19}


# Money


def test_a_sellers_fee_is_taken_from_the_proceeds_and_rounded_up() -> None:
    """0.11 at 100 is 11; 0.2 % of it is 0.022, so 0.03."""
    market = exchange()
    placed(market.place("a", sell("0.11", "100")))
    assert market.trades("a")[0].fee == D("0.03")
    assert held(market) == {"BTC": (D("4.89"), D(0)), "USDT": (D("1010.97"), D(0))}


def test_a_resting_seller_pays_the_makers_fee() -> None:
    market = exchange(act(1, Act.TAKE, True, "100.5", "1"))
    placed(market.place("a", sell("1", "100.5")))
    market.advance(Instant(START + 1))
    (trade,) = market.trades("a")
    assert (trade.fee, trade.fee_asset, trade.quote) == (D("0.11"), "USDT", D("100.5"))


def test_no_fee_is_larger_than_what_it_is_taken_from() -> None:
    """A step of 5 would round the fee of a sale worth 1 far above it."""
    market = exchange(act(1, Act.TAKE, True, "100.5", "0.01"), listing=replace(PAIR, fee_step=D(5)))
    placed(market.place("a", sell("1", "100.5")))
    market.advance(Instant(START + 1))
    (trade,) = market.trades("a")
    assert trade.fee == trade.quote == D("1.005")


def test_a_buyer_reserves_price_and_worst_fee_and_gets_back_what_was_not_needed() -> None:
    """2 at 101: 202 and at most 0.41; then 0.5 trade at 101 for 50.5 and 0.11."""
    market = exchange()
    placed(market.place("a", buy("2", "100.5", "rests")))
    assert held(market)["USDT"] == (D("798.59"), D("201.41"))
    market.cancel("a", client_id="rests")
    assert held(market)["USDT"] == (D(1000), D(0))
    placed(market.place("a", buy("2", "101")))
    assert held(market) == {"BTC": (D("5.5"), D(0)), "USDT": (D("797.59"), D("151.80"))}
    market.cancel("a", client_id="c1")
    assert held(market)["USDT"] == (D("949.39"), D(0))


def test_many_small_fills_never_cost_a_buyer_more_than_was_reserved() -> None:
    """Ten fills of one lot at 100.5, each of which rounds its fee up to 0.01; 0.03 were reserved."""
    sales = [act(n, Act.TAKE, False, "100.5", "0.01") for n in range(1, 11)]
    market = exchange(*sales)
    placed(market.place("a", buy("0.1", "100.5")))
    market.advance(Instant(START + 99))
    assert [t.fee for t in market.trades("a")] == [D("0.01")] * 3 + [D(0)] * 7
    assert held(market)["USDT"] == (D("989.92"), D(0))


# Cancelling and reading


def test_a_cancel_says_why_it_came_too_late() -> None:
    market = exchange()
    placed(market.place("a", sell("0.5", "100", "filled")))
    placed(market.place("a", sell("0.5", "103", "open")))
    assert placed(market.cancel("a", client_id="open")).status is Status.CANCELED
    refused = [market.cancel("a", client_id=name) for name in ("filled", "open", "never")]
    assert [made.reason for made in refused if isinstance(made, Rejection)] == [
        Reason.ALREADY_FILLED,
        Reason.ALREADY_CANCELLED,
        Reason.NOT_FOUND,
    ]


def test_a_partly_filled_order_ends_partly_cancelled_and_leaves_the_book() -> None:
    market = exchange()
    row = placed(market.place("a", sell("0.8", "100")))
    ended = placed(market.cancel("a", order_id=row.order_id))
    assert (ended.status, ended.filled) == (Status.PARTIALLY_CANCELED, D("0.5"))
    assert market.depth("BTCUSDT").asks[0] == (D(101), D("0.5"))
    assert held(market)["BTC"] == (D("4.5"), D(0))


def test_a_passer_by_can_be_made_to_take_an_order_before_its_cancel() -> None:
    """It stands behind 0.5 of somebody else's at 101, who keeps that."""
    market = exchange()
    placed(market.place("a", sell("0.3", "101")))
    market.hit("a", "c1")
    market.hit("a", "c1")
    market.hit("a", "never")
    assert market.cancel("a", client_id="c1") == Rejection(
        Reason.ALREADY_FILLED, placed(market.order("a", client_id="c1")).order_id
    )
    assert [(t.quantity, t.price, t.maker) for t in market.trades("a")] == [(D("0.3"), D(101), True)]
    assert market.depth("BTCUSDT").asks[0] == (D(101), D("0.5"))


def test_no_account_sees_or_cancels_the_order_of_another() -> None:
    market = exchange()
    row = placed(market.place("a", sell("1", "103")))
    assert market.order("b", order_id=row.order_id) is None
    assert isinstance(market.cancel("b", order_id=row.order_id), Rejection)
    assert market.order("a", order_id="not a number") is None


def test_orders_and_trades_are_read_from_an_instant_or_an_id_on_oldest_first() -> None:
    """One sale of a lot at each of three instants."""
    market = exchange()
    for n in range(3):
        market.advance(Instant(START + 10 * n))
        market.place("a", sell("0.11", "99", f"c{n}"))
    trades = market.trades("a")
    assert [t.client_id for t in trades] == ["c0", "c1", "c2"]
    assert market.trades("a", since=Instant(START + 10)) == trades[1:]
    assert market.trades("a", from_id=trades[1].trade_id) == trades[1:]
    assert market.trades("a", client_id="c1") == [trades[1]]
    assert market.trades("a", limit=1) == trades[:1]
    assert market.trades("a", symbol="ETHUSDT") == market.orders("a", symbol="ETHUSDT") == []
    assert [row.client_id for row in market.orders("a", since=Instant(START + 10))] == ["c1", "c2"]
    assert [row.client_id for row in market.orders("a", limit=2)] == ["c0", "c1"]


def test_private_events_tell_the_whole_life_of_an_order_in_order() -> None:
    market = exchange()
    placed(market.place("a", sell("1.2", "99")))
    new, first, last, balances = market.take_private()
    assert all(isinstance(event, OrderChanged) for event in (new, first, last))
    assert [(e.order.status, e.order.filled, e.trade) for e in (new, first, last)] == [
        (Status.NEW, D(0), None),
        (Status.PARTIALLY_FILLED, D("0.5"), market.trades("a")[0]),
        (Status.FILLED, D("1.2"), market.trades("a")[1]),
    ]
    assert isinstance(balances, BalancesChanged)
    assert {row.asset: (row.free, row.locked) for row in balances.balances} == held(market)
    assert market.take_private() == []


def test_prints_are_kept_for_those_who_come_late_and_handed_out_once() -> None:
    market = exchange(act(1, Act.TAKE, True, "102", "0.7"))
    market.advance(Instant(START + 1))
    prints = market.take_public()
    assert [(p.price, p.quantity, p.buyer_is_maker) for p in prints] == [
        (D(101), D("0.5"), False),
        (D(102), D("0.2"), False),
    ]
    assert market.take_public() == []
    assert market.recent_trades("BTCUSDT") == prints
    assert market.recent_trades("BTCUSDT", limit=1) == prints[1:]


# Time


def test_time_never_goes_back() -> None:
    market = exchange(act(5, Act.TAKE, True, "101", "0.1"))
    market.advance(Instant(START + 10))
    market.advance(Instant(START + 2))
    assert market.now == START + 10
    assert placed(market.place("a", sell("1", "103"))).created_at == START + 10


def test_the_crowd_hears_what_accounts_take_and_not_what_they_offer() -> None:
    script = Script(standing())
    market = Exchange([PAIR], {"a": {"BTC": D(5)}}, [script], start=START)
    placed(market.place("a", sell("1", "103", "offered")))
    placed(market.place("a", sell("0.7", "100", "taken")))
    assert script.heard == [(START, True, 50)]


def test_the_truth_is_plain_json_and_the_same_for_the_same_calls() -> None:
    told = []
    for _ in range(2):
        market = exchange(act(1, Act.TAKE, True, "101", "0.6"))
        market.place("a", sell("0.8", "100"))
        market.advance(Instant(START + 1))
        market.place("b", buy("0.1", "102"))
        told.append(json.dumps(market.truth()))
    assert told[0] == told[1]
    assert json.loads(told[0])["accounts"]["a"]["balances"]["BTC"] == {"asset": "BTC", "free": "4.20", "locked": "0.00"}


def test_a_flow_for_a_pair_that_is_not_listed_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="BTCUSDT"):
        Exchange([replace(PAIR, symbol="ETHUSDT")], {}, [Script([])], start=START)
