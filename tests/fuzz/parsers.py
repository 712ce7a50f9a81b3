"""Every parser of our adapters: its golden frames, the one error that it may raise, and what its values may say."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import Instant, of_millis
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.orders.order import ChildOrder, TimeInForce
from engine.orders.reports import Balance, Deal, Dealt, Done, Fill, OrderReport, Quote, QuoteRequest, Wire
from tests.fuzz import frames as f
from tests.fuzz.frames import told
from tests.fuzz.reading import Fields
from venues.generic import hardening, mapping
from venues.generic.known import known as known_of
from venues.hashkey import events, listings, market, outcomes, statement, wire
from venues.osl import frames as osl_frames
from venues.osl import listings as osl_listings
from venues.osl import outcomes as osl_outcomes
from venues.osl import quotes as osl_quotes
from venues.osl import wire as osl_wire

HK, OSL, GEN, BTCUSD = VenueName("hashkey"), VenueName("osl"), VenueName("generic"), Symbol("BTCUSD")
SEEN: Final = Instant(7)
KNOWN: Final = frozenset({HK, OSL, GEN, BTCUSD, SEEN, Decimal(10) ** 12})
"""What a value may hold though no frame says it: the names that we gave, and the cap of absurd limits."""
ORDER: Final = ChildOrder(
    client_id=ClientOrderId("ord-1"), leg=LegId("1"), slice=0, attempt=0, venue=HK, symbol=BTCUSD, sell=Asset("BTC"),
    buy=Asset("USD"), quantity=Decimal("0.01"), price=Decimal("62000.5"), tif=TimeInForce.GTC, decided_at=SEEN,
)  # fmt: skip
REQUEST: Final = QuoteRequest(Asset("BTC"), Asset("USD"), Decimal("0.5"))
QUOTE: Final = Quote(
    OSL, "e0eb807e-d39c-471c-8848-96c950060671", REQUEST.sell, REQUEST.buy, REQUEST.quantity, Decimal("30990.25"),
    of_millis(1_790_000_000_000),
)  # fmt: skip


class Parser(Struct, frozen=True, kw_only=True):
    """One of them."""

    parse: Callable[[bytes], Any]
    golden: Sequence[bytes]
    raises: type[Exception] | None
    """`None`: it always returns, since it says in a value what it made of the frame."""
    fields: dict[type, Fields] = {}
    """For values that are made of one row: which of its fields each attribute has to come from."""
    derived: frozenset[str] = frozenset()
    """Attributes that are computed, and therefore judged by `right` or by the parser's own tests."""
    right: Callable[[Any], bool] = lambda value: True
    """What else must hold of every value."""


HK_ORDER: Final[Fields] = {
    "symbol": ("symbol",), "client_id": ("clientOrderId",), "venue_order_id": ("orderId",), "quantity": ("origQty",),
    "price": ("price",), "filled": ("executedQty",),
}  # fmt: skip
HK_FILL: Final[Fields] = {
    "symbol": ("symbol",), "client_id": ("clientOrderId",), "venue_order_id": ("orderId",), "trade_id": ("id",),
    "quantity": ("qty",), "price": ("price",), "maker": ("isMaker",),
}  # fmt: skip
HK_EVENT: Final[Fields] = {
    "symbol": ("s",), "client_id": ("c",), "venue_order_id": ("i",), "quantity": ("q",), "price": ("p",),
    "filled": ("z",),
}  # fmt: skip
HK_EVENT_FILL: Final[Fields] = {
    "symbol": ("s",), "client_id": ("c",), "venue_order_id": ("i",), "trade_id": ("d",), "quantity": ("l",),
    "price": ("L",), "maker": ("m",),
}  # fmt: skip
HK_BALANCE: Final[Fields] = {"asset": ("asset",), "free": ("free",), "locked": ("locked",)}
OSL_ORDER: Final[Fields] = {
    "symbol": ("symbol",), "venue_order_id": ("orderID",), "quantity": ("orderQty",), "filled": ("cumQty",),
}  # fmt: skip
OSL_FILL: Final[Fields] = {
    "symbol": ("symbol",), "venue_order_id": ("orderID",), "trade_id": ("execID",), "quantity": ("lastQty",),
    "price": ("lastPx",), "maker": ("lastLiquidityInd",),
}  # fmt: skip
GEN_ORDER: Final[Fields] = {"venue_order_id": ("id",), "quantity": ("amount",), "filled": ("filled",)}
GEN_FILL: Final[Fields] = {
    "venue_order_id": ("order",), "trade_id": ("id",), "quantity": ("amount",), "price": ("price",),
}  # fmt: skip


