"""Golden frames of every kind, shaped as the venues' documents have them."""

import json
from typing import Any, Final


def told(*documents: Any) -> tuple[bytes, ...]:
    """Documents as a venue writes them."""
    return tuple(json.dumps(document, separators=(",", ":")).encode() for document in documents)


HK_ORDER: Final = {
    "accountId": "1649292498437183232", "symbol": "BTCUSD", "symbolName": "BTCUSD", "clientOrderId": "ord-1",
    "orderId": "1900000000000000001", "transactTime": "1790000000012", "time": "1790000000012",
    "updateTime": "1790000000044", "price": "62000.5", "origQty": "0.01", "executedQty": "0.004",
    "cumulativeQuoteQty": "248.002", "avgPrice": "62000.5", "status": "PARTIALLY_FILLED", "timeInForce": "GTC",
    "type": "LIMIT", "side": "SELL", "isWorking": True, "exchangeId": 301,
}  # fmt: skip
HK_TRADE: Final = {
    "id": "1739352552862964736", "clientOrderId": "ord-1", "ticketId": "1739352552795029504", "symbol": "BTCUSD",
    "orderId": "1900000000000000001", "matchOrderId": "0", "price": "62000.5", "qty": "0.004",
    "commission": "0.7192058", "commissionAsset": "USD", "time": "1790000000099", "isBuyer": False, "isMaker": True,
    "fee": {"feeCoinId": "USD", "feeCoinName": "USD", "fee": "0.7192058"}, "feeCoinId": "USD",
}  # fmt: skip
HK_EXECUTION: Final = {
    "e": "executionReport", "E": "1790000000137", "s": "BTCUSD", "c": "ord-1", "S": "SELL", "o": "LIMIT", "f": "GTC",
    "q": "0.01", "p": "62000.5", "reqAmt": "", "X": "PARTIALLY_FILLED", "d": "1739352552862964736",
    "i": "1900000000000000001", "l": "0.004", "r": "0.006", "z": "0.004", "L": "62000.5", "V": "62000.5",
    "n": "0.7192058", "N": "USD", "u": True, "w": True, "m": True, "O": "1790000000012", "Z": "248.002", "C": False,
    "v": "0", "rf": "", "P": "0",
}  # fmt: skip
HK_ACCOUNT: Final = {
    "userId": "1649292498437183234",
    "balances": [
        {"asset": "BTC", "assetId": "BTC", "assetName": "BTC", "total": "2", "free": "1.99", "locked": "0.01"},
        {"asset": "USD", "assetId": "USD", "assetName": "USD", "total": "31000.25", "free": "31000.25", "locked": "0"},
    ],
}
HK_INFO: Final = {
    "timezone": "UTC", "serverTime": "1790000000123", "brokerFilters": [],
    "symbols": [
        {
            "symbol": "BTCUSD", "symbolName": "BTCUSD", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USD",
            "baseAssetPrecision": "0.00001", "quotePrecision": "0.0000001", "icebergAllowed": False,
            "filters": [
                {"minPrice": "0.01", "maxPrice": "100000", "tickSize": "0.01", "filterType": "PRICE_FILTER"},
                {"minQty": "0.00001", "maxQty": "16", "stepSize": "0.00001", "filterType": "LOT_SIZE"},
                {"minNotional": "10", "filterType": "MIN_NOTIONAL"},
                {"minAmount": "10", "maxAmount": "400000", "minBuyPrice": "0", "filterType": "TRADE_AMOUNT"},
                {"maxSellPrice": "0", "buyPriceUpRate": "0.2", "sellPriceDownRate": "0.2",
                 "filterType": "LIMIT_TRADING"},
            ],
        }
    ],
}  # fmt: skip
HK_DEPTH: Final = {
    "symbol": "BTCUSD", "symbolName": "BTCUSD", "topic": "depth", "f": False, "sendTime": "1790000000150",
    "data": [
        {"e": 301, "s": "BTCUSD", "t": "1790000000149", "v": "1865138364_18",
         "b": [["61999.9", "0.5"], ["61999.5", "0.3"]], "a": [["62000.6", "0.4"], ["62001", "1.25"]], "o": 0}
    ],
}  # fmt: skip
HK_PRINT: Final = {
    "symbol": "BTCUSD", "topic": "trade", "f": False,
    "data": [{"v": "1739352552795029504", "t": "1790000000099", "p": "62000.5", "q": "0.004", "m": True}],
}  # fmt: skip
HK_FLOW: Final = [
    {"id": "1741", "accountId": "1649292498437183232", "type": "trade", "direction": "SELL",
     "netBaseAmount": "-0.004", "baseCcy": "BTC", "baseAssetBalance": "1.996", "netQuoteAmount": "247.2827942",
     "quoteCcy": "USD", "quoteAssetBalance": "31247.5327942", "fee": "0.7192058", "time": "1790000000200"}
]  # fmt: skip

