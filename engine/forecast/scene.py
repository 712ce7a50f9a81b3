"""One leg, weighed: what is known of it, its grid, its ways with their costs, and what the market trades meanwhile."""

from msgspec import Struct

from engine.forecast.cells import Cell
from engine.forecast.cost import Cost
from engine.forecast.course import Bin
from engine.forecast.given import Given
from engine.forecast.market import Conditions
from engine.forecast.orders import Orders, Outlet
from engine.forecast.prospect import Stretch
from engine.forecast.ways import Drawn
from engine.science.almgren_chriss import Sale


class Weighed(Struct, frozen=True):
    """One way with all that was reckoned of it."""

    drawn: Drawn
    cost: Cost
    orders: Orders | None
    """`None` while no price is known, since then no order has a size in money."""


class Scene(Struct, frozen=True, kw_only=True):
    """What the lines of a prospect are written from."""

    given: Given
    known: Conditions
    bins: tuple[Bin, ...]
    posed: Sale | None
    outlets: tuple[Outlet, ...]
    ways: tuple[Weighed, ...]
    hours: tuple[Cell, ...]
    shares: tuple[float, ...]
    """Of the whole, what the config's own way sells in each of `hours`."""
    rows: tuple[Stretch, ...]
    by_day: bool
    """Of `rows`."""

    @property
    def own(self) -> Weighed | None:
        """The config's own way; `None` where it can't be drawn."""
        return next((each for each in self.ways if each.drawn.chosen), None)

    @property
    def quantity(self) -> float:
        """To be sold, in coins."""
        return float(self.given.leg.quantity)
