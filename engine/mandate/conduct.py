"""What a seller holds his own conduct against, as terms; `engine.evidence.conduct` measures it afterwards.

No order is withheld because of these: limits are the gate's. They are bounds beyond which somebody has to look, and
their defaults are our own judgement. Neither the rules on market abuse nor any regulator's code names a number.
"""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Span


class Fixing(Struct, frozen=True, kw_only=True):
    """A time of the day at which a price is taken on which other people settle."""

    name: str
    at: Span
    """Local time since midnight."""
    offset: Span
    """Local time less UTC."""
    within: Span
    """How long before it, and how long after it, our share of the volume is measured."""


class ConductRules(Struct, frozen=True, kw_only=True):
    """The bounds, each with what speaks for its default. Shares are fractions; spans are market time."""

    orders_min: int = 10
    """A share of fewer orders says nothing, and is called not measurable."""
    cancel_max: Decimal = Decimal("0.95")
    """Of the orders that stood in a book, cancelled without any fill. A peg moves with the market, so most may be."""
    orders_per_trade_max: Decimal = Decimal(20)
    """Orders and cancels sent for each execution. A slice that is pegged for minutes needs some; more is noise."""
    quick: Span = Span(SECOND)
    """An order that lived less could hardly have been meant to trade."""
    quick_max: Decimal = Decimal("0.2")
    """Of the orders that we cancelled without a fill, those that lived less than `quick`."""
    requotes_max: int = 20
    """Orders put in the place of a cancelled one within a minute. A peg that looks every five seconds makes 12."""
    layers_within: Span = Span(5 * SECOND)
    """How near to a fill of ours elsewhere a cancel has to be, before or after it."""
    layers_max: int = 2
    """Orders that stood together and were cancelled around a fill elsewhere: two venues may have one each."""
    fixing_max: Decimal = Decimal("0.2")
    """Our share of the volume around a fixing: above a fifth we may have made the price."""
    close: Span = Span(5 * MINUTE)
    """As `within`, for the end of the day over which a floor of ours is averaged."""
    quote_minutes_max: int = 0
    """Minutes in which a desk was asked while the same pair was sold in a book: it may have seen both."""
    fixings: tuple[Fixing, ...] = ()
