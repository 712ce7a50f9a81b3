"""What the account's lists say, read whole: page after page until one is not full, or not at all.

The list is followed by time, whichever way it runs: forward from its newest row, or back from its oldest.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Final, TypeVar

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import VenueName, VenueOrderId
from engine.orders.reports import Balance, Fill, OrderReport
from venues.osl import mock, wire
from venues.osl.calls import Calls, Unread
from venues.osl.signing import Pairs
from venues.osl.wire import Row

OVERLAP: Final = Span(5 * SECOND)
"""How far before `since` records are read, in market time: the venue's clock and ours may differ."""
PAGES_MAX: Final = 200
_SIZES: Final = 7
"""Page sizes that take turns: a signature counts once, so a question that is repeated within a second has to differ."""

F = TypeVar("F")
Parse = Callable[[bytes], list[Row[F]]]
Read = tuple[list[F], tuple[str, ...]]
"""What a list says of our sales, and the digest of each raw page."""


class Reads:
    """Orders, executions and balances of one account; `Unread` when any part could not be had."""

    def __init__(self, name: VenueName, calls: Calls) -> None:
        self._calls, self._turns = calls, count()
        self._of_orders: Parse[OrderReport] = partial(wire.orders, name)
        self._of_fills: Parse[Fill] = partial(wire.fills, name)

    async def opened(self, pairs: Pairs = (), *, urgent: bool = False) -> Read[OrderReport]:
        """Orders that still stand."""
        return await self._whole(self._of_orders, wire.ORDER_PATH, [*pairs, ("open", "true")], None, urgent)

    async def every(
        self, pairs: Pairs = (), since: Instant | None = None, *, urgent: bool = False
    ) -> Read[OrderReport]:
        """Orders that stand and orders that ended."""
        return await self._whole(self._of_orders, wire.ORDER_PATH, [*pairs, ("open", "false")], since, urgent)

    async def by_order_id(self, order_id: VenueOrderId, *, urgent: bool = False) -> OrderReport | None:
        """One order by the venue's own id, `None` when the list does not show it."""
        told, _ = await self.every([("orderID", order_id)], urgent=urgent)
        return next((report for report in told if report.venue_order_id == order_id), None)

    async def fills(self, pairs: Pairs = (), since: Instant | None = None, *, urgent: bool = False) -> Read[Fill]:
        """Executions of the account."""
        return await self._whole(self._of_fills, wire.EXECUTION_PATH, pairs, since, urgent)

    async def fills_of(self, order_id: VenueOrderId, *, urgent: bool = False) -> list[Fill]:
        """All executions of one order."""
        pairs = [("orderID", order_id)]
        told, _ = await self._whole(self._of_fills, wire.ORDER_EXECUTION_PATH, pairs, None, urgent)
        return [fill for fill in told if fill.venue_order_id == order_id]

    async def balances(self, *, urgent: bool = False) -> tuple[list[Balance], str]:
        """The exchange wallet, and the digest of the raw answer."""
        return await self._calls.ask(wire.balances, wire.WALLET_PATH, urgent=urgent)

    async def _whole(self, parse: Parse[F], path: str, pairs: Pairs, since: Instant | None, urgent: bool) -> Read[F]:
        seen: dict[str, Row[F]] = {}
        digests: list[str] = []
        window = {} if since is None else {"startTime": wire.written(Instant(max(0, since - OVERLAP)))}
        for _ in range(PAGES_MAX):
            size = mock.COUNT_MAX - next(self._turns) % _SIZES
            page = [*pairs, *window.items(), ("count", str(size))]
            rows, digest = await self._calls.ask(parse, path, page, urgent=urgent)
            digests.append(digest)
            grown = len(seen)
            seen.update((row.key, row) for row in rows)
            if len(rows) < size or (len(rows) > size and path == wire.ORDER_EXECUTION_PATH):
                # what is longer than the page that was asked for knows no pages
                return _facts(list(seen.values())), tuple(digests)
            if len(seen) == grown:
                raise Unread(f"{path} is full at {len(rows)} rows and may have been cut")
            # A millisecond over the edge, since a bound may or may not include itself.
            if rows[0].at < rows[-1].at:
                window["startTime"] = wire.written(Instant(rows[-1].at - MILLISECOND))
            else:
                window["endTime"] = wire.written(Instant(rows[-1].at + MILLISECOND))
        raise Unread(f"{path} goes on after {PAGES_MAX} pages")


def _facts(rows: Sequence[Row[F]]) -> list[F]:
    return [row.fact for row in rows if row.fact is not None]
