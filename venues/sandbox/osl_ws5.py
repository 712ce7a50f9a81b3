"""OSL's v5 public socket, server side: whole snapshots about once a second, whether anything changed or not.

Subscriptions come by message; a text `ping` is answered by a text `pong`. Who subscribes to nothing for a minute is
let go. The rows of `trade` and `ticker` are mock.
"""

from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.money import plain, trimmed
from venues.sandbox import osl_rows
from venues.sandbox.door import Call, House
from venues.sandbox.osl_desk import Desk
from venues.sandbox.osl_rows import Wire, millis
from venues.sandbox.osl_sockets import Client, serve, spaced
from venues.sandbox.osl_v5 import ticker

PATH: Final = "/ws/v5/public"
EVERY_MARKET: Final = Span(SECOND)
EVERY_WALL: Final = Span(100 * MILLISECOND)
IDLE_MAX: Final = Span(60 * SECOND)
TRADES: Final = 50
_DEPTHS: Final = {"books5": 5, "books15": 15}
_CHANNELS: Final = (*_DEPTHS, "ticker", "trade")
_NO_CHANNEL: Final = (30_001, "channel does not exist")
_UNRECOGNISED: Final = (30_002, "unrecognised request")


class _Arg(Struct, frozen=True):
    instType: str  # noqa: N815 (the wire's spelling)
    channel: str
    instId: str  # noqa: N815


class _Heard(Struct):
    op: str
    args: list[_Arg]


class _Seat:
    """What one client listens to, and from when on it is told again."""

    def __init__(self, at: int) -> None:
        self.args: dict[_Arg, None] = {}
        self.again = 0
        self.idle_since = at


class SnapshotStreams:
    """Every open v5 socket."""

    def __init__(self, house: House, desk: Desk) -> None:
        self._house, self._desk = house, desk
        self._every = spaced(EVERY_MARKET, EVERY_WALL, house.clock.speed)
        self._seats: dict[Client, _Seat] = {}
        self._sessions = 0

    async def stream(self, request: web.BaseRequest, _: Call) -> web.StreamResponse:
        """Serve one socket until it ends."""
        self._sessions += 1

        def joined(client: Client) -> None:
            self._seats[client] = _Seat(client.opened_at)

        session = f"osl-v5-{self._house.seed}-{self._sessions}"
        now = self._house.clock.mono()
        return await serve(request, self._house.faults, session, now, joined, self._heard, self._left)

    def show(self) -> None:
        """Tell everybody whose second is over; let go of those who listen to nothing."""
        now = self._house.clock.mono()
        for client, seat in list(self._seats.items()):
            if seat.args and now >= seat.again:
                seat.again = now + self._every
                for arg in seat.args:
                    client.put("trades" if arg.channel == "trade" else "depth", self._snapshot(arg))
            elif not seat.args and now - seat.idle_since >= IDLE_MAX:
                client.outbox.cut()

    async def close(self) -> None:
        """End every socket."""
        for client in list(self._seats):
            await client.socket.close(code=1001)

    def _left(self, client: Client) -> None:
        self._seats.pop(client, None)

    def _heard(self, client: Client, text: str) -> None:
        if text == "ping":
            client.outbox.say(b"pong")
            return
        try:
            said = msgspec.json.decode(text, type=_Heard)
        except msgspec.DecodeError:
            client.say(_failed(*_UNRECOGNISED))
            return
        if said.op not in ("subscribe", "unsubscribe"):
            client.say(_failed(*_UNRECOGNISED))
            return
        for arg in said.args:
            if (
                arg.instType != "SPOT"
                or arg.channel not in _CHANNELS
                or arg.instId not in self._house.exchange.listings
            ):
                client.say({**_failed(*_NO_CHANNEL), "arg": _told(arg)})
            else:
                self._subscribe(client, said.op, arg)

    def _subscribe(self, client: Client, op: str, arg: _Arg) -> None:
        seat = self._seats[client]
        if op == "subscribe":
            seat.args[arg] = None
            seat.again = 0
        else:
            seat.args.pop(arg, None)
            seat.idle_since = self._house.clock.mono()
        client.say({"event": op, "arg": _told(arg), "sessionId": client.session})

    def _snapshot(self, arg: _Arg) -> Wire:
        sent = millis(self._house.clock.market())
        return {"action": "snapshot", "arg": _told(arg), "data": self._rows(arg), "ts": sent}

    def _rows(self, arg: _Arg) -> list[Any]:
        exchange, symbol = self._house.exchange, arg.instId
        if arg.channel in _DEPTHS:
            depth = exchange.depth(symbol, _DEPTHS[arg.channel])
            bids, asks = osl_rows.levels(depth.bids), osl_rows.levels(depth.asks)
            return [{"ts": millis(depth.changed_at), "bids": bids, "asks": asks}]
        if arg.channel == "ticker":
            return [{"ts": millis(exchange.now), **ticker(self._desk, symbol)}]
        return [
            {
                "ts": millis(trade.at),
                "tradeId": trade.trade_id,
                "side": "sell" if trade.buyer_is_maker else "buy",
                "price": plain(trade.price),
                "size": trimmed(trade.quantity),
            }
            for trade in exchange.recent_trades(symbol, TRADES)
        ]


def _told(arg: _Arg) -> Wire:
    return {"instType": arg.instType, "channel": arg.channel, "instId": arg.instId}


def _failed(code: int, message: str) -> Wire:
    return {"event": "error", "code": code, "msg": message}
