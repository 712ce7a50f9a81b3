"""HashKey's REST interface, server side: every endpoint served, with its weight, its limit and the right it needs.

Fiat payments are not served: the venue's pages for them could not be read. Paths under `/mock/` are ours.
"""

from collections.abc import Mapping
from typing import Any, Final

from venues.sandbox import (
    hashkey_account,
    hashkey_marketplace,
    hashkey_orders,
    hashkey_public,
    hashkey_rfq,
    hashkey_wallet,
)
from venues.sandbox.door import Right
from venues.sandbox.hashkey_desk import Asking, Desk, Route
from venues.sandbox.limits import Bucket


def _key(_: Desk, asking: Asking) -> Any:
    """What the key may do (mock: the venue documents no way to ask)."""
    rights = asking.rights
    return {"canRead": True, "canTrade": Right.TRADE in rights, "canWithdraw": Right.WITHDRAW in rights}


_FREE: Final = None
_ORDERS, _TRADE, _WITHDRAW = Bucket.ORDERS, Right.TRADE, Right.WITHDRAW

_PUBLIC: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v1/ping"): Route("market", hashkey_public.ping, 1, _FREE),
    ("GET", "/api/v1/time"): Route("market", hashkey_public.time, 1, _FREE),
    ("GET", "/api/v1/exchangeInfo"): Route("market", hashkey_public.exchange_info, 5, _FREE),
    ("GET", "/quote/v1/depth"): Route("depth", hashkey_public.depth, 1, _FREE),
    ("GET", "/quote/v1/trades"): Route("market", hashkey_public.trades, 1, _FREE),
    ("GET", "/quote/v1/klines"): Route("market", hashkey_public.klines, 1, _FREE),
    ("GET", "/quote/v1/ticker/24hr"): Route("market", hashkey_public.ticker, 1, _FREE),
    ("GET", "/quote/v1/ticker/price"): Route("market", hashkey_public.ticker_price, 1, _FREE),
    ("GET", "/quote/v1/ticker/bookTicker"): Route("market", hashkey_public.book_ticker, 1, _FREE),
}
_SPOT: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/api/v1/spot/order"): Route("order.create", hashkey_orders.place, 1, _ORDERS, _TRADE),
    ("POST", "/api/v1.1/spot/order"): Route("order.create", hashkey_orders.place_v1_1, 1, _ORDERS, _TRADE),
    ("POST", "/api/v1/spot/orderTest"): Route("order.create", hashkey_orders.tried, 1, _ORDERS, _TRADE),
    ("POST", "/api/v1/spot/batchOrders"): Route("order.create", hashkey_orders.place_many, 5, _ORDERS, _TRADE, True),
    ("DELETE", "/api/v1/spot/order"): Route("order.cancel", hashkey_orders.cancel, 1, _ORDERS, _TRADE),
    ("DELETE", "/api/v1.1/spot/order"): Route("order.cancel", hashkey_orders.cancel, 1, _ORDERS, _TRADE),
    ("DELETE", "/api/v1/spot/openOrders"): Route("order.cancel", hashkey_orders.cancel_open, 5, _ORDERS, _TRADE),
    ("DELETE", "/api/v1/spot/cancelAllOpenOrders"): Route(
        "order.cancel", hashkey_orders.cancel_all, 5, _ORDERS, _TRADE
    ),
    ("DELETE", "/api/v1/spot/cancelOrderByIds"): Route("order.cancel", hashkey_orders.cancel_ids, 5, _ORDERS, _TRADE),
    ("GET", "/api/v1/spot/order"): Route("order.query", hashkey_orders.query),
    ("GET", "/api/v1.1/spot/order"): Route("order.query", hashkey_orders.query),
    ("GET", "/api/v1/spot/openOrders"): Route("order.open", hashkey_orders.opened),
    ("GET", "/api/v1/spot/tradeOrders"): Route("order.history", hashkey_orders.history, 5),
    ("GET", "/api/v1/account/trades"): Route("trades", hashkey_orders.trades, 5),
}
_ACCOUNT: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v1/account"): Route("account", hashkey_account.balances),
    ("GET", "/api/v1/account/type"): Route("account", hashkey_account.parts, 5),
    ("GET", "/api/v1/account/vipInfo"): Route("account", hashkey_account.fees),
    ("GET", "/api/v1/account/balanceFlow"): Route("account", hashkey_account.statement, 5),
    ("POST", "/api/v1/account/assetTransfer"): Route(
        "transfer.create", hashkey_account.transfer, 1, _ORDERS, _WITHDRAW
    ),
    ("GET", "/api/v1/account/deposit/address"): Route("account", hashkey_wallet.deposit_address),
    ("GET", "/api/v1/account/depositOrders"): Route("transfer.query", hashkey_wallet.deposits),
    ("POST", "/api/v1/account/withdraw"): Route("transfer.create", hashkey_wallet.withdraw, 1, _ORDERS, _WITHDRAW),
    ("GET", "/api/v1/account/withdrawOrders"): Route("transfer.query", hashkey_wallet.withdrawals),
    ("GET", "/mock/v1/apiKey"): Route("account", _key),
    ("POST", "/api/v1/userDataStream"): Route("listen_key", hashkey_account.listen),
    ("PUT", "/api/v1/userDataStream"): Route("listen_key", hashkey_account.keep_listening),
    ("DELETE", "/api/v1/userDataStream"): Route("listen_key", hashkey_account.stop_listening),
}
_QUOTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/api/v1/rfq/getQuote"): Route("rfq.quote", hashkey_rfq.get_quote, 1, _ORDERS, _TRADE),
    ("POST", "/api/v1/rfq/execute"): Route("rfq.accept", hashkey_rfq.execute, 1, _ORDERS, _TRADE),
    ("GET", "/api/v1/rfq/transactions"): Route("rfq.history", hashkey_rfq.transactions),
    ("GET", "/api/v1/market-place/get-pairs"): Route("market", hashkey_marketplace.pairs),
    ("POST", "/api/v1/market-place/create-rfq"): Route("rfq.quote", hashkey_marketplace.create, 1, _ORDERS, _TRADE),
    ("GET", "/api/v1/market-place/accept-quote"): Route("rfq.accept", hashkey_marketplace.accept, 1, _ORDERS, _TRADE),
    ("GET", "/api/v1/market-place/rfq-history"): Route("rfq.history", hashkey_marketplace.history),
    ("GET", "/api/v1/convertCurrency/getQuote"): Route("rfq.quote", hashkey_rfq.convert_quote, 1, _ORDERS, _TRADE),
    ("POST", "/api/v1/convertCurrency/transact"): Route("rfq.accept", hashkey_rfq.convert, 1, _ORDERS, _TRADE),
}
ROUTES: Final[Mapping[tuple[str, str], Route]] = {**_PUBLIC, **_SPOT, **_ACCOUNT, **_QUOTES}
"""By method and path. In a fault plan `depth` is the public book, and `trades` are the account's own."""
