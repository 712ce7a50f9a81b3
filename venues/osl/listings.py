"""What OSL lists, as instruments: steps, minima, maxima, and the band outside which a price is refused.

A pair whose row doesn't say how to trade it is passed over with a reason, and hides no other pair. The catalogue of
v5 knows a smaller largest order than v4 does; where it can be read, the smaller one counts.
"""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Final

import structlog
from msgspec import Raw, Struct
from msgspec.structs import replace

from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.instrument import Instrument
from venues.osl.wire import Odd, number, parsed

log = structlog.get_logger(__name__)

_LARGEST: Final = Decimal(10) ** 12
"""Limits above this are written as this: no order of ours comes near, and sums stay exact."""
_BAND_STEP: Final = Decimal("0.000001")


class _Row(Struct, rename={"base": "currency", "quote": "settlCurrency", "tick": "tickSize", "lot": "stepSize",
                           "quantity_min": "minOrderQty", "quantity_max": "maxOrderQty", "notional_min": "minValue",
                           "notional_max": "maxValue", "price_min": "minPrice", "price_max": "maxPrice",
                           "ours": "piAvailable"}):  # fmt: skip
    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal
    notional_max: Decimal
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    ours: bool = True
    mock: bool = False


class _Entry(Struct, rename={"notional_max": "limitMaxAmount"}):
    symbol: str
    status: str
    notional_max: Decimal


class Listed(Struct, frozen=True):
    """What the catalogue of v5 adds: is the pair published, and how large may one limit order be in quote?"""

    published: bool
    notional_max: Decimal


def usable(venue: VenueName, raw: bytes) -> list[Instrument]:
    """Every pair with usable steps; that others were passed over goes to the log."""
    listed, passed_over = instruments(venue, raw)
    if passed_over:
        log.warning("pairs_passed_over", venue=venue, count=len(passed_over), first=passed_over[0])
    return listed


def instruments(venue: VenueName, raw: bytes) -> tuple[list[Instrument], list[str]]:
    """Every pair with usable steps, and the reasons why others were passed over: no pair hides another."""
    listed, passed_over = [], []
    for row in parsed(raw, list[Raw]):
        try:
            listed.append(_instrument(venue, parsed(row, _Row)))
        except ValueError as error:
            passed_over.append(str(error))
    return listed, passed_over


def catalogue(raw: bytes) -> dict[Symbol, Listed]:
    """The catalogue of v5; a row that can't be read is left out."""
    known = {}
    for row in parsed(raw, list[Raw]):
        try:
            entry = parsed(row, _Entry)
            known[Symbol(entry.symbol)] = Listed(entry.status == "1", _capped(entry.notional_max))
        except Odd:
            continue
    return known


def narrowed(instrument: Instrument, known: Mapping[Symbol, Listed]) -> Instrument:
    """The pair with what the catalogue adds; as it was where the catalogue doesn't name it."""
    listed = known.get(instrument.symbol)
    if listed is None:
        return instrument
    return replace(
        instrument,
        trading=instrument.trading and listed.published,
        notional_max=min(instrument.notional_max, listed.notional_max or instrument.notional_max),
    )


def _instrument(venue: VenueName, row: _Row) -> Instrument:
    if not row.tick or not row.lot or not row.quantity_max or not row.notional_max:
        raise Odd(f"{row.symbol[:32]} lacks a tick, a lot or a largest order")
    return Instrument(
        venue=venue,
        symbol=Symbol(row.symbol),
        base=Asset(row.base),
        quote=Asset(row.quote),
        tick=number(row.tick),
        lot=number(row.lot),
        quantity_min=number(row.quantity_min),
        quantity_max=_capped(row.quantity_max),
        notional_min=number(row.notional_min),
        notional_max=_capped(row.notional_max),
        band=_band(row),
        trading=row.ours,
        mock=row.mock,
    )


def _band(row: _Row) -> Decimal | None:
    """Half the width of the band over its middle, rounded to the narrower side; `None` where none is said."""
    low, high = number(row.price_min or ZERO), number(row.price_max or ZERO)
    if not low and not high:
        return None
    if not low < high:
        raise Odd(f"{row.symbol[:32]} has a band from {low} to {high}")
    return ((high - low) / (high + low)).quantize(_BAND_STEP, ROUND_FLOOR)


def _capped(value: Decimal) -> Decimal:
    return number(_LARGEST if value.is_finite() and value > _LARGEST else value)
