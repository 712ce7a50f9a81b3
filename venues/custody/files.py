"""A folder shared with the custodian: requests go in, people answer, a statement says what lies there.

    requests/ID.json    written whole by us, once for each id, and never changed
    answers/ID.json     written by the custodian's people
    statement.json      what lies in custody for the case, with its date

Nothing outside the folder is read or written: names come from validated ids alone, and a link leads nowhere.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine.kernel import codec
from engine.kernel.errors import BadInput, Mistake
from engine.orders.reports import Done, Outcome, Refused, Transient, Unknown, Wire
from engine.orders.tranche import (
    CustodyStatement,
    NoTidings,
    Requested,
    Tranche,
    TrancheId,
    TrancheState,
    Unheard,
    is_tranche_id,
)
from venues.custody.records import answer_in, is_about, request_of, statement_in

REQUESTS: Final = "requests"
ANSWERS: Final = "answers"
STATEMENT: Final = "statement.json"
BYTES_MAX: Final = 1 << 20
"""No paper of these is larger."""


class FileCustody:
    """`engine.ports.Custody` over a folder, for one case. Files are touched in a thread: a share may be slow."""

    def __init__(
        self, folder: Path, case: str, *, name: str = "custody", sync: Callable[[int], None] = os.fsync
    ) -> None:
        """`BadInput` when there is no such folder, or what lies in it is not a folder of its own."""
        self.name = name
        self._case, self._sync = case, sync
        self._root = folder.resolve()
        if mistakes := list(_unfit(self._root)):
            raise BadInput(mistakes)

    async def holdings(self) -> CustodyStatement:
        """The statement as it lies there; `BadInput` with every mistake in it, or when there is none."""
        return await asyncio.to_thread(self._holdings)

    async def ask(self, tranche: Tranche) -> Outcome:
        """Lay a request into the folder; `Done` when it is there to stay."""
        return await asyncio.to_thread(self._ask, tranche)

    async def look(self, tranche: TrancheId) -> TrancheState:
        """What the custodian's people have written beside the request."""
        return await asyncio.to_thread(self._look, tranche)

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _holdings(self) -> CustodyStatement:
        try:
            with self._open(".") as folder:
                raw = _read(folder, STATEMENT)
        except OSError as error:
            raise BadInput([Mistake(STATEMENT, f"can't be read: {error.strerror}")]) from error
        if raw is None:
            raise BadInput([Mistake(STATEMENT, "is missing")])
        return statement_in(raw, STATEMENT, self._case)

    def _ask(self, tranche: Tranche) -> Outcome:
        if not is_tranche_id(tranche.id):
            return Refused("bad_id", f"{tranche.id!r} is no tranche's id")
        if not tranche.quantity.is_finite() or tranche.quantity <= 0:
            return Refused("bad_quantity", f"{tranche.quantity} is not above nothing")
        name, raw = f"{tranche.id}.json", request_of(tranche, self._case)
        try:
            with self._open(REQUESTS) as folder:
                return self._lay(folder, name, raw, tranche)
        except OSError as error:
            return Transient(f"{REQUESTS} can't be opened: {error.strerror}")

    def _lay(self, folder: int, name: str, raw: bytes, tranche: Tranche) -> Outcome:
        where = f"{REQUESTS}/{name}"
        try:
            before = _read(folder, name)
        except OSError as error:
            return Unknown(f"{where} can't be read: {error.strerror}")
        if before is not None:
            if not is_about(before, tranche, self._case):
                return Refused("other_terms", f"{where} asks for another movement")
        elif (failed := self._write(folder, name, raw)) is not None:
            return failed
        try:
            self._sync(folder)
        except OSError as error:
            return Unknown(f"{where} may not last: {error.strerror}")
        return Done(wire=Wire(codec.sha256_hex(before or raw)))

    def _write(self, folder: int, name: str, raw: bytes) -> Transient | Unknown | None:
        """Whole or not at all: written beside, made durable, and only then given its name."""
        beside = f".{name}.part"
        try:
            with suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=folder)  # what a crash left half written
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640, dir_fd=folder)
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                self._sync(handle)
        except OSError as error:
            return Transient(f"{REQUESTS}/{name} can't be written: {error.strerror}")
        try:
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            return Unknown(f"{REQUESTS}/{name} may be there: {error.strerror}")  # a share can fail after it was done
        return None

    def _look(self, tranche: TrancheId) -> TrancheState:
        if not is_tranche_id(tranche):
            return NoTidings(f"{tranche!r} is no tranche's id")
        name, where = f"{tranche}.json", f"{ANSWERS}/{tranche}.json"
        try:
            with self._open(REQUESTS) as requests, self._open(ANSWERS) as answers:
                asked, answer = _read(requests, name), _read(answers, name)
        except OSError as error:
            return NoTidings(f"{where}: can't be read: {error.strerror}")
        if asked is None:
            return Unheard() if answer is None else NoTidings(f"{where}: answers what was never asked for")
        if answer is None:
            return Requested()
        try:
            return answer_in(answer, where, tranche)
        except BadInput as error:
            return NoTidings(str(error))

    @contextmanager
    def _open(self, name: str) -> Iterator[int]:
        """A folder by its handle, so that nobody can put a link in its place between two steps."""
        handle = os.open(self._root / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)


def _read(folder: int, name: str) -> bytes | None:
    """A plain file of reasonable size, `None` when there is none; `OSError` for anything else."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "is no plain file")
        raw = file.read(BYTES_MAX + 1)
    if len(raw) > BYTES_MAX:
        raise OSError(errno.EFBIG, f"is larger than {BYTES_MAX} bytes")
    return raw


def _unfit(root: Path) -> list[Mistake]:
    """What is wrong with the folder; the two inside it are made where they are missing."""
    if not root.is_dir():
        return [Mistake(str(root), "is not a folder")]
    mistakes = []
    for name in (REQUESTS, ANSWERS):
        path = root / name
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            mistakes.append(Mistake(str(path), f"can't be made: {error.strerror}"))
            continue
        if path.is_symlink():
            mistakes.append(Mistake(str(path), "is a link; nothing outside the folder is read or written"))
    return mistakes
