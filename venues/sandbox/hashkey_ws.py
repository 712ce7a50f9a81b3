"""HashKey's two streams, server side: public books and prints, private orders, fills and balances.

One event a frame on the private stream, since a widespread client reads only the first of each. A stream promises
nothing: no replay, no sequence number, and every frame may meet a fault on its way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Span
from venues.sandbox import hashkey_rows
from venues.sandbox.desk import Desk
from venues.sandbox.faults import Channel, Do, Fault, Faults
from venues.sandbox.model import BalancesChanged, OrderChanged, PrivateEvent, PublicTrade

PUBLIC_PATH: Final = "/quote/ws/v1"
PRIVATE_PATH: Final = "/api/v1/ws/"
LEVELS: Final = 100
TOPICS: Final = ("depth", "trade")
PING_EVERY: Final = Span(30 * SECOND)
FRAMES_WAITING_MAX: Final = 10_000
_OVERTAKEN_FOR: Final = Span(250 * MILLISECOND)
_AT_ONCE: Final = Span(0)
_SNAPSHOT_TRADES: Final = 60


class _Held:
    """A frame that others are to overtake."""

    __slots__ = ("frame", "left")

    def __init__(self, frame: bytes, left: int) -> None:
        self.frame, self.left = frame, left


class Outbox:
    """The frames on their way to one client, and what befalls them."""

    def __init__(
        self, socket: web.WebSocketResponse, request: web.BaseRequest, channel: Channel, faults: Faults
    ) -> None:
        self._socket, self._request = socket, request
        self._channel, self._faults = channel, faults
        self._waiting: deque[tuple[bytes, Span]] = deque()
        self._held: list[_Held] = []
        self._wake = asyncio.Event()

    def put(self, op: str, frame: bytes) -> None:
        """Send this frame, unless a fault has it otherwise."""
        copies, hold = 1, 0
        late: Fault | None = None
        for fault in self._faults.at(self._channel, op):
            if fault.do is Do.CUT:
                self.cut()
                return
            if fault.do is Do.DROP:
                copies = 0
            elif fault.do is Do.DUP:
                copies += fault.count if copies else 0
            elif fault.do is Do.DELAY:
                hold += fault.span
            elif fault.do is Do.REORDER:
                late = fault
        for _ in range(copies):
            if late is None:
                self.say(frame, Span(hold))
            else:
                self._hold(frame, late)
        if late is None and copies:
            self._overtake()

    def say(self, frame: bytes, hold: Span = _AT_ONCE) -> None:
        """Send this frame, whatever the plan says; `hold` keeps back those behind it too."""
        if len(self._waiting) >= FRAMES_WAITING_MAX:  # a client that does not read is let go
            self.cut()
            return
        self._waiting.append((frame, hold))
        self._wake.set()

    def cut(self) -> None:
        """Close the connection under the client, without a closing frame."""
        self._waiting.clear()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self) -> None:
        """Send until the connection ends."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    frame, hold = self._waiting.popleft()
                    if hold:
                        await asyncio.sleep(hold / SECOND)
                    await self._socket.send_frame(frame, WSMsgType.TEXT)
        except ConnectionError:
            return

    def _hold(self, frame: bytes, fault: Fault) -> None:
        held = _Held(frame, fault.count)
        self._held.append(held)
        asyncio.get_running_loop().call_later((fault.span or _OVERTAKEN_FOR) / SECOND, self._release, held)

    def _overtake(self) -> None:
        for held in list(self._held):
            held.left -= 1
            if held.left <= 0:
                self._release(held)

    def _release(self, held: _Held) -> None:
        if held in self._held:
            self._held.remove(held)
            self.say(held.frame)


class _Client:
    """One open socket."""

    def __init__(self, outbox: Outbox, socket: web.WebSocketResponse, channel_id: str) -> None:
        self.outbox, self.socket, self.channel_id = outbox, socket, channel_id
        self.topics: set[tuple[str, str]] = set()
        self.account = ""
        self.listen_key = ""
        self.pinged_at = 0


class _Heard(Struct):
    """What a client may say on either stream."""

    ping: int | None = None
    event: str = ""
    topic: str = ""
    symbol: str = ""


