"""One command, one venue call, one event. What an exception means is decided here and only here: unknown.

It may withhold, which is the one act that needs no record before it: an order whose time has passed, or that a halt has
overtaken, is not sent, and the event says so.
"""

from fractions import Fraction
from pathlib import Path
from typing import Final

from engine.drivers.offsets import Offsets
from engine.kernel.clock import SECOND, Instant, Span, show_span
from engine.kernel.ids import VenueName
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Acceptance, DealAnswer, NoWord, Outcome, Quote, Quoted, Transient, Unknown
from engine.orders.tranche import NoTidings, TrancheState
from engine.ports import Clock, Custody, Venue

STALE: Final = Span(5 * SECOND)
"""An order that could not be sent for so long after its decision was priced by a market that is gone."""

Quoting = c.AskQuote | c.AcceptQuote | c.LookDeal
Acting = c.Place | c.Cancel | c.Lookup | c.Survey | c.AskTranche | c.LookTranche | Quoting
ACTING: Final = (
    c.Place, c.Cancel, c.Lookup, c.Survey, c.AskTranche, c.LookTranche, c.AskQuote, c.AcceptQuote, c.LookDeal,
)  # fmt: skip
"""The commands that reach a venue; all others are for the record."""


class Switch:
    """The kill switch: once thrown, nothing is placed from this process, whatever was decided before."""

    def __init__(self) -> None:
        self.reason = ""
        self.held = ""
        """Thrown by a hold or a suspension of the case, and put back when it is lifted."""
        self.file: Path | None = None
        """While it exists nothing is placed: `steelyard-kill` leaves it, and asks nobody here."""

    @property
    def why(self) -> str:
        """Why nothing is placed now; empty while it may be."""
        left = self.file is not None and self.file.exists()
        return self.reason or self.held or (f"{self.file} was left by steelyard-kill" if left else "")


async def place(
    command: c.Place, venue: Venue, clock: Clock, decided_mono: int, switch: Switch, offsets: Offsets
) -> e.Placed:
    """Send the order, once; or withhold it."""
    order = command.approved.order
    outcome: Outcome
    if why := _withheld(order.venue, clock.mono() - decided_mono, switch, offsets):
        outcome = Transient(f"withheld: {why}")
    else:
        try:
            outcome = await venue.place(command.approved)
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the order may exist
            outcome = Unknown(f"{type(error).__name__} in the adapter")
    return e.Placed(clock.market(), order.client_id, outcome, offsets.of(order.venue))


def _withheld(venue: VenueName, waited: int, switch: Switch, offsets: Offsets) -> str:
    """Why what was decided so long ago is not sent; empty when it is."""
    return switch.why or offsets.hindrance(venue) or (f"decided {show_span(waited)} ago" if waited > STALE else "")


async def ask_quote(command: c.AskQuote, venue: Venue, clock: Clock) -> e.QuoteCame:
    """Ask for a firm price, once."""
    market, mono = clock.market(), clock.mono()
    answer: Quoted
    try:
        answer = await venue.quote(command.request)
    except Exception as error:  # noqa: BLE001 - an answer that was lost binds nobody
        answer = Transient(f"{type(error).__name__} in the adapter")
    at = clock.market()
    if not isinstance(answer, Quote):
        return e.QuoteCame(at, command.number, answer, at)
    # A quote ends in wall time, and the core lives in market time, which may run faster: as fast as it just did.
    passed = clock.mono() - mono
    speed = Fraction(at - market, passed) if passed > 0 else Fraction(1)
    return e.QuoteCame(at, command.number, answer, Instant(at + int((answer.expires_at - clock.wall()) * speed)))


async def accept(
    command: c.AcceptQuote, venue: Venue, clock: Clock, decided_mono: int, switch: Switch, offsets: Offsets
) -> e.AcceptanceCame:
    """Take the quote, once; or withhold it, also because it has ended meanwhile."""
    order, quote = command.approved.order, command.quote
    outcome: Acceptance
    why = _withheld(order.venue, clock.mono() - decided_mono, switch, offsets)
    if why := why or ("the quote has ended" if clock.wall() >= quote.expires_at else ""):
        outcome = Transient(f"withheld: {why}")
    else:
        try:
            outcome = await venue.accept(quote)
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the deal may be struck
            outcome = Unknown(f"{type(error).__name__} in the adapter")
    return e.AcceptanceCame(clock.market(), order.client_id, outcome, offsets.of(order.venue))


async def look_deal(command: c.LookDeal, venue: Venue, clock: Clock) -> e.DealSeen:
    """Ask what became of a quote; the wait is over."""
    answer: DealAnswer
    try:
        answer = await venue.deal(command.quote)
    except Exception as error:  # noqa: BLE001 - a question that fails proves nothing
        answer = NoWord(f"{type(error).__name__} in the adapter")
    return e.DealSeen(clock.market(), command.client_id, answer)


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


async def ask_tranche(command: c.AskTranche, custody: Custody, clock: Clock, switch: Switch) -> e.TrancheAsked:
    """Lodge a request with the custodian, or withhold it; the wait is over."""
    outcome: Outcome
    try:
        outcome = Transient(f"withheld: {switch.why}") if switch.why else await custody.ask(command.tranche)
    except Exception as error:  # noqa: BLE001 - as above; the same request may be lodged again
        outcome = Unknown(f"{type(error).__name__} in the adapter")
    return e.TrancheAsked(clock.market(), command.tranche.id, outcome)


async def look_tranche(command: c.LookTranche, custody: Custody, clock: Clock) -> e.TrancheSeen:
    """Ask how far it is; the wait is over."""
    state: TrancheState
    try:
        state = await custody.look(command.tranche)
    except Exception as error:  # noqa: BLE001 - as above
        state = NoTidings(f"{type(error).__name__} in the adapter")
    return e.TrancheSeen(clock.market(), command.tranche, state)


async def survey(command: c.Survey, venue: Venue, clock: Clock) -> e.Surveyed:
    """Read the account; the wait is over."""
    try:
        found = await venue.survey(command.since)
    except Exception as error:  # noqa: BLE001 - as above
        return e.Surveyed(clock.market(), command.venue, None, f"{type(error).__name__}: {error}")
    return e.Surveyed(clock.market(), command.venue, found)
