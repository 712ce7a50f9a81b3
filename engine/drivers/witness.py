"""Where a case's book stood last, kept outside the state folder: what tells a restored backup from the book itself.

A book that came back from a backup has forgotten which approvals were used since. Its own chain can't show that; this
file can, as long as it does not come back from the same backup. So it belongs on another medium.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.drivers.folder import write_whole
from engine.kernel.errors import BadInput, Damaged, Mistake

FOLDER_NAME: Final = "STEELYARD_WITNESS"
PATIENCE_S: Final = 10.0
"""Who finds it held by somebody else waits so long; a writer holds it for one commit."""
_AGAIN_S: Final = 0.005


class Mark(Struct, frozen=True, kw_only=True):
    """The last row that was seen durable. `first` is the hash of row 1, which tells one book from another."""

    seq: int
    hash: str
    first: str = ""


def folder() -> Path:
    """`STEELYARD_WITNESS`, or a folder of this user's data."""
    named = os.environ.get(FOLDER_NAME)
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "steelyard" / "witness"


class Witness:
    """One book's witness. In a sandbox, where people begin anew all the time, it lets go of a book that is gone."""

    def __init__(self, path: Path, *, strict: bool) -> None:
        self.path, self._strict = path, strict
        self.remarks: list[str] = []
        """What the operator should hear of it."""

    def read(self) -> Mark | None:
        """The mark, or `None` when there is no file; `Damaged` when what is there can't be read."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Mark)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:  # a ValidationError is a DecodeError too
            raise Damaged(f"the witness {self.path} can't be read: {error}") from error

    @contextmanager
    def held(self) -> Iterator[str]:
        """Meanwhile nobody else looks here before they write, be it into this book or into a copy of it.

        Yields why it can't be held; empty when it is. `BadInput` when somebody else held it for `PATIENCE_S`.
        """
        handle, loose = None, ""
        try:
            handle = self._locked()
        except OSError as error:
            loose = f"{self.path} can't be held against another copy of the book: {error.strerror}"
        try:
            yield loose
        finally:
            if handle is not None:
                os.close(handle)

    def begin(self, genesis: str) -> None:
        """Before a book is created: so a crash before its first row is marked leaves no book without a witness."""
        try:
            if self.read() is None:
                self._write(Mark(seq=0, hash=genesis))
        except (OSError, Damaged) as error:
            raise BadInput(
                [Mistake("witness", f"{self.path} can't be begun, so neither can the book: {error}")]
            ) from error

    def gap(self, mark: Mark | None, hashes: Sequence[str]) -> str:
        """What is wrong with a book that has these rows, in words; empty when it is the one that was seen.

        The rows are those that were there after the mark was read: by then nobody has marked a later one.
        """
        if not self._strict and self._another(mark, hashes):
            return ""
        if mark is None:
            return f"there is no {self.path}, and the book has {len(hashes)} rows" if hashes else ""
        if len(hashes) < mark.seq:
            return f"the book ends with row {len(hashes)}, and {self.path} has seen row {mark.seq}"
        if mark.seq and hashes[mark.seq - 1] != mark.hash:
            return f"row {mark.seq} of the book is not the one that {self.path} has seen"
        return ""

    def mark(self, hashes: Sequence[str]) -> None:
        """The last row is durable. A witness that can't be written stays behind, and that is not the book's fault."""
        try:
            self._write(Mark(seq=len(hashes), hash=hashes[-1], first=hashes[0]))
        except OSError as error:
            self._remark(f"{self.path} could not be written and stays behind the book: {error.strerror}")

    def _locked(self) -> int:
        """The lock lies beside the mark, since the mark itself is replaced whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    os.close(handle)
                    what = f"{self.path} is held by another writer for more than {PATIENCE_S:g} s; nothing was written"
                    raise BadInput([Mistake("witness", what)]) from error
            except OSError:
                os.close(handle)
                raise
            time.sleep(_AGAIN_S)

    def _another(self, mark: Mark | None, hashes: Sequence[str]) -> bool:
        """Is it a book that this witness never saw, rather than an older state of one that it did?"""
        if mark is None and hashes:
            self._remark(f"{self.path} was missing, and begins with this book; production would refuse it")
            return True
        if mark is not None and mark.first and (not hashes or mark.first != hashes[0]):
            self._remark(f"{self.path} knew another book of this case, and begins anew; production would refuse it")
            return True
        return False

    def _remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def _write(self, mark: Mark) -> None:
        """Replace it whole. Of two who write at once either may be last: a witness may be behind, and never ahead."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        write_whole(draft, msgspec.json.encode(mark))
        draft.replace(self.path)
