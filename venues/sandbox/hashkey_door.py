"""HashKey on its own port: REST, two editions of its public socket, and one private stream.

Its one switch, `--option hashkey.opening=SPAN`, bars market orders for so long after the market began. What
maintenance answers is mock: the status of every coded error, and the code for a platform that has not opened.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from engine.kernel.clock import MILLISECOND, Instant, Span, parse_span
from venues.sandbox import dialect
from venues.sandbox.door import Answer, Call, House
from venues.sandbox.hashkey_desk import Desk, encoded
from venues.sandbox.hashkey_rest import ROUTES
from venues.sandbox.hashkey_ws import PRIVATE_PATH, PUBLIC_PATH, PUBLIC_V2_PATH, Streams
from venues.sandbox.model import OrderRow, PrivateEvent, PublicTrade

DEPTH_EVERY_MARKET: Final = Span(300 * MILLISECOND)
DEPTH_EVERY_WALL: Final = Span(50 * MILLISECOND)
"""Books are shown no more often than this, however fast the market runs."""

_MEANINGS: Final = {
    "-1006": "Execution status unknown",
    "-1007": "Timeout waiting for response from server",
    "-1146": "Order creation timeout",
    "-1147": "Order cancellation timeout",
}


class HashkeyDialect:
    """See `door.Dialect`."""

    name: str = "hashkey"
    streams: Mapping[str, str] = {
        "ws_public": PUBLIC_PATH,
        "ws_public_v2": PUBLIC_V2_PATH,
        "ws_private": PRIVATE_PATH.rstrip("/"),
    }
    key_headers: Sequence[str] = ("x-hk-apikey",)

    def __init__(self, house: House) -> None:
        if unknown := house.options.keys() - {"opening"}:
            raise ValueError(f"no such option: {', '.join(sorted(unknown))}")
        self.desk = Desk(
            house.exchange, house.accounts, house.clock, ROUTES, limits=house.limits, seed=house.seed,
            dealer=house.dealer, opening=parse_span(house.options.get("opening", "0s")),
        )  # fmt: skip
        depth_every = max(DEPTH_EVERY_WALL, int(DEPTH_EVERY_MARKET / house.clock.speed))
        self._streams = Streams(self.desk, house.faults, depth_every=Span(depth_every))

    def op(self, call: Call) -> str | None:
        """See `Dialect.op`."""
        route = self.desk.route(call)
        return None if route is None else route.op

    def answer(self, call: Call) -> Answer:
        """See `Dialect.answer`."""
        return self.desk.answer(call)

    def named_order(self, call: Call) -> OrderRow | None:
        """See `Dialect.named_order`."""
        return self.desk.named_order(call)

    def coded(self, code: str) -> Answer:
        """See `Dialect.coded`."""
        return encoded(400, {"code": code, "msg": _MEANINGS.get(code, "Internal error")})

    def limited(self, status: int) -> Answer:
        """See `Dialect.limited`."""
        return encoded(status, dialect.paced(status).body)

    def closed(self) -> Answer:
        """See `Dialect.closed`."""
        return encoded(400, {"code": "-2001", "msg": "Platform is yet to open trading"})

    def is_stream(self, path: str) -> bool:
        """See `Dialect.is_stream`."""
        return path in (PUBLIC_PATH, PUBLIC_V2_PATH) or path.startswith(PRIVATE_PATH)

    async def stream(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """See `Dialect.stream`."""
        if call.path == PUBLIC_PATH:
            return await self._streams.public(request)
        if call.path == PUBLIC_V2_PATH:
            return await self._streams.public_v2(request)
        return await self._streams.private(request, call.path.removeprefix(PRIVATE_PATH))

    def show(self, events: Sequence[PrivateEvent], trades: Sequence[PublicTrade]) -> None:
        """See `Dialect.show`."""
        self._streams.show(events, trades)

    def expire(self) -> None:
        """Every listen key ends now."""
        now = self.desk.clock.wall()
        for key, (account, ends) in self.desk.listen_keys.items():
            self.desk.listen_keys[key] = (account, Instant(min(ends, now)))

    async def close(self) -> None:
        """See `Dialect.close`."""
        await self._streams.close()
