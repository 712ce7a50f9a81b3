"""A small institution: who is who in the tests of approvals, with keys that are the same every time."""

import base64
import itertools
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.drivers import personal
from engine.kernel.clock import HOUR, Instant, Span, parse_instant
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import CaseId, PersonName, RunId
from engine.mandate.people import People, Person, Policy, Role
from engine.mandate.statements import Approved, Proposed, Refused, Says, Signed, Statement, Withdrawn

CASE: Final = CaseId("SHORT-1")
NOON: Final = parse_instant("2026-11-23T12:00:00Z")
LASTS: Final = Span(24 * HOUR)
PLAN: Final = '{"plan":"sell 1 BTC"}'
NAME: Final = sha256_hex(PLAN.encode())
ROLES: Final[Mapping[str, set[Role]]] = {
    "li": {Role.TRADER},
    "wang": {Role.APPROVER},
    "chen": {Role.APPROVER, Role.TRADER},
    "zhou": {Role.APPROVER},
    "sun": {Role.COMPLIANCE},
    "gao": {Role.OFFICER},
    "he": {Role.CUSTODIAN},
    "left": set(),
}
_numbers = itertools.count()


def private(name: str) -> Ed25519PrivateKey:
    """The key of that person: a digest of their name."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def public(name: str) -> str:
    """As people.toml has it."""
    return base64.b64encode(private(name).public_key().public_bytes_raw()).decode()


def person(name: str, *, key: str = "", former: tuple[str, ...] = ()) -> Person:
    return Person(name=PersonName(name), roles=frozenset(ROLES[name]), key=key or public(name), former=former)


def people(*names: str, approvals: int = 2, lasts: Span = LASTS) -> People:
    """Those of that name, or everybody."""
    chosen = names or tuple(ROLES)
    return People({PersonName(name): person(name) for name in chosen}, Policy(approvals=approvals, lasts=lasts))


def statement(by: str, says: Says, *, at: int = NOON, nonce: str = "", reason: str = "as agreed") -> Statement:
    """What somebody says, with a nonce of its own."""
    return Statement(
        case=CASE,
        environment="sandbox",
        by=PersonName(by),
        at=Instant(at),
        nonce=nonce or f"nonce-{next(_numbers):012d}",
        reason=reason,
        says=says,
    )


def signed(said: Statement, key: str = "") -> Signed:
    """Signed by who says it, or with the key of somebody else."""
    return personal.signed(said, personal.FileSigner(said.by, private(key or said.by)))


def proposed(kind: str = "plan", paper: str = PLAN, run: str | None = None) -> Proposed:
    return Proposed(kind=kind, run=RunId(run) if run else None, paper=paper)


def agrees(until: int = NOON + 4 * HOUR, paper: str = NAME) -> Approved:
    return Approved(paper_sha256=paper, expires=Instant(until))


def refuses(paper: str = NAME) -> Refused:
    return Refused(paper_sha256=paper)


def withdraws(paper: str = NAME) -> Withdrawn:
    return Withdrawn(paper_sha256=paper)


def people_toml(*entries: str, approvals: int = 2, lasts: str = "24h") -> str:
    """The text of a people file."""
    return f'schema = 1\n[policy]\napprovals = {approvals}\nlasts = "{lasts}"\n' + "".join(entries)


def entry(name: str, *roles: str, key: str = "") -> str:
    """One person's table."""
    listed = ", ".join(f'"{role}"' for role in roles)
    return f'[people.{name}]\nroles = [{listed}]\nkey = "{key or public(name)}"\n'


def sign(path: Path, key: str = "admin") -> None:
    """The signature of a file that is there, beside it."""
    Path(f"{path}.sig").write_text(base64.b64encode(private(key).sign(path.read_bytes())).decode() + "\n")
