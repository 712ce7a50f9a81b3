"""What a journal tells of a run, as values: legs, attempts, executions, refusals, and what happened when.

`reading` makes a story from rows; it decides nothing and corrects nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from engine.events import Agreed, Approval, CaseChanged, Closed, FloorSet, Instructed, Opened, TapeSealed
from engine.evidence.bids import Bid
from engine.evidence.floors import FloorStretch
from engine.evidence.watched import Watched
from engine.kernel.clock import Instant
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, LegId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import ZERO
from engine.market.facts import Print
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders.order import ChildOrder
from engine.orders.reason import Reason
from engine.orders.reports import Balance, Done, Fill, OrderReport, Outcome, Refused, Transient, Unknown
from engine.orders.tranche import Tranche
from engine.planning.plan import LegPlan

Targets = Mapping[LegId, Sequence[tuple[Instant, Decimal]]]
"""Per leg what the schedule asked to be sold by when; computed by whoever knows the schedules."""


class Way(StrEnum):
    """How a fill came to be known."""

    STREAM = "stream"
    LOOKUP = "look-up"
    SURVEY = "survey"
    ANSWER = "answer"
    """The venue's answer to our taking its quote."""
    PAPER = "paper"
    """People proved it by a paper, and signed for it."""


class Seen(Struct, frozen=True):
    """One pair of a leg as a decision saw it."""

    seq: int
    at: Instant
    view: MarketView

    @property
    def mid(self) -> Decimal | None:
        """The mid that may be relied on: none while the feed was broken or a side was missing."""
        return self.view.mid if self.view.live else None

    @property
    def lack(self) -> str:
        """Why there is no mid; empty where there is one."""
        if not self.view.live:
            return "the feed of the pair was not continuous"
        return "" if self.view.mid is not None else "the book had an empty side or was crossed"


class Attempt(Struct, frozen=True):
    """One order that was sent, and the last that is known of it."""

    order: ChildOrder
    epoch: int
    """Which start of the process sent it."""
    placed_at: Instant
    outcome: Outcome | None = None
    report: OrderReport | None = None
    rounds: int = 0
    """Complete negative look-ups."""
    filled: Decimal = ZERO
    floor: Decimal | None = None
    """The floor that the gate held it against, in the asset bought; `None` without one."""
    shares: Mapping[str, Decimal] = {}
    """Our shares of what is traded, this order included, by the name of the limit that the gate held them against."""
    reference: Decimal | None = None
    """The price that the gate held it against; `None` where it had none."""
    routed: Reason | None = None
    """Why it went there, and what else the router saw; `None` for a deal of people and for a quote."""
    cancel_at: Instant | None = None
    """When its cancel was first asked for; `None` if it never was."""
    over_at: Instant | None = None
    """When it was known to have ended; `None` while that is not so."""

    @property
    def standing(self) -> str:
        """Where the order stands, in one word for people."""
        if self.filled >= self.order.quantity:
            return "filled"
        if self.report is not None:
            return self.report.status.value
        match self.outcome:
            case Done():
                return "accepted"
            case Refused():
                return "refused"
            case Transient():
                return "not sent"
            case Unknown() | None if self.filled:
                return "partly filled"
            case Unknown() | None:
                return "not found" if self.rounds else "unknown"
            case _ as never:
                assert_never(never)

    @property
    def reason(self) -> str:
        """What the venue, or the failed call, said."""
        match self.outcome:
            case Refused(code=code, reason=reason):
                return f"{code} {reason}".strip()
            case Transient(reason=reason) | Unknown(reason=reason):
                return reason
            case _:
                return ""


class Sold(Struct, frozen=True):
    """One execution, counted once, with the order that made it."""

    fill: Fill
    order: ChildOrder
    way: Way
    seq: int
    learned_at: Instant
    floor: Decimal | None = None
    """The floor that its order was sent under, in the asset bought."""


class Refusal(Struct, frozen=True):
    """An order that the gate withheld."""

    at: Instant
    withheld: c.Withheld


class Moment(Struct, frozen=True):
    """Something that a reader of the run should know happened, and when."""

    at: Instant
    what: str
    detail: str


class Word(Struct, frozen=True, kw_only=True):
    """What people asked of the run beyond its plan, and what became of it."""

    seq: int
    said: Instructed
    denied: tuple[Denied, ...] = ()
    """Why it was not done; empty where it was."""


