"""How a call in process ends when a fault meets it: as on the wire, before the exchange or after it."""

from collections.abc import Generator, Iterable
from typing import Final

from engine.kernel.clock import Span
from engine.orders.reports import Transient, Unknown
from venues.sandbox.faults import Do, Fault

SPOILING: Final = (Do.STATUS, Do.CODE, Do.REPLACE, Do.RESET, Do.CORRUPT, Do.TRUNCATE)
"""What leaves a caller with an answer that says nothing."""


def delays(faults: Iterable[Fault]) -> Generator[Span, None, None]:
    """The waits that a call suffers on its way."""
    for f in faults:
        if f.do is Do.DELAY:
            yield f.span


def unasked(faults: Iterable[Fault]) -> Transient | Unknown | None:
    """How the call ends if the request never reaches the exchange."""
    for f in faults:
        if f.do in (Do.DROP, Do.LATE):
            return Unknown("no answer")
        if f.do is Do.BAN or (f.do is Do.STATUS and f.status in (418, 429)):
            return Transient(f"HTTP {f.status or 418}")
        if f.do in SPOILING:
            return Unknown(_heard(f))
    return None


def unanswered(faults: Iterable[Fault]) -> Unknown | None:
    """How the call ends if the request was applied and its answer is spoilt."""
    for f in faults:
        if f.do is Do.DROP:
            return Unknown("no answer")
        if f.do in SPOILING:
            return Unknown(_heard(f))
    return None


def _heard(f: Fault) -> str:
    if f.do is Do.STATUS:
        return f"HTTP {f.status}"
    return f"code {f.code}" if f.do is Do.CODE else f.do
