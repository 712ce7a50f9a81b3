"""How an account's orders are followed: by asking, again and again.

ccxt gives the same fill another id on a stream than in a list, loses all but the first of several events in a frame,
and leaves out fees. So nothing is booked from its streams. A stream, where there is one, says only that something
happened; the exchange's records say what. A fill shows as a cumulative quantity, and is read by a look-up.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog

from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import ClientOrderId, VenueName
from engine.orders.reports import OrderReport
from engine.ports import Clock, StreamDown, StreamUp, VenueFact
from venues.generic.client import Client, Failed
from venues.generic.known import Known
from venues.generic.mapping import Odd
from venues.generic.records import Round, Unread
from venues.stream import Backoff

log = structlog.get_logger(__name__)


class Polling:
    """Reads the open orders every `every`, and each that is no longer among them once more; one consumer."""

    def __init__(
        self,
        name: VenueName,
        client: Client,
        known: Known,
        clock: Clock,
        *,
        every: Span,
        asks: Callable[[], Round],
        streams: bool,
        backoff: Backoff = Backoff("generic private stream"),  # noqa: B008 - frozen
    ) -> None:
        self._name, self._client, self._known, self._clock = name, client, known, clock
        self._every, self._asks, self._streams = every, asks, streams
        self._backoff = backoff
        self._standing: dict[ClientOrderId, OrderReport] = {}
        self._stirred = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._closed = False

    def watch(self, report: OrderReport) -> None:
        """An order of ours stands, though no poll has seen it yet."""
        if not report.status.ended:
            self._standing.setdefault(report.client_id, report)

    async def facts(self) -> AsyncIterator[VenueFact]:
        """For ever: `StreamUp` when it works, what changed, and one `StreamDown` a break."""
        up = down = False
        while not self._closed:
            self._listen()
            self._stirred.clear()
            try:
                changed = await self._changes()
            except (Failed, Unread, Odd) as error:
                log.warning("poll_failed", venue=self._name, reason=str(error))
                if not down:
                    up, down = False, True
                    yield StreamDown(str(error))
            else:
                if not up:
                    up, down = True, False
                    yield StreamUp()
                for report in changed:
                    yield report
            await self._pause()

    async def aclose(self) -> None:
        """Ask nothing any more."""
        self._closed = True
        self._stirred.set()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    async def _changes(self) -> list[OrderReport]:
        """What is new since the last poll: orders that stand in another state, and orders that stand no more."""
        here, before = self._asks(), dict(self._standing)
        now = {report.client_id: report for report in await here.opened()}
        gone = [await self._last(here, before[client_id]) for client_id in before.keys() - now.keys()]
        changed = [report for report in (*now.values(), *gone) if before.get(report.client_id) != report]
        for report in changed:
            if report.status.ended:
                self._standing.pop(report.client_id, None)
            else:
                self._standing[report.client_id] = report
        return changed

    async def _last(self, here: Round, known: OrderReport) -> OrderReport:
        if not self._known.by_client_id:
            return await here.numbered(known.symbol, known.venue_order_id)
        report = await here.order(known.symbol, known.client_id)
        if report is None:
            raise Unread(f"order {known.client_id} stood, and is not known any more")
        return report

    def _listen(self) -> None:
        if self._streams and self._listening is None and self._client.has("watchOrders"):
            self._listening = asyncio.create_task(self._stir())

    async def _stir(self) -> None:
        """Wake the poll with each word of the private stream; what the word is does not matter."""
        attempt = 0
        while True:
            try:
                await self._client.call("watch_orders")
                attempt = 0
                self._stirred.set()
            except Failed as failure:
                log.warning("stream_lost", venue=self._name, reason=str(failure), attempt=attempt)
                await self._client.hang_up()
                await self._clock.sleep(self._backoff.delay(attempt))
                attempt += 1

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every / SECOND):
                await self._stirred.wait()
        except TimeoutError:
            return
