"""OSL's v4 socket, server side: books as a whole at first, then their changes. No private stream.

The address carries the whole subscription. A pair that is not listed is acknowledged, and then nothing is heard of it
(as seen live); the documented refusal of the whole socket is a switch. The server pings in JSON and asks for nothing
in return.
"""

from typing import Final

from aiohttp import web

from engine.kernel.clock import MILLISECOND, SECOND, Span
from venues.sandbox.door import Call, House
from venues.sandbox.model import Depth
from venues.sandbox.osl_asked import parameters
from venues.sandbox.osl_deltas import changes, partial, wrapped
from venues.sandbox.osl_rows import Wire, millis
from venues.sandbox.osl_sockets import Client, serve, spaced
from venues.sandbox.osl_words import unknown_symbol

PATH: Final = "/ws/v4"
LEVELS: Final = 100
PING_EVERY: Final = Span(5 * SECOND)
EVERY_MARKET: Final = Span(500 * MILLISECOND)
EVERY_WALL: Final = Span(50 * MILLISECOND)
VERSIONS_FROM: Final = 2**31 + 25_000_000
"""Where the venue's engine-wide counter stands when a market opens: past the wrap already, as on the real one."""

_TOPIC: Final = "orderBook:"


class BookStreams:
    """Every open v4 socket."""

    def __init__(self, house: House, *, refuses_unknown: bool = False, versions_from: int = VERSIONS_FROM) -> None:
        self._house, self._refuses_unknown = house, refuses_unknown
        self._versions_from = versions_from
        self._every = spaced(EVERY_MARKET, EVERY_WALL, house.clock.speed)
        self._clients: dict[Client, frozenset[str]] = {}
        self._shown: dict[str, tuple[Depth, int]] = {}
        """Of each book that somebody watches: as it was last told, and the monotonic time when it may be told again."""
        self._sessions = 0

    async def stream(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """Serve one socket until it ends."""
        topics = [one for one in parameters(call.query).get("subscribe", "").split(",") if one]
        symbols = [one.removeprefix(_TOPIC) for one in topics if one.startswith(_TOPIC)]
        missing = [symbol for symbol in symbols if symbol not in self._house.exchange.listings]
        if missing and self._refuses_unknown:
            said = unknown_symbol(missing[0]).answer
            return web.Response(status=404, body=said.body, content_type=said.content_type)
        self._sessions += 1

        def joined(client: Client) -> None:
            self._join(client, symbols)

        session = f"osl-{self._house.seed}-{self._sessions}"
        return await serve(request, self._house.faults, session, self._house.clock.mono(), joined, _heard, self._left)

    def show(self) -> None:
        """Tell what has changed in books that are due, and ping."""
        now = self._house.clock.mono()
        for symbol in sorted(set().union(*self._clients.values())):
            before, again = self._shown[symbol]
            if now >= again:
                self._show(symbol, before, now)
        for client in self._clients:
            if now - client.pinged_at >= PING_EVERY:
                client.pinged_at = now
                client.say({"action": "ping"})

    async def close(self) -> None:
        """End every socket."""
        for client in list(self._clients):
            await client.socket.close(code=1001)

    def _join(self, client: Client, symbols: list[str]) -> None:
        for symbol in symbols:
            arg = {"channel": "depthDiff", "instId": symbol}
            client.say({"event": "subscribe", "arg": arg, "sessionId": client.session})
        known = [symbol for symbol in symbols if symbol in self._house.exchange.listings]
        for symbol in known:
            # Others who watch this book are told first, so that its changes mean the same to all.
            if (told := self._shown.get(symbol)) is not None and self._watched(symbol):
                self._show(symbol, told[0], self._house.clock.mono())
            depth = self._house.exchange.depth(symbol, LEVELS)
            self._shown[symbol] = (depth, self._house.clock.mono() + self._every)
            client.put("depth", partial(depth, self._version()))
        self._clients[client] = frozenset(known)

    def _left(self, client: Client) -> None:
        self._clients.pop(client, None)

    def _watched(self, symbol: str) -> bool:
        return any(symbol in symbols for symbols in self._clients.values())

    def _show(self, symbol: str, before: Depth, now: int) -> None:
        after = self._house.exchange.depth(symbol, LEVELS)
        if after.version == before.version:
            return
        self._shown[symbol] = (after, now + self._every)
        told: list[Wire] = changes(before, after, self._version(), millis(self._house.clock.market()))
        for client, symbols in self._clients.items():
            if symbol in symbols:
                for message in told:
                    client.put("depth", message)

    def _version(self) -> int:
        """The engine-wide counter: it grows with every change of any book."""
        exchange = self._house.exchange
        return wrapped(self._versions_from + sum(one["version"] for one in exchange.stats().values()))


def _heard(_: Client, __: str) -> None:
    """Pongs and whatever else a client says: nothing is answered here."""