class CaseTurn(Struct, frozen=True):
    """The case stood otherwise from this row on."""

    seq: int
    changed: CaseChanged


class Account(Struct, frozen=True):
    """What a venue showed of our account when it was read."""

    seq: int
    at: Instant
    venue: VenueName
    balances: tuple[Balance, ...]


class Shipped(Struct, frozen=True, kw_only=True):
    """Coin left the custodian, or stands at its venue."""

    seq: int
    at: Instant
    """When it was booked."""
    left_at: Instant
    """By the custodian's own word, within the time from asking to `at`; `at` where there is no word."""
    tranche: Tranche
    arrived: bool


class Left(Struct, frozen=True, kw_only=True):
    """An order that was open, or of unknown fate, when a process took the run over."""

    client_id: ClientOrderId
    leg: LegId
    venue: VenueName
    quantity: Decimal
    standing: str
    """Before anybody was asked."""
    filled: Decimal
    became: str = ""
    """Where it stood when all had been read; empty while that is not so."""
    filled_after: Decimal = ZERO


class Recovery(Struct, frozen=True, kw_only=True):
    """A process took the run over: what was open, what was found, what was decided."""

    seq: int
    at: Instant
    epoch: int
    code: str
    last_row_at: Instant
    """The last that the process before has on record."""
    open: tuple[Left, ...]
    found: tuple[Moment, ...]
    decided: tuple[Moment, ...]
    whole_at: Instant | None
    """From when on every account had been read and no order of before was in doubt; `None` if that never came."""


class LegStory(Struct, frozen=True, kw_only=True):
    """One leg from its plan to its end."""

    plan: LegPlan
    seen: tuple[Seen, ...]
    attempts: tuple[Attempt, ...]
    fills: tuple[Sold, ...]
    """In the order of the venue's times."""
    withheld: tuple[Refusal, ...]
    residue_reason: str
    ended_at: Instant | None
    """When the core gave the leg up; `None` for a leg that sold all, or still runs."""
    targets: tuple[tuple[Instant, Decimal], ...]
    quotes: tuple[Bid, ...] = ()
    """What desks were asked and answered, taken or not."""
    prints: tuple[Print, ...]
    """The recorded public trades of its pairs, our own included, by the venues' time."""
    watched: tuple[Watched, ...] = ()
    """What venues for reference show of the same asset, where a footprint limits the leg."""


class Story(Struct, frozen=True, kw_only=True):
    """One run as its journal and its tape tell it."""

    opened: Opened
    approval: Agreed | Approval | None
    legs: tuple[LegStory, ...]
    timeline: tuple[Moment, ...]
    seals: tuple[TapeSealed, ...]
    closed: Closed | None
    duplicates: int
    """Fills that were told more than once."""
    strangers: tuple[Fill, ...]
    """Fills on the account that no order of this journal made."""
    contradictions: tuple[str, ...]
    """Fills that were told twice and differently; the first telling counts."""
    words: tuple[Word, ...] = ()
    """What people asked for, in the order of the journal."""
    case: tuple[CaseTurn, ...] = ()
    accounts: tuple[Account, ...] = ()
    """Every reading of an account that succeeded."""
    shipments: tuple[Shipped, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    floors: tuple[FloorSet, ...] = ()
    """Every version of a floor by average, and every day for which there was none."""
    stretches: tuple[FloorStretch, ...] = ()
    """In which a floor kept a leg from selling."""
    last_at: Instant
    """Of the last row."""
    rows: int
    head: str

    def leg(self, leg: LegId) -> LegStory:
        """The leg by its id; `KeyError` if there is none."""
        for candidate in self.legs:
            if candidate.plan.id == leg:
                return candidate
        raise KeyError(leg)

    def feeders(self, leg: LegStory) -> tuple[LegStory, ...]:
        """The legs whose proceeds this one sells."""
        return tuple(self.leg(name) for name in leg.plan.fed_by)


FillKey = tuple[VenueName, Symbol, VenueOrderId, TradeId]


def incoming(story: Story, leg: LegStory) -> tuple[Sold, ...]:
    """Every fill whose proceeds this leg sells, in the order in which the journal learned of them."""
    brought = [sold for feeder in story.feeders(leg) for sold in feeder.fills]
    return tuple(sorted(brought, key=lambda sold: sold.seq))
