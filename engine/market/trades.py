"""Single trades of a market, bars made of them, and both without what we did ourselves.

Whatever is said of a market's volume or average price is said of the others: measured against prints that are partly
our own, a large sale looks cheap by construction.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant, Span, iso
from engine.kernel.money import times, total
from engine.market.bars import Bar


class Trade(Struct, frozen=True, gc=False):
    """One print. Price in quote for each base, size in base."""

    at: Instant
    price: Decimal
    size: Decimal
    buyer_is_maker: bool | None = None
    """The aggressor sold; `None` where the source does not say."""
    id: str = ""
    """The venue's; empty where the source does not say."""


class Own(Struct, frozen=True):
    """A fill of ours, as the venue printed it."""

    id: str
    at: Instant
    price: Decimal
    size: Decimal


class Others(Struct, frozen=True):
    """What others traded."""

    trades: tuple[Trade, ...]
    missed: tuple[str, ...]
    """Ids of ours that were not among the prints, as given: what the others traded is then not known."""


def others(trades: Iterable[Trade], own: Sequence[str]) -> Others:
    """The trades without those that bear one of our ids. The order stays."""
    ours, found, kept = frozenset(own), set(), []
    for trade in trades:
        if trade.id and trade.id in ours:
            found.add(trade.id)
        else:
            kept.append(trade)
    return Others(tuple(kept), tuple(name for name in own if name not in found))


def bars_of(trades: Iterable[Trade], span: Span) -> tuple[Bar, ...]:
    """Bars of `span`, cut at whole multiples of it since 1970 (UTC), with what was paid. Trades ascend.

    A bar in which nothing was traded is not made up. The first and the last may lack what was before the first trade
    and after the last one that were handed in. `ValueError` where trades do not ascend.
    """
    made: list[Bar] = []
    rows: list[Trade] = []
    for trade in trades:
        if rows and trade.at < rows[-1].at:
            raise ValueError(f"the trade of {iso(trade.at)} does not come after the one of {iso(rows[-1].at)}")
        if rows and trade.at // span != rows[0].at // span:
            made.append(_bar(rows, span))
            rows = []
        rows.append(trade)
    return (*made, _bar(rows, span)) if rows else ()


def bars_of_others(bars: Iterable[Bar], span: Span, own: Iterable[Own]) -> tuple[Bar, ...]:
    """The bars with our fills taken out of volume and of what was paid.

    Prices stay: which of them were ours can't be told from a bar. `ValueError` for a fill that no bar covers, and for a
    bar whose volume is less than what we traded in it: it can't have counted us.
    """
    ours: dict[int, list[Own]] = {}
    for fill in own:
        ours.setdefault(fill.at // span, []).append(fill)
    kept = [_without(bar, ours.pop(bar.at // span, []), span) for bar in bars]
    if ours:
        left = sorted(fill.id for fills in ours.values() for fill in fills)
        raise ValueError(f"no bar covers our fills {', '.join(left)}")
    return tuple(kept)


def _bar(rows: Sequence[Trade], span: Span) -> Bar:
    prices = [trade.price for trade in rows]
    return Bar(
        at=Instant(rows[0].at // span * span),
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=total(trade.size for trade in rows),
        quote_volume=total(times(trade.price, trade.size) for trade in rows),
    )


def _without(bar: Bar, fills: Sequence[Own], span: Span) -> Bar:
    if not fills:
        return bar
    volume = bar.volume - total(fill.size for fill in fills)
    paid = bar.quote_volume
    if paid is not None:
        paid -= total(times(fill.price, fill.size) for fill in fills)
    if volume < 0 or (paid is not None and paid < 0):
        raise ValueError(f"the bar of {iso(bar.at)} holds less than we traded in it")
    return replace(bar, volume=volume, quote_volume=paid)
