"""An account on an exchange of ccxt, as `engine.ports.Venue`.

A new order ends in one of two ways once ccxt has been called: the exchange described it, or nobody knows. ccxt's
exceptions name the wrong thing too often to prove that an order was not placed, so none of them does. A cancel ends
no order either way; the exchange's own records do.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName, VenueOrderId
from engine.kernel.money import plain, total
from engine.market.instrument import Instrument
from engine.orders.order import Approved, ChildOrder, OrderType
from engine.orders.reports import (
    Answer,
    Balance,
    Capabilities,
    Done,
    Found,
    NotFound,
    NoWord,
    OrderReport,
    Outcome,
    Permissions,
    Refused,
    Survey,
    Transient,
    Unknown,
)
from engine.ports import VenueFact
from venues.adapter import NoQuotes
from venues.generic import listings, mapping
from venues.generic.client import Client, Failed, Said
from venues.generic.hardening import Turn
from venues.generic.known import Known
from venues.generic.mapping import Odd, Row
from venues.generic.polling import Polling
from venues.generic.records import Round, Unread

PATIENCE: Final = Span(2 * SECOND)
"""How long an order or a cancel may wait for its turn (wall time) before it is given back: its price ages."""
_LATER: Final = SECOND
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_UNREAD: Final = (Failed, Unread, ValueError)


class GenericVenue(NoQuotes):
    """One spot account on one exchange."""

    def __init__(
        self,
        client: Client,
        known: Known,
        polling: Polling,
        *,
        name: VenueName,
        capabilities: Capabilities,
        permissions: Permissions | None = None,
        pairs: Sequence[Symbol] = (),
        withheld: Callable[[], str] = lambda: "",
    ) -> None:
        """`withheld` says why a new order may not leave; it is asked last of all, when its turn has come."""
        self.name, self.capabilities = name, capabilities
        self._client, self._known, self._polling = client, known, polling
        self._permissions, self._withheld = permissions, withheld
        self._round = partial(Round, name, client, known, pairs)
        self._numbers: dict[ClientOrderId, VenueOrderId] = {}

    async def instruments(self) -> Sequence[Instrument]:
        """Every spot pair that the exchange lists with usable limits; `Failed` when the list could not be had."""
        return await listings.read(self.name, self._client, self._known)

    async def place(self, approved: Approved) -> Outcome:
        """Send the order once. Never raises for what the exchange, the network or ccxt does."""
        order = approved.order
        try:
            await self._client.ready()
            pair = self._sendable(order)
        except Failed as failure:
            return Transient(f"the pairs could not be read: {failure}", _LATER)
        except (ValueError, ArithmeticError) as error:
            return Refused("unsendable", str(error), stop_venue=True)
        if not await self._client.pacer.acquire("order", patience=PATIENCE):
            return Transient("no room in the exchange's rate limits", PATIENCE)
        if why := self._withheld():
            return Transient(f"withheld: {why}")
        parameters = {"clientOrderId": order.client_id, **mapping.TIFS[order.tif]}
        try:
            said = await self._client.call(
                "create_order", pair, "limit", "sell", plain(order.quantity), plain(order.price), parameters, turn=_NOW
            )
        except Failed as failure:
            return Unknown(str(failure), failure.wire)
        return self._placed(order, said)

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        """Ask once for a cancel; `Done` says that the request was taken, not that the order has ended."""
        try:
            await self._client.ready()
            pair = self._client.unified(symbol)
            number = None if self._known.by_client_id else await self._number(symbol, client_id)
        except _UNREAD as error:
            return Transient(f"a cancel could not be asked for: {error}", _LATER)
        if not await self._client.pacer.acquire("order", urgent=True, patience=PATIENCE):
            return Transient("no room in the exchange's rate limits", PATIENCE)
        parameters = {"clientOrderId": client_id} if self._known.by_client_id else {}
        try:
            said = await self._client.call("cancel_order", number, pair, parameters, turn=_NOW)
        except Failed as failure:
            return Unknown(str(failure), failure.wire)
        return Done(None, said.wire)

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        """One complete round over all that the exchange keeps; never raises for what it or ccxt does."""
        try:
            return await self._lookup(symbol, client_id, since)
        except _UNREAD as error:
            return NoWord(str(error))
        except Exception as error:  # noqa: BLE001 - a question that failed, however it failed, proves nothing
            return NoWord(f"the look-up failed: {type(error).__name__}")

    async def survey(self, since: Instant) -> Survey:
        """The whole account; raises when any part could not be read."""
        here = self._round()
        opened = await here.opened()
        rows = await here.trades(since)
        owners: dict[str, ClientOrderId] = {report.venue_order_id: report.client_id for report in opened}
        fills = [here.fill(row, await self._owner(here, row, owners)) for row in rows]
        return Survey(self.name, since, tuple(opened), tuple(fills), tuple(await here.balances()))

    async def holdings(self) -> Sequence[Balance]:
        """All balances of the account; raises when they could not be had."""
        return await self._round().balances()

    async def server_time(self) -> Instant:
        """The exchange's wall clock; raises when it does not say."""
        if not self._client.has("fetchTime"):
            raise Unread("the exchange tells no time")
        return mapping.instant((await self._client.call("fetch_time")).value)

    async def permissions(self) -> Permissions:
        """What our key may do, by the option `key_permissions`: ccxt has no common way to ask."""
        if self._permissions is None:
            raise Unread("ccxt has no way to ask what a key may do: say it in the option key_permissions")
        return self._permissions

    def facts(self) -> AsyncIterator[VenueFact]:
        """Polls of the orders that stand, for ever; a private stream, where there is one, only makes them prompt."""
        return self._polling.facts()

    async def aclose(self) -> None:
        """Let go of connections; nothing is polled any more."""
        await self._polling.aclose()
        await self._client.aclose()

    def _sendable(self, order: ChildOrder) -> str:
        """ccxt's name of the pair; `ValueError` for what its words can't carry or what it would change."""
        if order.type is not OrderType.LIMIT or not _CLIENT_ID.fullmatch(order.client_id):
            raise Odd(f"not a limit order under an id of ours: {order.type} {order.client_id!r}")
        if order.quantity <= 0 or order.price <= 0:
            raise Odd(f"not a sale: {order.quantity} at {order.price}")
        sent = self._client.rounded(order.symbol, order.quantity, order.price)
        if sent != (order.quantity, order.price):
            raise Odd(f"ccxt would send {sent[0]} at {sent[1]} for {order.quantity} at {order.price}")
        return self._client.unified(order.symbol)

    def _placed(self, order: ChildOrder, said: Said) -> Outcome:
        """What the answer to a new order proves; one that does not fit what was sent proves nothing."""
        try:
            row: Row = said.value
            if mapping.only_acknowledged(row):
                self._numbers[order.client_id] = VenueOrderId(str(row["id"]))
                return Done(None, said.wire)
            report = mapping.order_report(self.name, self._known, row, self._client.symbol_of)
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError) as error:
            return Unknown(f"an answer that can't be believed: {type(error).__name__} {error}"[:200], said.wire)
        if difference := _difference(order, report):
            return Unknown(difference, said.wire)
        self._numbers[order.client_id] = report.venue_order_id
        self._polling.watch(report)
        return Done(report, said.wire)

    async def _lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Found | NotFound:
        here = self._round(urgent=True)
        named = await here.order(symbol, client_id) if self._known.by_client_id else None
        if named is not None:
            return await self._found(here, named, since)
        for report in (*await here.opened(symbol), *await here.ended(since, symbol)):
            if report.client_id == client_id:
                return await self._found(here, report, since)
        rows = await here.trades(since, symbol, client_id)
        number = self._numbers.get(client_id)
        for row in rows:
            if mapping.own_id(row) == client_id or row.get("order") == number:  # no list has it, and yet it traded
                return await self._found(here, await here.numbered(symbol, str(row["order"])), since)
        return NotFound(tuple(await here.balances()), tuple(here.evidence))

    async def _found(self, here: Round, report: OrderReport, since: Instant) -> Found:
        if not report.filled:
            return Found(report, ())
        rows = await here.trades(since, report.symbol, report.client_id)
        own = [here.fill(row, report.client_id) for row in rows if str(row.get("order")) == report.venue_order_id]
        if total(fill.quantity for fill in own) > report.filled:
            raise Unread(f"the trades of {report.client_id} are more than its {report.filled}")
        return Found(report, tuple(own))

    async def _number(self, symbol: Symbol, client_id: ClientOrderId) -> VenueOrderId:
        """The exchange's own id of an order of ours; `Unread` when no list shows it."""
        if (number := self._numbers.get(client_id)) is not None:
            return number
        for report in await self._round(urgent=True).opened(symbol):
            if report.client_id == client_id:
                return report.venue_order_id
        raise Unread(f"no list shows an order {client_id} that stands")

    async def _owner(self, here: Round, row: Row, owners: dict[str, ClientOrderId]) -> ClientOrderId:
        """Under which id of ours a trade's order was sent; empty for one that was sent under none."""
        number = str(row.get("order"))
        if told := mapping.own_id(row):
            return told
        if number not in owners:
            owners[number] = (await here.numbered(here.symbol(row), number)).client_id
        return owners[number]


_NOW: Final = Turn(urgent=True, come=True)


def _difference(order: ChildOrder, report: OrderReport) -> str:
    pairs: Sequence[tuple[str, Any, Any]] = (
        ("client id", order.client_id, report.client_id),
        ("symbol", order.symbol, report.symbol),
        ("quantity", order.quantity, report.quantity),
        ("price", order.price, report.price),
    )
    return "; ".join(f"{name} {told} was answered, {sent} was sent" for name, sent, told in pairs if sent != told)
