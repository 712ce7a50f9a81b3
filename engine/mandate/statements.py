"""What people say of a case, each thing said by one person and signed. A case's book holds it all, in order.

Facts of the case come from the authority's side; decisions from the desk. Nothing here judges: `case` folds the facts
into numbers, `approvals` holds decisions against the policy. What the desk notes by itself is unsigned and marked so.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import CaseId, LotId, PersonName, RunId
from engine.kernel.money import Asset


class Stage(StrEnum):
    """How far the law lets a lot go."""

    EARLY = "early"
    """Early disposal was ordered: volatile coin may be sold before the judgment."""
    JUDGED = "judged"
    """The judgment is final: everything of the lot may be sold."""
    WAITING = "waiting"
    """Kept until the judgment; nothing of it may be sold."""
    RETURN = "return"
    """To be returned in kind; nothing of it may be sold."""


class Form(StrEnum):
    """What a deposit is made of."""

    CASH = "cash"
    GUARANTEE = "guarantee"


class CaseOpened(Struct, frozen=True, kw_only=True, tag="case_opened"):
    """The entrustment: the first statement of every book."""

    authority: str
    document_sha256: str


class LotEntered(Struct, frozen=True, kw_only=True, tag="lot_entered"):
    """A seized parcel was handed over."""

    lot: LotId
    asset: Asset
    quantity: Decimal
    place: str
    """Where it lies: a custodian's name."""
    stage: Stage
    documents: tuple[str, ...] = ()
    """SHA-256 of each paper that came with it."""


class StageSet(Struct, frozen=True, kw_only=True, tag="stage_set"):
    """The law lets the lot go so far from now on."""

    lot: LotId
    stage: Stage
    document_sha256: str


class ScopeAmended(Struct, frozen=True, kw_only=True, tag="scope_amended"):
    """The entrustment covers another quantity of the lot than before."""

    lot: LotId
    quantity: Decimal
    document_sha256: str


class Released(Struct, frozen=True, kw_only=True, tag="released"):
    """So much more of the lot may be sold."""

    lot: LotId
    quantity: Decimal
    document_sha256: str


class Returned(Struct, frozen=True, kw_only=True, tag="returned"):
    """So much of the lot was given back in kind."""

    lot: LotId
    quantity: Decimal
    document_sha256: str


class Suspended(Struct, frozen=True, tag="suspended"):
    """Nothing of the case is sold until it is reopened."""


class Reopened(Struct, frozen=True, tag="reopened"):
    """The suspension is over."""


class Held(Struct, frozen=True, kw_only=True, tag="held"):
    """A court's hold: orders stop at once, and nothing moves."""

    document_sha256: str


class Lifted(Struct, frozen=True, kw_only=True, tag="lifted"):
    """A court lifted its hold. The paper lifts one, however often it is shown."""

    document_sha256: str


class DepositPosted(Struct, frozen=True, kw_only=True, tag="deposit_posted"):
    """The service institution put up so much, or so much more."""

    amount: Decimal
    currency: Asset
    form: Form
    document_sha256: str


class DepositReturned(Struct, frozen=True, kw_only=True, tag="deposit_returned"):
    """So much of the deposit was given back, on proof of receipt."""

    amount: Decimal
    currency: Asset
    document_sha256: str


class Received(Struct, frozen=True, kw_only=True, tag="received"):
    """So much of the proceeds reached the authority."""

    amount: Decimal
    currency: Asset
    document_sha256: str


class Allocated(Struct, frozen=True, kw_only=True, tag="allocated"):
    """What runs sold is divided from now on as the paper of that name says; enough people agreed to it."""

    paper_sha256: str


class AllocationUndone(Struct, frozen=True, kw_only=True, tag="allocation_undone"):
    """An allocation no longer stands, as the paper of that name asks; enough people agreed to it."""

    paper_sha256: str


Fact = (
    CaseOpened
    | LotEntered
    | StageSet
    | ScopeAmended
    | Released
    | Returned
    | Suspended
    | Reopened
    | Held
    | Lifted
    | DepositPosted
    | DepositReturned
    | Received
    | Allocated
    | AllocationUndone
)


