"""The closed union of all that is journaled. Add a case, and the type checker lists every place that must learn of it.

Three kinds of rows: what has happened (events), what the core decided (commands), and the shell's own notes about the
run's life, which open, restart and close a journal.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import CaseId, RunId, VenueName
from engine.mandate.register import Licence
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


class Approval(Struct, frozen=True, tag="approval_waived"):
    """In the sandbox nobody has to sign; which plan would have been signed is on record all the same."""

    at: Instant
    plan_sha256: str


class Restarted(Struct, frozen=True, tag="restarted"):
    """A process took the run over. Attempts without an outcome are unknown from here on."""

    at: Instant
    epoch: int
    code: str


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


Note = Opened | Approval | Restarted | TapeSealed | Closed
Entry = e.Event | c.Command | Note

EVENTS: Final = (
    e.Due, e.Placed, e.Cancelled, e.Reported, e.Filled, e.LookedUp, e.Surveyed, e.StreamChanged, e.ModeChanged,
    e.Asked, Restarted,
)  # fmt: skip
"""What the core answers with commands; everything else only changes state or is ignored."""
COMMANDS: Final = (c.Place, c.Cancel, c.Lookup, c.Survey, c.WakeAt, c.Withheld, c.Residue, c.Halt, c.Finish)

_DECODER: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def decode(payload: bytes) -> Entry:
    """The value of a row; `msgspec.DecodeError` or `ValidationError` when it is none."""
    return _DECODER.decode(payload)


def kind(entry: Entry) -> str:
    """The row's tag: `due`, `place`, `filled`, …"""
    tag = entry.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
