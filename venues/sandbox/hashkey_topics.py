"""What HashKey's public streams show of a pair, and when there is something new to show.

A subscription remembers what its client was last shown, so each client has a gapless sequence of its own. How often
a topic is shown stands in `TOPICS` as a multiple of the pace of `depth`; two of these paces are the venue's, those of
tickers and candles are mock, and so is the meaning of `dumpScale`: decimals that a price keeps when levels merge.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, down_to, ratio, trimmed, up_to
from venues.sandbox import hashkey_klines, hashkey_rows
from venues.sandbox.dialect import Wire
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Depth

LEVELS: Final = 100
SCALES_MAX: Final = 12
_SNAPSHOT_TRADES: Final = 60
_SLOW: Final = Fraction(10, 3)

Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]


class Topic(Struct, frozen=True):
    """One stream of one pair; `detail` is the interval of candles, or the decimals of a merged book."""

    what: str
    symbol: str
    detail: str = ""


class Subscription:
    """One client's interest in a topic, and what the client has seen of it."""

    __slots__ = ("again", "count", "sides", "topic", "version")

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.version: object = None
        self.again = 0
        """Monotonic time before which nothing is shown again."""
        self.count = 0
        self.sides: Sides = ({}, {})


Shown = Callable[[Exchange, Subscription, Instant], list[Wire]]


class Feed(Struct, frozen=True):
    """How one topic is made: its kind to a fault plan, its pace, what tells that it changed, and its data."""

    op: str
    pace: Fraction
    version: Callable[[Exchange, str], object]
    shown: Shown


def _book_version(exchange: Exchange, symbol: str) -> object:
    return exchange.depth(symbol, LEVELS).version


def _best_version(exchange: Exchange, symbol: str) -> object:
    depth = exchange.depth(symbol, LEVELS)
    return depth.bids[:1], depth.asks[:1]


def _last_print(exchange: Exchange, symbol: str) -> object:
    return next((trade.trade_id for trade in exchange.recent_trades(symbol, 1)), "")


def _book(exchange: Exchange, sub: Subscription, _: Instant) -> list[Wire]:
    return [hashkey_rows.streamed_book(_seen(exchange, sub))]


def _changes(exchange: Exchange, sub: Subscription, _: Instant) -> list[Wire]:
    """The whole book first; then only the levels that changed, where a size of `0` takes a level away."""
    depth = _seen(exchange, sub)
    before, sub.sides = sub.sides, (dict(depth.bids), dict(depth.asks))
    said = hashkey_rows.streamed_book(depth) | {"o": sub.count}
    if sub.count:
        bids, asks = (_changed(old, new) for old, new in zip(before, sub.sides, strict=True))
        if not bids and not asks:  # what changed lies within a merged level's rounding, or below those shown
            return []
        del said["s"]
        said["b"] = hashkey_rows.levels(sorted(bids.items(), reverse=True))
        said["a"] = hashkey_rows.levels(sorted(asks.items()))
    sub.count += 1
    return [said]


def _changed(old: Mapping[Decimal, Decimal], new: Mapping[Decimal, Decimal]) -> dict[Decimal, Decimal]:
    gone = {price: ZERO for price in old if price not in new}
    return gone | {price: size for price, size in new.items() if old.get(price) != size}


def _seen(exchange: Exchange, sub: Subscription) -> Depth:
    depth = exchange.depth(sub.topic.symbol, LEVELS)
    return merged(depth, int(sub.topic.detail)) if sub.topic.detail else depth


def merged(depth: Depth, places: int) -> Depth:
    """The book with its levels put together: bids at the next price below with so many decimals, asks above."""
    step = Decimal(1).scaleb(-places)
    bids = _together((down_to(price, step), size) for price, size in depth.bids)
    asks = _together((up_to(price, step), size) for price, size in depth.asks)
    return replace(depth, bids=bids, asks=asks)


def _together(levels: Iterable[tuple[Decimal, Decimal]]) -> tuple[tuple[Decimal, Decimal], ...]:
    sizes: dict[Decimal, Decimal] = {}
    for price, size in levels:
        sizes[price] = sizes.get(price, ZERO) + size
    return tuple(sizes.items())