class Streams:
    """Every open socket, and what goes out to them."""

    def __init__(self, desk: Desk, faults: Faults, *, depth_every: Span) -> None:
        self._desk, self._faults = desk, faults
        self._depth_every = depth_every
        self._public: set[_Client] = set()
        self._private: set[_Client] = set()
        self._shown: dict[str, tuple[int, int]] = {}
        """Of each book: its version when last shown, and the monotonic time from which it may be shown again."""

    async def public(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one public socket until it ends."""
        return await self._serve(request, Channel.PUBLIC, self._public, self._heard_publicly)

    async def private(self, request: web.BaseRequest, listen_key: str) -> web.StreamResponse:
        """Serve one private socket until it ends; a key that opens nothing is refused at the handshake."""
        account = self._desk.stream_account(listen_key)
        if account is None:
            return web.json_response({"code": "-1130", "msg": "Illegal parameter 'listenKey'"}, status=400)
        return await self._serve(request, Channel.PRIVATE, self._private, self._heard_privately, account, listen_key)

    def show(self, events: Iterable[PrivateEvent], trades: Sequence[PublicTrade]) -> None:
        """Tell those concerned what has just happened, and what the books look like now."""
        for event in events:
            self._tell(event)
        if trades:
            self._show_trades(trades)
        self._show_books()
        self._look_after_private()

    async def close(self) -> None:
        """End every socket."""
        for client in [*self._public, *self._private]:
            await client.socket.close(code=1001)

    async def _serve(
        self,
        request: web.BaseRequest,
        channel: Channel,
        among: set[_Client],
        heard: Callable[[_Client, str], None],
        account: str = "",
        listen_key: str = "",
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=65_536, timeout=0.5)
        await socket.prepare(request)
        client = _Client(Outbox(socket, request, channel, self._faults), socket, self._desk.drawn_id("channel")[:32])
        client.account, client.listen_key, client.pinged_at = account, listen_key, self._desk.clock.mono()
        among.add(client)
        writer = asyncio.get_running_loop().create_task(client.outbox.run())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    heard(client, message.data)
        finally:
            among.discard(client)
            writer.cancel()
        return socket

    def _heard_publicly(self, client: _Client, text: str) -> None:
        said = _parsed(text)
        if said is None:
            client.outbox.say(_encoded({"code": "-10001", "desc": "Invalid JSON!"}))
        elif said.ping is not None:
            client.outbox.say(_encoded({"pong": hashkey_rows.millis(self._desk.clock.wall())}))
        elif said.topic not in TOPICS:
            client.outbox.say(_encoded({"code": "-10004", "desc": "Invalid topic!", "topic": said.topic}))
        else:
            for symbol in said.symbol.split(","):
                self._subscribed(client, said, symbol)

    def _subscribed(self, client: _Client, said: _Heard, symbol: str) -> None:
        subscription = (said.topic, symbol)
        if symbol not in self._desk.exchange.listings:
            client.outbox.say(_encoded({"code": "-100010", "desc": "Invalid Symbols!", "topic": said.topic}))
        elif said.event == "cancel":
            client.topics.discard(subscription)
        elif said.event == "sub":
            client.topics.add(subscription)
            if said.topic == "depth":
                book = self._desk.exchange.depth(symbol, LEVELS)
                client.outbox.put(
                    "depth", self._envelope(*subscription, [hashkey_rows.streamed_book(book)], first=True)
                )
            else:
                trades = self._desk.exchange.recent_trades(symbol, _SNAPSHOT_TRADES)
                shown = [hashkey_rows.streamed_trade(trade) for trade in trades]
                client.outbox.put("trades", self._envelope(*subscription, shown, first=True))

    def _heard_privately(self, client: _Client, text: str) -> None:
        said = _parsed(text)
        if said is not None and said.ping is not None:
            client.outbox.say(_encoded({"pong": said.ping, "channelId": client.channel_id}))

    def _tell(self, event: PrivateEvent) -> None:
        account = event.order.account if isinstance(event, OrderChanged) else event.account
        clients = [client for client in self._private if client.account == account]
        for op, frame in _private_frames(event) if clients else ():
            for client in clients:
                client.outbox.put(op, frame)

    def _show_trades(self, trades: Sequence[PublicTrade]) -> None:
        watched = {symbol for client in self._public for topic, symbol in client.topics if topic == "trade"}
        for symbol in watched:
            shown = [hashkey_rows.streamed_trade(trade) for trade in trades if trade.symbol == symbol]
            if shown:
                self._publish("trades", "trade", symbol, shown)

    def _show_books(self) -> None:
        watched = {symbol for client in self._public for topic, symbol in client.topics if topic == "depth"}
        now = self._desk.clock.mono()
        for symbol in watched:
            version, again = self._shown.get(symbol, (-1, 0))
            if now < again:
                continue
            depth = self._desk.exchange.depth(symbol, LEVELS)
            if depth.version != version:
                self._shown[symbol] = (depth.version, now + self._depth_every)
                self._publish("depth", "depth", symbol, [hashkey_rows.streamed_book(depth)])

    def _publish(self, op: str, topic: str, symbol: str, shown: list[Any]) -> None:
        frame = self._envelope(topic, symbol, shown, first=False)
        for client in self._public:
            if (topic, symbol) in client.topics:
                client.outbox.put(op, frame)

    def _envelope(self, topic: str, symbol: str, shown: list[Any], *, first: bool) -> bytes:
        return _encoded(
            {
                "symbol": symbol,
                "symbolName": symbol,
                "topic": topic,
                "params": {"binary": "false"},
                "data": shown,
                "f": first,
                "sendTime": hashkey_rows.millis(self._desk.clock.market()),
                "channelId": "sandbox",
                "site": "hk",
                "shared": False,
            }
        )

    def _look_after_private(self) -> None:
        """Ping those not pinged for long; let go of those whose key has ended."""
        now = self._desk.clock.mono()
        for client in self._private:
            if self._desk.stream_account(client.listen_key) is None:
                client.outbox.cut()
            elif now - client.pinged_at >= PING_EVERY:
                client.pinged_at = now
                ping = hashkey_rows.millis(self._desk.clock.wall())
                client.outbox.say(_encoded({"ping": ping, "channelId": client.channel_id}))


def _private_frames(event: PrivateEvent) -> list[tuple[str, bytes]]:
    """Its frames with their kinds: one event in each."""
    if isinstance(event, BalancesChanged):
        return [("account", _encoded([hashkey_rows.account_info(event)]))]
    frames = [("order", _encoded([hashkey_rows.execution_report(event)]))]
    if event.trade is not None:
        frames.append(("fill", _encoded([hashkey_rows.ticket(event.trade, event.at)])))
    return frames


def _parsed(text: str) -> _Heard | None:
    try:
        return msgspec.json.decode(text, type=_Heard)
    except msgspec.DecodeError:
        return None


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)
