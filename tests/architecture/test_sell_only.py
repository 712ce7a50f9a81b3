"""Who only sells can't trade with himself: no type of ours holds a purchase, no adapter can word one, and where another
hand on the account buys, the venue's own rule ends the order that comes last."""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect
from msgspec.structs import replace

from engine.events import COMMANDS
from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol
from engine.orders.order import ChildOrder, OrderType, TimeInForce
from tests.support.builders import child
from venues.generic import mapping
from venues.hashkey import orders as hashkey
from venues.hashkey.adapter import CAPABILITIES as HASHKEY
from venues.osl import wire as osl
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Kind, Listing, OrderRequest, OrderRow, Side, Status

ROOT = Path(__file__).parents[2]
D = Decimal
SIDES = {"side", "direction", "is_buy", "is_buyer", "buying", "reduce_only", "leverage", "margin"}
MODES = re.compile(
    r"stp_?mode|self_?trade_?prevention_?mode|smp_?type|EXPIRE_(MAKER|NONE|BOTH)|DECREMENT", re.IGNORECASE
)
"""Words by which exchanges are asked for another rule than their own."""
KINDS = [
    (kind, tif)
    for kind, tif in product(OrderType, TimeInForce)
    if kind is OrderType.LIMIT or tif is not TimeInForce.POST_ONLY
]


def fields(kind: inspect.Type, seen: set[type]) -> Iterator[tuple[str, inspect.Type]]:
    """Every field of every value that can be inside one of this type."""
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
        for field in kind.fields:
            yield field.name, field.type
            yield from fields(field.type, seen)
        return
    inner = [getattr(kind, name, ()) for name in ("types", "item_types")]
    for each in (*inner[0], *inner[1], *(getattr(kind, n) for n in ("item_type", "value_type") if hasattr(kind, n))):
        yield from fields(each, seen)


def held() -> list[tuple[str, inspect.Type]]:
    """All that a command can hold."""
    seen: set[type] = set()
    return [found for kind in inspect.multi_type_info(COMMANDS) for found in fields(kind, seen)]


def wanted(kind: OrderType, tif: TimeInForce) -> ChildOrder:
    return replace(child(quantity=D("0.5"), price=D("60000")), type=kind, tif=tif, symbol=Symbol("BTCUSDT"))


def test_nothing_that_the_core_can_want_has_a_side() -> None:
    """Every command, and every value inside one: a purchase, a loan or a margin has no field to stand in."""
    names = {name for name, _ in held()}
    assert {"order", "quantity", "sell", "buy"} <= names  # the walk has seen what a command is made of
    assert names & SIDES == set()


def test_no_word_of_a_command_means_a_purchase() -> None:
    words = {str(value).lower() for _, kind in held() if isinstance(kind, inspect.EnumType) for value in kind.cls}
    assert {"gtc", "ioc", "limit"} <= words
    assert {word for word in words if re.search(r"\b(buy|purchase|long|borrow|lend)\b", word)} == set()


@pytest.mark.parametrize(("kind", "tif"), KINDS)
def test_hashkey_is_only_ever_asked_to_sell_and_for_no_weaker_rule_than_its_own(
    kind: OrderType, tif: TimeInForce
) -> None:
    order = wanted(kind, tif)
    sent = dict(hashkey.parameters(order))
    assert sent["side"] == "SELL"
    assert [each["side"] for each in msgspec.json.decode(hashkey.batch([order, order]))] == ["SELL", "SELL"]
    assert [word for pair in sent.items() for word in pair if MODES.search(word)] == []


@pytest.mark.parametrize(("kind", "tif"), KINDS)
def test_osl_is_only_ever_asked_to_sell(kind: OrderType, tif: TimeInForce) -> None:
    assert msgspec.json.decode(osl.order_body(wanted(kind, tif)))["side"] == "Sell"


def test_an_exchange_of_ccxt_is_only_ever_asked_to_sell() -> None:
    """There is one place that makes an order, and it says so in so many words."""
    calls = [
        [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        for path in sorted((ROOT / "venues").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    makers = [said for said in calls if any(str(word).startswith(("create_", "createOrder")) for word in said)]
    assert makers == [["create_order", "limit", "sell"]]
    assert [word for words in mapping.TIFS.values() for word in words if MODES.search(word)] == []


@pytest.mark.parametrize("name", ["hashkey", "osl", "generic"])
def test_no_adapter_knows_a_word_for_another_rule_of_self_trade_prevention(name: str) -> None:
    """What the venue does by itself ends the order that comes last, and no trade is made; nothing is stricter."""
    texts = {path.name: path.read_text() for path in (ROOT / "venues" / name).glob("*.py")}
    assert [file for file, text in texts.items() if MODES.search(text)] == []


def test_only_a_venue_that_is_known_to_prevent_it_says_so() -> None:
    assert HASHKEY.self_trade_prevention
    said = [path for path in (ROOT / "venues").rglob("adapter.py") if "self_trade_prevention=True" in path.read_text()]
    assert [path.parent.name for path in said] == ["hashkey"]


@pytest.mark.parametrize("kind", [Kind.GTC, Kind.IOC])
def test_where_another_hand_on_our_account_buys_what_we_sell_its_order_ends_and_nothing_trades(kind: Kind) -> None:
    """In the sandbox, which does as the documents of the sister venue say."""
    pair = Listing(
        "BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.02"), quantity_max=D(10),
        notional_min=D(10), notional_max=D(2000), maker_fee=D("0.001"), taker_fee=D("0.002"), fee_step=D("0.01"),
        band=D("0.5"),
    )  # fmt: skip
    exchange = Exchange([pair], {"a": {"BTC": D(5), "USDT": D(1000)}}, [], start=Instant(0), strict_tif=False)
    ours = exchange.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.GTC, D(1), D(100), "ours"))
    theirs = exchange.place("a", OrderRequest("BTCUSDT", Side.BUY, kind, D(1), D(101), "by-hand"))
    assert isinstance(ours, OrderRow)
    assert isinstance(theirs, OrderRow)
    assert (theirs.status, theirs.filled) == (Status.CANCELED, 0)
    assert [row.client_id for row in exchange.open_orders("a")] == ["ours"]
