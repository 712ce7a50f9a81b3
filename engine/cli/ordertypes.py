"""Which kinds of orders a venue is sent as such, and what is done in the place of those that it lacks.

Venues differ most in what they do with an order by themselves. So only plain limit orders are left to them; whatever
has to wait, follow, hide or look at a price is done here, where it is journaled and the same everywhere.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities

AS_SUCH: Final = "sent as such"


class OrderKind(Struct, frozen=True):
    """One kind of order."""

    name: str
    instead: str
    """What is done where it is not sent as such."""
    tif: TimeInForce | None = None
    """The order that a venue can take; `None` for what no venue is ever asked for."""


KINDS: Final = (
    OrderKind("limit, until cancelled", "none can be sent", TimeInForce.GTC),
    OrderKind(
        "immediate-or-cancel",
        "placed, cancelled as soon as it stands, and read back; nothing follows before its end is known",
        TimeInForce.IOC,
    ),
    OrderKind(
        "post-only",
        "asked for all the same; a venue without it may refuse, or trade at its limit: sell by `cross` there",
        TimeInForce.POST_ONLY,
    ),
    OrderKind("market", "never sent: every sale has a limit that we computed"),
    OrderKind("fill-or-kill", "never asked for: what is bid for is taken, and the rest stays with us"),
    OrderKind("until a time (GTD)", "by us: pulled before its slice ends, or when its hours or its leg do"),
    OrderKind("iceberg", "by us: the tactic `iceberg`, one small order after the other"),
    OrderKind("pegged", "by us: the tactic `peg`, a cancel and a new order"),
    OrderKind("stop, conditional", "by us: the tactic `stop`, by the price of all venues"),
    OrderKind("chaser", "by us: the tactic `chase`, within its limits"),
    OrderKind("TWAP, VWAP, POV of the venue", "by us: the schedules"),
)
"""In the order in which people are told."""


def taken(can: Capabilities) -> Mapping[str, str]:
    """By kind of order: sent as such, or what is done instead."""
    return {kind.name: AS_SUCH if sent(kind, can) else kind.instead for kind in KINDS}


def sent(kind: OrderKind, can: Capabilities) -> bool:
    """Is it left to the venue?"""
    return kind.tif is not None and can.takes(kind.tif)