def _symbol(pair: str) -> Symbol:
    """ccxt's name of a pair as the exchange's own."""
    return Symbol(pair.replace("/", ""))


def _feed(raw: bytes) -> list[Any]:
    """What HashKey's feed makes of a frame: books and prints of a pair that is watched."""
    pair = market._Pair(HK, BTCUSD, Instant(0))
    frame = wire.parsed(raw, market._Frame)
    if frame.symbol != BTCUSD or not bytes(frame.data):
        return []
    if frame.topic == "depth":
        return [fact for depth in wire.parsed(frame.data, list[market._Depth]) for fact in pair.book(depth, SEEN)]
    if frame.topic == "trade":
        return [fact for trade in wire.parsed(frame.data, list[market._Trade]) for fact in pair.trade(trade, SEEN)]
    return []


def _as_row(kind: Callable[[Any], Any], shaped: Callable[[Any], bool]) -> Callable[[bytes], Any]:
    """A row as ccxt hands it over: its shape is ccxt's own, whatever the exchange said; the values in it are not."""

    def parse(raw: bytes) -> Any:
        try:
            row = hardening.exact_json(raw.decode())
        except (ValueError, RecursionError):
            raise mapping.Odd("not JSON") from None
        if not isinstance(row, dict) or not shaped(row):
            raise mapping.Odd("not a row of ccxt's")
        return kind(row)

    return parse


def _is_order(row: Any) -> bool:
    texts = all(isinstance(row.get(name), str | None) for name in ("id", "order", "clientOrderId", "side", "symbol"))
    return texts and isinstance(row.get("info"), dict)


def _is_trade(row: Any) -> bool:
    fees = row.get("fees")
    listed = isinstance(fees, list) and all(isinstance(fee, dict) for fee in fees)
    named = listed and all(isinstance(fee.get("currency"), str | None) for fee in fees)
    role = isinstance(row.get("takerOrMaker"), str | None)
    return _is_order(row) and named and role and isinstance(row.get("fee"), dict | None)


def _is_balances(row: Any) -> bool:
    return all(isinstance(row.get(name), dict) for name in ("free", "used", "total"))


def _same_order(value: Any) -> bool:
    """Done only with the order that was sent."""
    if not isinstance(value, Done):
        return True
    report = value.report
    sent = (ORDER.symbol, ORDER.client_id, ORDER.quantity, ORDER.price)
    return report is not None and (report.symbol, report.client_id, report.quantity, report.price) == sent


def _same_quote(value: Any) -> bool:
    """A quote, a deal: only on the terms that were asked for."""
    deal = value.deal if isinstance(value, Dealt) else value
    if isinstance(deal, Quote | Deal):
        return (deal.sell, deal.buy, deal.quantity) == (REQUEST.sell, REQUEST.buy, REQUEST.quantity)
    return True


def _firm(value: Any) -> bool:
    """A deal at another price than the quote's is none."""
    deal = value.deal if isinstance(value, Dealt) else value
    return not isinstance(deal, Deal) or (_same_quote(value) and deal.proceeds == QUOTE.proceeds)


def _reply(raw: bytes) -> osl_outcomes.Reply:
    return osl_outcomes.Reply(200, raw, {}, Wire())


_TRADED: Final = {"tradeResponse": {"responseCode": "EXECUTED", "tradeId": "t-1"}}
_LISTED: Final = {
    "transactionListResponse": {
        "transactions": [
            {"tradeId": "t-1", "quoteId": QUOTE.quote_id, "buyTradedCurrency": False, "tradedCurrency": "BTC",
             "settlementCurrency": "USD", "quotedTradedCurrencyAmount": "0.5",
             "quotedSettlementCurrencyAmount": "30990.25", "transactTime": "2026-09-22T03:14:49.100Z"}
        ]
    }
}  # fmt: skip
_CANCELLED: Final = [{"orderID": "2289677808", "clOrdID": "ord-1", "ordStatus": "Canceled", "error": None}]
_COUNTED: Final = frozenset({"checks", "wire", "reason", "code", "evidence", "wait", "stop_venue"})
"""What is said of a failure, in our own words or the venue's, cut and cleaned."""


