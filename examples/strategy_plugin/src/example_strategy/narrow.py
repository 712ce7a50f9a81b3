"""Narrow: wait at the offers while the spread is wide, since crossing it is dear; take the bids once it is narrow."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span, parse_span
from engine.kernel.money import BP, ZERO, exact, times
from engine.orders.order import TimeInForce
from engine.orders.strategy import Look, Move, Post, Pull, Want

TRIES: Final = 40
"""The gate stops a slice after fifty orders; the others are for its end."""


class Narrow(Struct, frozen=True):
    """Post-only at the best offer; immediate-or-cancel when the spread is narrow, and `before` the slice is over."""

    narrow_bp: Decimal
    every: Span
    before: Span

    def act(self, want: Want) -> Sequence[Move]:
        """What rests is pulled first; when the venue has said that it is gone, we are asked again, and cross."""
        look = Look(Instant(want.at + self.every))
        ending = want.at >= want.until - self.before
        crosses = ending or self._narrow(want)
        if want.resting is not None:
            return (Pull(), look) if crosses else (look,)
        if want.attempt > TRIES and not ending:
            return (look,)
        return (*(_taking(want) if crosses else _waiting(want)), look)

    def _narrow(self, want: Want) -> bool:
        """Never where the book has only one side."""
        mid, spread = want.view.mid, want.view.spread
        return mid is not None and spread is not None and times(spread, BP) <= times(self.narrow_bp, mid)


def _taking(want: Want) -> Sequence[Move]:
    """No more than is bid for, and not below the floor."""
    return _order(want, min(want.quantity, want.view.bid_depth(want.floor)), want.floor, TimeInForce.IOC)


def _waiting(want: Want) -> Sequence[Move]:
    """At the best offer, or the lowest price that would rest: not below the floor, and above the best bid."""
    bid = want.view.bids[0].price if want.view.bids else ZERO
    ask = want.view.asks[0].price if want.view.asks else ZERO
    lowest = want.instrument.at_least(max(want.floor, bid + want.instrument.tick))
    return _order(want, want.quantity, max(lowest, ask), TimeInForce.POST_ONLY)


def _order(want: Want, quantity: Decimal, price: Decimal, tif: TimeInForce) -> Sequence[Move]:
    """What of it the venue takes as one order, in whole lots; nothing where that is too little."""
    fits = want.instrument.sellable(min(quantity, want.instrument.largest(price)))
    return () if fits <= ZERO or want.instrument.too_small(fits, price) else (Post(fits, price, tif),)


def narrow(parameters: Mapping[str, str]) -> Narrow:
    """`narrow_bp` is needed; the book is looked at `every` 5 s, and waiting is over 10 s `before` the slice is."""
    every, before = parse_span(parameters.get("every", "5s")), parse_span(parameters.get("before", "10s"))
    if every < SECOND:
        raise ValueError("a book is looked at once a second at the most")
    return Narrow(exact(parameters["narrow_bp"]), every, before)
