"""One order book: price first, then time. It knows ticks, lots and names; no money, no accounts, no clock.

Prices and quantities are whole numbers of ticks and lots, so nothing here can round. Every operation costs the same
whether ten orders rest or a million: a level is a linked list, and the prices of a side are one sorted list whose
best end is its last, where most changes happen.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from msgspec import Struct


class Resting:
    """An order in the book. `account` is empty for other people's orders, which are known by the key of their flow."""

    __slots__ = ("account", "after", "before", "bid", "key", "level", "lots", "ticks")

    def __init__(self, bid: bool, ticks: int, lots: int, key: int, account: str = "") -> None:
        self.bid, self.ticks, self.lots, self.key, self.account = bid, ticks, lots, key, account
        self.level: Level | None = None
        self.before: Resting | None = None
        self.after: Resting | None = None


class Level:
    """All that rests at one price, first come first."""

    __slots__ = ("head", "lots", "tail", "ticks")

    def __init__(self, ticks: int) -> None:
        self.ticks, self.lots = ticks, 0
        self.head: Resting | None = None
        self.tail: Resting | None = None

    def __iter__(self) -> Iterator[Resting]:
        order = self.head
        while order is not None:
            following = order.after  # kept, since the caller may remove what it was given
            yield order
            order = following


class Ladder:
    """One side of a book. A price's rank grows towards the other side, so that the best rank is the last."""

    __slots__ = ("levels", "ranks", "sign")

    def __init__(self, bid: bool) -> None:
        self.sign = 1 if bid else -1
        self.ranks: list[int] = []
        self.levels: dict[int, Level] = {}

    def __iter__(self) -> Iterator[Level]:
        """Levels from the best outwards; the book must not change meanwhile."""
        for rank in reversed(self.ranks):
            yield self.levels[rank]

    def top(self, count: int) -> list[tuple[int, int]]:
        """The best `count` levels as (ticks, lots)."""
        levels = self.levels
        return [(levels[rank].ticks, levels[rank].lots) for rank in self.ranks[: -count - 1 : -1]]

    def best(self) -> int | None:
        """The best price in ticks."""
        return self.sign * self.ranks[-1] if self.ranks else None

    def append(self, order: Resting) -> None:
        """Put an order behind all others at its price."""
        rank = self.sign * order.ticks
        level = self.levels.get(rank)
        if level is None:
            level = self.levels[rank] = Level(order.ticks)
            insort(self.ranks, rank)
        order.level, order.before = level, level.tail
        if level.tail is None:
            level.head = order
        else:
            level.tail.after = order
        level.tail = order
        level.lots += order.lots

    def lessen(self, order: Resting, lots: int) -> None:
        """Take `lots` off a resting order, which keeps its place unless nothing is left of it."""
        level = order.level
        assert level is not None, "only what rests can be lessened"
        order.lots -= lots
        level.lots -= lots
        if order.lots:
            return
        before, after = order.before, order.after
        if before is None:
            level.head = after
        else:
            before.after = after
        if after is None:
            level.tail = before
        else:
            after.before = before
        order.level = order.before = order.after = None
        if level.head is None:
            rank = self.sign * order.ticks
            del self.levels[rank], self.ranks[bisect_left(self.ranks, rank)]


class Match(Struct, frozen=True, gc=False):
    """So many lots of one resting order were taken, at its price."""

    maker: Resting
    lots: int


class Taken(Struct, frozen=True, gc=False):
    """What an incoming order met."""

    matches: list[Match]
    left: int
    """Lots that found no counterpart within the limit."""
    met_self: bool
    """Next in line stood an order of the same account; the walk ended before it."""


class Arrival(Struct, frozen=True, gc=False):
    """What became of another participant's order that wanted to rest."""

    matches: list[Match]
    evicted: int
    stands: bool


