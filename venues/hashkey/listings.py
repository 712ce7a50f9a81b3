"""What HashKey lists, as instruments: filters become tick, lot, minima, maxima and band.

A pair whose filters don't say how to trade it is passed over with a reason, and hides no other pair.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import structlog
from msgspec import Raw, Struct

from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.instrument import Instrument
from venues.hashkey.wire import Odd, number, parsed

log = structlog.get_logger(__name__)

_LARGEST: Final = Decimal(10) ** 12
"""Limits above this are written as this: no order of ours comes near, and sums stay exact."""


class _Filter(Struct, rename="camel"):
    filter_type: str
    tick_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    step_size: Decimal | None = None
    min_notional: Decimal = ZERO
    min_amount: Decimal = ZERO
    max_amount: Decimal | None = None
    sell_price_down_rate: Decimal = ZERO


class _SymbolRow(Struct, rename="camel"):
    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    filters: list[_Filter]
    mock: bool = False


class _Info(Struct):
    symbols: list[Raw]


def usable(venue: VenueName, raw: bytes) -> list[Instrument]:
    """Every pair with usable filters; that others were passed over goes to the log."""
    listed, passed_over = instruments(venue, raw)
    if passed_over:
        log.warning("pairs_passed_over", venue=venue, count=len(passed_over), first=passed_over[0])
    return listed


def instruments(venue: VenueName, raw: bytes) -> tuple[list[Instrument], list[str]]:
    """Every pair with usable filters, and the reasons why others were passed over: no pair hides another."""
    listed, passed_over = [], []
    for row in parsed(raw, _Info).symbols:
        try:
            listed.append(_instrument(venue, parsed(row, _SymbolRow)))
        except ValueError as error:
            passed_over.append(str(error))
    return listed, passed_over


def _instrument(venue: VenueName, row: _SymbolRow) -> Instrument:
    tick = _of(row.filters, "PRICE_FILTER").tick_size
    lots, amounts = _of(row.filters, "LOT_SIZE"), _of(row.filters, "TRADE_AMOUNT")
    step, quantity_min, quantity_max, notional_max = lots.step_size, lots.min_qty, lots.max_qty, amounts.max_amount
    if not tick or not step or not quantity_max or not notional_max or quantity_min is None:
        raise Odd(f"{row.symbol} lacks a tick, a lot or a largest order")
    return Instrument(
        venue=venue,
        symbol=Symbol(row.symbol),
        base=Asset(row.base_asset),
        quote=Asset(row.quote_asset),
        tick=number(tick),
        lot=number(step),
        quantity_min=number(quantity_min),
        quantity_max=_capped(quantity_max),
        notional_min=max(number(_of(row.filters, "MIN_NOTIONAL").min_notional), number(amounts.min_amount)),
        notional_max=_capped(notional_max),
        band=_band(_of(row.filters, "LIMIT_TRADING").sell_price_down_rate),
        trading=row.status == "TRADING",
        mock=row.mock,
    )


def _of(filters: Sequence[_Filter], kind: str) -> _Filter:
    """The pair's filter of one kind, or one that says nothing."""
    return next((rule for rule in filters if rule.filter_type == kind), _Filter(kind))


def _band(rate: Decimal) -> Decimal | None:
    """How far below its reference the venue takes a sale; 0, and 1 or more, bind nobody."""
    rate = number(rate)
    return rate if 0 < rate < 1 else None


def _capped(value: Decimal) -> Decimal:
    return number(_LARGEST if value.is_finite() and value > _LARGEST else value)
