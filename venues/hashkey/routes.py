"""Every endpoint that we call: its method, what it weighs, and which of the venue's limits it counts against."""

from typing import Final, Literal

from msgspec import Struct

from venues.hashkey import mock
from venues.pacing import Kind

Method = Literal["GET", "POST", "PUT", "DELETE"]


class Route(Struct, frozen=True):
    """One endpoint."""

    method: Method
    path: str
    weight: int = 1
    lane: Kind = "query"
    slow: Kind | None = None
    """The lane of `calls.SLOW_LIMITS` that it has to pass as well."""
    invented: bool = False
    """Its path stands in no document that we have: spoken by a sandbox, never sent to the venue itself."""


def _order(method: Method, path: str, weight: int = 1, *, invented: bool = False) -> Route:
    return Route(method, path, weight, "order", invented=invented)


PING: Final = Route("GET", "/api/v1/ping")
TIME: Final = Route("GET", "/api/v1/time")
INFO: Final = Route("GET", "/api/v1/exchangeInfo", 5)
DEPTH: Final = Route("GET", "/quote/v1/depth")
PRINTS: Final = Route("GET", "/quote/v1/trades")
KLINES: Final = Route("GET", "/quote/v1/klines")
TICKER: Final = Route("GET", "/quote/v1/ticker/24hr")

PLACE: Final = _order("POST", "/api/v1/spot/order")
PLACE_MARKET: Final = _order("POST", "/api/v1.1/spot/order")
"""Here `quantity` is always base and `amount` always quote; in v1 a market order mixes the two."""
PLACE_MANY: Final = _order("POST", "/api/v1/spot/batchOrders", 5)
CANCEL: Final = _order("DELETE", "/api/v1/spot/order")
CANCEL_ALL: Final = _order("DELETE", "/api/v1/spot/openOrders", 5)
CANCEL_MANY: Final = _order("DELETE", "/api/v1/spot/cancelOrderByIds", 5)
ORDER: Final = Route("GET", "/api/v1/spot/order")
OPEN: Final = Route("GET", "/api/v1/spot/openOrders")
HISTORY: Final = Route("GET", "/api/v1/spot/tradeOrders", 5)
TRADES: Final = Route("GET", "/api/v1/account/trades", 5)

BALANCES: Final = Route("GET", "/api/v1/account")
ACCOUNTS: Final = Route("GET", "/api/v1/account/type", 5)
FEES: Final = Route("GET", "/api/v1/account/vipInfo")
FLOW: Final = Route("GET", "/api/v1/account/balanceFlow", 3)
TRANSFER: Final = Route("POST", "/api/v1/account/assetTransfer")
DEPOSIT_ADDRESS: Final = Route("GET", "/api/v1/account/deposit/address")
DEPOSITS: Final = Route("GET", "/api/v1/account/depositOrders")
WITHDRAW: Final = Route("POST", "/api/v1/account/withdraw")
WITHDRAWALS: Final = Route("GET", "/api/v1/account/withdrawOrders")
FIAT_WITHDRAW: Final = Route("POST", mock.FIAT_WITHDRAW, invented=True)
KEY_PERMISSIONS: Final = Route("GET", mock.KEY_PERMISSIONS, invented=True)

KEY_NEW: Final = Route("POST", "/api/v1/userDataStream")
KEY_RENEW: Final = Route("PUT", "/api/v1/userDataStream")
KEY_END: Final = Route("DELETE", "/api/v1/userDataStream")

RFQ_QUOTE: Final = Route("POST", "/api/v1/rfq/getQuote")
RFQ_EXECUTE: Final = _order("POST", mock.RFQ_EXECUTE, invented=True)
RFQ_HISTORY: Final = Route("GET", "/api/v1/rfq/transactions", slow="query")
CONVERT_QUOTE: Final = Route("GET", "/api/v1/convertCurrency/getQuote", slow="order")
CONVERT: Final = Route("POST", "/api/v1/convertCurrency/transact", slow="order")
MARKET_PLACE_PAIRS: Final = Route("GET", "/api/v1/market-place/get-pairs")
MARKET_PLACE_CREATE: Final = _order("POST", mock.MARKET_PLACE_CREATE, invented=True)
MARKET_PLACE_ACCEPT: Final = _order("GET", "/api/v1/market-place/accept-quote")
"""A GET that changes something: sent once like any write."""
MARKET_PLACE_HISTORY: Final = Route("GET", mock.MARKET_PLACE_HISTORY, invented=True)
