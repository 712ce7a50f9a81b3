"""Where files are put that have to reach a disk, and what a bare append to that disk costs."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACE = "STEELYARD_BENCH_DIR"
"""Names a folder on the disk that is to be measured; `/var/tmp` without it, since `/tmp` may be memory."""
_MEMORY = ("tmpfs", "ramfs")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on a real disk, gone afterwards; a file system in memory is refused, since it makes nothing durable."""
    place = Path(os.environ.get(PLACE, "/var/tmp"))
    if (kind := file_system(place)) in _MEMORY:
        raise SystemExit(f"{place} is {kind}, where nothing is durable: name a folder on a disk with {PLACE}")
    with tempfile.TemporaryDirectory(prefix="steelyard-bench-", dir=place) as folder:
        yield Path(folder)


def file_system(place: Path) -> str:
    """The kind of the file system that holds `place`: `ext4`, `tmpfs`, …; `unknown` where the system does not say."""
    mounts, found = Path("/proc/self/mounts"), (0, "unknown")
    whole = place.resolve()
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        _, point, kind, *_ = line.split()
        if whole.is_relative_to(point):
            found = max(found, (len(point), kind))
    return found[1]


def appended(path: Path, content: bytes, count: int) -> list[float]:
    """Microseconds of each of `count` appends to one file, with `fdatasync` after every one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    taken = []
    try:
        for _ in range(count):
            began = time.perf_counter_ns()
            os.write(handle, content)
            os.fdatasync(handle)
            taken.append((time.perf_counter_ns() - began) / 1000)
    finally:
        os.close(handle)
    return taken
