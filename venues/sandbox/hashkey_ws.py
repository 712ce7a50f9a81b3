"""HashKey's streams, server side: public books and prints in both editions, private orders, fills and balances.

One event a frame on the private stream, since a widespread client reads only the first of each. A stream promises
nothing: no replay, no sequence number but that of `diffMergedDepth`, and every frame may meet a fault on its way.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND, Span
from venues.sandbox import hashkey_klines, hashkey_rows, hashkey_topics
from venues.sandbox.faults import Channel, Faults
from venues.sandbox.hashkey_desk import Desk
from venues.sandbox.hashkey_topics import TOPICS, TOPICS_V2, Feed, Subscription, Topic
from venues.sandbox.model import BalancesChanged, OrderChanged, PrivateEvent, PublicTrade
from venues.sandbox.outbox import Outbox

PUBLIC_PATH: Final = "/quote/ws/v1"
PUBLIC_V2_PATH: Final = "/quote/ws/v2"
PRIVATE_PATH: Final = "/api/v1/ws/"
NEWS: Final = ("rfqs", "quotes")
"""Topics of the first edition that belong to no pair."""
PING_EVERY: Final = Span(30 * SECOND)
SILENCE_MAX: Final = Span(MINUTE)
"""A public socket on which nothing was said for so long is closed, without a closing frame."""
_ON: Final = ("sub", "subscribe")
_OFF: Final = ("cancel", "unsubscribe")


class _Client:
    """One open socket."""

    def __init__(self, outbox: Outbox, socket: web.WebSocketResponse, channel_id: str, now: int) -> None:
        self.outbox, self.socket, self.channel_id = outbox, socket, channel_id
        self.topics: dict[Topic, Subscription] = {}
        self.news: set[str] = set()
        self.feeds: Mapping[str, Feed] = TOPICS
        self.account = ""
        self.listen_key = ""
        self.pinged_at = self.active_at = now

    def say(self, value: Any) -> None:
        """Send this whatever the fault plan says."""
        self.outbox.say(msgspec.json.encode(value))


class _Heard(Struct):
    """What a client may say on any stream."""

    ping: int | None = None
    event: str = ""
    topic: str = ""
    symbol: str = ""
    params: dict[str, Any] = {}


class Streams:
    """Every open socket, and what goes out to them."""

    def __init__(self, desk: Desk, faults: Faults, *, depth_every: Span, silence_max: Span = SILENCE_MAX) -> None:
        self._desk, self._faults = desk, faults
        self._depth_every, self._silence_max = depth_every, silence_max
        self._public: set[_Client] = set()
        self._private: set[_Client] = set()

    async def public(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one public socket of the first edition until it ends."""
        client, socket = await self._opened(request, Channel.PUBLIC)
        return await self._serve(client, socket, self._public, self._heard_publicly)

    async def public_v2(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one public socket of the second edition until it ends."""
        client, socket = await self._opened(request, Channel.PUBLIC)
        client.feeds = TOPICS_V2
        return await self._serve(client, socket, self._public, self._heard_publicly_v2)

    async def private(self, request: web.BaseRequest, listen_key: str) -> web.StreamResponse:
        """Serve one private socket until it ends; a key that opens nothing is refused at the handshake."""
        account = self._desk.stream_account(listen_key)
        if account is None:
            return web.json_response({"code": "-1130", "msg": "Illegal parameter 'listenKey'"}, status=400)
        client, socket = await self._opened(request, Channel.PRIVATE)
        client.account, client.listen_key = account, listen_key
        return await self._serve(client, socket, self._private, self._heard_privately)

    def show(self, events: Iterable[PrivateEvent], trades: Sequence[PublicTrade] = ()) -> None:
        """Tell those concerned what has just happened, and what books and tape look like now."""
        for event in events:
            self._tell(event)
        for client in self._public:
            for sub in client.topics.values():
                self._show(client, sub)
        for topic, frame in self._desk.market_place.take_news():
            for client in self._public:
                if topic in client.news:
                    client.active_at = self._desk.clock.mono()
                    client.say(frame)
        self._look_after()

    async def close(self) -> None:
        """End every socket."""
        for client in [*self._public, *self._private]:
            await client.socket.close(code=1001)

    async def _opened(self, request: web.BaseRequest, channel: Channel) -> tuple[_Client, web.WebSocketResponse]:
        socket = web.WebSocketResponse(compress=False, max_msg_size=65_536, timeout=0.5, autoping=False)
        await socket.prepare(request)
        outbox = Outbox(socket, request, channel, self._faults)
        return _Client(outbox, socket, self._desk.drawn_id("channel")[:32], self._desk.clock.mono()), socket

    async def _serve(
        self,
        client: _Client,
        socket: web.WebSocketResponse,
        among: set[_Client],
        heard: Callable[[_Client, str], None],
    ) -> web.StreamResponse:
        among.add(client)
        writer = asyncio.get_running_loop().create_task(client.outbox.run())
        try:
            async for message in socket:
                client.active_at = self._desk.clock.mono()
                if message.type is WSMsgType.TEXT:
                    heard(client, message.data)
                elif message.type is WSMsgType.PING:
                    await socket.pong(message.data)
        finally:
            among.discard(client)
            writer.cancel()
        return socket

    # What clients say

    def _heard_publicly(self, client: _Client, text: str) -> None:
        said = self._understood(client, text)
        if said is None:
            return
        what, detail = _named(said)
        if what in NEWS:
            _switch(client, said)
        elif what not in TOPICS or (what == "kline" and detail not in hashkey_klines.INTERVALS):
            client.say({"code": "-10004", "desc": "Invalid topic!", "topic": said.topic})
        elif what == "diffMergedDepth" and not detail:
            client.say({"code": "-100013", "desc": "Parameter dumpScale is required!", "topic": said.topic})
        else:
            for symbol in said.symbol.split(","):
                if symbol in self._desk.exchange.listings:
                    self._subscribe(client, said, Topic(what, symbol, detail))
                else:
                    client.say({"code": "-100010", "desc": "Invalid Symbols!", "topic": said.topic})

    def _heard_publicly_v2(self, client: _Client, text: str) -> None:
        said = self._understood(client, text)
        if said is None:
            return
        symbol = str(said.params.get("symbol", ""))
        told = {"topic": said.topic, "event": said.event, "params": said.params}
        if said.topic not in TOPICS_V2:
            client.say(told | {"code": "-10004", "msg": "Invalid topic!", "site": "hk"})
        elif symbol not in self._desk.exchange.listings:
            client.say(told | {"code": "-100011", "msg": "Parameter error!", "site": "hk"})
        else:
            client.say(told | {"code": "0", "msg": "Success", "site": "hk"})
            self._subscribe(client, said, Topic(said.topic, symbol))

    def _heard_privately(self, client: _Client, text: str) -> None:
        said = _parsed(text)
        if said is not None and said.ping is not None:
            client.say({"pong": said.ping, "channelId": client.channel_id})

    def _understood(self, client: _Client, text: str) -> _Heard | None:
        """What a public client wants; `None` when it was answered already."""
        said = _parsed(text)
        if said is None:
            client.say({"code": "-10001", "desc": "Invalid JSON!"})
        elif said.ping is not None:
            client.say({"pong": hashkey_rows.millis(self._desk.clock.wall())})
        else:
            return said
        return None

    def _subscribe(self, client: _Client, said: _Heard, topic: Topic) -> None:
        event = said.event.lower()
        if event in _OFF:
            client.topics.pop(topic, None)
        elif event in _ON:
            sub = client.topics[topic] = Subscription(topic)
            if client.feeds is TOPICS_V2:  # nothing is shown there until something changes
                sub.version = TOPICS_V2[topic.what].version(self._desk.exchange, topic.symbol)
            else:
                self._show(client, sub, first=True)

    # What clients are told

    def _show(self, client: _Client, sub: Subscription, *, first: bool = False) -> None:
        """Show a topic if there is something new in it and its pace allows."""
        now, exchange, feed = self._desk.clock.mono(), self._desk.exchange, client.feeds[sub.topic.what]
        if now < sub.again or not hashkey_topics.is_news(feed, sub, exchange):
            return
        market = self._desk.clock.market()
        data = hashkey_topics.shown(feed, sub, exchange, market)
        if not data and not first:
            return
        sub.again = now + int(self._depth_every * feed.pace)
        sent = hashkey_rows.millis(market)
        client.active_at = now
        if client.feeds is TOPICS_V2:
            frame = hashkey_topics.envelope_v2(sub.topic, data[0], sent)
        else:
            frame = hashkey_topics.envelope(sub.topic, data, sent, first=first)
        client.outbox.put(feed.op, msgspec.json.encode(frame))

    def _tell(self, event: PrivateEvent) -> None:
        account = event.order.account if isinstance(event, OrderChanged) else event.account
        clients = [client for client in self._private if client.account == account]
        for op, frame in _private_frames(event) if clients else ():
            for client in clients:
                client.outbox.put(op, frame)

    def _look_after(self) -> None:
        """Ping private clients not pinged for long; let go of those whose key has ended, and of silent public ones."""
        now = self._desk.clock.mono()
        for client in self._private:
            if self._desk.stream_account(client.listen_key) is None:
                client.outbox.cut()
            elif now - client.pinged_at >= PING_EVERY:
                client.pinged_at = now
                ping = hashkey_rows.millis(self._desk.clock.wall())
                client.say({"ping": ping, "channelId": client.channel_id})
        for client in self._public:
            if now - client.active_at >= self._silence_max:
                client.outbox.cut()


def _named(said: _Heard) -> tuple[str, str]:
    """The topic and its detail: `kline_1m` is a candle of one minute, and a merged book has its scale beside it."""
    what, _, interval = said.topic.partition("_")
    if what == "kline":
        return what, interval or str(said.params.get("klineType", ""))
    scale = str(said.params.get("dumpScale", "")) if said.topic in ("mergedDepth", "diffMergedDepth") else ""
    known = scale.isascii() and scale.isdigit() and int(scale[:3]) <= hashkey_topics.SCALES_MAX
    return said.topic, str(int(scale)) if known else ""


def _switch(client: _Client, said: _Heard) -> None:
    event = said.event.lower()
    if event in _ON:
        client.news.add(said.topic)
    elif event in _OFF:
        client.news.discard(said.topic)


def _private_frames(event: PrivateEvent) -> list[tuple[str, bytes]]:
    """Its frames with their kinds: one event in each."""
    if isinstance(event, BalancesChanged):
        return [("account", msgspec.json.encode([hashkey_rows.account_info(event)]))]
    frames = [("order", msgspec.json.encode([hashkey_rows.execution_report(event)]))]
    if event.trade is not None:
        frames.append(("fill", msgspec.json.encode([hashkey_rows.ticket(event.trade, event.at)])))
    return frames


def _parsed(text: str) -> _Heard | None:
    try:
        return msgspec.json.decode(text, type=_Heard)
    except msgspec.DecodeError:
        return None
