"""Prices of one currency brought into another, on the side that would have to be traded.

Venues that quote in USD and in USDT show prices that can't be compared: to take the coin for a dollar is an error of as
much as the coin is off its peg. So a book is converted whole, its bids with what we would get and its asks with what we
would pay, which makes it wider and never better than it is. Money is exact here: a price has 12 places, bids rounded
down and asks up.
"""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.money import DIGITS_AFTER_POINT, EXACT, Asset
from engine.market.consolidated import consolidated, median
from engine.market.facts import Level
from engine.market.reference import NoReference, ReferenceRules
from engine.market.view import MarketView
from engine.science.stable import UsdLeg, usd_leg

SELL: Final = -1
BUY: Final = 1
_PLACE: Final = Decimal(1).scaleb(-DIGITS_AFTER_POINT)
_FINE: Final = Decimal(1).scaleb(-18)
"""Reciprocals have so many places; the side of a price is chosen before they are rounded further."""


class Rate(Struct, frozen=True):
    """What `base` is worth in `quote`: best bid and ask of each venue that agrees."""

    base: Asset
    quote: Asset
    books: tuple[tuple[Decimal, Decimal], ...]
    fee_bp: Decimal
    """Of what is converted; it makes a sale worth less and a purchase dearer."""
    book_at: Instant
    seen_at: Instant
    """Of the oldest of the books, as in a view."""
    label: str
    """Whose books: see `Consolidated.label`."""


def rate_of(
    views: Iterable[MarketView], base: Asset, quote: Asset, at: Instant, rules: ReferenceRules, fee_bp: Decimal
) -> Rate | NoReference:
    """The rate by those of `views` (all of the pair `base` in `quote`) of which a reference price would be made."""
    shown = list(views)
    found = consolidated(shown, at, rules)
    if isinstance(found, NoReference):
        return NoReference(f"no rate of {base} in {quote}: {found.reason}")
    counted = {(source.venue, source.symbol) for source in found.sources}
    used = [view for view in shown if (view.venue, view.symbol) in counted]
    return Rate(
        base=base,
        quote=quote,
        books=tuple((view.bids[0].price, view.asks[0].price) for view in used),
        fee_bp=fee_bp,
        book_at=min(view.book_at for view in used),
        seen_at=min(view.seen_at for view in used),
        label=found.label,
    )


def turned(rate: Rate) -> Rate:
    """The rate seen from the other currency: to sell dollars is to buy the coin at its ask.

    Of the medians, not of each book: a median of reciprocals may be better than the price that anybody shows.
    """
    bid, ask = median([bid for bid, _ in rate.books]), median([ask for _, ask in rate.books])
    book = (_reciprocal(ask, up=False), _reciprocal(bid, up=True))
    return replace(rate, base=rate.quote, quote=rate.base, books=(book,))


def converted_price(price: Decimal, side: int, currency: Asset, rate: Rate) -> Decimal:
    """`price` in `currency`, one of the rate's two, in the other: what a sale brings or what a purchase costs.

    `side` is `SELL` or `BUY`. Rounded to 12 places, against us. `ValueError` for a currency that isn't the rate's.
    """
    leg = _leg(price, side, _from(currency, rate))
    return leg.price.quantize(_PLACE, ROUND_FLOOR if side == SELL else ROUND_CEILING)


def converted(view: MarketView, currency: Asset, rate: Rate) -> MarketView:
    """The view, priced in `currency`, in the rate's other one; volumes stay in base.

    It is as old as the older of the two, so a stale rate makes a stale view. The last prints go by the rate's mid.
    """
    way = _from(currency, rate)
    last = None
    if view.last is not None:
        last = EXACT.multiply(view.last, _leg(view.last, SELL, way).mid).quantize(_PLACE, ROUND_HALF_EVEN)
    return replace(
        view,
        bids=tuple(_level(level, SELL, way) for level in view.bids),
        asks=tuple(_level(level, BUY, way) for level in view.asks),
        last=last,
        book_at=min(view.book_at, rate.book_at),
        seen_at=min(view.seen_at, rate.seen_at),
    )


def _level(level: Level, side: int, way: Rate) -> Level:
    return Level(converted_price(level.price, side, way.base, way), level.size)


def _from(currency: Asset, rate: Rate) -> Rate:
    if currency == rate.base:
        return rate
    if currency == rate.quote:
        return turned(rate)
    raise ValueError(f"a rate of {rate.base} in {rate.quote} says nothing of {currency}")


def _leg(price: Decimal, side: int, way: Rate) -> UsdLeg[Decimal]:
    with localcontext(EXACT):
        return usd_leg(price, side, way.books, way.fee_bp)


def _reciprocal(value: Decimal, *, up: bool) -> Decimal:
    whole, rest = EXACT.divmod(Decimal(1), EXACT.multiply(_FINE, value))
    return EXACT.multiply(EXACT.add(whole, Decimal(up and rest > 0)), _FINE)
