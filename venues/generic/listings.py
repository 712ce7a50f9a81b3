"""What an exchange lists, as instruments.

ccxt's `limits` leave out minima and maxima that the exchange states: where the filters are known they are read
themselves. A pair that does not say how to trade it is passed over with a reason, and hides no other pair.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import structlog

from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.instrument import Instrument
from venues.generic.client import Client
from venues.generic.known import Known
from venues.generic.mapping import Odd, Row, number
from venues.generic.mock import LARGEST

log = structlog.get_logger(__name__)

DECIMAL_PLACES: Final = 2
TICK_SIZE: Final = 4
"""How ccxt writes a precision: so many digits, or the step itself. By significant digits there is no fixed tick."""


async def read(venue: VenueName, client: Client, known: Known) -> list[Instrument]:
    """Every spot pair that the exchange lists now with usable limits; `Failed` when the list could not be had."""
    listed, passed_over = instruments(venue, known, await client.listed(), client.exchange.precisionMode)
    if passed_over:
        log.warning("pairs_passed_over", venue=venue, count=len(passed_over), first=passed_over[0][:200])
    return listed


def instruments(
    venue: VenueName, known: Known, markets: Iterable[Row], precision_mode: int
) -> tuple[list[Instrument], list[str]]:
    """Every spot pair with usable limits, and the reasons why others were passed over."""
    listed, passed_over = [], []
    for market in markets:
        if not market.get("spot"):
            continue
        try:
            listed.append(
                _filtered(venue, market) if known.filters else _limited(venue, market, precision_mode=precision_mode)
            )
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError) as error:
            passed_over.append(f"{market.get('id')}: {type(error).__name__} {error}")
    return listed, passed_over


def _filtered(venue: VenueName, market: Row) -> Instrument:
    info = market["info"]
    filters = {rule["filterType"]: rule for rule in info["filters"]}
    lots, amounts = filters["LOT_SIZE"], filters["TRADE_AMOUNT"]
    least = filters.get("MIN_NOTIONAL", {}).get("minNotional")
    return Instrument(
        **_names(venue, market),
        tick=_step(filters["PRICE_FILTER"]["tickSize"]),
        lot=_step(lots["stepSize"]),
        quantity_min=number(lots["minQty"]),
        quantity_max=_largest(lots["maxQty"]),
        notional_min=max(_or(least, ZERO), _or(amounts.get("minAmount"), ZERO)),
        notional_max=_largest(amounts["maxAmount"]),
        band=_band(filters.get("LIMIT_TRADING", {}).get("sellPriceDownRate")),
        trading=info["status"] == "TRADING",
        mock=info.get("mock") is True,
    )


def _limited(venue: VenueName, market: Row, *, precision_mode: int) -> Instrument:
    amounts, costs = market["limits"]["amount"], market["limits"]["cost"]
    lot = _grid(market["precision"]["amount"], precision_mode)
    return Instrument(
        **_names(venue, market),
        tick=_grid(market["precision"]["price"], precision_mode),
        lot=lot,
        quantity_min=_or(amounts.get("min"), lot),
        quantity_max=_largest(amounts.get("max")),
        notional_min=_or(costs.get("min"), ZERO),
        notional_max=_largest(costs.get("max")),
        trading=market.get("active") is True,
    )


def _names(venue: VenueName, market: Row) -> Mapping[str, Any]:
    return {
        "venue": venue,
        "symbol": Symbol(market["id"]),
        "base": Asset(market["base"]),
        "quote": Asset(market["quote"]),
    }


def _grid(precision: Any, mode: int) -> Decimal:
    if mode == TICK_SIZE:
        return _step(precision)
    if mode == DECIMAL_PLACES and type(precision) is int:
        return number(str(Decimal(1).scaleb(-precision)))
    raise Odd("its steps are not told in a way that fixes them")


def _step(value: Any) -> Decimal:
    step = number(value)
    if not step:
        raise Odd("lacks a tick, a lot or a largest order")
    return step


def _or(value: Any, otherwise: Decimal) -> Decimal:
    return otherwise if value is None else number(value)


def _band(rate: Any) -> Decimal | None:
    """How far below its reference the venue takes a sale; 0, and 1 or more, bind nobody."""
    share = _or(rate, ZERO)
    return share if 0 < share < 1 else None


def _largest(value: Any) -> Decimal:
    """A maximum; one that is not named, or that no order could reach, is written as `LARGEST`."""
    if value is None or (type(value) is str and Decimal(value) > LARGEST):
        return LARGEST
    return _step(value)
