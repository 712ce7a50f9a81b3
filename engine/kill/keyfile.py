"""The key file: a TOML table for each venue, for nobody's eyes but its owner's.

```toml
[hashkey]
key = "…"
secret = "…"
environment = "sandbox"      # or "production"
```
"""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.kill.mistakes import BadInput, Mistake

SANDBOX, PRODUCTION = "sandbox", "production"
SANDBOX_KEYS: Final = "sandbox-"
"""How every key of our own sandbox begins."""
_NEEDED: Final = ("key", "secret", "environment")
_KNOWN: Final = (*_NEEDED, "adapter", "address")


class Keys(NamedTuple):
    """What opens one venue. Its text never shows a secret."""

    venue: str
    key: str
    secret: str
    environment: str
    adapter: str
    """Only for a run whose `origin.json` is lost."""
    address: str
    """As `adapter`; of a sandbox on this machine."""

    def __repr__(self) -> str:
        return f"Keys({self.venue}, {self.environment})"


def load(path: Path) -> dict[str, Keys]:
    """The keys by the config's name of the venue; `BadInput` with every mistake in the file or in its mode."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from None
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        if mode & 0o077:
            raise BadInput([Mistake(str(path), f"others may read it (mode {mode:04o}): chmod 600 {path}")])
        try:
            tables = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # not the parser's own words: they may quote a line with a secret in it
            raise BadInput([Mistake(str(path), "this is not TOML")]) from None
    mistakes: list[Mistake] = []
    found = {venue: _keys(venue, table, mistakes) for venue, table in tables.items()}
    if not tables:
        mistakes.append(Mistake(str(path), "it holds no key; a table [VENUE] is wanted for each venue"))
    if mistakes:
        raise BadInput(mistakes)
    return found


def _keys(venue: str, table: Any, mistakes: list[Mistake]) -> Keys:
    if not isinstance(table, dict):
        mistakes.append(Mistake(venue, "must be a table"))
        table = dict.fromkeys(_NEEDED, "-")
    lacking = [name for name in _NEEDED if not isinstance(table.get(name), str) or not table[name]]
    mistakes += [Mistake(f"{venue}.{name}", "a text is wanted") for name in lacking]
    mistakes += [Mistake(f"{venue}.{name}", "is not known here") for name in table if name not in _KNOWN]
    told = {name: str(table.get(name) or "") for name in _KNOWN}
    if told["environment"] and told["environment"] not in (SANDBOX, PRODUCTION, "-"):
        mistakes.append(Mistake(f"{venue}.environment", f"must be {SANDBOX} or {PRODUCTION}"))
    if not told["key"].isprintable() or not told["key"].isascii():
        mistakes.append(Mistake(f"{venue}.key", "must be of printable ASCII"))
    if told["environment"] == PRODUCTION and told["key"].startswith(SANDBOX_KEYS):
        mistakes.append(Mistake(f"{venue}.key", "is a sandbox's key, and would be sent to the real venue"))
    return Keys(venue, **told)
