"""Who may say what of a case. One person has one name and one key, so that a name is worth what its key is worth.

Roles are about statements, not about machines: whoever may do something at a venue is another question. To stop is
left to everybody, since one pair of hands has to be enough for it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.ids import PersonName
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    Approved,
    CaseOpened,
    DepositPosted,
    DepositReturned,
    Held,
    Lifted,
    LotEntered,
    Proposed,
    Received,
    Refused,
    Released,
    Reopened,
    Returned,
    Says,
    ScopeAmended,
    StageSet,
    Stopped,
    Suspended,
    Withdrawn,
)


class Role(StrEnum):
    """What somebody is to a case."""

    TRADER = "trader"
    APPROVER = "approver"
    COMPLIANCE = "compliance"
    OFFICER = "officer"
    """Speaks for the authority."""
    CUSTODIAN = "custodian"


class Person(Struct, frozen=True, kw_only=True):
    """One natural person."""

    name: PersonName
    roles: frozenset[Role]
    """Empty for somebody who has left: what they said stays readable, and they say nothing more."""
    key: str
    """The public key, 32 raw bytes in base64."""
    former: tuple[str, ...] = ()
    """Keys that this person signed with before. They prove old statements and sign no new ones."""
    full_name: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """How much agreement a paper needs."""

    approvals: int
    """So many different people, none of them the one who proposed."""
    lasts: Span
    """A proposal waits no longer than this, and an approval is good no longer than this."""


class People(Struct, frozen=True):
    """Everybody who is known here, and the policy they decide by."""

    persons: Mapping[PersonName, Person]
    policy: Policy


_EVERYBODY: Final = frozenset(Role)
_OFFICER: Final = frozenset({Role.OFFICER})
_DEPOSIT: Final = frozenset({Role.OFFICER, Role.COMPLIANCE})
_DESK: Final = frozenset({Role.TRADER, Role.APPROVER, Role.COMPLIANCE, Role.OFFICER})

MAY: Final[Mapping[type[Says], frozenset[Role]]] = {
    CaseOpened: _OFFICER,
    LotEntered: _OFFICER,
    StageSet: _OFFICER,
    ScopeAmended: _OFFICER,
    Released: _OFFICER,
    Returned: _OFFICER,
    Reopened: _OFFICER,
    Lifted: _OFFICER,
    Received: _OFFICER,
    DepositPosted: _DEPOSIT,
    DepositReturned: _DEPOSIT,
    Held: _EVERYBODY,
    Suspended: _EVERYBODY,
    Stopped: _EVERYBODY,
    Proposed: _DESK,
    Allocated: _DESK,  # the paper it names has to be agreed on: `weighing` asks for that
    AllocationUndone: _DESK,
    Approved: frozenset({Role.APPROVER}),
    Refused: frozenset({Role.APPROVER}),
    Withdrawn: _EVERYBODY,  # who it was that proposed or approved, the docket knows
}
"""Which roles may say each kind of statement; any one of them is enough."""
OFFICIAL: Final = frozenset({"release", "lift"})
"""Papers on which the authority's officer counts as well as an approver."""
STOPS: Final[tuple[type[Says], ...]] = (Held, Suspended, Stopped, Refused, Withdrawn)
"""What can only make less happen. It is taken even where nothing else is."""


def roles_for(says: type[Says], kind: str = "") -> frozenset[Role]:
    """The roles that may say it; `kind` is that of the paper which is approved or refused."""
    more = _OFFICER if says in (Approved, Refused) and kind in OFFICIAL else frozenset[Role]()
    return MAY[says] | more


def may(person: Person, says: type[Says], kind: str = "") -> bool:
    """May this person say such a thing at all?"""
    return bool(person.roles & roles_for(says, kind))
