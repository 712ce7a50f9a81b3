"""The live view: one screen on a terminal, plain lines elsewhere, both from the mapping of `engine.status`."""

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final

from engine.events import Entry, FloorSet
from engine.evidence import floors, guards
from engine.journal.record import Record
from engine.kernel.clock import Instant, parse_instant, show_span
from engine.kernel.money import trimmed
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Found, NotFound, Refused, Transient, Unknown

if TYPE_CHECKING:
    from rich.console import RenderableType

LINES: Final = 8
HEADS: Final = (
    "leg", "total", "target", "sold", "working", "deficit", "average", "arrival", "slippage bp", "share", "waits for",
)  # fmt: skip
PLAIN_EVERY: Final = 20
"""A plain status line for every so many looks: about one in five seconds."""


def told(entry: Entry) -> str | None:
    """One line about a row that a trader wants to see; `None` for the rest."""
    match entry:
        case e.Filled(fill=fill):
            return f"sold {fill.quantity} {fill.symbol} at {fill.price}, fee {fill.fee.units} {fill.fee.asset}"
        case e.Placed(client_id=name, outcome=Refused(reason=reason)):
            return f"order {name} was refused: {reason}"
        case e.Placed(client_id=name, outcome=Transient(reason=reason)):
            return f"order {name} was not sent: {reason}"
        case e.Placed(client_id=name, outcome=Unknown(reason=reason)):
            return f"order {name} is UNKNOWN ({reason}); its quantity stays committed until the venue's records tell"
        case e.LookedUp(client_id=name, answer=Found(report=report)):
            return f"order {name} was found: {report.status}, {report.filled} sold"
        case e.LookedUp(client_id=name, answer=NotFound()):
            return f"no trace of order {name} in this round"
        case e.StreamChanged(venue=venue, up=up, reason=reason):
            return f"{venue}: private stream {'up' if up else 'down: ' + reason}"
        case e.ModeChanged(venue=venue, mode=mode, reason=reason):
            return f"{venue}: {mode}{': ' + reason if reason else ''}"
        case e.Surveyed(venue=venue, survey=None, reason=reason):
            return f"{venue}: the account could not be read: {reason}"
        case e.Asked(wish=wish, by=by):
            return f"{wish} asked by {by}"
        case FloorSet() | c.FloorBlocked() | c.FloorCleared():
            return ": ".join(floors.told(entry))
        case c.PegLevel():
            return ": ".join(guards.peg(entry))
        case c.MarketPause():
            return ": ".join(guards.pause(entry))
        case c.ConditionTurn():
            return ": ".join(guards.condition(entry))
        case c.Halt(reason=reason):
            return f"HALT: {reason}"
        case c.Residue(leg=leg, reason=reason):
            return f"leg {leg} is over" + (f": {reason}" if reason else "")
        case _:
            return None


class PlainScreen:
    """For a dumb terminal, a log, or CI: what happened, and now and then how far it is."""

    def __init__(self, out: IO[str] | None = None) -> None:
        self._out = out if out is not None else sys.stdout
        self._looks = 0

    def show(self, shown: Mapping[str, Any]) -> None:
        if self._looks % PLAIN_EVERY == 0:
            self.say(f"{shown['at'][11:19]} {shown['phase']}: " + "; ".join(_brief(leg) for leg in shown["legs"]))
        self._looks += 1

    def row(self, record: Record, entry: Entry) -> None:
        line = told(entry)
        if line is not None:
            self.say(line)

    def say(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing to take down."""


class RichScreen:
    """For a terminal: one picture that is kept up to date."""

    def __init__(self) -> None:
        from rich.live import Live

        self._said: deque[str] = deque(maxlen=LINES)
        self._shown: Mapping[str, Any] | None = None
        self._live = Live(get_renderable=self._picture, refresh_per_second=4, transient=False)
        self._live.start()

    def show(self, shown: Mapping[str, Any]) -> None:
        self._shown = shown

    def row(self, record: Record, entry: Entry) -> None:
        line = told(entry)
        if line is not None:
            self.say(line)

    def say(self, line: str) -> None:
        self._said.append(line)

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.refresh()
        self._live.stop()

    def _picture(self) -> "RenderableType":
        from rich.console import Group
        from rich.text import Text

        lines = Text("\n".join(self._said), style="dim")
        if self._shown is None:
            return Group(Text("preparing …"), lines)
        return Group(_head(self._shown), _legs(self._shown["legs"]), _open(self._shown["orders_open"]), lines)


def _brief(leg: Mapping[str, Any]) -> str:
    parts = [f"{leg['sell']}>{leg['buy']} sold {leg['sold']} of {leg['total']}"]
    if leg["average"]:
        parts.append(f"average {leg['average']}")
    if leg["slippage_bp"]:
        parts.append(f"{leg['slippage_bp']} bp under arrival")
    if leg["hindrance"]:
        parts.append(f"waits: {leg['hindrance']}")
    return ", ".join(parts)


def _head(shown: Mapping[str, Any]) -> "RenderableType":
    from rich.text import Text

    colour = {"running": "green", "paused": "yellow", "halting": "red"}.get(shown["phase"], "cyan")
    left = parse_instant(shown["deadline"]) - parse_instant(shown["at"])
    rounded = Instant(max(0, left) // 1_000_000_000 * 1_000_000_000)
    venues = ", ".join(f"{name} {venue['stream']}, {venue['flat']}" for name, venue in shown["venues"].items())
    waiting = ", ".join(f"{trimmed(Decimal(units))} {asset}" for asset, units in shown["stable_waiting"].items())
    text = Text.assemble(
        (f"{shown['run']}  ", "bold"),
        (shown["phase"].upper(), f"bold {colour}"),
        f"  market {shown['at'][11:19]} UTC  {show_span(rounded)} left  {venues}  waiting: {waiting or 'nothing'}",
    )
    if shown["reason"]:
        text.append(f"\n{shown['reason']}", style="red")
    return text


def _legs(legs: Sequence[Mapping[str, Any]]) -> "RenderableType":
    from rich.table import Table

    table = Table(expand=True, header_style="bold", box=None)
    heads = (
        "leg",
        "total",
        "target",
        "sold",
        "working",
        "deficit",
        "average",
        "arrival",
        "slippage bp",
        "share",
        "waits for",
    )
    for name in heads:
        table.add_column(name, justify="left" if name in ("leg", "waits for") else "right", overflow="fold")
    for leg in legs:
        table.add_row(
            f"{leg['sell']} > {leg['buy']}",
            leg["total"],
            leg["target"] or "",
            leg["sold"],
            leg["working"],
            leg["deficit"] or "",
            leg["average"] or "",
            leg["arrival"] or "",
            leg["slippage_bp"] or "",
            f"{float(leg['participation']):.1%}",
            leg["residue_reason"] or leg["hindrance"],
        )
    return table


def _open(orders: Sequence[Mapping[str, Any]]) -> "RenderableType":
    from rich.text import Text

    if not orders:
        return Text("no open orders", style="dim")
    shown = [f"{o['client_id']} {o['state']} {o['filled']}/{o['quantity']} at {o['price']}" for o in orders]
    return Text("\n".join(shown))
