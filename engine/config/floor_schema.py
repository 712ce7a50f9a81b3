"""The section that says how low an asset may be sold."""

from msgspec import Struct

from engine.config.shapes import AssetName, Count, DaysText, Name, Number, OffsetText, Percent, SpanText


class FloorSection(Struct, forbid_unknown_fields=True, frozen=True):
    """The lowest price, its currency, and what it is held against. Which kind needs what: `floor_checks.KEYS`."""

    currency: AssetName
    scope: str
    """Against what it is held: `fill`, `slice` or `average`."""
    kind: str = "fixed"
    """Where it comes from: `fixed`, `average` or `quote`."""
    price: Number | None = None
    fees: str | None = None
    """What has to reach it: `in`, what is left after fees, or `out`, the price as it is traded."""
    share: Percent | None = None
    """Of the average, or of the best quote."""
    days: Count | None = None
    """How many days before the day of the sale."""
    calendar: str | None = None
    """Which days count: `calendar` or `trading`."""
    weekdays_off: DaysText | None = None
    calendars: tuple[str, ...] | None = None
    """With `trading`: on their holidays there is no day. An empty list is none."""
    offset: OffsetText | None = None
    """Where a day begins."""
    value: str | None = None
    """What stands for a day: `close`, `vwap` or `typical`."""
    sources: tuple[Name, ...] = ()
    """Each with its file in `[prices.ASSET]`."""
    sources_min: Count | None = None
    """A day with fewer is missing."""
    join: str | None = None
    """How the sources of one day are joined: `median`."""
    coverage_min: Percent | None = None
    """Of a day's bars a source needs this share."""
    missing: str | None = None
    """What becomes of a missing day: `refuse`, `shorten` or `extend`."""
    days_min: Count | None = None
    days_back_max: Count | None = None
    without: str | None = None
    """What holds on a day without an average: `stop`, or `previous`, the floor of the day before."""
    desks: Count | None = None
    """So many desks have to have quoted."""
    age: SpanText | None = None
    """How old a quote may be."""
    every: SpanText | None = None
    """How often desks are asked."""
