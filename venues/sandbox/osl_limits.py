"""How often one address may ask OSL: so much in any second or minute of wall time, and the ban for those who ask on.

The venue counts by IP address, not by key. That a ban shuts all three generations of its interface is mock.
"""

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Instant, Span

REJECTIONS_MAX: Final = 50
"""So many refusals within a minute end in a ban."""
BAN: Final = MINUTE


class Lane(StrEnum):
    """What a request is counted under."""

    V3 = "v3"
    V3_TRADING = "v3 trading"
    V4 = "v4"
    V5 = "v5"


class Rate(Struct, frozen=True):
    """So much weight within any stretch of this length."""

    weight: int
    span: Span


RATES: Final[Mapping[Lane, Rate]] = {
    Lane.V3: Rate(30, SECOND),
    Lane.V3_TRADING: Rate(100, SECOND),
    Lane.V4: Rate(200, SECOND),
    Lane.V5: Rate(1_800, MINUTE),
}


class Caller:
    """What one address has asked of late."""

    def __init__(self) -> None:
        self._asked: dict[Lane, deque[tuple[Instant, int]]] = {lane: deque() for lane in Lane}
        self._used = dict.fromkeys(Lane, 0)
        self._rejected: deque[Instant] = deque()
        self._banned_until = Instant(0)

    def charge(self, lane: Lane, weight: int, now: Instant) -> int:
        """200 when the request may go on; otherwise the HTTP status to refuse it with."""
        if now < self._banned_until:
            return 418
        if self.used(lane, now) + weight <= RATES[lane].weight:
            self._asked[lane].append((now, weight))
            self._used[lane] += weight
            return 200
        self._rejected.append(now)
        while self._rejected[0] <= now - MINUTE:
            self._rejected.popleft()
        if len(self._rejected) < REJECTIONS_MAX:
            return 429
        self._rejected.clear()
        self._banned_until = Instant(now + BAN)
        return 418

    def used(self, lane: Lane, now: Instant) -> int:
        """Weight within the stretch that ends now."""
        asked, begins = self._asked[lane], now - RATES[lane].span
        while asked and asked[0][0] <= begins:
            self._used[lane] -= asked.popleft()[1]
        return self._used[lane]

    def wait_s(self, now: Instant) -> int:
        """Whole seconds until it is worth asking again: to the end of a ban, else one."""
        return max(1, -(-(self._banned_until - now) // SECOND))