OSL_ORDER: Final = {
    "orderID": "2289677808", "clOrdID": "ord-1", "symbol": "BTCUSD", "side": "Sell", "orderQty": "0.01000000",
    "price": "62000.50000", "ordType": "Limit", "timeInForce": "GoodTillCancel", "execInst": "",
    "ordStatus": "PartiallyFilled", "cumQty": "0.00400000", "leavesQty": "0.00600000", "avgPx": "62000.50000",
    "transactTime": "2026-09-22T03:14:48.044Z", "text": "",
}  # fmt: skip
OSL_EXECUTION: Final = {
    "execID": "87ZPV", "trdMatchID": "87ZPW", "orderID": "2289677808", "clOrdID": "ord-1", "symbol": "BTCUSD",
    "side": "Sell", "lastQty": "0.00400000", "lastPx": "62000.50000", "grossValue": "248.00200",
    "commission": "0.12400", "commissionCurrency": "USD", "lastLiquidityInd": "Removed",
    "transactTime": "2026-09-22T03:14:49.100Z",
}  # fmt: skip
OSL_WALLET: Final = [
    {"currency": "BTC", "exchangeAvailableBalance": "1.99000000", "exchangeTotalBalance": "2.00000000"},
    {"currency": "USD", "exchangeAvailableBalance": "500.00000", "exchangeTotalBalance": "500.00000"},
]
OSL_BOOK: Final = {
    "table": "orderBookL2", "action": "partial", "symbol": "BTCUSD", "bookVersionId": -2122398906,
    "sendTime": 1790000000966,
    "data": [
        {"symbol": "BTCUSD", "side": "Buy", "size": "0.50000000", "price": "61999.9"},
        {"symbol": "BTCUSD", "side": "Sell", "size": "0.40000000", "price": "62000.6"},
    ],
}  # fmt: skip
OSL_SNAPSHOT: Final = {
    "symbol": "BTCUSD", "asks": [["62000.6", "0.0024"], ["62001.0", "0.5"]],
    "bids": [["61999.9", "0.003"], ["61999.0", "1.5"]], "updateTime": "2026-09-22T14:05:42.365Z",
}  # fmt: skip
OSL_PRINT: Final = {
    "trdMatchID": "87ZPV", "symbol": "BTCUSD", "side": "Sell", "size": "0.60000000", "price": "62000.00000000",
    "grossValue": "37200.00000000", "transactTime": "2026-09-22T00:06:04.000Z",
}  # fmt: skip
OSL_QUOTE: Final = {
    "quoteResponse": {
        "responseCode": "FULL_QUOTE", "quoteId": "e0eb807e-d39c-471c-8848-96c950060671", "buyTradedCurrency": False,
        "tradedCurrency": "BTC", "settlementCurrency": "USD", "quotedTradedCurrencyAmount": "0.5",
        "quotedSettlementCurrencyAmount": "30990.25", "timeToLive": 6984,
    }
}  # fmt: skip

GEN_ORDER: Final = {
    "id": "1900000000000000001", "clientOrderId": "ord-1", "timestamp": 1790000000012,
    "lastUpdateTimestamp": 1790000000044, "status": "open", "symbol": "BTC/USD", "type": "limit",
    "timeInForce": "GTC", "side": "sell", "price": "62000.5", "amount": "0.01", "filled": "0.004",
    "remaining": "0.006", "info": HK_ORDER,
}  # fmt: skip
GEN_TRADE: Final = {
    "id": "1739352552862964736", "order": "1900000000000000001", "timestamp": 1790000000099, "symbol": "BTC/USD",
    "side": "sell", "takerOrMaker": "maker", "price": "62000.5", "amount": "0.004",
    "fee": {"currency": "USD", "cost": "0.7192058"}, "fees": [{"currency": "USD", "cost": "0.7192058"}],
    "info": HK_TRADE,
}  # fmt: skip
GEN_BALANCES: Final = {
    "free": {"BTC": "1.99", "USD": "31000.25"}, "used": {"BTC": "0.01", "USD": "0"},
    "total": {"BTC": "2.00", "USD": "31000.25"},
}  # fmt: skip
OSL_CATALOGUE: Final = [{"symbol": "BTCUSD", "status": "1", "limitMaxAmount": "600000"}]
OSL_INSTRUMENTS: Final = [
    {"symbol": "BTCUSD", "currency": "BTC", "settlCurrency": "USD", "minPrice": "58900.0", "maxPrice": "65100.0",
     "minOrderQty": "0.0001", "maxOrderQty": "400", "minValue": "10", "maxValue": "600000", "tickSize": "0.1",
     "stepSize": "0.0000001", "priceDecimals": "1", "quantityDecimals": "7",
     "updateTime": "2026-09-22T14:05:42.365Z", "retailAvailable": True, "piAvailable": True}
]  # fmt: skip
