"""One venue: cancel, read, cancel what still stands, until a reading shows nothing of ours. Never a foreign order.

Cancels go first, before anything is asked. `CONFIRMED` needs a whole list of open orders without one of ours, and it
has to be read after the last moment at which an order that was on its way could still have arrived.
"""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from engine.kill.desks import Desk, Open
from engine.kill.line import NoAnswer
from engine.kill.orders import OwnOrder, is_own_shape

ROUNDS: Final = 6
PAUSE_S: Final = 0.3
PAUSE_MAX_S: Final = 2.0
_SECOND_NS: Final = 1_000_000_000


class Task(NamedTuple):
    """What is to be cancelled at one venue."""

    venue: str
    live: tuple[OwnOrder, ...]
    tags: frozenset[str]
    """How client ids of the runs begin; without one there is no telling that nothing of ours stands."""
    sure_ns: int
    """Wall time from when on nothing is on its way any more."""


class Left(NamedTuple):
    """What may still be sold of one asset or, where only the pair is known, in it."""

    what: str
    low: Decimal
    high: Decimal


class Standing(NamedTuple):
    """What is known of one venue in the end."""

    venue: str
    confirmed: bool
    why: str
    """Of `UNVERIFIED`."""
    named: frozenset[str]
    """Own orders of which a cancel was asked."""
    rounds: int
    left: tuple[Left, ...]
    last_cancel_ns: int
    read_ns: int
    """When the last reading that succeeded was asked for; 0 without one."""


class _Sweep:
    def __init__(self, task: Task, desk: Desk, sleep: Callable[[float], None]) -> None:
        self._task, self._desk, self._sleep = task, desk, sleep
        self._named: set[str] = set()
        self._uncancelled = {order.client_id for order in task.live}
        """Live ones of which no cancel has been answered."""
        self._shown: list[Open] | None = None
        self._last_cancel_ns = self._read_ns = 0
        self._why = "it was not asked"

    def run(self, rounds: int) -> Standing:
        self._cancel(sorted(self._uncancelled))
        done, pause = 0, PAUSE_S
        while done < rounds:
            done += 1
            if not self._read():
                self._cancel(sorted(self._uncancelled))
            elif self._shown:
                self._cancel([order.client_id for order in self._shown])
            elif not self._task.tags:
                self._why = "the journal does not show how our client ids begin"
                break
            elif self._read_ns >= self._task.sure_ns:
                return self._standing(done, confirmed=True)
            else:
                self._sleep(max(0.0, (self._task.sure_ns - time.time_ns()) / _SECOND_NS) + 0.001)
                done -= 1  # nothing was wrong with that round: it came too early
                continue
            if done < rounds:
                self._sleep(pause)
                pause = min(2 * pause, PAUSE_MAX_S)
        return self._standing(done, confirmed=False)

    def _cancel(self, client_ids: Sequence[str]) -> None:
        if not client_ids:
            return
        self._named.update(client_ids)
        self._last_cancel_ns = time.time_ns()
        try:
            self._desk.cancel(client_ids)
            self._uncancelled.difference_update(client_ids)
        except NoAnswer as silence:
            self._why = str(silence)

    def _read(self) -> bool:
        """Ours among the open orders; `False` when there was no list."""
        asked = time.time_ns()
        try:
            listed = self._desk.open_orders()
        except NoAnswer as silence:
            self._why, self._shown = str(silence), None
            return False
        known = {order.client_id for order in self._task.live}
        self._shown = [order for order in listed if order.client_id in known or self._is_ours(order.client_id)]
        self._read_ns = asked
        self._why = f"{len(self._shown)} of our orders still stand" if self._shown else ""
        return True

    def _is_ours(self, client_id: str) -> bool:
        return is_own_shape(client_id) and client_id.partition("-")[0] in self._task.tags

    def _standing(self, rounds: int, *, confirmed: bool) -> Standing:
        left = () if confirmed else _left(self._task, self._shown)
        return Standing(
            self._task.venue, confirmed, "" if confirmed else self._why, frozenset(self._named), rounds, left,
            self._last_cancel_ns, self._read_ns,
        )  # fmt: skip


def sweep(task: Task, desk: Desk, *, rounds: int = ROUNDS, sleep: Callable[[float], None] = time.sleep) -> Standing:
    """Empty one venue of our orders; how it stands in the end."""
    return _Sweep(task, desk, sleep).run(rounds)


def unreached(task: Task, why: str) -> Standing:
    """A venue to which nothing could be sent."""
    return Standing(task.venue, False, why, frozenset(), 0, _left(task, None), 0, 0)


def after(earlier: Standing, later: Standing) -> Standing:
    """One venue that was swept twice: how it stands is what the later sweep found."""
    return later._replace(
        named=earlier.named | later.named,
        rounds=earlier.rounds + later.rounds,
        last_cancel_ns=max(earlier.last_cancel_ns, later.last_cancel_ns),
    )


def _left(task: Task, shown: list[Open] | None) -> tuple[Left, ...]:
    """What stands by the last reading is sure; without one, all that the journal knows as live is possible."""
    assets = {order.symbol: order.asset for order in task.live}
    low: dict[str, Decimal] = {}
    high: dict[str, Decimal] = {}
    for seen in shown or ():
        what = assets.get(seen.symbol, seen.symbol)
        low[what] = low.get(what, Decimal(0)) + seen.left
        high[what] = high.get(what, Decimal(0)) + seen.left
    counted = {seen.client_id for seen in shown or ()}
    now = time.time_ns()
    for order in task.live:
        on_its_way = order.sure_ns > now
        if order.client_id not in counted and (shown is None or on_its_way):
            high[order.asset] = high.get(order.asset, Decimal(0)) + order.left
    return tuple(Left(what, low.get(what, Decimal(0)), most) for what, most in sorted(high.items()))
