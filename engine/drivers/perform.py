"""One command, one venue call, one event. What an exception means is decided here and only here: unknown.

It may withhold, which is the one act that needs no record before it: an order whose time has passed, or that a halt has
overtaken, is not sent, and the event says so.
"""

from typing import Final

from engine.drivers.offsets import Offsets
from engine.kernel.clock import SECOND, Span, show_span
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import NoWord, Outcome, Transient, Unknown
from engine.ports import Clock, Venue

STALE: Final = Span(5 * SECOND)
"""An order that could not be sent for so long after its decision was priced by a market that is gone."""

Acting = c.Place | c.Cancel | c.Lookup | c.Survey
ACTING: Final = (c.Place, c.Cancel, c.Lookup, c.Survey)
"""The commands that reach a venue; all others are for the record."""


class Switch:
    """The kill switch: once thrown, nothing is placed from this process, whatever was decided before."""

    def __init__(self) -> None:
        self.reason = ""


async def place(
    command: c.Place, venue: Venue, clock: Clock, decided_mono: int, switch: Switch, offsets: Offsets
) -> e.Placed:
    """Send the order, once; or withhold it."""
    order, waited = command.approved.order, clock.mono() - decided_mono
    outcome: Outcome
    if why := switch.reason or offsets.hindrance(order.venue):
        outcome = Transient(f"withheld: {why}")
    elif waited > STALE:
        outcome = Transient(f"withheld: decided {show_span(waited)} ago")
    else:
        try:
            outcome = await venue.place(command.approved)
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the order may exist
            outcome = Unknown(f"{type(error).__name__} in the adapter")
    return e.Placed(clock.market(), order.client_id, outcome, offsets.of(order.venue))


async def cancel(command: c.Cancel, venue: Venue, clock: Clock) -> e.Cancelled:
    """Ask for a cancel, once."""
    outcome: Outcome
    try:
        outcome = await venue.cancel(command.symbol, command.client_id)
    except Exception as error:  # noqa: BLE001 - as above; a look-up follows whatever the answer was
        outcome = Unknown(f"{type(error).__name__} in the adapter")
    return e.Cancelled(clock.market(), command.client_id, outcome)


async def lookup(command: c.Lookup, venue: Venue, clock: Clock) -> e.LookedUp:
    """Ask for everything about one order; the wait is over."""
    try:
        answer = await venue.lookup(command.symbol, command.client_id, command.sent_at)
    except Exception as error:  # noqa: BLE001 - a question that fails proves nothing
        answer = NoWord(f"{type(error).__name__} in the adapter")
    return e.LookedUp(clock.market(), command.client_id, answer)


async def survey(command: c.Survey, venue: Venue, clock: Clock) -> e.Surveyed:
    """Read the account; the wait is over."""
    try:
        found = await venue.survey(command.since)
    except Exception as error:  # noqa: BLE001 - as above
        return e.Surveyed(clock.market(), command.venue, None, f"{type(error).__name__}: {error}")
    return e.Surveyed(clock.market(), command.venue, found)
