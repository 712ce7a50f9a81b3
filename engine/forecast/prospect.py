"""What people judged when they approved a plan: every figure as text, rounded as it was shown to them.

It is information and no instruction: a run does nothing by it. But it stands in the paper that is signed, so that
nobody can say later that other figures were shown. An empty text is a figure that nobody could tell.
"""

from msgspec import Struct

Point = tuple[str, str]
"""Of a chart: across, and up."""


class Figure(Struct, frozen=True):
    """One measure of the market, and whose word it is."""

    name: str
    value: str
    source: str
    """Who measured it on what, and of which day; or that it is assumed."""


class Way(Struct, frozen=True, kw_only=True):
    """What one way of selling is expected to cost against the price at the start. Above zero is a loss."""

    name: str
    chosen: bool
    """It is the config's own."""
    basis: str
    """By which numbers it was drawn, where the config does not say them."""
    spread_bp: str = ""
    fees_bp: str = ""
    impact_bp: str = ""
    total_bp: str = ""
    deviation_bp: str = ""
    """One standard deviation of what the price does meanwhile."""
    worst_bp: str = ""
    """What it costs no more than in 95 of 100 cases."""
    cost: str = ""
    """The total in the currency that is received."""
    lasts: str = ""
    """From the start to the last sale, nights included."""
    peak: str = ""
    """The largest share of all volume in a slice, percent."""
    unsold: str = ""
    """What it leaves when its window is over, in the asset; empty where it leaves nothing."""
    course: str = ""
    """`0.00 0.00, 0.50 12.31`: hours since the start, and the share that is sold by then in percent. In one text, so
    that who reads the paper is not shown a thousand lines of it."""

    @property
    def points(self) -> tuple[Point, ...]:
        """The course, point by point."""
        pairs = (point.split(" ") for point in self.course.split(", ") if point)
        return tuple((hours, sold) for hours, sold in pairs)


class Stretch(Struct, frozen=True, kw_only=True):
    """One hour of the config's own way, or one day where there are many, against what the market trades."""

    begins: str
    planned: str
    volume: str
    """Of others, expected."""
    share: str
    """Of all of it ours, percent."""
    venues: tuple[tuple[str, str], ...]
    """The same of each venue."""
    limit: str
    """The tightest limit of our share, percent; empty where there is none."""
    over: bool
    """It can't be sold then, by that limit."""


class HeatRow(Struct, frozen=True, kw_only=True):
    """What others trade at one venue through the hours of the local day."""

    venue: str
    days: str
    """`weekdays`, `weekends` or `all days`."""
    sells: bool
    """The plan may sell there; else it is only looked at."""
    source: str
    """The file with the days that it covers; or why there is nothing."""
    volumes: str = ""
    """`08 6.75, 09 7.1`: hour and median in coins. An hour that is not named has no data, and gets none from others."""
    allowed: str = ""
    """The same of what our limits let us sell beside it; empty where no limit goes by volume."""
    sold_in: str = ""
    """`08 09`: the hours in which the plan sells on such days."""

    @property
    def cells(self) -> tuple[tuple[str, str, bool], ...]:
        """Volume, what is allowed, and whether the plan sells: of all 24 hours."""
        volumes, allowed = _by_hour(self.volumes), _by_hour(self.allowed)
        names = [f"{hour:02d}" for hour in range(24)]
        return tuple((volumes.get(name, ""), allowed.get(name, ""), name in self.sold_in.split()) for name in names)


def _by_hour(text: str) -> dict[str, str]:
    return dict(each.split(" ", 1) for each in text.split(", ") if each)


class HeatMap(Struct, frozen=True, kw_only=True):
    """Where and when there is somebody to sell to."""

    zone: str
    """Of the hours: `UTC+08:00`."""
    share: str
    """By which limit something is allowed, or that none goes by volume."""
    remark: str
    """Why there is no map, or what of it one should know; empty where nothing is to be said."""
    rows: tuple[HeatRow, ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that deposits may tell to whoever watches the chain."""

    name: str
    level: str
    """`fine`, `note`, `warn`, or `not told` where there is too little to judge by."""
    measure: str
    bound: str
    """From where on it is worth a note or a warning, and why there."""
    remedy: str
    """What would make it smaller; empty where nothing has to."""


class Leak(Struct, frozen=True, kw_only=True):
    """What can be learned of a sale from the coin that goes to the venues."""

    basis: str
    """What was looked at, and what was taken for granted."""
    deposits: str = ""
    """`0.00 0.25 osl, 0.50 0.1 hashkey`: hours since the start, coins and venue of those that are foretold."""
    findings: tuple[Finding, ...] = ()

    @property
    def marks(self) -> tuple[tuple[str, str, str], ...]:
        """The deposits, one by one."""
        parts = (each.split(" ", 2) for each in self.deposits.split(", ") if each)
        return tuple((hours, units, venue) for hours, units, venue in parts)


class LegProspect(Struct, frozen=True, kw_only=True):
    """One leg that nobody feeds."""

    leg: str
    sell: str
    buy: str
    quantity: str
    figures: tuple[Figure, ...]
    lacking: tuple[str, ...]
    """What nobody said, and what therefore is not told."""
    ways: tuple[Way, ...]
    lines: tuple[tuple[str, str], ...]
    """Name and words: orders, fees, floor, deadline, and whatever else one should have read."""
    stretches: tuple[Stretch, ...]
    frontier: tuple[Point, ...]
    """Standard deviation and expected cost in bp of the best ways by Almgren and Chriss, the riskiest first."""
    marks: tuple[tuple[str, str, str], ...]
    """What lies on that chart by name: deviation and cost."""
    heat: HeatMap | None = None
    leak: Leak | None = None


class Prospect(Struct, frozen=True, kw_only=True):
    """What a plan looked like at one instant."""

    schema: int = 1
    as_of: str
    deposit: tuple[tuple[str, str], ...] = ()
    """How it covers what will be out of custody, and how likely it is outrun: name and words."""
    legs: tuple[LegProspect, ...]
