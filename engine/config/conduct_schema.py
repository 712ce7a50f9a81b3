"""The section that says what a run's conduct is held against when it is told. What it leaves out has a default."""

from decimal import Decimal

from msgspec import Struct

from engine.config.shapes import Count, Number, OffsetText, Percent, SpanText, TimeText, Weight


class FixingSection(Struct, forbid_unknown_fields=True, frozen=True):
    """A time of the day at which a price is taken on which other people settle."""

    name: str
    at: TimeText
    within: SpanText
    """So long before it, and so long after it, our share of the volume is measured."""
    offset: OffsetText = "+08:00"


class ConductSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds beyond which somebody has to look; none of them stops an order."""

    orders_min: Count = 10
    """A share of fewer orders is called not measurable."""
    cancel_max: Percent = "95%"
    """Of the orders that stood in a book: cancelled by us with nothing sold."""
    orders_per_trade_max: Number = Decimal(20)
    """Orders and cancels sent for each execution."""
    quick: SpanText = "1s"
    """An order that we cancelled sooner could hardly have been meant to trade."""
    quick_max: Percent = "20%"
    """Of the orders that we cancelled with nothing sold: those that lived less than `quick`."""
    requotes_max: Weight = 20
    """Orders put in the place of a cancelled one within a minute."""
    layers_within: SpanText = "5s"
    """How near to a fill elsewhere a cancel has to be, before or after it."""
    layers_max: Weight = 2
    """Orders that stood together, all cancelled so near to a fill elsewhere."""
    fixing_max: Percent = "20%"
    """Our share of the volume around a fixing."""
    close: SpanText = "5m"
    """As a fixing's `within`, for the end of the day over which a floor is averaged."""
    quote_minutes_max: Weight = 0
    """Minutes in which a desk had been asked while the same pair was sold in a book."""
    fixing: tuple[FixingSection, ...] = ()
