"""What is known of an exchange beyond ccxt's unified words, because somebody tried it.

An exchange that is not listed gets `OTHER`: nothing of it is believed but ccxt's words.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.orders.reports import OrderStatus
from venues.generic import mock


class Known(Struct, frozen=True, kw_only=True):
    """Where ccxt's words are too coarse or wrong, and what to read in their place."""

    statuses: Mapping[str, OrderStatus] = {}
    """The exchange's own words in `info.status`; without them ccxt's are taken."""
    absent: frozenset[str] = frozenset()
    """Codes that mean "no such order"; without them ccxt's class `OrderNotFound` does."""
    by_client_id: bool = False
    """Orders can be asked for and cancelled by our own id; without it lists are read and matched."""
    filters: bool = False
    """Limits stand in `info.filters`, where ccxt leaves some of them."""
    arrays: Mapping[str, str] = {}
    """By ccxt's method: under which name an answer holds its rows, which must be there; empty for a bare array."""
    pages_by_id: bool = False
    """Own trades can be read on from an id in both directions."""
    urls: str = ""
    """The addresses of a sandbox; see `addresses.sandbox`."""
    unit_ms: int | None = None
    """Wall time between two units of weight; ccxt's own `rateLimit` where it is not given."""
    apart: bool = False
    """Orders and queries are counted apart; without it each gets half."""
    licensed: bool = False
    """ccxt's class speaks to the company that the licence register names, and somebody has made sure of it."""
    order_rows: int = mock.ROWS
    trade_rows: int = mock.ROWS


OTHER: Final = Known()

_HASHKEY: Final = Known(
    statuses={
        "NEW": OrderStatus.WORKING,
        "PARTIALLY_FILLED": OrderStatus.WORKING,
        "PENDING_CANCEL": OrderStatus.WORKING,  # ccxt says canceled, and the cancel can still lose its race
        "FILLED": OrderStatus.FILLED,
        "CANCELED": OrderStatus.CANCELLED,
        "PARTIALLY_CANCELED": OrderStatus.CANCELLED,
        "REJECTED": OrderStatus.REJECTED,
    },
    absent=frozenset({"0211", "-1143"}),
    by_client_id=True,
    filters=True,
    arrays={
        "fetch_open_orders": "",
        "fetch_canceled_and_closed_orders": "",
        "fetch_my_trades": "",
        "fetch_balance": "balances",
    },
    pages_by_id=True,
    urls="public={rest}, private={rest}, ws.public={ws}/quote/ws/v1, ws.private={ws}/api/v1/ws",
    unit_ms=200,
    apart=True,
    order_rows=1000,
    trade_rows=500,
)

_KNOWN: Final = {"hashkey": _HASHKEY}


def known(exchange: str) -> Known:
    """What is known of `exchange`."""
    return _KNOWN.get(exchange, OTHER)
