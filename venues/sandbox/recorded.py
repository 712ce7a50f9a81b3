"""Half an hour of a real order book, replayed around us: the sample that the package `ob-analytics` carries.

The package is found by its metadata and read as data files; nothing of it is imported. Its BTC/USD prices are taken
one to one for whatever pair the caller names. It is not a plain replay, since matching its orders by price and time
would trade thirty times what was traded: only the takers of its trades take here, and its orders only come and go.

What is left out, each counted in `RecordedFlow.report`:
orders that came and went within the same millisecond (post-only orders that were refused, for the most part); orders
smaller than a lot or without a price; the takers' own orders, except what they left standing; deletions of orders
that were never seen; and the deletions with which the recording closes every order that was still open.

An order that crosses other people's orders without having traded was either refused in its time, and then it went
again within a second, or it shows that what it crosses had gone without a word (see `Book.arrive`). A taker takes
what stands, our orders included, up to the recorded amount and no further than `TAKER_REACH` from the recorded price.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.kernel.clock import MILLISECOND, Instant, of_millis
from engine.kernel.money import ZERO, down_to, exact, times, up_to
from venues.sandbox.flow import Act, FlowAction

DISTRIBUTION: Final = "ob-analytics"
TAKER_REACH: Final = Decimal("0.0025")
"""How far from its recorded price a taker follows a book that our own trading has moved."""
PATIENT_MS: Final = 1000
"""An order which crosses and stays for at least this long was not refused."""

_ORDERS_HEAD: Final = b"id,timestamp,exchange_timestamp,price,volume,action,direction"
_TRADES_HEAD: Final = "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side"
_WORDS: Final = ((b"created", b"0"), (b"changed", b"1"), (b"deleted", b"2"), (b"bid", b"1"), (b"ask", b"0"))
_ROW: Final = np.dtype(
    [("id", "i8"), ("seen", "i8"), ("ms", "i8"), ("price", "f8"), ("volume", "f8"), ("act", "i1"), ("bid", "i1")]
)
_CREATED, _CHANGED, _DELETED, _TAKE = range(4)
_ACTS: Final = (Act.ADD, Act.LESSEN, Act.LEAVE, Act.TAKE)
_CHUNK: Final = 4096
_SATOSHI: Final = Decimal("0.00000001")

Ints = NDArray[np.int64]


class Trade(Struct, frozen=True):
    """One row of the recording's trades."""

    ms: int
    price: Decimal
    amount: Decimal
    taker: int
    maker: int
    buys: bool
    """The taker bought."""


class Columns(Struct, frozen=True, eq=False):
    """What remains of the recording, in order of time, one array a column."""

    ms: Ints
    act: Ints
    key: Ints
    bid: Ints
    ticks: Ints
    lots: Ints
    patient: Ints


