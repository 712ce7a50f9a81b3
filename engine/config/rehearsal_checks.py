"""Mistakes in where a rehearsal looks at public prices."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from engine.config.schema import ConfigFile
from engine.kernel.errors import Mistake

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[rehearsal]`, if there is one."""
    if file.rehearsal is None:
        return
    for name, address in file.rehearsal.hosts.items():
        where = f"rehearsal.hosts.{name}"
        if name not in file.venues:
            yield Mistake(where, f"[venues.{name}] is missing")
        if why := _refused(address, file.environment):
            yield Mistake(where, why)
    for name in file.mandate.venues:
        if name not in file.rehearsal.hosts:
            yield Mistake(f"rehearsal.hosts.{name}", "is missing: every venue of the mandate is rehearsed on")


def _refused(address: str, environment: str) -> str:
    """What keeps a rehearsal from ever asking there; empty when nothing does."""
    try:
        parts = urlsplit(address.rstrip("/"))
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"{address!r} is no address"
    if not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return f"{address!r} is not the root of a host: scheme://host, and a port where it needs one"
    if environment == "production":
        if host in LOOPBACK:
            return f"{host} is this machine, and production is rehearsed at the venue's own prices"
        return "" if parts.scheme == "https" else f"{host} is not this machine, so it has to be https"
    if host not in LOOPBACK:
        return f"{host} is not this machine; from a sandbox nobody else is asked, for prices neither"
    if parts.scheme != "http" or port is None:
        return f"{address!r} is not a sandbox on this machine: http://127.0.0.1:PORT"
    return ""