class Proposed(Struct, frozen=True, kw_only=True, tag="proposed"):
    """Asks for approval of `paper`, exactly as it stands; its name is the SHA-256 of its bytes."""

    kind: str
    """What the paper is: `plan`, `amend`, `finish`, `ticket`, …"""
    run: RunId | None
    """The run that it is meant for; `None` for a plan, which makes one."""
    paper: str
    """Canonical JSON."""


class Approved(Struct, frozen=True, kw_only=True, tag="approved"):
    """Agrees to the paper of that name."""

    paper_sha256: str
    expires: Instant


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """Does not agree; the paper can't be approved any more."""

    paper_sha256: str


class Withdrawn(Struct, frozen=True, kw_only=True, tag="withdrawn"):
    """Takes back what this person proposed or approved."""

    paper_sha256: str


class Stopped(Struct, frozen=True, kw_only=True, tag="stopped"):
    """Stops a part of a run; one person is enough to stop, and two are needed to go on."""

    run: RunId
    scope: str
    """`venue`, `asset` or `child`."""
    name: str


Decision = Proposed | Approved | Refused | Withdrawn | Stopped
Says = Fact | Decision


class Statement(Struct, frozen=True, kw_only=True):
    """One thing said by one person. Its canonical bytes are what is signed."""

    case: CaseId
    environment: str
    by: PersonName
    at: Instant
    """Wall time, by the speaker's machine."""
    nonce: str
    """Drawn for this statement alone: nothing is taken twice."""
    reason: str
    says: Says


class Signed(Struct, frozen=True, tag="signed"):
    """A statement as it was signed."""

    statement: str
    """Canonical JSON of a `Statement`."""
    signature: str
    """Ed25519 over those bytes, in base64."""

    def read(self) -> Statement:
        """The statement; `msgspec.DecodeError` or `ValidationError` when it is none."""
        return msgspec.json.decode(self.statement, type=Statement)


class Why(StrEnum):
    """Why a decision did not count. Each is another fact."""

    SELF_APPROVAL = "self_approval"
    LATE = "late"
    """The proposal or the approval had expired."""
    NO_ROLE = "no_role"
    UNKNOWN_PAPER = "unknown_paper"
    REPLAYED = "replayed"
    """A statement, or an approval, that had been used before."""
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    CHANGED_PLAN = "changed_plan"
    """What is about to run is not what was approved."""
    OTHER_CODE = "other_code"
    """The plan was approved for another version of the code."""
    RESTORED = "restored"
    """The book is older than its witness: it came back from a backup."""
    TOO_FEW = "too_few"
    """Fewer people agree to it than the policy asks for."""
    OUTSIDE = "outside"
    """It lies outside the mandate."""


class Declined(Struct, frozen=True, kw_only=True, tag="declined"):
    """The desk did not let a decision count."""

    why: Why
    detail: str
    by: PersonName | None = None
    paper_sha256: str = ""


class Taken(Struct, frozen=True, kw_only=True, tag="taken"):
    """The approval of a paper was used, by this run; it can't be used again."""

    paper_sha256: str
    run: RunId


class Sold(Struct, frozen=True, kw_only=True):
    """What one run did with one asset of its case."""

    asset: Asset
    granted: Decimal
    sold: Decimal
    unknown: Decimal = Decimal(0)


class RunBegan(Struct, frozen=True, kw_only=True, tag="run_began"):
    """A run was granted so much."""

    run: RunId
    granted: tuple[Sold, ...]


class RunEnded(Struct, frozen=True, kw_only=True, tag="run_ended"):
    """A run came to its end, or its totals are known better than before; the last one counts."""

    run: RunId
    status: str
    sales: tuple[Sold, ...]
    proceeds: dict[Asset, Decimal]
    """Net of fees, per asset that the run ended up with: fiat, and stablecoin that it left unsold."""


class Seen(Struct, frozen=True, kw_only=True, tag="seen"):
    """A running engine took notice of a statement, and when nothing of it stood in any book any more."""

    run: RunId
    statement_seq: int
    noticed: Instant
    flat: Instant | None
    """`None` while it is not proven."""


Noted = Declined | Taken | RunBegan | RunEnded | Seen
BookEntry = Signed | Noted
