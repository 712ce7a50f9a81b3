"""Files beside a journal: the marker that stops an engine from sending more, and the record of what was done.

The marker is durable before the first cancel leaves. It stays: whoever wants the run to go on removes it by hand.
"""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, Final

HALT_FILE: Final = "HALT"
LOCK: Final = ".lock"


def raise_halt(folder: Path, reason: str) -> str:
    """Leave the marker, durably; why that failed, or nothing. One that is there already stays as it is."""
    content = json.dumps({"at": utc(time.time_ns()), "by": "steelyard-kill", "reason": reason}).encode() + b"\n"
    try:
        handle = os.open(folder / HALT_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            if os.fstat(handle).st_size == 0:
                os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        _sync(folder)
    except OSError as error:
        return f"{HALT_FILE} can't be written in {folder}: {error.strerror}"
    return ""


def engine_runs(folder: Path) -> bool:
    """Does a process hold the run? The lock is gone with it, however it ended."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def write_record(folder: Path, began_ns: int, record: dict[str, Any]) -> Path:
    """`kill-UTC.json`, under a name of its own, durable when this returns; `OSError` when it can't be had."""
    name = f"kill-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(began_ns // 1_000_000_000))}Z"
    path, number = folder / f"{name}.json", 1
    while True:
        try:
            with path.open("xb") as file:
                file.write(json.dumps(record, indent=1).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            number += 1
            path = folder / f"{name}-{number}.json"
        else:
            _sync(folder)
            return path


def utc(at_ns: int) -> str:
    """ISO 8601 to the millisecond."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1_000_000:03d}Z"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
