"""What HashKey's documents do not say, and what we took it to be.

Each choice stands here once: as a constant, where the code needs one, and as a line of `MOCKS`, which is printed beside
the adapter and in its page. The real answer replaces it in this file.
"""

from typing import Final

from engine.orders.order import TimeInForce
from venues.adapter import Mock

CLIENT_ID: Final = r"[A-Za-z0-9_-]{1,32}"
LIMIT_TIFS: Final = tuple(TimeInForce)
RFQ_EXECUTE: Final = "/api/v1/rfq/execute"
RFQ_FIRST_PAGE: Final = 1
MARKET_PLACE_CREATE: Final = "/api/v1/market-place/create-rfq"
MARKET_PLACE_HISTORY: Final = "/api/v1/market-place/rfq-history"
KEY_PERMISSIONS: Final = "/mock/v1/apiKey"
FIAT_WITHDRAW: Final = "/mock/v1/fiat/withdraw"
FLOW_ROWS: Final = 500
MAINTENANCE_STATUS: Final = 503
MAINTENANCE_CODES: Final = frozenset({"-2001"})

MOCKS: Final = (
    Mock("the exact rule of the time window", "refused when older than recvWindow (5 s) or more than 1 s ahead"),
    Mock("parameters split between query and body", "we never split them, except for a batch, whose body is unsigned"),
    Mock(
        "IOC and FOK on limit orders", "honoured; where they are not, `tifs` is narrowed and the core cancels instead"
    ),
    Mock(
        "time in force of a market order", "not sent for IOC, which is the venue's only one; FOK is sent by that name"
    ),
    Mock("client order ids", "1 to 32 of A-Z a-z 0-9 _ -, remembered for ever; ours are used once in any case"),
    Mock("self-trade prevention", "the documented default of the sister venue, EXPIRE_TAKER, without being asked for"),
    Mock("what a marketable limit order answers", "its state after matching; NEW is accepted as well"),
    Mock("the state of what an IOC or market order leaves", "PARTIALLY_CANCELED after a fill, CANCELED without one"),
    Mock("the reference of the price bands", "the last trade; `Instrument.band` is held against our own reference"),
    Mock("a rate of 0 or of 1 and more in LIMIT_TRADING", "no band"),
    Mock("replies of the two ways to cancel all", '{"success":true} and {"code":"0"}; either is read, as "accepted"'),
    Mock("codes inside the result of cancelOrderByIds", "any but the codes of doubt proves that it was not cancelled"),
    Mock(
        "order and completeness of a batch's results", "none is relied on: matched by client id, what lacks is unknown"
    ),
    Mock("the fields of an executionReport on spot", "those of the sample; one without id or fee is looked up by REST"),
    Mock("what a key may do", "GET /mock/v1/apiKey: canRead, canTrade, canWithdraw; never asked in production"),
    Mock("how maintenance shows itself", "HTTP 503 or code -2001; over when GET /api/v1/ping answers 200 again"),
    Mock("how long a ban lasts", "60 s after the last 418"),
    Mock("how an instant quote is executed", "POST /api/v1/rfq/execute with quoteId; never sent in production"),
    Mock("pages of the RFQ history", "counted from 1; there is no filter by quoteId, so all are read"),
    Mock("times of RFQs", "seconds below 1e11, milliseconds above; only the difference of two of them is used"),
    Mock("creating a Market Place RFQ", "POST /api/v1/market-place/create-rfq; never sent in production"),
    Mock("the history of the Market Place", "GET /api/v1/market-place/rfq-history, a list; never asked in production"),
    Mock("the private channel of the Market Place", "not used: quotes are read from the public topic and the history"),
    Mock("the shape of get-pairs", "a list of buyCcy, sellCcy, minAmount, maxAmount"),
    Mock("fields of vipInfo on fiat pairs", "as in the sample; `productType` is not read"),
    Mock("signs in the statement", "magnitudes; the direction of a trade or the type of the row gives the sign"),
    Mock("rows of the statement other than trades", "netBaseAmount, baseCcy, baseAssetBalance; transfers carry a sign"),
    Mock("the time of a row of the statement", "`time` in milliseconds, and absent where the venue leaves it out"),
    Mock("rows in a page of the statement", "at most 500; the next page begins with or after the last id"),
    Mock(
        "currency conversion",
        "GET getQuote (buyCurrency, sellCurrency, sellAmount), POST transact (the quote, channel)",
    ),
    Mock(
        "fiat withdrawal",
        "POST /mock/v1/fiat/withdraw (coin, amount, bankAccountId, clientOrderId); never in production",
    ),
    Mock("how a second factor is passed", "it is not: a withdrawal that wants one is refused by the venue"),
    Mock("the cadence of realtimes and klines", "not relied on: prices come from depth and trade"),
    Mock("amending an order", "there is none: cancel, read back, place under a new id"),
)
