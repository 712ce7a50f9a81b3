"""OSL on its own port: three generations of REST, two public sockets, and no private stream.

Switches (`--option osl.KEY=VALUE`): `pending` (a length of time, `0ms` unless given) keeps each new order in
`PendingNew` before it comes to the book, and `unknown_symbol` (`silent` or `404`) says what becomes of a v4 socket
that asks for a pair which is not listed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from engine.kernel.clock import Span, parse_span
from venues.sandbox import osl_v3, osl_v4, osl_v5, osl_ws4, osl_ws5
from venues.sandbox.door import Answer, Call, House
from venues.sandbox.model import OrderRow, PrivateEvent, PublicTrade
from venues.sandbox.osl_asked import cancels
from venues.sandbox.osl_blotter import Blotter
from venues.sandbox.osl_desk import Desk
from venues.sandbox.osl_signing import decoded
from venues.sandbox.osl_words import Refusal, coded, named

ROUTES: Final = {**osl_v3.ROUTES, **osl_v4.ROUTES, **osl_v5.ROUTES}
"""Every endpoint served."""
_UNKNOWN_SYMBOL: Final = {"silent": False, "404": True}


class OslDialect:
    """See `door.Dialect`."""

    name: str = "osl"
    streams: Mapping[str, str] = {"ws_public": osl_ws4.PATH, "ws_public_v5": osl_ws5.PATH}
    key_headers: Sequence[str] = ("api-key", "rest-key")

    def __init__(self, house: House) -> None:
        pending, refuses_unknown = _options(house.options)
        for account in house.accounts.values():
            decoded(account.secret)
        house.dealer.show_id = _as_uuid
        self._blotter = Blotter(house.exchange, pending=pending, mono=house.clock.mono)
        self._house = house
        self.desk = Desk(house, self._blotter, ROUTES)
        self._books = osl_ws4.BookStreams(house, refuses_unknown=refuses_unknown)
        self._snapshots = osl_ws5.SnapshotStreams(house, self.desk)

    def op(self, call: Call) -> str | None:
        """See `Dialect.op`."""
        route = self.desk.route(call)
        if route is None:
            return None
        return osl_v4.listing_op(call) if (call.method, call.path) == osl_v4.ORDERS else route.op

    def answer(self, call: Call) -> Answer:
        """See `Dialect.answer`."""
        return self.desk.answer(call)

    def named_order(self, call: Call) -> OrderRow | None:
        """The first order that a cancel names."""
        account = self.desk.account(call)
        if account is None or not call.body:
            return None
        try:
            names = cancels(call.body)
        except Refusal:
            return None
        entry = self._blotter.find(account.name, *names[0])
        return None if entry is None else self._blotter.row(entry)

    def coded(self, code: str) -> Answer:
        """See `Dialect.coded`."""
        return coded(code)

    def limited(self, status: int) -> Answer:
        """See `Dialect.limited`."""
        return self.desk.limited(status)

    def closed(self) -> Answer:
        """See `Dialect.closed`."""
        return named("MAINTENANCE", "the venue is under maintenance").answer

    def is_stream(self, path: str) -> bool:
        """See `Dialect.is_stream`."""
        return path in self.streams.values()

    async def stream(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """See `Dialect.stream`."""
        serving = self._snapshots if call.path == osl_ws5.PATH else self._books
        return await serving.stream(request, call)

    def show(self, events: Sequence[PrivateEvent], trades: Sequence[PublicTrade]) -> None:
        """Private events are told to nobody here; orders that are due come to the book."""
        self._blotter.settle()
        self._books.show()
        self._snapshots.show()

    def expire(self) -> None:
        """There are no private streams that could end."""

    async def close(self) -> None:
        """See `Dialect.close`."""
        await self._books.close()
        await self._snapshots.close()


def _options(options: Mapping[str, str]) -> tuple[Span, bool]:
    """The switches as values; `ValueError` for what is not one."""
    if strange := options.keys() - {"pending", "unknown_symbol"}:
        raise ValueError(f"osl knows no option {', '.join(sorted(strange))}; it knows pending and unknown_symbol")
    unknown = options.get("unknown_symbol", "silent")
    if unknown not in _UNKNOWN_SYMBOL:
        raise ValueError(f"osl.unknown_symbol is silent or 404, not {unknown!r}")
    return parse_span(options.get("pending", "0ms")), _UNKNOWN_SYMBOL[unknown]


def _as_uuid(letters: str) -> str:
    """Thirty-two letters in the form in which this venue writes the ids of its quotes."""
    return "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:32]))
