"""ccxt's words and ours. Pure, and free of floats.

ccxt's unified words invent what an exchange did not say: a cost of limit price times quantity, a price out of an
average, `canceled` while the cancel is still under way. What money depends on is read where it was said, and what
can't be believed is `Odd`.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.kernel.clock import Instant, of_millis
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset, exact, total
from engine.orders.order import TimeInForce
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus
from venues.generic.known import Known
from venues.odd import Odd as Odd

Row = Mapping[str, Any]
SymbolOf = Callable[[str], Symbol]
"""ccxt's `BTC/USDT` as the exchange's own name."""

TIFS: Final[Mapping[TimeInForce, Mapping[str, Any]]] = {
    TimeInForce.GTC: {"timeInForce": "GTC"},
    TimeInForce.IOC: {"timeInForce": "IOC"},
    TimeInForce.FOK: {"timeInForce": "FOK"},
    TimeInForce.POST_ONLY: {"postOnly": True},
}
"""Our words as ccxt's parameters."""

_UNIFIED: Final = {
    "open": OrderStatus.WORKING,
    "canceled": OrderStatus.CANCELLED,
    "expired": OrderStatus.CANCELLED,
    "rejected": OrderStatus.REJECTED,
}
_UNDER_WAY: Final = re.compile(r"pending|ing$", re.IGNORECASE)
"""`PENDING_CANCEL`, `canceling`: words of exchanges that ccxt calls canceled too early."""
_MILLIS_MAX: Final = 10**14
"""The year 5138: a time after it was not counted in milliseconds."""


def number(value: Any) -> Decimal:
    """A size or a price out of text or a whole number; `Odd` for a float, for nothing, and below nothing."""
    checked = signed(value)
    if checked < 0:
        raise Odd(f"negative where only a size or a price makes sense: {checked}")
    return checked


def signed(value: Any) -> Decimal:
    """As `number`, of either sign."""
    if type(value) not in (str, int, Decimal):
        raise Odd(f"not an exact number: {str(value)[:60]} ({type(value).__name__})")
    try:
        return exact(str(value))
    except (ValueError, ArithmeticError):
        raise Odd(f"not a number that is kept exactly: {str(value)[:60]}") from None


def instant(millis: Any) -> Instant:
    """A time that an exchange can mean, or `Odd`."""
    if type(millis) is not int or not 0 < millis < _MILLIS_MAX:
        raise Odd(f"not a time: {str(millis)[:40]}")
    return of_millis(millis)


def order_report(venue: VenueName, known: Known, row: Row, symbol_of: SymbolOf) -> OrderReport:
    """The sale that a row describes; `Odd` for a purchase, and for anything that no limit order of ours can show."""
    client_id = str(row.get("clientOrderId") or "")
    if row.get("side") != "sell":
        raise Odd(f"order {client_id} is shown as a {row.get('side')}")
    quantity, filled = number(row.get("amount")), number(row.get("filled"))
    # ccxt calls an average a price where the order had none.
    price = number(row["info"].get("price") if known.statuses else row.get("price"))
    status = _status(known, row, whole=filled == quantity)
    if filled > quantity or (status is OrderStatus.FILLED and filled != quantity):
        raise Odd(f"order {client_id} is {status} with {filled} of {quantity}")
    if not str(row.get("id") or "").strip("0"):
        raise Odd(f"order {client_id} has no id")
    return OrderReport(
        venue=venue,
        symbol=_symbol(known, row, symbol_of),
        client_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId(str(row["id"])),
        status=status,
        quantity=quantity,
        price=price,
        filled=filled,
        at=instant(row.get("lastUpdateTimestamp") or row.get("timestamp")),
    )


def only_acknowledged(row: Row) -> bool:
    """Does the answer to a new order give an id, and nothing that describes the order?"""
    return bool(row.get("id")) and all(row.get(name) is None for name in ("status", "amount", "side"))


def is_sale(row: Row) -> bool:
    """A purchase is not ours; what it does to the account shows in the balances. `Odd` where no side is told."""
    if row.get("side") not in ("buy", "sell"):
        raise Odd(f"row {row.get('id')} tells no side")
    return bool(row["side"] == "sell")


def own_id(row: Row) -> ClientOrderId:
    """Our id in a row of own trades, where the exchange repeats it; empty where it does not."""
    return ClientOrderId(str(row["info"].get("clientOrderId") or ""))


def fill(venue: VenueName, known: Known, row: Row, client_id: ClientOrderId, symbol_of: SymbolOf) -> Fill:
    """One of the account's trades, of an order of that id."""
    fees = [fee for fee in (row.get("fees") or [row.get("fee")]) if fee and fee.get("currency")]
    maker = {"maker": True, "taker": False}.get(row.get("takerOrMaker") or "")
    if not row.get("id") or not row.get("order") or len({fee["currency"] for fee in fees}) != 1 or maker is None:
        raise Odd(f"trade {row.get('id')} of order {row.get('order')} lacks its fee, its role or an id")
    quantity, price = number(row.get("amount")), number(row.get("price"))
    if not quantity or not price:
        raise Odd(f"trade {row['id']} of order {row['order']} has no size or price")
    return Fill(
        venue=venue,
        symbol=_symbol(known, row, symbol_of),
        client_id=client_id,
        venue_order_id=VenueOrderId(str(row["order"])),
        trade_id=TradeId(str(row["id"])),
        quantity=quantity,
        price=price,
        fee=Amount(total(signed(fee.get("cost")) for fee in fees), Asset(fees[0]["currency"])),
        maker=maker,
        at=instant(row.get("timestamp")),
    )


def balances(answer: Row) -> list[Balance]:
    """All balances of the account; `Odd` where free and locked are not the whole."""
    held = []
    for asset, whole in answer["total"].items():
        balance = Balance(Asset(asset), number(answer["free"].get(asset)), number(answer["used"].get(asset)))
        if balance.total != number(whole):
            raise Odd(f"{asset}: {balance.free} free and {balance.locked} locked are not {whole}")
        held.append(balance)
    return held


def _symbol(known: Known, row: Row, symbol_of: SymbolOf) -> Symbol:
    """The pair of a row. ccxt gives a row of a pair that it does not know the name of the pair that was asked for."""
    symbol = symbol_of(str(row.get("symbol")))
    if known.statuses and row["info"].get("symbol", symbol) != symbol:
        raise Odd(f"a row of {str(row['info']['symbol'])[:40]} where {symbol} was asked for")
    return symbol


def _status(known: Known, row: Row, *, whole: bool) -> OrderStatus:
    said = str(row["info"].get("status") or "") if isinstance(row.get("info"), Mapping) else ""
    word = str(row.get("status"))
    if known.statuses:
        status = known.statuses.get(said)
    elif word == "closed":
        status = OrderStatus.FILLED if whole else OrderStatus.CANCELLED
    elif word == "canceled" and _UNDER_WAY.search(said):
        status = OrderStatus.WORKING
    else:
        status = _UNIFIED.get(word)
    if status is None:
        raise Odd(f"unknown status {(said or word)[:40]!r}")
    return status
