"""One row of a case's book, as it is read: is it an entry of this case, and who is there to prove its signature?"""

import msgspec

from engine.journal.record import Record
from engine.kernel.errors import Damaged
from engine.kernel.ids import CaseId
from engine.mandate.people import People
from engine.mandate.signatures import signed_by
from engine.mandate.statements import BookEntry, Signed, Statement


def decoded(record: Record, where: str, environment: str, case: CaseId) -> tuple[BookEntry, Statement | None]:
    """The entry, and the statement in it where it holds one; `Damaged` where it is none, or of another case."""
    row = f"{where}: row {record.seq}"
    try:
        entry: BookEntry = msgspec.json.decode(record.payload, type=BookEntry)
        statement = entry.read() if isinstance(entry, Signed) else None
    except msgspec.DecodeError as error:
        raise Damaged(f"{row} is no entry of a book: {error}") from error
    if statement is not None and (statement.case, statement.environment) != (case, environment):
        raise Damaged(f"{row} was said of {statement.environment} case {statement.case}")
    return entry, statement


def doubt(people: People, seq: int, entry: Signed, statement: Statement) -> str:
    """Why nobody proves that row `seq` was signed by whom it names; empty where that person's key does."""
    person = people.persons.get(statement.by)
    if person is None:
        whom = f"{statement.by}, whom people.toml does not name; whoever leaves stays in it without roles"
        return f"row {seq} was said by {whom}"
    return "" if signed_by(entry, person, now=False) else f"row {seq} is not signed by a key of {statement.by}"
