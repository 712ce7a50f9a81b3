"""What is listed at HashKey, as its wire tells it: pairs with their filters, coins with their chains, and fees.

A filter that the exchange does not hold is left out: with zeros it would read as a band without width.
"""

from decimal import Decimal
from typing import Final

from engine.kernel.money import plain
from venues.sandbox import hashkey_chains
from venues.sandbox.dialect import PRICE_MAX, Wire
from venues.sandbox.hashkey_rows import EXCHANGE_ID
from venues.sandbox.model import Listing

_NAMES: Final = {"BTC": "Bitcoin", "ETH": "Ethereum", "USDT": "Tether USD", "USD": "US Dollar", "HKD": "HK Dollar"}


def listed(listing: Listing, window: tuple[int, int] = (0, 0)) -> Wire:
    """One pair with its filters. `mock` is ours, and marks a pair that the venue does not list.

    `window` is when market orders are barred, in milliseconds of market time; two zeros mean never.
    """
    said: Wire = {
        "exchangeId": EXCHANGE_ID,
        "symbol": listing.symbol,
        "symbolName": listing.symbol,
        "status": "TRADING" if listing.trading else "HALT",
        "baseAsset": listing.base,
        "baseAssetName": listing.base,
        "baseAssetPrecision": plain(listing.lot),
        "quoteAsset": listing.quote,
        "quoteAssetName": listing.quote,
        "quotePrecision": plain(listing.fee_step),
        "retailAllowed": True,
        "piAllowed": True,
        "corporateAllowed": True,
        "omnibusAllowed": True,
        "icebergAllowed": False,
        "isAggregate": False,
        "allowMargin": False,
        "filters": _filters(listing, window),
    }
    return said | {"mock": True} if listing.mock else said


def _filters(listing: Listing, window: tuple[int, int]) -> list[Wire]:
    tick, least, most = plain(listing.tick), plain(listing.notional_min), plain(listing.notional_max)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": plain(PRICE_MAX.quantize(Decimal("0.00000000"))),
            "tickSize": tick,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": plain(listing.quantity_min),
            "maxQty": plain(listing.quantity_max),
            "stepSize": plain(listing.lot),
            "marketOrderMinQty": plain(listing.market_quantity_min or listing.quantity_min),
            "marketOrderMaxQty": plain(listing.market_quantity_max or listing.quantity_max),
        },
        {"filterType": "MIN_NOTIONAL", "minNotional": least},
        {
            "filterType": "TRADE_AMOUNT",
            "minAmount": least,
            "maxAmount": most,
            "minBuyPrice": "0",
            "marketOrderMinAmount": plain(listing.market_amount_min or listing.notional_min),
            "marketOrderMaxAmount": plain(listing.market_amount_max or listing.notional_max),
        },
        *_band("LIMIT_TRADING", listing.band, {"maxSellPrice": "0"}),
        *_band("MARKET_TRADING", listing.market_band, {}),
        {
            "filterType": "OPEN_QUOTE",
            "noAllowMarketStartTime": str(window[0]),
            "noAllowMarketEndTime": str(window[1]),
            "limitOrderStartTime": "0",
            "limitOrderEndTime": "0",
            "limitMinPrice": "0",
            "limitMaxPrice": "0",
        },
    ]


def _band(name: str, width: Decimal | None, more: Wire) -> list[Wire]:
    if width is None:
        return []
    return [{"filterType": name, **more, "buyPriceUpRate": plain(width), "sellPriceDownRate": plain(width)}]


def coin(asset: str) -> Wire:
    """One asset with its chains; money has none, and still the list must stand."""
    chains = hashkey_chains.told(asset)
    chain = hashkey_chains.CHAINS.get(asset)
    return {
        "orgId": "9001",
        "coinId": asset,
        "coinName": asset,
        "coinFullName": _NAMES.get(asset, asset),
        "allowWithdraw": bool(chains),
        "allowDeposit": bool(chains),
        "tokenType": chain.token if chain else "REAL_MONEY" if asset in hashkey_chains.FIAT else "CHAIN_TOKEN",
        "chainTypes": chains,
    }


def fee_tier(listing: Listing) -> Wire:
    """What trading costs on one pair; the wording of the type is mock."""
    return {
        "symbol": listing.symbol,
        "productType": "Token-Fiat" if listing.quote in hashkey_chains.FIAT else "Token-Token",
        "buyMakerFeeCurrency": listing.quote,
        "buyTakerFeeCurrency": listing.quote,
        "sellMakerFeeCurrency": listing.quote,
        "sellTakerFeeCurrency": listing.quote,
        "actualMakerRate": plain(listing.maker_fee),
        "actualTakerRate": plain(listing.taker_fee),
    }
