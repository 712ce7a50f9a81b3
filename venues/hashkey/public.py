"""Public prices on request: a book, recent prints, candles, a day's summary. No key goes with them.

The feed of `market.py` is for trading; this is for what is asked once, a reference price over days for instance.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, Level
from venues.hashkey import market, routes
from venues.hashkey.calls import Calls
from venues.hashkey.wire import Odd, instant, number, parsed

INTERVALS: Final = frozenset(
    {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w", "1M"},
)
BOOK_ROWS: Final = 100
"""The host never showed more a side, whatever its page says."""
PRINT_ROWS: Final = 100
CANDLE_ROWS: Final = 1000


class Traded(Struct, frozen=True):
    """One public trade as the REST list shows it, which names none by an id."""

    at: Instant
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool


class Candle(Struct, frozen=True):
    """Prices and volumes of one interval."""

    opens_at: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    """In base."""
    turnover: Decimal
    """In quote."""


class Summary(Struct, frozen=True):
    """Twenty-four hours of one pair."""

    at: Instant
    last: Decimal
    high: Decimal
    low: Decimal
    open: Decimal
    bid: Decimal
    ask: Decimal
    volume: Decimal
    turnover: Decimal


class _Book(Struct):
    t: int
    b: list[Level]
    a: list[Level]


class _Print(Struct):
    t: int
    p: Decimal
    q: Decimal
    ibm: bool


class _Ticker(Struct):
    t: int
    s: str
    c: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the venue's name
    o: Decimal
    b: Decimal
    a: Decimal
    v: Decimal
    qv: Decimal


_Candle = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal, int, Decimal, int, Decimal, Decimal]


class Public:
    """Reads that anybody may make; each raises `Unread` when it could not be had or believed."""

    def __init__(self, name: VenueName, calls: Calls) -> None:
        self._name, self._calls = name, calls

    async def book(self, symbol: Symbol) -> BookSeen:
        """The top of a book, best first; either side may be empty."""

        def parse(raw: bytes) -> BookSeen:
            row = parsed(raw, _Book)
            market.check(row.b, descending=True)
            market.check(row.a, descending=False)
            seen_at = self._calls.clock.market()
            return BookSeen(self._name, symbol, instant(row.t), seen_at, tuple(row.b), tuple(row.a))

        pairs = [("symbol", symbol), ("limit", str(BOOK_ROWS))]
        found, _ = await self._calls.ask(parse, routes.DEPTH, pairs, signs=False)
        return found

    async def prints(self, symbol: Symbol) -> list[Traded]:
        """The latest public trades, at most a hundred."""
        pairs = [("symbol", symbol), ("limit", str(PRINT_ROWS))]
        found, _ = await self._calls.ask(_prints, routes.PRINTS, pairs, signs=False)
        return found

    async def candles(self, symbol: Symbol, interval: str, since: Instant, until: Instant) -> list[Candle]:
        """Candles that open in that time, at most a thousand; `ValueError` for an interval that is not offered."""
        if interval not in INTERVALS:
            raise ValueError(f"not an interval of this venue: {interval!r}")
        pairs = [
            ("symbol", symbol),
            ("interval", interval),
            ("limit", str(CANDLE_ROWS)),
            ("startTime", str(since // MILLISECOND)),
            ("endTime", str(until // MILLISECOND)),
        ]
        found, _ = await self._calls.ask(_candles, routes.KLINES, pairs, signs=False)
        return found

    async def summary(self, symbol: Symbol) -> Summary:
        """The last day of one pair; a pair that is no longer traded is shown with a price of 0."""

        def parse(raw: bytes) -> Summary:
            for row in parsed(raw, list[_Ticker]):
                if row.s == symbol:
                    return _summary(row)
            raise Odd(f"no summary of {symbol}")

        found, _ = await self._calls.ask(parse, routes.TICKER, [("symbol", symbol)], signs=False)
        return found


def _prints(raw: bytes) -> list[Traded]:
    return [Traded(instant(row.t), number(row.p), number(row.q), row.ibm) for row in parsed(raw, list[_Print])]


def _candles(raw: bytes) -> list[Candle]:
    found = []
    for row in parsed(raw, list[_Candle]):
        opened, high, low, close, volume = (number(value) for value in row[1:6])
        found.append(Candle(instant(row[0]), opened, high, low, close, volume, number(row[7])))
    return found


def _summary(row: _Ticker) -> Summary:
    numbers = [number(value) for value in (row.c, row.h, row.l, row.o, row.b, row.a, row.v, row.qv)]
    return Summary(instant(row.t), *numbers)
