"""The private stream's words, as facts. Pure.

An execution without its id or its fee can't be booked: it is left out, and the report's cumulative quantity shows
that it is lacking.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Raw, Struct

from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset
from engine.orders.reports import Fill, OrderReport
from venues.hashkey.wire import Id, Odd, checked, exactly, instant, number, parsed, status


class Ping(Struct, frozen=True):
    """The venue asks whether we are there; `{"pong": ms}` is the answer."""

    ms: int


_EXECUTION_NAMES: Final = {
    "event_at": "E", "symbol": "s", "client_id": "c", "side": "S", "quantity": "q", "price": "p", "status": "X",
    "order_id": "i", "filled": "z", "maker": "m", "trade_id": "d", "last_quantity": "l", "last_price": "L",
    "fee": "n", "fee_asset": "N",
}  # fmt: skip


class _Execution(Struct, rename=_EXECUTION_NAMES):
    event_at: int
    symbol: str
    client_id: str
    side: str
    quantity: Decimal
    price: Decimal
    status: str
    order_id: Id
    filled: Decimal
    maker: bool | None = None
    trade_id: Id | None = None
    last_quantity: Raw = Raw()
    last_price: Raw = Raw()
    fee: Raw = Raw()
    fee_asset: str | None = None


class _Event(Struct):
    e: str = ""


class _Heartbeat(Struct):
    ping: int | None = None
    code: Id = 0


def private_facts(venue: VenueName, raw: bytes) -> list[OrderReport | Fill | Ping]:
    """What one frame of the private stream says; an execution comes before the report of the order it changed."""
    if raw.lstrip()[:1] != b"[":
        beat = parsed(raw, _Heartbeat)
        if str(beat.code).strip("0"):
            raise Odd(f"the stream reports error {beat.code}")
        return [] if beat.ping is None else [Ping(beat.ping)]
    facts: list[OrderReport | Fill | Ping] = []
    for event in parsed(raw, list[Raw]):
        if parsed(event, _Event).e == "executionReport":
            facts.extend(_execution(venue, parsed(event, _Execution)))
    return facts


def _execution(venue: VenueName, event: _Execution) -> Sequence[OrderReport | Fill]:
    if event.side == "BUY":
        return []
    at = instant(event.event_at)
    order_id = VenueOrderId(str(event.order_id))
    report = checked(
        OrderReport(
            venue=venue,
            symbol=Symbol(event.symbol),
            client_id=ClientOrderId(event.client_id),
            venue_order_id=order_id,
            status=status(event.status),
            quantity=number(event.quantity),
            price=number(event.price),
            filled=number(event.filled),
            at=at,
        )
    )
    quantity, price, fee = _maybe(event.last_quantity), _maybe(event.last_price), _maybe(event.fee)
    # Without its id or its fee an execution can't be booked. The report's cumulative quantity shows that it is lacking.
    whole = event.trade_id not in (None, "", "0", 0) and fee is not None and event.fee_asset and event.maker is not None
    if not quantity or not price or min(quantity, price) < 0 or not whole:
        return [report]
    assert fee is not None
    assert event.maker is not None
    fill = Fill(
        venue=venue,
        symbol=report.symbol,
        client_id=report.client_id,
        venue_order_id=order_id,
        trade_id=TradeId(str(event.trade_id)),
        quantity=quantity,
        price=price,
        fee=Amount(fee, Asset(str(event.fee_asset))),
        maker=event.maker,
        at=at,
    )
    return [fill, report]


def _maybe(raw: Raw) -> Decimal | None:
    """A number that an event may leave out, or leave empty."""
    try:
        return exactly(parsed(raw, Decimal))
    except Odd:
        return None
