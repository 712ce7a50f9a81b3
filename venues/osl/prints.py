"""Which public trades of one pair were told already: they are asked for again and again, with an overlap."""

from collections.abc import Iterable
from typing import Final

from engine.kernel.clock import SECOND, Instant, Span
from engine.market.facts import Print

_OVERLAP: Final = Span(5 * SECOND)
"""Market time: a trade may reach the list a little after a later one."""
_REMEMBERED: Final = 5000


class Prints:
    """Ids of what was told, and from when to ask."""

    def __init__(self, began_at: Instant) -> None:
        self._began_at, self._newest_at = began_at, began_at
        self._told: dict[str, None] = {}

    @property
    def since(self) -> Instant:
        """From when to ask for trades (market time)."""
        return Instant(max(self._began_at, self._newest_at - _OVERLAP))

    def new(self, seen: Iterable[Print]) -> list[Print]:
        """Those that were not told before and are not older than our watch."""
        fresh = []
        for each in seen:
            if each.trade_id in self._told or each.at < self._began_at:
                continue
            fresh.append(each)
            self._told[each.trade_id] = None
            self._newest_at = max(self._newest_at, each.at)
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        return fresh