PARSERS: Final[dict[str, Parser]] = {
    "hashkey order": Parser(
        parse=lambda raw: wire.order_report(HK, raw),
        golden=told(f.HK_ORDER),
        raises=wire.Odd,
        fields={OrderReport: HK_ORDER},
    ),
    "hashkey orders": Parser(
        parse=lambda raw: wire.order_reports(HK, raw),
        golden=told([f.HK_ORDER, {**f.HK_ORDER, "orderId": "1900000000000000002", "side": "BUY"}]),
        raises=wire.Odd,
        fields={OrderReport: HK_ORDER},
    ),
    "hashkey fills": Parser(
        parse=lambda raw: wire.fills(HK, raw),
        golden=told([f.HK_TRADE, {**f.HK_TRADE, "id": "1739352552862964737", "isBuyer": True}]),
        raises=wire.Odd,
        fields={Fill: HK_FILL},
    ),
    "hashkey pages": Parser(parse=wire.page_ids, golden=told([f.HK_TRADE]), raises=wire.Odd),
    "hashkey balances": Parser(
        parse=wire.balances, golden=told(f.HK_ACCOUNT), raises=wire.Odd, fields={Balance: HK_BALANCE}
    ),
    "hashkey time": Parser(parse=wire.server_time, golden=told({"serverTime": "1790000000123"}), raises=wire.Odd),
    "hashkey listen key": Parser(parse=wire.listen_key, golden=told({"listenKey": "a" * 64}), raises=wire.Odd),
    "hashkey permissions": Parser(
        parse=wire.permissions,
        golden=told({"canRead": True, "canTrade": True, "canWithdraw": False}),
        raises=wire.Odd,
    ),
    "hashkey private stream": Parser(
        parse=lambda raw: events.private_facts(HK, raw),
        golden=told([f.HK_EXECUTION], {"ping": 1790000000123}, [{"e": "outboundAccountInfo", "E": "1", "B": []}]),
        raises=wire.Odd,
        fields={OrderReport: HK_EVENT, Fill: HK_EVENT_FILL},
    ),
    "hashkey public stream": Parser(parse=_feed, golden=told(f.HK_DEPTH, f.HK_PRINT), raises=wire.Odd),
    "hashkey pairs": Parser(
        parse=lambda raw: listings.instruments(HK, raw)[0], golden=told(f.HK_INFO), raises=wire.Odd
    ),
    "hashkey statement": Parser(
        parse=statement.movements, golden=told(f.HK_FLOW), raises=wire.Odd, derived=frozenset({"amount"})
    ),
    "hashkey placed": Parser(
        parse=lambda raw: outcomes.placed(ORDER, 200, raw, Wire()),
        golden=told(f.HK_ORDER),
        raises=None,
        derived=_COUNTED,
        right=_same_order,
    ),
    "hashkey refused": Parser(
        parse=lambda raw: outcomes.placed(ORDER, 400, raw, Wire()),
        golden=told({"code": "0401", "msg": "Insufficient asset"}, {"code": -1141, "msg": "Duplicate order"}),
        raises=None,
        derived=_COUNTED,
        right=lambda outcome: not isinstance(outcome, Done),
    ),
    "hashkey cancelled": Parser(
        parse=lambda raw: outcomes.cancelled(HK, BTCUSD, ORDER.client_id, 200, raw, Wire()),
        golden=told({**f.HK_ORDER, "status": "PARTIALLY_CANCELED"}),
        raises=None,
        derived=_COUNTED,
    ),
    "osl order": Parser(
        parse=lambda raw: osl_wire.order_report(OSL, raw),
        golden=told(f.OSL_ORDER),
        raises=osl_wire.Odd,
        fields={OrderReport: OSL_ORDER},
    ),
    "osl orders": Parser(
        parse=lambda raw: [row.fact for row in osl_wire.orders(OSL, raw)],
        golden=told([f.OSL_ORDER, {**f.OSL_ORDER, "orderID": "2289677809", "side": "Buy"}]),
        raises=osl_wire.Odd,
        fields={OrderReport: OSL_ORDER},
    ),
    "osl executions": Parser(
        parse=lambda raw: [row.fact for row in osl_wire.fills(OSL, raw)],
        golden=told([f.OSL_EXECUTION, {**f.OSL_EXECUTION, "execID": "87ZPX", "side": "Buy"}]),
        raises=osl_wire.Odd,
        fields={Fill: OSL_FILL},
    ),
    "osl wallet": Parser(
        parse=osl_wire.balances,
        golden=told(f.OSL_WALLET),
        raises=osl_wire.Odd,
        fields={
            Balance: {"asset": ("currency",), "free": ("exchangeAvailableBalance",), "total": ("exchangeTotalBalance",)}
        },
        derived=frozenset({"locked"}),
    ),
    "osl time": Parser(parse=osl_wire.server_time, golden=told({"serverTime": 1790000000123}), raises=osl_wire.Odd),
    "osl permissions": Parser(
        parse=osl_wire.permissions, golden=told({"permissions": ["Read", "Withdraw"]}), raises=osl_wire.Odd
    ),
    "osl book stream": Parser(
        parse=osl_frames.frame,
        golden=told(f.OSL_BOOK, {**f.OSL_BOOK, "action": "delete"}, {"action": "ping"}),
        raises=osl_wire.Odd,
    ),
    "osl snapshot": Parser(
        parse=lambda raw: osl_frames.snapshot(BTCUSD, raw), golden=told(f.OSL_SNAPSHOT), raises=osl_wire.Odd
    ),
    "osl prints": Parser(
        parse=lambda raw: osl_frames.prints(OSL, BTCUSD, raw, SEEN), golden=told([f.OSL_PRINT]), raises=osl_wire.Odd
    ),
    "osl pairs": Parser(
        parse=lambda raw: osl_listings.instruments(OSL, raw)[0],
        golden=told(f.OSL_INSTRUMENTS),
        raises=osl_wire.Odd,
        derived=frozenset({"band"}),
    ),
    "osl catalogue": Parser(parse=osl_listings.catalogue, golden=told(f.OSL_CATALOGUE), raises=osl_wire.Odd),
    "osl placed": Parser(
        parse=lambda raw: osl_outcomes.placed(ORDER, _reply(raw)),
        golden=told(f.OSL_ORDER),
        raises=None,
        derived=_COUNTED,
        right=_same_order,
    ),
    "osl cancelled": Parser(
        parse=lambda raw: osl_outcomes.cancelled(ORDER.client_id, _reply(raw)),
        golden=told(_CANCELLED),
        raises=None,
        derived=_COUNTED,
    ),
    "osl quote": Parser(
        parse=lambda raw: osl_quotes.quoted(OSL, REQUEST, _reply(raw), SEEN),
        golden=told(f.OSL_QUOTE),
        raises=None,
        derived=_COUNTED | {"expires_at"},
        right=_same_quote,
    ),
    "osl deal": Parser(
        parse=lambda raw: osl_quotes.accepted(QUOTE, _reply(raw), SEEN),
        golden=told(_TRADED),
        raises=None,
        derived=_COUNTED | {"deal"},
        right=_firm,
    ),
    "osl transactions": Parser(
        parse=lambda raw: osl_quotes.listed(QUOTE, raw), golden=told(_LISTED), raises=osl_wire.Odd, right=_firm
    ),
    "generic order": Parser(
        parse=_as_row(lambda row: mapping.order_report(GEN, known_of("hashkey"), row, _symbol), _is_order),
        golden=told(f.GEN_ORDER),
        raises=mapping.Odd,
        fields={OrderReport: GEN_ORDER},
        derived=frozenset({"symbol"}),
    ),
    "generic trade": Parser(
        parse=_as_row(lambda row: mapping.fill(GEN, known_of("hashkey"), row, ORDER.client_id, _symbol), _is_trade),
        golden=told(f.GEN_TRADE),
        raises=mapping.Odd,
        derived=frozenset({"client_id", "fee", "symbol"}),
        fields={Fill: GEN_FILL},
    ),
    "generic balances": Parser(
        parse=_as_row(mapping.balances, _is_balances), golden=told(f.GEN_BALANCES), raises=mapping.Odd
    ),
}
