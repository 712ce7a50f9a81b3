"""Our own orders, as far as a journal tells: which of them may still trade, and how much of each.

Rows are folded without judging them. An order has ended when a report says so, when its fills add up to all of it, or
when the call that sent it was certainly turned down; in every other case it counts as live. A cancel ends nothing here,
and nor does a look-up that found nothing: to cancel an order once more costs one call, to forget one costs coins.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple

ROWS: Final = ("opened", "place", "placed", "reported", "filled", "looked_up", "surveyed", "asked", "halt")
"""The kinds of rows that tell of orders; all others are left unread."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_ENDED: Final = frozenset({"filled", "cancelled", "rejected"})
_NEVER_CAME: Final = frozenset({"refused", "transient"})
_CLIENT_ID: Final = re.compile(r"[a-z2-7]{8}-[A-Za-z0-9-]{1,27}")
WINDOW_NS: Final = 15_000_000_000
"""How long after it was sent an order may still arrive, where the journal does not say it of its venue."""

Row = tuple[str, int, Mapping[str, Any]]
"""Kind, wall time in nanoseconds, and payload of one row."""


class OwnOrder(NamedTuple):
    """One order of ours that may still trade."""

    client_id: str
    venue: str
    symbol: str
    asset: str
    """What it sells."""
    quantity: Decimal
    filled: Decimal
    """At least so much is sold."""
    sure_ns: int
    """Wall time from when on a reading of the venue proves something: before it the order may be on its way. 0: now."""

    @property
    def left(self) -> Decimal:
        """The most that it may still sell."""
        return max(Decimal(0), self.quantity - self.filled)


class Told(NamedTuple):
    """What a journal tells of orders."""

    live: tuple[OwnOrder, ...]
    tags: frozenset[str]
    """How the client ids of its run begin, up to the first hyphen."""
    venues: frozenset[str]
    environment: str
    """Empty when its first row can't be read."""
    windows: Mapping[str, int]
    """For each venue, how long after it was sent an order may still arrive, in nanoseconds."""
    odd: int
    """Rows that tell of orders and make no sense."""
    placed: int
    """Orders that were sent, or were about to be."""
    halted: bool
    """The engine put on record that it sends nothing more, and sent nothing since."""


class _Fold:
    """The rows so far."""

    def __init__(self) -> None:
        self.placed: dict[str, OwnOrder] = {}
        self.ended: set[str] = set()
        self.never_came: set[str] = set()
        self.trades: dict[str, dict[str, Decimal]] = {}
        self.tags: set[str] = set()
        self.windows: dict[str, int] = {}
        self.environment = ""
        self.halted = False
        self.arrived: set[str] = set()
        """Seen at the venue: no longer on their way."""

    def take(self, kind: str, wall: int, row: Mapping[str, Any]) -> None:
        match kind:
            case "opened":
                self._opened(row)
            case "place":
                self._place(wall, row["approved"]["order"])
            case "placed":
                outcome = row["outcome"]
                if outcome["type"] in _NEVER_CAME:
                    self.never_came.add(row["client_id"])
                elif outcome["type"] == "done":
                    self.arrived.add(row["client_id"])
                    if outcome.get("report"):
                        self._report(outcome["report"])
            case "reported":
                self._report(row["report"])
            case "filled":
                self._fill(row["fill"])
            case "looked_up" if row["answer"]["type"] == "found":
                self._report(row["answer"]["report"])
                self._fills(row["answer"]["fills"])
            case "asked":
                self.halted = self.halted or row["wish"] == "halt"
            case "halt":
                self.halted = True
            case "surveyed" if row["survey"]:
                self._fills(row["survey"]["fills"])
                for report in row["survey"]["open_orders"]:
                    self._report(report)
            case _:
                pass  # a look-up or a survey that brought nothing

    def _opened(self, row: Mapping[str, Any]) -> None:
        self.environment = row["environment"]
        self.tags.add(run_tag(row["run"]))
        for venue, promised in row["capabilities"].items():
            self.windows[venue] = int(promised["validity"]) + int(promised["read_lag"])

    def _place(self, wall: int, order: Mapping[str, Any]) -> None:
        name, venue = order["client_id"], order["venue"]
        if not is_own_shape(name):
            raise ValueError(f"not a client id of ours: {name!r}")
        self.tags.add(name.partition("-")[0])
        self.halted = False
        self.placed[name] = OwnOrder(
            client_id=name,
            venue=venue,
            symbol=order["symbol"],
            asset=order["sell"],
            quantity=Decimal(order["quantity"]),
            filled=Decimal(0),
            sure_ns=wall + self.windows.get(venue, WINDOW_NS),
        )

    def _report(self, report: Mapping[str, Any]) -> None:
        name = report["client_id"]
        self.arrived.add(name)
        if report["status"] in _ENDED:
            self.ended.add(name)
        else:
            self.never_came.discard(name)  # it was said not to exist, and here it is
        self._sold(name, Decimal(report["filled"]))

    def _fills(self, fills: Iterable[Mapping[str, Any]]) -> None:
        for fill in fills:
            self._fill(fill)

    def _fill(self, fill: Mapping[str, Any]) -> None:
        trades = self.trades.setdefault(fill["client_id"], {})
        trades[fill["trade_id"]] = Decimal(fill["quantity"])
        self._sold(fill["client_id"], sum(trades.values(), Decimal(0)))

    def _sold(self, name: str, units: Decimal) -> None:
        order = self.placed.get(name)
        if order is not None and units > order.filled:
            self.placed[name] = order._replace(filled=units)


def told(rows: Iterable[Row], odd: int = 0) -> Told:
    """Fold the rows of one journal, in their order; `odd` counts those that could not even be handed over."""
    fold = _Fold()
    for kind, wall, payload in rows:
        try:
            fold.take(kind, wall, payload)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
            odd += 1
    orders = [o._replace(sure_ns=0) if o.client_id in fold.arrived else o for o in fold.placed.values()]
    gone = fold.ended | fold.never_came
    return Told(
        live=tuple(order for order in orders if order.client_id not in gone and order.left > 0),
        tags=frozenset(fold.tags),
        venues=frozenset(order.venue for order in orders) | frozenset(fold.windows),
        environment=fold.environment,
        windows=fold.windows,
        odd=odd,
        placed=len(orders),
        halted=fold.halted,
    )


def is_own_shape(client_id: str) -> bool:
    """Could it be the client id of an order of any run?"""
    return _CLIENT_ID.fullmatch(client_id) is not None


def run_tag(run: str) -> str:
    """The eight letters with which every client id of a run begins."""
    number = int.from_bytes(sha256(run.encode()).digest()[:5], "big")
    return "".join(_LETTERS[(number >> shift) & 31] for shift in range(35, -5, -5))
