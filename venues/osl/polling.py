"""Orders and executions of one account as they happen, by asking: v4 has no private stream that anybody described.

Each round reads what stands open and what was executed, and then asks for every order that left the list and for the
executions that an order counts and no list has told. What was told once is told again only when it has changed.
"""

from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from typing import Final

import structlog

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import ZERO, total
from engine.orders.reports import Fill, OrderReport
from engine.ports import Clock, StreamDown, StreamUp, VenueFact
from venues.osl.calls import Calls, Unread
from venues.osl.reads import Reads
from venues.stream import Backoff

log = structlog.get_logger(__name__)

FAILURES_MAX: Final = 2
"""Rounds that may fail in a row before the polling counts as down; nothing is lost by a failed one."""


class Told:
    """What was told of each order and each fill."""

    def __init__(self) -> None:
        self._reports: dict[VenueOrderId, OrderReport] = {}
        self._fills: set[tuple[Symbol, VenueOrderId, TradeId]] = set()
        self._filled: dict[VenueOrderId, Decimal] = {}

    def unfinished(self) -> set[VenueOrderId]:
        """Orders that were open when last heard of, or that count more than their fills that were told."""
        return {
            order_id
            for order_id, report in self._reports.items()
            if not report.status.ended or report.filled > self._filled.get(order_id, ZERO)
        }

    def known(self, order_id: VenueOrderId) -> bool:
        """Was anything told of the order?"""
        return order_id in self._reports

    def lacks(self, report: OrderReport, fills: Iterable[Fill]) -> bool:
        """Does the order count more than its fills that were told, together with these?"""
        own = (
            fill
            for fill in fills
            if fill.venue_order_id == report.venue_order_id and self._key(fill) not in self._fills
        )
        return report.filled > total([self._filled.get(report.venue_order_id, ZERO), *(fill.quantity for fill in own)])

    def report(self, report: OrderReport) -> bool:
        """Is this a change? It counts as told from here on."""
        before = self._reports.get(report.venue_order_id)
        if before is not None and (before.status, before.filled) == (report.status, report.filled):
            return False
        if before is not None and before.status.ended and not report.status.ended:
            return False  # a read that trails behind
        self._reports[report.venue_order_id] = report
        return True

    def fill(self, fill: Fill) -> bool:
        """Is this a new one? It counts as told from here on."""
        if (key := self._key(fill)) in self._fills:
            return False
        self._fills.add(key)
        self._filled[fill.venue_order_id] = total([self._filled.get(fill.venue_order_id, ZERO), fill.quantity])
        return True

    @staticmethod
    def _key(fill: Fill) -> tuple[Symbol, VenueOrderId, TradeId]:
        return fill.symbol, fill.venue_order_id, fill.trade_id


class Polling:
    """Asks in the place of a stream; one consumer."""

    def __init__(
        self, name: VenueName, calls: Calls, reads: Reads, clock: Clock, *, every: Span, backoff: Backoff
    ) -> None:
        """`every` in wall time."""
        self._name, self._calls, self._reads, self._clock = name, calls, reads, clock
        self._every, self._backoff = every, backoff
        self._told = Told()
        self._since: Instant | None = None
        self._closed = False

    def close(self) -> None:
        """Ask nothing any more."""
        self._closed = True

    def watch(self, report: OrderReport) -> None:
        """An order that was answered for elsewhere; from now on it is followed to its end."""
        self._told.report(report)

    async def facts(self) -> AsyncIterator[VenueFact]:
        """For ever: `StreamUp`, changes as they are found, and one `StreamDown` a break."""
        failures, reason, up, told_down = 0, "", False, False
        if self._since is None:
            self._since = self._clock.market()
        while not self._closed:
            found: list[VenueFact] = []
            try:
                found = await self._round()
                failures = 0
            except Unread as error:
                failures, reason = failures + 1, str(error)
                log.warning("poll_failed", venue=self._name, reason=reason, failures=failures)
            for mode in self._calls.reception.news():
                yield mode
            if not failures and not up:
                up, told_down = True, False
                yield StreamUp()
            elif failures >= FAILURES_MAX and not told_down:
                up, told_down = False, True
                yield StreamDown(reason)
            for fact in found:
                yield fact
            await self._clock.sleep(self._backoff.delay(failures - 1) if failures else self._every)

    async def _round(self) -> list[VenueFact]:
        """One look at the account, fills before the reports that count them; `Unread` when any part failed."""
        opened, _ = await self._reads.opened()
        executed, _ = await self._reads.fills(since=self._since)
        reports = {report.venue_order_id: report for report in opened}
        behind = self._told.unfinished() | {
            fill.venue_order_id for fill in executed if not self._told.known(fill.venue_order_id)
        }
        for order_id in sorted(behind - reports.keys()):
            if (report := await self._reads.by_order_id(order_id)) is not None:
                reports[order_id] = report
        fills = list(executed)
        for report in reports.values():
            if self._told.lacks(report, executed):
                fills.extend(await self._reads.fills_of(report.venue_order_id))
        # Nothing counts as told before everything was read: a round that fails leaves no trace.
        self._since = max([self._since or Instant(0), *(fill.at for fill in executed)])
        told: list[VenueFact] = [fill for fill in fills if self._told.fill(fill)]
        return [*told, *(report for report in reports.values() if self._told.report(report))]
