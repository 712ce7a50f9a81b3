"""Is a signed statement what it pretends to be? Whether it may count is asked afterwards, and elsewhere.

What is not genuine says nothing about anybody, so it leaves no row in a book: everybody could write such rows.
"""

from typing import Final

import msgspec

from engine.kernel import codec
from engine.kernel.clock import MINUTE, Instant, iso
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import CaseId
from engine.mandate.people import People
from engine.mandate.signatures import signed_by
from engine.mandate.statements import Signed, Statement

AHEAD_MAX: Final = 5 * MINUTE
"""So far may a speaker's clock be ahead of ours."""
NONCE_MIN: Final = 16


def genuine(signed: Signed, case: CaseId, environment: str, people: People, now: Instant) -> Statement:
    """The statement, when it is of this case and signed by whom it names; `BadInput` with all that is wrong."""
    try:
        statement = signed.read()
    except msgspec.DecodeError as error:
        raise BadInput([Mistake("statement", f"can't be read: {error}")]) from error
    mistakes = []
    if codec.encode(statement) != signed.statement.encode():
        mistakes.append("is not written in the one canonical way")
    if (statement.case, statement.environment) != (case, environment):
        mistakes.append(f"is of {statement.environment} case {statement.case}, and this is {environment} case {case}")
    if not statement.reason.strip():
        mistakes.append("has no reason; nothing is decided without one")
    if len(statement.nonce) < NONCE_MIN:
        mistakes.append(f"has a nonce of fewer than {NONCE_MIN} characters")
    if statement.at > now + AHEAD_MAX:
        mistakes.append(f"was signed at {iso(statement.at)}, which has not come yet: one of two clocks is wrong")
    person = people.persons.get(statement.by)
    if person is None:
        mistakes.append(f"is by {statement.by}, whom people.toml does not name")
    elif not signed_by(signed, person, now=True):
        mistakes.append(f"is not signed by the key that people.toml gives for {statement.by}")
    if mistakes:
        raise BadInput([Mistake("statement", what) for what in mistakes])
    return statement
