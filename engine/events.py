"""The closed union of all that is journaled. Add a case, and the type checker lists every place that must learn of it.

Three kinds of rows: what has happened (events), what the core decided (commands), and the shell's own notes about the
run's life, which open, restart and close a journal.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import CaseId, PersonName, RunId, VenueName
from engine.kernel.money import Asset
from engine.mandate.custody import CustodyPlan
from engine.mandate.floors import FloorVersion
from engine.mandate.instructions import Instruction
from engine.mandate.register import Licence
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Terms
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Balance, Capabilities
from engine.planning.plan import Plan
from engine.risk.limits import Limits


class Opened(Struct, frozen=True, kw_only=True, tag="opened"):
    """The first row: everything that the run was given. What the core may know starts here."""

    at: Instant
    run: RunId
    case: CaseId
    environment: str
    config_sha256: str
    code: str
    terms: Terms
    plan: Plan
    limits: Limits
    licences: Mapping[VenueName, Licence]
    """As the register had them when the run began."""
    capabilities: Mapping[VenueName, Capabilities]
    balances: Mapping[VenueName, tuple[Balance, ...]]
    seed: int
    approvals: int = 0
    """How many people have to agree to what the plan did not say; 0 where the sandbox's profile waives it."""
    custody: CustodyPlan | None = None
    """Where the coin lies that no venue holds yet; `None` where all of it lies at the venues."""
    standing: CaseStanding = CaseStanding()
    """As the case stood when the run began."""


class Agreed(Struct, frozen=True, kw_only=True, tag="approved"):
    """The plan was approved, on exactly this paper, and the approval is used up by this run."""

    at: Instant
    plan_sha256: str
    paper_sha256: str
    by: PersonName
    """Who asked for it."""
    agreed: tuple[PersonName, ...]
    book_seq: int
    """The row of the case's book by which it became enough."""


class Approval(Struct, frozen=True, tag="approval_waived"):
    """In the sandbox nobody has to sign; which plan would have been signed is on record all the same."""

    at: Instant
    plan_sha256: str


class Instructed(Struct, frozen=True, kw_only=True, tag="instructed"):
    """People want something else than the plan; the book of the case holds their signatures."""

    at: Instant
    instruction: Instruction
    by: PersonName
    agreed: tuple[PersonName, ...]
    reason: str
    paper_sha256: str
    book_seq: int


class CaseChanged(Struct, frozen=True, tag="case_changed"):
    """The case stands otherwise than before: a hold, a suspension, a deposit, money that was received."""

    at: Instant
    standing: CaseStanding


class FloorSet(Struct, frozen=True, kw_only=True, tag="floor_set"):
    """A floor by average was taken anew for a local day, or it could not be."""

    at: Instant
    asset: Asset
    day: str
    """The local date, ISO."""
    version: FloorVersion | None
    lack: str = ""
    """Why there is none of that day; empty where there is one."""


class Restarted(Struct, frozen=True, tag="restarted"):
    """A process took the run over. Attempts without an outcome are unknown from here on."""

    at: Instant
    epoch: int
    code: str
    spent: bool = False
    """What the run left was granted to a later one: it is only looked at."""


class TapeSealed(Struct, frozen=True, tag="tape_sealed"):
    """A piece of recorded market data was closed under this digest; `lost` says what is missing before it."""

    at: Instant
    file: str
    sha256: str
    rows: int
    first: Instant
    last: Instant
    lost: str = ""


class Closed(Struct, frozen=True, tag="closed"):
    """The last row of a finished run: `done`, `short`, `halted` or `unresolved`."""

    at: Instant
    status: str
    unknown: int
    """Orders whose fate no venue record has shown."""
    differences: int
    """Balances that do not agree with the ledger."""


Note = Opened | Agreed | Approval | Restarted | TapeSealed | Closed
Turning = e.Event | Restarted | Instructed | CaseChanged | FloorSet
"""What the core answers with commands."""
Entry = Turning | c.Command | Note

EVENTS: Final = (
    e.Due, e.Placed, e.Cancelled, e.Reported, e.Filled, e.LookedUp, e.Surveyed, e.TrancheAsked, e.TrancheSeen,
    e.QuoteCame, e.AcceptanceCame, e.DealSeen, e.StreamChanged, e.ModeChanged, e.Asked,
    Restarted, Instructed, CaseChanged, FloorSet,
)  # fmt: skip
"""`Turning`; everything else only changes state or is ignored."""
COMMANDS: Final = (
    c.Place, c.Cancel, c.Lookup, c.Survey, c.AskTranche, c.LookTranche, c.Landed,
    c.AskQuote, c.AcceptQuote, c.LookDeal, c.WakeAt, c.Withheld, c.Unheeded, c.Book, c.PegLevel, c.MarketPause,
    c.ConditionTurn, c.FloorBlocked, c.FloorCleared, c.Residue, c.Halt, c.Finish,
)  # fmt: skip

_DECODER: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def decode(payload: bytes) -> Entry:
    """The value of a row; `msgspec.DecodeError` or `ValidationError` when it is none."""
    return _DECODER.decode(payload)


def kind(entry: Entry) -> str:
    """The row's tag: `due`, `place`, `filled`, …"""
    tag = entry.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
