"""Which code this is: the version, and a digest of every source file that decides something."""

from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from engine import VERSION

PACKAGES: Final = ("engine", "strategies", "venues")


@cache
def identity() -> str:
    """`0.1.0+1f2e3d4c5b6a`: the same for the same files, wherever they are installed."""
    digest = sha256()
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None, package
        for folder in spec.submodule_search_locations or ():
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(f"{package}/{path.relative_to(folder).as_posix()}\n".encode())
                digest.update(sha256(path.read_bytes()).digest())
    return f"{VERSION}+{digest.hexdigest()[:12]}"
