"""The folder of one run: its lock, its origin, and the names of what lies in it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec
from msgspec import Struct

from engine.journal import reading
from engine.receivers import Receiver

ORIGIN: Final = "origin.json"
LOCK: Final = ".lock"
FILLS: Final = "fills.jsonl"
SUMMARY: Final = "summary.json"
REPORT: Final = "report.html"
LOG: Final = "engine.log"
HALT_FILE: Final = "HALT"
"""While it is there nothing is placed: `steelyard-kill` leaves it, and a person takes it away."""


class Whereabouts(Struct, frozen=True, kw_only=True):
    """Where one venue was reached, and by which adapter."""

    adapter: str
    address: str
    options: dict[str, str] = {}
    reference: bool = False
    """Its public prices only: no key, no orders."""


class Origin(Struct, frozen=True, kw_only=True):
    """How a run reaches its venues, without any secret: what another shell needs to continue it."""

    kind: str
    """`own` (a sandbox that dies with the process), `pointed` (at a running one), `virtual`, `rehearsal` (live
    public prices, matched in memory) or `production`."""
    home: str
    venues: dict[str, Whereabouts] = {}
    custody: dict[str, str] = {}
    """How its custodian is reached: `kind`, and `folder` or `address`; empty where there is none."""
    people: str = ""
    """The signed file that says who may decide what; empty where nobody has to."""
    receivers: tuple[Receiver, ...] = ()
    """Who is told of alarms."""
    prices: dict[str, dict[str, str]] = {}
    """Per asset and source the file that a floor by average is taken from."""


class Locked(Exception):
    """Another process holds it."""


class Lock:
    """Held by the running process, and gone with it however it ends."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise Locked(str(path)) from error

    def release(self) -> None:
        """Let others in."""
        os.close(self._handle)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class RunFolder:
    """One run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / reading.FILE

    def create(self, origin: Origin) -> Path:
        """Make it, with its origin; returns its path."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.path / ORIGIN, msgspec.json.encode(origin))
        return self.path

    @property
    def born(self) -> bool:
        """Has it a journal with a first row? Without one, nothing can have been sent."""
        try:
            return next(reading.read(self.journal), None) is not None
        except (FileNotFoundError, NotADirectoryError):
            return False

    def clear(self) -> None:
        """Take the journal of a run that was never born out of the way."""
        assert not self.born, "a journal with rows is never removed"
        if not self.path.is_dir():
            return
        for name in (FILLS, *(self.journal.name + beside for beside in ("", "-wal", "-shm"))):
            (self.path / name).unlink(missing_ok=True)

    def lock(self) -> Lock:
        """Hold the folder; `Locked` when another process does."""
        return Lock(self.path / LOCK)

    def origin(self) -> Origin:
        """How the run reaches its venues."""
        return msgspec.json.decode((self.path / ORIGIN).read_bytes(), type=Origin)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file whole: a reader sees the old content or the new, also after a power cut."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
