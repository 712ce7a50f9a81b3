"""How often a key may ask: token buckets in wall time, and the ban for those who ask on.

The two rates are the venue's; the burst and the ban are mock.
"""

from collections import deque
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Instant, Span


class Bucket(StrEnum):
    """What a request is charged to."""

    QUERIES = "queries"
    ORDERS = "orders"


class Limits(Struct, frozen=True):
    """Weights a second for each bucket, how many seconds' worth may be saved up, and when a ban follows."""

    queries: int = 5
    orders: int = 20
    burst_s: int = 2
    violations: int = 10
    memory: Span = MINUTE
    ban: Span = MINUTE


class Meter:
    """One key's use of its limits."""

    def __init__(self, limits: Limits, now: Instant) -> None:
        self._limits = limits
        self._rate = {Bucket.QUERIES: limits.queries, Bucket.ORDERS: limits.orders}
        # kept in token-nanoseconds: whole numbers, so nothing drifts
        self._saved = {bucket: rate * limits.burst_s * SECOND for bucket, rate in self._rate.items()}
        self._at = dict.fromkeys(Bucket, now)
        self._violations: deque[Instant] = deque()
        self._banned_until = now

    def charge(self, bucket: Bucket, weight: int, now: Instant) -> int:
        """200 when the request may go on; otherwise the HTTP status to refuse it with."""
        if now < self._banned_until:
            return 418
        rate = self._rate[bucket]
        earned = max(0, now - self._at[bucket]) * rate
        saved = min(self._saved[bucket] + earned, rate * self._limits.burst_s * SECOND)
        self._at[bucket] = now
        self._saved[bucket] = saved
        if saved >= weight * SECOND:
            self._saved[bucket] = saved - weight * SECOND
            return 200
        return self._violated(now)

    def _violated(self, now: Instant) -> int:
        self._violations.append(now)
        while self._violations[0] <= now - self._limits.memory:
            self._violations.popleft()
        if len(self._violations) < self._limits.violations:
            return 429
        self._banned_until = Instant(now + self._limits.ban)
        self._violations.clear()
        return 418
