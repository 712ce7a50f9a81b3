"""How far each venue's clock stands from ours: kept with each order, and a reason to send none."""

from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Span, show_span
from engine.kernel.ids import VenueName
from engine.ports import Clock, Venue
from engine.reconcile.resolve import SKEW

EVERY: Final = MINUTE
AGAIN: Final = SECOND
"""After a measurement that failed; both in wall time."""


class Offset(Struct, frozen=True):
    """The venue's clock less ours, and by how much the measurement may be wrong either way."""

    span: Span
    uncertainty: Span


class Offsets:
    """The last measurement of each venue."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[VenueName, Offset] = {}

    async def watch(self, venue: Venue) -> None:
        """Measure for ever. A venue that does not answer keeps its last offset."""
        while True:
            await self._clock.sleep(EVERY if await self._measured(venue) else AGAIN)

    async def _measured(self, venue: Venue) -> bool:
        before, began = self._clock.wall(), self._clock.mono()
        try:
            shown = await venue.server_time()
        except Exception:  # noqa: BLE001 - whatever went wrong, nothing was measured
            return False
        half = (self._clock.mono() - began) // 2
        self._last[venue.name] = Offset(Span(shown - before - half), Span(half))
        return True

    def of(self, venue: VenueName) -> Span | None:
        """The last offset; `None` before the first."""
        last = self._last.get(venue)
        return None if last is None else last.span

    def hindrance(self, venue: VenueName) -> str:
        """Why nothing may be sent there; empty when the clocks agree well enough for a wait to prove something."""
        last = self._last.get(venue)
        if last is None:
            return "the venue's clock has not been measured yet"
        if abs(last.span) - last.uncertainty > SKEW:
            return f"the venue's clock differs from ours by {show_span(Span(abs(last.span)))}"
        return ""
