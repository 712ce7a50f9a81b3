"""Orders for a matching benchmark: as many come as go, so that a book stays as full as it was.

Every order is of the same size and a taker asks for just that, so that who is met next is known without matching.
"""

from collections import deque
from random import Random

from msgspec import Struct

LOTS = 10
MID = 1_000_000
"""In ticks."""


class Operation(Struct, frozen=True, gc=False):
    """A limit order of `LOTS`; or, without a price, the cancel of the one that had this key."""

    key: int
    bid: bool
    ticks: int


class Crowd:
    """Half of what it does is to come; of the rest, four in five cancel anywhere and one takes the best."""

    def __init__(self, resting: int, reach: int, seed: int = 1) -> None:
        """`reach` is the number of prices a side over which orders are spread evenly."""
        self._chance, self._reach = Random(seed), reach
        self._queues: dict[tuple[bool, int], deque[int]] = {}
        self._where: dict[int, int] = {}
        self._live: list[tuple[int, bool, int]] = []
        self._count = 0
        self.taken = 0
        """Lots that must have been traded."""
        self.first = [self._come() for _ in range(resting)]
        """The orders that stand at the beginning."""

    def next(self, count: int) -> list[Operation]:
        """What happens next."""
        return [self._one(self._chance.random()) for _ in range(count)]

    def _one(self, what: float) -> Operation:
        if what < 0.5 or len(self._live) < 2:
            return self._come()
        if what < 0.9:
            key, bid, _ = self._gone(self._chance.randrange(len(self._live)))
            return Operation(key, bid, 0)
        return self._take(self._chance.random() < 0.5)

    def _come(self) -> Operation:
        bid, distance = self._chance.random() < 0.5, 1 + self._chance.randrange(self._reach)
        self._count += 1
        self._where[self._count] = len(self._live)
        self._live.append((self._count, bid, distance))
        self._queues.setdefault((bid, distance), deque()).append(self._count)
        return Operation(self._count, bid, MID - distance if bid else MID + distance)

    def _take(self, bid: bool) -> Operation:
        """Somebody who buys, if `bid`, meets the first of the best offers."""
        for distance in range(1, self._reach + 1):
            queue = self._queues.get((not bid, distance), deque())
            while queue and queue[0] not in self._where:
                queue.popleft()
            if queue:
                self._gone(self._where[queue.popleft()])
                self._count += 1
                self.taken += LOTS
                return Operation(self._count, bid, MID + distance if bid else MID - distance)
        return self._come()

    def _gone(self, index: int) -> tuple[int, bool, int]:
        gone, last = self._live[index], self._live.pop()
        if last is not gone:
            self._live[index], self._where[last[0]] = last, index
        del self._where[gone[0]]
        return gone
