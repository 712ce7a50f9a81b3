"""What the market has to do before a leg sells anything: keep to one side of a price for a while.

Such an order is held by us and by no venue: one that rests at a venue can be hunted, and goes off at that venue's own
price. Here are the rule and the question whether one look keeps it; since when it is kept stands in the journal.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Span, parse_span, show_span
from engine.kernel.money import Asset, exact, times, trimmed

STOP: Final = "stop"
"""The tactic that waits for one."""
KEPT: Final = {True: "a sweep of what is left disregards it", False: "a sweep of what is left waits for it too"}


class Side(StrEnum):
    """Where the price has to be; at the bound itself counts."""

    BELOW = "below"
    ABOVE = "above"


class Stage(StrEnum):
    """How far it has come."""

    WAITS = "waits"
    """The price is not there, or nobody can say."""
    HOLDS = "holds"
    """It is, but not yet for long enough."""
    MET = "met"
    """It has been, and the slice may be sold."""


class Seen(Struct, frozen=True):
    """What a unit is worth at one look."""

    price: Decimal
    label: str
    """Whose word it is."""
    agreeing: tuple[Decimal | None, ...] = ()
    """Prices that have to be on the same side: of a venue that is believed alone its best bid and the median of its
    last prints, each `None` where there is none."""


class Condition(Struct, frozen=True):
    """`bound` in the asset bought, or as a fraction of the arrival price."""

    side: Side
    bound: Decimal
    of_arrival: bool
    persist: Span
    """So long without a break."""
    sweeps: bool
    """At the end of the window, a sweep sells what is left without it."""

    def price(self, arrival: Decimal | None) -> Decimal | None:
        """The bound in the asset bought; `None` while a share is meant and the leg has not begun."""
        if not self.of_arrival:
            return self.bound
        return None if arrival is None else times(self.bound, arrival)

    def kept(self, seen: Seen, bound: Decimal) -> bool:
        """Is every price of this look on the side that is wanted? One that nobody knows is not."""
        return all(price is not None and self._beyond(price, bound) for price in (seen.price, *seen.agreeing))

    def _beyond(self, price: Decimal, bound: Decimal) -> bool:
        return price <= bound if self.side is Side.BELOW else price >= bound

    @property
    def patience(self) -> Span:
        """The longest that may pass between two looks; after a longer one nobody can say that it was kept."""
        return Span(self.persist // 2)

    def wanted(self, bound: Decimal | None, buy: Asset) -> str:
        """`at or below 66500 USDT for 1m`."""
        where = f"{trimmed(self.bound * 100)} % of the arrival price" if bound is None else f"{trimmed(bound)} {buy}"
        return f"at or {self.side} {where} for {show_span(self.persist)}"

    def in_words(self, buy: Asset) -> str:
        """The rule as the plan and every report print it."""
        bound = None if self.of_arrival else self.bound
        return (
            f"nothing of a slice is offered before the price was {self.wanted(bound, buy)}, by the median of all "
            f"venues that can be believed, or by mid, best bid and last trades of one alone; {KEPT[self.sweeps]}; "
            "deals with desks disregard it"
        )


def of(parameters: Mapping[str, str]) -> Condition:
    """What a recipe of `stop` says; `KeyError` or `ValueError` for what is none."""
    side = Side.BELOW if Side.BELOW in parameters else Side.ABOVE
    text = parameters[side]
    share = text.endswith("%")
    return Condition(
        side=side,
        bound=exact(text.removesuffix("%")).scaleb(-2) if share else exact(text),
        of_arrival=share,
        persist=parse_span(parameters["persist"]),
        sweeps=parameters["at_sweep"] == "sell",
    )
