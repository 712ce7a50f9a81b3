"""What people may ask of a run beyond pause, resume and halt. Each names what it changes; nothing is free text.

A paper is what is signed: the run and the instruction, in canonical bytes. Stopping needs one person, everything else
as many as the policy says.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from engine.kernel import codec
from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, RunId, VenueName
from engine.kernel.money import Amount, Asset
from engine.mandate import allocation
from engine.mandate.terms import Floor


class Scope(StrEnum):
    """What a stop is about."""

    VENUE = "venue"
    ASSET = "asset"
    CHILD = "child"
    RUN = "run"
    """The whole run, after a halt; only `GoOn` names it."""


PARTS: Final = (Scope.VENUE, Scope.ASSET, Scope.CHILD)
"""What one person may stop."""


class By(StrEnum):
    """How a run is finished early."""

    SWEEP = "sweep"
    """Everything that is left is wanted now; collar, floor and every limit hold as before."""
    RFQ = "rfq"
    """The desks are asked for firm quotes; the best that the limits allow is taken."""


class Stop(Struct, frozen=True, tag="stop"):
    """Nothing new there, and what rests is cancelled. `name` is a venue, an asset, or a client order id."""

    scope: Scope
    name: str


class GoOn(Struct, frozen=True, tag="go_on"):
    """What was stopped goes on: a venue, an asset, or the run itself after a halt."""

    scope: Scope
    name: str = ""


class Amend(Struct, frozen=True, kw_only=True, tag="amend"):
    """Other terms from now on. What is `None` stays as it is."""

    was_sha256: str
    """The digest of the plan in force (`hand.in_force`): an amendment of another one is refused."""
    ends: Instant | None = None
    """The deadline; what is left of each schedule is stretched, or pressed, to fit."""
    rate: Decimal | None = None
    """What is left is sold at so many times the planned pace."""
    floors: Mapping[Asset, Floor | None] | None = None
    shares: Mapping[Asset, Decimal | None] | None = None
    """Caps on participation, as fractions."""
    venues: tuple[VenueName, ...] | None = None
    """Of those that the run began with."""
    collar_bp: Decimal | None = None
    """How far below the reference a sale's limit may lie."""
    quota: Decimal | None = None
    """What one local day may sell, as a fraction; only where the plan has days."""


class Finish(Struct, frozen=True, tag="finish"):
    """Bring the run to its end now."""

    by: By


class Ticket(Struct, frozen=True, kw_only=True, tag="ticket"):
    """A deal that was struck by voice with a licensed venue's desk and settles on our account there."""

    ticket: str
    """The desk's own number for it."""
    venue: VenueName
    sell: Asset
    buy: Asset
    quantity: Decimal
    price: Decimal
    """Of one unit, before `fee`."""
    fee: Amount
    counterparty: str
    dealt_at: Instant
    document_sha256: str


class SettleUnknown(Struct, frozen=True, kw_only=True, tag="settle_unknown"):
    """What became of an order whose venue can't tell, by a paper: `filled` is all that it ever sold."""

    client_id: ClientOrderId
    filled: Decimal
    price: Decimal | None
    """Of what was not known before; `None` where nothing is new."""
    fee: Amount | None
    document_sha256: str


class ExplainDifference(Struct, frozen=True, kw_only=True, tag="explain_difference"):
    """Why an account holds more or less than our ledger says, by a paper."""

    venue: VenueName
    asset: Asset
    delta: Decimal
    """What the venue shows less what the ledger holds."""
    document_sha256: str


Instruction = Stop | GoOn | Amend | Finish | Ticket | SettleUnknown | ExplainDifference


class Paper(Struct, frozen=True, kw_only=True):
    """What is signed."""

    schema: int = 1
    run: RunId
    number: int = 0
    """So many papers had been proposed for the run: a paper is used once, and people may wish for the same again."""
    instruction: Instruction

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return codec.encode(self).decode()

    @property
    def sha256(self) -> str:
        """The name by which people approve it."""
        return codec.sha256_hex(self.text.encode())


def parse(text: str) -> Paper:
    """The paper; `msgspec.DecodeError` or `ValidationError` when it is none."""
    return msgspec.json.decode(text, type=Paper)


class _Plan(Struct):
    """By what a plan's paper is told from all others; the engine makes it anew and compares every byte."""

    config_sha256: str
    plan: Mapping[str, msgspec.Raw]


def kind_of(text: str, said: str) -> str:
    """What a paper is by its own bytes, which decides who may agree to it; `said` counts where no run obeys it."""
    if (about := allocation.read(text)) is not None:
        return allocation.kind_of(about)
    for what in (Paper, _Plan):
        try:
            paper = msgspec.json.decode(text, type=what)
        except (msgspec.DecodeError, RecursionError):
            continue
        return str(paper.instruction.__struct_config__.tag) if isinstance(paper, Paper) else "plan"
    return said


def alone(instruction: Instruction) -> bool:
    """Is one person enough?"""
    return isinstance(instruction, Stop)
