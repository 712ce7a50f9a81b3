"""Whatever accounts and others do in whatever order, nothing is created, lost, crossed or overfilled."""

from collections.abc import Iterator
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.clock import Instant
from engine.kernel.money import up_to
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, FlowAction
from venues.sandbox.model import Kind, Listing, OrderRequest, OrderRow, Side, Status

D = Decimal
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.01"), quantity_max=D(10),
    notional_min=D("0.1"), notional_max=D(2000), maker_fee=D("0.0011"), taker_fee=D("0.0023"), fee_step=D("0.01"),
)  # fmt: skip
BEGAN = {name: {"BTC": D(2), "USDT": D(200)} for name in ("a", "b", "c")}
START = Instant(1)

ORDERS = st.tuples(
    st.just("order"), st.sampled_from("abc"), st.sampled_from(Side), st.sampled_from(Kind), st.integers(95, 105),
    st.integers(1, 80),
)  # fmt: skip
CANCELS = st.tuples(st.just("cancel"), st.sampled_from("abc"), st.integers(0, 9))
OTHERS = st.tuples(
    st.just("other"), st.sampled_from(Act), st.integers(1, 9), st.booleans(), st.integers(95, 105),
    st.integers(1, 80), st.booleans(),
)  # fmt: skip
STEPS = st.lists(st.one_of(ORDERS, ORDERS, CANCELS, OTHERS, OTHERS), max_size=50)


class Told:
    """Other people who act when the test says so; a key is used by one order only."""

    symbol, origin = "BTCUSDT", START

    def __init__(self) -> None:
        self.next: list[FlowAction] = []

    def until(self, to: Instant) -> Iterator[FlowAction]:
        while self.next:
            yield self.next.pop(0)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        pass


class World:
    """An exchange under test and the steps so far."""

    def __init__(self) -> None:
        self.flow, self.count = Told(), 0
        self.market = Exchange([PAIR], BEGAN, [self.flow], start=START)

    def do(self, step: tuple) -> None:
        self.count += 1
        match step:
            case "order", account, side, kind, ticks, lots:
                request = OrderRequest("BTCUSDT", side, kind, lots * PAIR.lot, ticks * PAIR.tick, f"n{self.count}")
                self.market.place(account, request)
            case "cancel", account, which:
                for row in self.market.open_orders(account)[which : which + 1]:
                    self.market.cancel(account, client_id=row.client_id)
            case "other", act, key, bid, ticks, lots, patient:
                key = self.count if act is Act.ADD else key
                at = Instant(START + self.count)
                self.flow.next = [FlowAction(at, "BTCUSDT", act, key, bid, ticks, lots, patient)]
                self.market.advance(at)

    def rows(self) -> list[OrderRow]:
        return [row for name in BEGAN for row in self.market.orders(name)]


def worst_fee(row: OrderRow) -> Decimal:
    return up_to(row.quantity * row.price * PAIR.taker_fee, PAIR.fee_step)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_asset_is_conserved(steps: list[tuple]) -> None:
    """Accounts, other people and the house together hold what the accounts began with, after each step."""
    world = World()
    for step in steps:
        world.do(step)
        truth = world.market.truth()
        for asset, began in (("BTC", D(6)), ("USDT", D(600))):
            held = sum(
                row.free + row.locked for name in BEGAN for row in world.market.balances(name) if row.asset == asset
            )
            assert held + D(truth["outside"].get(asset, "0")) + D(truth["fees"].get(asset, "0")) == began


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_balances_follow_from_the_trades_alone(steps: list[tuple]) -> None:
    """Rebuilt from nothing but the rows that a client could read."""
    world = World()
    for step in steps:
        world.do(step)
    for name, began in BEGAN.items():
        base, quote = began["BTC"], began["USDT"]
        for trade in world.market.trades(name):
            sign = 1 if trade.side is Side.BUY else -1
            base, quote = base + sign * trade.quantity, quote - sign * trade.quote - trade.fee
        held = {row.asset: row.free + row.locked for row in world.market.balances(name)}
        assert held == {"BTC": base, "USDT": quote}


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_is_locked_is_the_worst_case_of_what_is_open(steps: list[tuple]) -> None:
    """A seller's rest; a buyer's rest at the limit, and the worst fee less the fees already paid."""
    world = World()
    for step in steps:
        world.do(step)
        for name in BEGAN:
            base = quote = D(0)
            for row in world.market.open_orders(name):
                left = row.quantity - row.filled
                paid = sum(trade.fee for trade in world.market.trades(name, client_id=row.client_id))
                selling = row.side is Side.SELL
                base += left if selling else 0
                quote += 0 if selling else left * row.price + worst_fee(row) - paid
            assert {row.asset: row.locked for row in world.market.balances(name)} == {"BTC": base, "USDT": quote}
            assert all(row.free >= 0 for row in world.market.balances(name))


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_book_is_never_crossed_and_no_order_is_overfilled(steps: list[tuple]) -> None:
    world = World()
    for step in steps:
        world.do(step)
        depth = world.market.depth("BTCUSDT")
        assert not (depth.bids and depth.asks) or depth.bids[0][0] < depth.asks[0][0]
        assert all(size > 0 for _, size in depth.bids + depth.asks)
        for row in world.rows():
            trades = world.market.trades(row.account, client_id=row.client_id)
            assert row.filled == sum((trade.quantity for trade in trades), D(0)) <= row.quantity
            assert (row.status is Status.FILLED) == (row.filled == row.quantity)
            assert all(
                trade.price <= row.price if row.side is Side.BUY else trade.price >= row.price for trade in trades
            )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(ORDERS, CANCELS), max_size=60))
def test_a_resting_order_trades_before_any_that_is_worse_or_came_later(steps: list[tuple]) -> None:
    """Judged from rows alone: when a maker trades, none of its side that was open then had priority over it.

    The taker's own orders are no exception: its walk ends before them.
    """
    world = World()
    for step in steps:
        before = [row for row in world.rows() if not row.status.ended]
        seen = {name: len(world.market.trades(name)) for name in BEGAN}
        world.do(step)
        now = {row.order_id: row for row in world.rows()}
        made = [trade for name in BEGAN for trade in world.market.trades(name)[seen[name] :] if trade.maker]
        for trade in made:
            maker = now[trade.order_id]
            better = [now[row.order_id] for row in before if row.side is maker.side and _before(row, maker)]
            assert all(row.status is Status.FILLED for row in better)


def _before(row: OrderRow, maker: OrderRow) -> bool:
    keen = row.price if row.side is Side.BUY else -row.price
    other = maker.price if maker.side is Side.BUY else -maker.price
    return keen > other or (keen == other and int(row.order_id) < int(maker.order_id))


def test_these_worlds_do_trade() -> None:
    """So that the properties above are not true of nothing."""
    world = World()
    world.do(("order", "a", Side.SELL, Kind.GTC, 200, 10))
    world.do(("order", "b", Side.BUY, Kind.GTC, 201, 4))
    assert [trade.quantity for trade in world.market.trades("a")] == [D("0.04")]
