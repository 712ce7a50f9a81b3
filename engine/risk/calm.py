"""When a market is too restless to sell into: it moved too far in too little time, or nobody wants to be close."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span, show_span
from engine.kernel.money import ZERO, ratio, times, trimmed


class PauseRules(Struct, frozen=True, kw_only=True):
    """At least one of the two bounds is there."""

    move: Decimal | None = None
    """As a fraction of the earlier price, in either direction; `None`: moves pause nothing."""
    over: Span = Span(0)
    """So far back earlier prices are looked at."""
    spread_bp: Decimal | None = None
    """Of the closest book of the leg, in basis points of its mid; `None`: spreads pause nothing."""
    calm: Span
    """So long both have to be kept before selling goes on."""


class Pulse(Struct, frozen=True):
    """How restless a market is at one instant."""

    price: Decimal | None
    """`None` while nobody can tell."""
    move: Decimal | None
    """The longest way from any earlier price that is looked at to this one, as a fraction of the earlier one."""
    spread_bp: Decimal | None


def pulse(price: Decimal | None, earlier: Iterable[Decimal], spreads: Iterable[tuple[Decimal, Decimal]]) -> Pulse:
    """`spreads` holds spread and mid of each book of the leg that can be believed."""
    widths = [ratio(times(spread, Decimal(10_000)), mid, 2) for spread, mid in spreads]
    before = list(earlier)
    move = None
    if price is not None:
        ends = (min(before), max(before)) if before else (price, price)
        move = max(ratio(abs(price - end), end, 6) for end in ends)
    return Pulse(price, move, min(widths, default=None))


def restless(found: Pulse, rules: PauseRules) -> str:
    """What speaks against selling, with numbers; empty when nothing does."""
    told = []
    if rules.move is not None and found.move is not None and found.move >= rules.move:
        told.append(f"moved {_percent(found.move)} within {show_span(rules.over)}, and {_percent(rules.move)} pauses")
    if rules.spread_bp is not None and found.spread_bp is not None and found.spread_bp > rules.spread_bp:
        told.append(f"spread {trimmed(found.spread_bp)} bp, and more than {trimmed(rules.spread_bp)} bp pauses")
    return "; ".join(told)


def known(found: Pulse, rules: PauseRules) -> bool:
    """Can it be told at all whether the bounds are kept? What nobody can see is not calm."""
    moved = rules.move is None or found.move is not None
    return moved and (rules.spread_bp is None or found.spread_bp is not None)


def _percent(share: Decimal) -> str:
    return f"{trimmed(times(share, Decimal(100)).quantize(Decimal('0.01')) + ZERO)} %"