class Book:
    """Both sides of one pair."""

    __slots__ = ("asks", "bids", "others", "version")

    def __init__(self) -> None:
        self.bids, self.asks = Ladder(bid=True), Ladder(bid=False)
        self.others: dict[int, Resting] = {}
        """Other people's resting orders by the key of their flow."""
        self.version = 0
        """Grows with every change of the book."""

    def crosses(self, bid: bool, ticks: int) -> bool:
        """Would an order at this price meet the other side now?"""
        other = self.asks if bid else self.bids
        return bool(other.ranks) and other.ranks[-1] >= other.sign * ticks

    def meets_account(self, bid: bool, ticks: int) -> bool:
        """Would an order at this price meet an account's order somewhere on its way?"""
        other = self.asks if bid else self.bids
        for level in other:
            if other.sign * level.ticks < other.sign * ticks:
                return False
            if any(order.account for order in level):
                return True
        return False

    def fillable(self, bid: bool, ticks: int, lots: int, account: str) -> bool:
        """Could all of it trade now, without meeting an order of the same account first?"""
        other = self.asks if bid else self.bids
        for level in other:
            if other.sign * level.ticks < other.sign * ticks:
                return False
            for order in level:
                if order.account == account:
                    return False
                lots -= order.lots
                if lots <= 0:
                    return True
        return False

    def take(self, bid: bool, ticks: int, lots: int, account: str = "") -> Taken:
        """Walk the other side from its best price to `ticks`, one match for each resting order met."""
        other = self.asks if bid else self.bids
        ranks, bound = other.ranks, other.sign * ticks
        matches: list[Match] = []
        while lots and ranks and ranks[-1] >= bound:
            maker = other.levels[ranks[-1]].head
            assert maker is not None, "a level without orders is removed"
            if account and maker.account == account:
                return Taken(matches, lots, True)
            matches.append(self._match(other, maker, lots))
            lots -= matches[-1].lots
        return Taken(matches, lots, False)

    def rest(self, order: Resting) -> None:
        """Let an order stand that crosses nothing."""
        (self.bids if order.bid else self.asks).append(order)
        if not order.account:
            self.others[order.key] = order
        self.version += 1

    def remove(self, order: Resting) -> None:
        """An order leaves the book."""
        self.lessen(order, order.lots)

    def lessen(self, order: Resting, lots: int) -> None:
        """An order gives up `lots` and keeps its place."""
        (self.bids if order.bid else self.asks).lessen(order, lots)
        if not order.account and not order.lots:
            self.others.pop(order.key, None)
        self.version += 1

    def arrive(self, order: Resting, patient: bool) -> Arrival:
        """Another participant's order comes to rest; it never trades with one of its own kind.

        Where it meets an account's order it trades with it. Where it meets other people's orders, the recording or
        the model says that no trade took place: a patient order shows that those were stale, and they go; an
        impatient one (post-only, withdrawn at once) was refused there, and is refused here.
        """
        if not self.crosses(order.bid, order.ticks):
            self.rest(order)
            return Arrival([], 0, True)
        other = self.asks if order.bid else self.bids
        bound = other.sign * order.ticks
        if not patient and self._meets_others(other, bound):
            return Arrival([], 0, False)
        matches, evicted = [], 0
        while order.lots and other.ranks and other.ranks[-1] >= bound:
            maker = other.levels[other.ranks[-1]].head
            assert maker is not None, "a level without orders is removed"
            if maker.account:
                matches.append(self._match(other, maker, order.lots))
                order.lots -= matches[-1].lots
            else:
                self.remove(maker)
                evicted += 1
        if order.lots:
            self.rest(order)
        return Arrival(matches, evicted, bool(order.lots))

    @staticmethod
    def _meets_others(other: Ladder, bound: int) -> bool:
        for level in other:
            if other.sign * level.ticks < bound:
                return False
            if any(not order.account for order in level):
                return True
        return False

    def _match(self, other: Ladder, maker: Resting, lots: int) -> Match:
        part = min(lots, maker.lots)
        other.lessen(maker, part)
        if not maker.account and not maker.lots:
            self.others.pop(maker.key, None)
        self.version += 1
        return Match(maker, part)
