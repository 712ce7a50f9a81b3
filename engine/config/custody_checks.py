"""Mistakes in custody: where the coin lies that no venue holds yet, and how much of it may leave at a time."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from engine.config.schema import ConfigFile, CustodySection
from engine.kernel.errors import Mistake
from engine.kernel.money import Asset, is_multiple
from engine.mandate.assets import KNOWN

FILES: Final = "files"
SANDBOX: Final = "sandbox"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[custody]`, if there is one."""
    if file.custody is None:
        return
    yield from _kind(file, file.custody)
    yield from _tranches(file, file.custody)
    for name, value in file.custody.exposure_max.items():
        where = f"custody.exposure_max.{name}"
        if name not in file.mandate.venues:
            yield Mistake(where, f"{name} is not among mandate.venues")
        if value <= 0:
            yield Mistake(where, "has to be above zero")


def _kind(file: ConfigFile, section: CustodySection) -> Iterator[Mistake]:
    match section.kind:
        case "files":
            if not section.folder:
                yield Mistake("custody.folder", "is missing: the folder that is shared with the custodian")
            if section.address:
                yield Mistake("custody.address", f"goes with kind = {SANDBOX!r} only")
        case "sandbox":
            if file.environment == "production":
                yield Mistake("custody.kind", "no sandbox holds the coin of a production run")
            if section.folder:
                yield Mistake("custody.folder", f"goes with kind = {FILES!r} only")
            if section.address and not _is_here(section.address):
                yield Mistake(
                    "custody.address", f"{section.address} is not a sandbox on this machine: http://127.0.0.1:PORT"
                )
        case _:
            yield Mistake("custody.kind", f"{section.kind!r} is neither of: {FILES}, {SANDBOX}")


def _is_here(address: str) -> bool:
    """The root of something on this machine, and nothing besides."""
    parts = urlsplit(address.rstrip("/"))
    try:
        odd = parts.port is None or parts.path or parts.query or parts.fragment or parts.username
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK and not odd


def _tranches(file: ConfigFile, section: CustodySection) -> Iterator[Mistake]:
    released = {asset.asset: asset.released for asset in file.mandate.assets}
    for name, units in section.tranche_min.items():
        where = f"custody.tranche_min.{name}"
        if name not in released:
            yield Mistake(where, f"{name} is not among mandate.assets")
            continue
        if units <= 0:
            yield Mistake(where, "has to be above zero")
        kind = KNOWN.get(Asset(name))
        if kind is not None and not is_multiple(units, kind.unit):
            yield Mistake(where, f"{units} is finer than the smallest unit of {name}, {kind.unit}")
        if units > released[name]:
            yield Mistake(where, f"{units} is more than the {released[name]} released")