class RecordedFlow:
    """The recording as a flow of one pair."""

    def __init__(self, symbol: str, columns: Columns, report: Mapping[str, int | str]) -> None:
        self.symbol = symbol
        self.report = report
        """What was read, and what of it was left out."""
        self.origin = of_millis(int(columns.ms[0]))
        self.end = of_millis(int(columns.ms[-1]))
        """The last moment: after it, the book stands still."""
        self._columns, self._next = columns, 0

    def until(self, to: Instant) -> Iterator[FlowAction]:
        """See `Flow.until`."""
        last = int(np.searchsorted(self._columns.ms, to // MILLISECOND, side="right"))
        while self._next < last:
            for action in self._read(self._next, min(last, self._next + _CHUNK)):
                self._next += 1
                yield action

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """A recording changes its mind about nothing."""

    def _read(self, first: int, last: int) -> Iterator[FlowAction]:
        c, symbol = self._columns, self.symbol
        columns = [column[first:last].tolist() for column in (c.ms, c.act, c.key, c.bid, c.ticks, c.lots, c.patient)]
        for ms, act, key, bid, ticks, lots, patient in zip(*columns, strict=True):
            yield FlowAction(Instant(ms * MILLISECOND), symbol, _ACTS[act], key, bool(bid), ticks, lots, bool(patient))


def load(
    symbol: str = "BTCUSDT", *, tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.00001")
) -> RecordedFlow | None:
    """The recording from its first moment, on this tick and lot; `None` where the package is not installed."""
    parsed = _parse(tick, lot)
    return None if parsed is None else RecordedFlow(symbol, *parsed)


@cache
def _parse(tick: Decimal, lot: Decimal) -> tuple[Columns, Mapping[str, int | str]] | None:
    try:
        found = {file.name: Path(str(file.locate())) for file in files(DISTRIBUTION) or ()}
    except PackageNotFoundError:
        return None
    rows = read_orders(found["orders.csv.gz"].read_bytes())
    trades = read_trades(found["trades.csv"].read_text())
    return arrange(rows, trades, tick, lot)


def read_orders(packed: bytes) -> NDArray[Any]:
    """The rows of `orders.csv.gz`; words become digits first, so that one pass reads all columns as numbers."""
    head, body = gzip.decompress(packed).split(b"\n", 1)
    if head.strip() != _ORDERS_HEAD:
        raise ValueError(f"not the recording that is known here: {head[:100]!r}")
    for word, digit in _WORDS:
        body = body.replace(word, digit)
    return np.loadtxt(BytesIO(body), delimiter=",", dtype=_ROW)


def read_trades(text: str) -> list[Trade]:
    """The rows of `trades.csv`."""
    head, *rows = csv.reader(text.splitlines())
    if ",".join(head) != _TRADES_HEAD:
        raise ValueError(f"not the recording that is known here: {head}")
    trades = []
    for _, _, ms, price, amount, buyer, seller, side in rows:
        taker, maker = (buyer, seller) if side == "buy" else (seller, buyer)
        trades.append(Trade(int(ms), exact(price), exact(amount), int(taker), int(maker), side == "buy"))
    return trades


def _units(values: NDArray[np.float64], step: Decimal) -> Ints:
    """Whole steps, rounded down. Through satoshis, which the recording is exact in, so that no float is trusted."""
    satoshis = np.rint(values * 1e8).astype(np.int64)
    return satoshis // int(step / _SATOSHI)


class _Lives:
    """Each order of the recording: its first row, its last, how long it stood, and whether it traded."""

    def __init__(self, rows: NDArray[Any], trades: list[Trade]) -> None:
        ids, self.index = np.unique(rows["id"], return_inverse=True)
        """`index` leads from a row to its order."""
        self.created, self.deleted = np.full(len(ids), -1), np.full(len(ids), -1)
        born, gone = rows["act"] == _CREATED, rows["act"] == _DELETED
        self.created[self.index[born]] = np.flatnonzero(born)
        self.deleted[self.index[gone]] = np.flatnonzero(gone)
        self.ms = rows["ms"][self.deleted] - rows["ms"][self.created]
        self.taker = np.isin(ids, [trade.taker for trade in trades])
        self.traded = self.taker | np.isin(ids, [trade.maker for trade in trades])
        self.takers = {
            int(key): (int(first), int(last))
            for key, first, last in zip(
                ids[self.taker], self.created[self.taker], self.deleted[self.taker], strict=True
            )
        }
        """First and last row of each taker by its id."""


def arrange(
    rows: NDArray[Any], trades: list[Trade], tick: Decimal, lot: Decimal
) -> tuple[Columns, dict[str, int | str]]:
    """From rows as recorded to actions as played, and the account of what was left out."""
    lives = _Lives(rows, trades)
    ticks, lots = _units(rows["price"], tick), _units(rows["volume"], lot)
    causes = {
        "closing_deletions": (rows["act"] == _DELETED) & (rows["ms"] == rows["ms"].max()),
        "never_seen_before": (lives.created < 0)[lives.index],
        "takers_own_rows": lives.taker[lives.index],
        "came_and_went_in_a_millisecond": ((lives.ms == 0) & ~lives.traded)[lives.index],
        "without_a_price": ticks <= 0,
        "smaller_than_a_lot": (rows["act"] == _CREATED) & (lots == 0),
    }
    report: dict[str, int | str] = {
        "source": f"{DISTRIBUTION}: Bitstamp BTC/USD, prices one to one",
        "rows": len(rows),
        "trades": len(trades),
    }
    keep = np.ones(len(rows), dtype=bool)
    for cause, concerned in causes.items():
        report[cause] = int((keep & concerned).sum())
        keep &= ~concerned
    patient = ((lives.ms >= PATIENT_MS) | lives.traded)[lives.index]
    at = np.arange(len(rows))
    standing = np.stack(
        [rows["ms"], rows["act"], rows["id"], rows["bid"], ticks, lots, patient, at, np.zeros_like(at)]
    )[:, keep]
    stayed = _stayed(rows, lives, trades, ticks, lot)
    report["takers_that_stayed"] = len(stayed) // 2
    added = [*_takes(rows, lives, trades, tick, lot), *stayed]
    table = np.concatenate([standing, np.array(added, dtype=np.int64).reshape(-1, len(standing)).T], axis=1)
    table = table[:, np.lexsort((table[8], table[7]))]
    report["actions"] = table.shape[1]
    return Columns(*table[:7]), report


def _takes(rows: NDArray[Any], lives: _Lives, trades: list[Trade], tick: Decimal, lot: Decimal) -> Iterator[list[int]]:
    """What was taken, at the place in the order of events where each taker's order came in."""
    for rank, trade in enumerate(trades, start=1):
        row, _ = lives.takers[trade.taker]
        reach = times(trade.price, TAKER_REACH)
        limit = up_to(trade.price + reach, tick) if trade.buys else down_to(trade.price - reach, tick)
        taken = int(trade.amount / lot)
        if taken > 0:
            yield [int(rows["ms"][row]), _TAKE, 0, trade.buys, int(limit / tick), taken, 1, row, rank]


def _stayed(rows: NDArray[Any], lives: _Lives, trades: list[Trade], ticks: Ints, lot: Decimal) -> list[list[int]]:
    """Coming and going of what takers left standing in the book when they had taken what there was."""
    taken: dict[int, Decimal] = {}
    for trade in trades:
        taken[trade.taker] = taken.get(trade.taker, ZERO) + trade.amount
    stayed = []
    for key, (first, last) in lives.takers.items():
        volume = times(Decimal(int(np.rint(rows["volume"][first] * 1e8))), _SATOSHI)
        left = int((volume - taken[key]) / lot)
        if left > 0 and rows["ms"][last] > rows["ms"][first]:
            stayed += [
                [
                    int(rows["ms"][row]),
                    act,
                    key,
                    int(rows["bid"][first]),
                    int(ticks[first]),
                    left,
                    1,
                    row,
                    len(trades) + 1,
                ]
                for row, act in ((first, _CREATED), (last, _DELETED))
            ]
    return stayed
