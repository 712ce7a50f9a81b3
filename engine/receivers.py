"""Who is told of alarms, as a config says it. Pure: delivering is `drivers.delivering`'s."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from engine.alarms import Cause
from engine.kernel.clock import SECOND, Span

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Kind(StrEnum):
    """How a message reaches its receiver."""

    COMMAND = "command"
    """A program of ours is started, and reads it."""
    WEBHOOK = "webhook"
    """It is posted to an address."""


class Receiver(Struct, frozen=True, kw_only=True):
    """One who is told."""

    kind: Kind
    run: tuple[str, ...] = ()
    """The command with its arguments; no shell reads it."""
    url: str = ""
    """Kept in the run's folder as it is, so no place for a secret."""
    causes: tuple[Cause, ...] = ()
    """Empty: all."""
    timeout: Span = Span(10 * SECOND)
    """Wall time that one try may take."""

    def wants(self, cause: Cause) -> bool:
        """Is it told of this cause?"""
        return not self.causes or cause in self.causes


def refused(url: str, environment: str) -> Iterator[str]:
    """What keeps us from ever posting to `url`. From a sandbox nothing leaves this machine."""
    try:
        parts = urlsplit(url)
        scheme, host, _, named = parts.scheme, parts.hostname, parts.port, parts.username or parts.password
    except ValueError:
        yield f"{url!r} is no address"
        return
    if scheme not in ("http", "https") or not host:
        yield f"{url!r} is no address: http://127.0.0.1:8080/alarms"
        return
    if named:
        yield "holds a name or a password, and addresses are written down; let a command do it"
    if environment != "production" and host not in LOOPBACK:
        yield f"{host} is not this machine; a sandbox tells nobody else"
    elif scheme == "http" and host not in LOOPBACK:
        yield f"{host} is not this machine, so it has to be https"
