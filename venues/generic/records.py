"""What the exchange's own records say of an account, read in rounds. A read succeeds whole, or is no word at all.

A list that is as long as a list may be was perhaps cut, and is not a list.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.orders.reports import Balance, Fill, OrderReport
from venues.generic import mapping
from venues.generic.client import Client, Failed, Said
from venues.generic.hardening import Turn
from venues.generic.known import Known
from venues.generic.mapping import Row

OVERLAP: Final = Span(5 * SECOND)
"""How far before `since` records are read (market time): the exchange's clock and ours may differ."""
PAGES_MAX: Final = 200
_ENDED: Final = (
    {"fetchCanceledAndClosedOrders": "fetch_canceled_and_closed_orders"},
    {"fetchOrders": "fetch_orders"},
    {"fetchClosedOrders": "fetch_closed_orders", "fetchCanceledOrders": "fetch_canceled_orders"},
)
"""The ways to read orders that have ended, by what ccxt says an exchange can do; each has to be had whole."""


class Unread(Exception):
    """A read did not succeed, so nothing is known; the message says why."""


class Round:
    """One round of questions about one account; `Failed`, `Unread` or `Odd` when one brings no whole answer."""

    def __init__(
        self, name: VenueName, client: Client, known: Known, pairs: Sequence[Symbol] = (), *, urgent: bool = False
    ) -> None:
        """`pairs` are those to ask for one by one, where an exchange has no list of all of them."""
        self.evidence: list[str] = []
        """SHA-256 of each raw answer, in the order asked."""
        self._name, self._client, self._known = name, client, known
        self._pairs, self._turn = tuple(pairs), Turn(urgent)

    async def order(self, symbol: Symbol, client_id: ClientOrderId) -> OrderReport | None:
        """The order of that id, `None` when the exchange says that it has none."""
        pair = await self._pair(symbol)
        try:
            said = await self._ask("fetch_order", None, pair, {"clientOrderId": client_id})
        except Failed as failure:
            codes = self._known.absent
            if failure.code in codes if codes else failure.kind == "OrderNotFound":
                self.evidence.append(failure.wire.answer)
                return None
            raise
        report = self._report(said.value)
        if (report.symbol, report.client_id) != (symbol, client_id):
            raise Unread(f"asked for {client_id} in {symbol}, told of {report.client_id} in {report.symbol}")
        return report

    async def numbered(self, symbol: Symbol, order_id: str) -> OrderReport:
        """The order that the exchange calls so."""
        said = await self._ask("fetch_order", order_id, await self._pair(symbol))
        report = self._report(said.value)
        if (report.symbol, report.venue_order_id) != (symbol, order_id):
            raise Unread(f"asked for order {order_id}, told of {report.venue_order_id} in {report.symbol}")
        return report

    async def opened(self, symbol: Symbol | None = None) -> list[OrderReport]:
        """The sales that stand."""
        return await self._listed("fetch_open_orders", symbol, None)

    async def ended(self, since: Instant, symbol: Symbol | None = None) -> list[OrderReport]:
        """The sales since then that have ended; some that stand may be among them."""
        for ways in _ENDED:
            if all(map(self._client.has, ways)):
                return [report for way in ways.values() for report in await self._listed(way, symbol, since)]
        raise Unread("the exchange lists no orders that have ended")

    async def trades(
        self, since: Instant, symbol: Symbol | None = None, client_id: ClientOrderId | None = None
    ) -> list[Row]:
        """The rows of the account's sales since then; of one order, where it can be asked for by our id."""
        named = {"clientOrderId": client_id} if client_id and self._known.by_client_id else {}
        rows = [row for pair in await self._over(symbol) for row in await self._pages(pair, since, named)]
        return [row for row in rows if mapping.is_sale(row)]

    def fill(self, row: Row, client_id: ClientOrderId) -> Fill:
        """A row of `trades` as a fill of an order of that id."""
        return mapping.fill(self._name, self._known, row, client_id, self._client.symbol_of)

    def symbol(self, row: Row) -> Symbol:
        """The pair of a row, by the exchange's own name."""
        return self._client.symbol_of(str(row.get("symbol")))

    async def balances(self) -> list[Balance]:
        """All balances of the account; an account that shows none at all is believed where its rows are known."""
        answer, rows = await self._rows("fetch_balance")
        held = mapping.balances(answer)
        if len(held) != rows or (not held and "fetch_balance" not in self._known.arrays):
            raise Unread(f"ccxt read {len(held)} of {rows} balances")
        return held

    async def _listed(self, method: str, symbol: Symbol | None, since: Instant | None) -> list[OrderReport]:
        limit, start = self._known.order_rows, None if since is None else _millis(since)
        rows: list[Row] = []
        for pair in await self._over(symbol):
            page, told = await self._rows(method, pair, start, limit)
            if told >= limit:
                raise Unread(f"{method} is full at {told} rows and may have been cut")
            if since is None and len(page) != told:
                raise Unread(f"ccxt read {len(page)} of {told} rows of {method}")
            rows += page
        return [self._report(row) for row in rows if mapping.is_sale(row)]

    async def _pages(self, pair: str | None, since: Instant, named: Mapping[str, Any]) -> list[Row]:
        """All own trades of a pair. Which end of a full list was cut is not documented: both are read on from."""
        limit = self._known.trade_rows

        async def page(cursor: Mapping[str, Any]) -> tuple[list[Row], bool]:
            rows, told = await self._rows("fetch_my_trades", pair, _millis(since), limit, {**named, **cursor})
            return rows, told >= limit

        first, full = await page({})
        found = _by_ids(first)
        if not full:
            return first
        if not self._known.pages_by_id or not first:
            raise Unread(f"the own trades are full at {limit} rows and may have been cut")
        for end, cursor in ((-1, "fromId"), (0, "toId")):
            rows = first
            for _ in range(PAGES_MAX):
                rows, full = await page({cursor: rows[end]["id"]})
                fresh = _by_ids(rows).keys() - found.keys()
                found |= _by_ids(rows)
                if not fresh or not full:
                    break
            else:
                raise Unread(f"the own trades go on after {PAGES_MAX} pages")
        return list(found.values())

    async def _ask(self, method: str, *arguments: Any) -> Said:
        said = await self._client.call(method, *arguments, turn=self._turn)
        self.evidence.extend(wire.answer for wire in said.heard)
        return said

    async def _rows(self, method: str, *arguments: Any) -> tuple[Any, int]:
        """What ccxt made of an answer, and how many rows the answer had: ccxt finds none in what it can't read."""
        said = await self._ask(method, *arguments)
        name = self._known.arrays.get(method)
        if name is None:
            return said.value, len(said.value["total"] if method == "fetch_balance" else said.value)
        rows = said.raw.get(name) if name and isinstance(said.raw, dict) else said.raw
        if not isinstance(rows, list):
            raise Unread(f"{method} brought no list")
        return said.value, len(rows)

    async def _pair(self, symbol: Symbol) -> str:
        await self._client.ready()
        return self._client.unified(symbol)

    async def _over(self, symbol: Symbol | None) -> Sequence[str | None]:
        wanted = self._pairs if symbol is None else (symbol,)
        return [await self._pair(each) for each in wanted] or [None]

    def _report(self, row: Row) -> OrderReport:
        return mapping.order_report(self._name, self._known, row, self._client.symbol_of)


def _by_ids(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return {(str(row.get("order")), str(row.get("id"))): row for row in rows}


def _millis(since: Instant) -> int:
    return max(0, since - OVERLAP) // MILLISECOND