def _trades(exchange: Exchange, sub: Subscription, _: Instant) -> list[Wire]:
    trades = exchange.recent_trades(sub.topic.symbol, hashkey_klines.MEMORY)
    last = sub.version
    new = [t for t in trades if t.trade_id > last] if isinstance(last, str) else trades[-_SNAPSHOT_TRADES:]
    return [hashkey_rows.streamed_trade(trade) for trade in new]


def _ticker(exchange: Exchange, sub: Subscription, now: Instant) -> list[Wire]:
    symbol = sub.topic.symbol
    trades = exchange.recent_trades(symbol, hashkey_klines.MEMORY)
    day = hashkey_klines.ticker(exchange.depth(symbol, 1), trades, now)
    opened, closed = Decimal(day["o"]), Decimal(day["c"])
    change = trimmed(ratio(closed - opened, opened, 4)) if opened else "0"
    kept = {name: day[name] for name in ("t", "s", "c", "h", "l", "o", "v", "qv")}
    return [kept | {"sn": symbol, "m": change, "e": int(hashkey_rows.EXCHANGE_ID)}]


def _candle(exchange: Exchange, sub: Subscription, _: Instant) -> list[Wire]:
    symbol = sub.topic.symbol
    trades = exchange.recent_trades(symbol, hashkey_klines.MEMORY)
    names = ("t", "o", "h", "l", "c", "v")
    rows = hashkey_klines.candles(trades, sub.topic.detail)[-1:]
    return [{**dict(zip(names, row, strict=False)), "s": symbol, "sn": symbol} for row in rows]


def _best(exchange: Exchange, sub: Subscription, _: Instant) -> list[Wire]:
    depth = exchange.depth(sub.topic.symbol, LEVELS)
    top = hashkey_klines.best(depth)
    sizes = {"bz": top["bq"], "az": top["aq"]}
    return [{name: top[name] for name in ("s", "b", "a", "t")} | sizes | {"v": f"{depth.version}_18"}]


TOPICS: Final[Mapping[str, Feed]] = {
    "depth": Feed("depth", Fraction(1), _book_version, _book),
    "mergedDepth": Feed("depth", Fraction(1), _book_version, _book),
    "diffMergedDepth": Feed("depth", Fraction(1), _book_version, _changes),
    "trade": Feed("trades", Fraction(0), _last_print, _trades),
    "realtimes": Feed("trades", _SLOW, _last_print, _ticker),
    "kline": Feed("trades", _SLOW, _last_print, _candle),
}
"""The first edition's topics; a candle's is asked for as `kline_1m`."""
TOPICS_V2: Final[Mapping[str, Feed]] = {
    "depth": Feed("depth", Fraction(1, 3), _book_version, _book),
    "bbo": Feed("depth", Fraction(0), _best_version, _best),
}
"""The second edition's."""


def shown(feed: Feed, sub: Subscription, exchange: Exchange, now: Instant) -> list[Wire]:
    """What the client should see next, which it then has seen."""
    data = feed.shown(exchange, sub, now)
    sub.version = feed.version(exchange, sub.topic.symbol)
    return data


def is_news(feed: Feed, sub: Subscription, exchange: Exchange) -> bool:
    """Did something change since the client was last shown this topic?"""
    return feed.version(exchange, sub.topic.symbol) != sub.version


def envelope(topic: Topic, data: Sequence[Wire], sent_ms: int, *, first: bool) -> Wire:
    """A frame of the first edition."""
    params: Wire = {"realtimeInterval": "24h", "binary": "false"}
    if topic.detail:
        params["klineType" if topic.what == "kline" else "dumpScale"] = topic.detail
    return {
        "symbol": topic.symbol,
        "symbolName": topic.symbol,
        "topic": topic.what,
        "params": params,
        "data": data,
        "f": first,
        "sendTime": sent_ms,
        "channelId": "sandbox",
        "site": "hk",
        "shared": False,
    }


def envelope_v2(topic: Topic, data: Wire, sent_ms: int) -> Wire:
    """A frame of the second edition: one object, and no word about which frame is the first."""
    return {"topic": topic.what, "params": {"symbol": topic.symbol}, "data": data, "sendTime": sent_ms, "site": "hk"}
