"""What is under way over one connection: it arrives in the order in which it was sent.

Latency is drawn for each message by itself, and a real private stream, which is one TCP connection, nevertheless never
lets a quick message overtake a slow one. Only a message that a fault holds back is overtaken.
"""

import heapq
from typing import Final

from engine.kernel.clock import Instant, Span
from engine.ports import VenueFact

_AT_ONCE: Final = Span(0)


class Line:
    """One connection; whoever opens another begins with nothing under way."""

    def __init__(self) -> None:
        self._under_way: list[tuple[Instant, int, VenueFact]] = []
        self._sent = 0
        self._last = Instant(0)

    def send(self, fact: VenueFact, at: Instant, held: Span = _AT_ONCE) -> None:
        """It arrives `at`, or right behind what was sent before it; where it is `held` back, others overtake it."""
        at = Instant(max(at, self._last + 1))  # no two messages at once
        if not held:
            self._last = at
        self._sent += 1
        heapq.heappush(self._under_way, (Instant(at + held), self._sent, fact))

    @property
    def due(self) -> Instant | None:
        """When the next one arrives, if any is under way."""
        return self._under_way[0][0] if self._under_way else None

    def arrived(self, now: Instant) -> VenueFact | None:
        """The next that has arrived by now; each once."""
        if self._under_way and self._under_way[0][0] <= now:
            return heapq.heappop(self._under_way)[2]
        return None
