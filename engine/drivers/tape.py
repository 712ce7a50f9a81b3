"""The recorded market: every public fact that reached us, framed as it came, then sealed to Parquet under a digest.

An open segment is written frame by frame, each with its length and checksum; sealing rewrites it as one Parquet file
whose digest the journal keeps. What was not recorded is said to be missing; nothing is filled in afterwards. Books
are kept as they were given: whoever wants fewer thins them before.
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO, Final
from zlib import crc32

import msgspec
from msgspec import Struct

from engine.events import TapeSealed
from engine.kernel.clock import Instant, Span, iso
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import EXACT, plain
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print

FOLDER: Final = "tape"
_HEAD: Final = 8
"""Four bytes of length, four of CRC-32."""
_ENCODER: Final = msgspec.msgpack.Encoder(decimal_format="string")
_DECODER: Final[msgspec.msgpack.Decoder[MarketFact]] = msgspec.msgpack.Decoder(MarketFact)
_SEGMENT: Final = re.compile(r"(\d{6})\.(open|parquet)")


class Segment(Struct, frozen=True):
    """A finished piece of tape that waits to be sealed."""

    folder: str
    number: int
    lost: str

    @property
    def source(self) -> Path:
        return Path(self.folder) / FOLDER / f"{self.number:06d}.open"

    @property
    def target(self) -> Path:
        return Path(self.folder) / FOLDER / f"{self.number:06d}.parquet"


class TapeWriter:
    """Appends facts to the open segment of a run's folder. One writer a folder.

    `append` and `cut` are quick and belong to the event loop; `press` does the slow part and may run in a thread.
    """

    def __init__(self, folder: Path, known: Iterable[TapeSealed] = ()) -> None:
        """`known` are the seals that the journal already holds; what else is found is handed out by `recover`."""
        self._folder = folder
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        self._leftover, self._last = _leftover(folder, {seal.file for seal in known})
        self._number = max(_numbers(folder), default=0)
        self._lock = threading.Lock()
        self._lost = ""
        self._resumed = self._last is not None or bool(self._leftover)
        self._file: BinaryIO | None = None

    def append(self, facts: Sequence[MarketFact]) -> None:
        """Write facts in the order in which they were seen; they survive the end of the process at once."""
        if not facts:
            return
        frames = b"".join(_frame(fact) for fact in facts)
        with self._lock:
            if self._resumed:
                self._resumed = False
                until = min(fact.seen_at for fact in facts)
                since = "the start" if self._last is None else iso(self._last)
                self._lost = f"nothing was recorded from {since} to {iso(until)}: the process was down"
            if self._file is None:
                self._number += 1
                self._file = Segment(str(self._folder), self._number, "").source.open("xb")
            self._file.write(frames)
            self._file.flush()

    def cut(self) -> Segment | None:
        """End the open segment so that it can be pressed; `None` when nothing was written since the last cut."""
        with self._lock:
            if self._file is None:
                return None
            self._file.close()
            segment = Segment(str(self._folder), self._number, self._lost)
            self._file, self._lost = None, ""
            return segment

    def seal(self, at: Instant) -> TapeSealed | None:
        """Cut and press in one call, for those who may wait; safe in a thread beside `append`."""
        segment = self.cut()
        return None if segment is None else press(segment, at)

    def recover(self, at: Instant) -> list[TapeSealed]:
        """Seal what an earlier process left behind: torn segments, and files whose seal never reached the journal."""
        segments, self._leftover = self._leftover, []
        return [seal for segment in segments if (seal := press(segment, at)) is not None]

    def close(self) -> None:
        """Let go of the open segment; what is in it is sealed by `recover` of the next writer."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def press(segment: Segment, at: Instant) -> TapeSealed | None:
    """Turn a cut segment into a Parquet file, durably, and name its digest. Safe to repeat after a crash anywhere."""
    source, target = segment.source, segment.target
    lost = segment.lost
    if source.exists():
        facts, torn = read_frames(source)
        if not facts:
            source.unlink()
            return None
        if torn:
            after = iso(max(fact.seen_at for fact in facts))
            lost = "; ".join(filter(None, (lost, f"{torn} bytes of a torn frame were dropped after {after}")))
        half = target.with_suffix(".half")
        _write(half, facts)
        _sync(half)
        half.replace(target)
        _sync(target.parent)
        source.unlink()
    rows, first, last = _bounds(target)
    return TapeSealed(
        at=at,
        file=f"{FOLDER}/{target.name}",
        sha256=_sha256(target),
        rows=rows,
        first=first,
        last=last,
        lost=lost,
    )


def read_frames(path: Path) -> tuple[list[MarketFact], int]:
    """Every whole frame of a segment, and how many bytes after them are not one."""
    raw, facts, offset = path.read_bytes(), [], 0
    while offset + _HEAD <= len(raw):
        length = int.from_bytes(raw[offset : offset + 4], "big")
        body = raw[offset + _HEAD : offset + _HEAD + length]
        if len(body) < length or crc32(body) != int.from_bytes(raw[offset + 4 : offset + _HEAD], "big"):
            break
        facts.append(_DECODER.decode(body))
        offset += _HEAD + length
    return facts, len(raw) - offset


def read_prints(folder: Path, symbol: Symbol) -> list[Print]:
    """The sealed public trades of a pair, by the venue's time. What is not sealed is not evidence and not read."""
    found = [fact for fact in _facts(folder, symbol, "print") if isinstance(fact, Print)]
    return sorted(found, key=lambda seen: seen.at)


def read_mids(folder: Path, venue: VenueName, symbol: Symbol, every: Span) -> list[tuple[Instant, Decimal | None]]:
    """For charts: the last mid of each stretch of `every`; `None` where the feed broke or the book had no mid."""
    last: dict[int, tuple[Instant, Decimal | None]] = {}
    for fact in _facts(folder, symbol, "book", "down"):
        if fact.venue != venue:
            continue
        mid = None
        if isinstance(fact, BookSeen) and fact.bids and fact.asks and fact.bids[0].price < fact.asks[0].price:
            mid = EXACT.divide(fact.bids[0].price + fact.asks[0].price, Decimal(2))
        last[fact.seen_at // every] = (fact.seen_at, mid)
    return [last[key] for key in sorted(last)]


def read_counts(folder: Path) -> Counter[tuple[VenueName, str]]:
    """How many sealed facts of each venue and kind there are: `book`, `print`, `down`."""
    import pyarrow.parquet as pq  # heavy, and nothing else of a run needs it

    counts: Counter[tuple[VenueName, str]] = Counter()
    for path in _files(folder):
        if path.suffix == ".parquet":
            table = pq.read_table(path, columns=["venue", "kind"])
            counts.update(zip(table["venue"].to_pylist(), table["kind"].to_pylist(), strict=True))
    return counts


def verify(folder: Path, sealed: Iterable[TapeSealed], *, closed: bool = True) -> list[str]:
    """Everything that is wrong with the tape by the journal's seals: missing, changed, or never sealed.

    Of a run that is not closed, the last pieces may still wait for their seal.
    """
    wrong, known = [], set()
    for seal in sealed:
        path = folder / seal.file
        known.add(path.name)
        if not path.is_file():
            wrong.append(f"{seal.file} is missing")
        elif _sha256(path) != seal.sha256:
            wrong.append(f"{seal.file} is not what was sealed: its SHA-256 differs")
    strays = [f"{FOLDER}/{path.name} has no seal in the journal" for path in _files(folder) if path.name not in known]
    return wrong + (strays if closed else [])


def _files(folder: Path) -> list[Path]:
    tape = folder / FOLDER
    return sorted(path for path in tape.iterdir() if _SEGMENT.fullmatch(path.name)) if tape.is_dir() else []


def _numbers(folder: Path) -> list[int]:
    return [int(path.stem) for path in _files(folder)]


def _leftover(folder: Path, known: set[str]) -> tuple[list[Segment], Instant | None]:
    """Segments that still need a seal, and when the last recorded fact was seen."""
    segments: dict[int, Segment] = {}
    seen: list[Instant] = []
    for path in _files(folder):
        number = int(path.stem)
        if f"{FOLDER}/{number:06d}.parquet" not in known:
            segments[number] = Segment(str(folder), number, "")
        elif path.suffix == ".open":
            path.unlink()  # its removal did not reach the disk before the power went, but its seal did
            continue
        seen += [_bounds(path)[2]] if path.suffix == ".parquet" else [fact.seen_at for fact in read_frames(path)[0]]
    return [segments[number] for number in sorted(segments)], max(seen, default=None)


def _frame(fact: MarketFact) -> bytes:
    body = _ENCODER.encode(fact)
    return len(body).to_bytes(4, "big") + crc32(body).to_bytes(4, "big") + body


def _write(path: Path, facts: Sequence[MarketFact]) -> None:
    import pyarrow as pa  # heavy, and nothing else of a run needs it
    import pyarrow.parquet as pq

    text, words = pa.string(), pa.list_(pa.string())
    schema = pa.schema(
        [
            *((name, text) for name in ("kind", "venue", "symbol")),
            *((name, pa.int64()) for name in ("at", "seen_at")),
            *((name, text) for name in ("id", "price", "quantity")),
            ("buyer_is_maker", pa.bool_()),
            *((name, words) for name in ("bid_prices", "bid_sizes", "ask_prices", "ask_sizes")),
        ],
        metadata={"first": str(min(f.seen_at for f in facts)), "last": str(max(f.seen_at for f in facts))},
    )
    table = pa.Table.from_pylist([_row(fact) for fact in facts], schema=schema)
    pq.write_table(table, path, compression="zstd")


def _row(fact: MarketFact) -> dict[str, Any]:
    """Prices and sizes as decimal text, exactly as they were told."""
    row: dict[str, Any] = {
        "kind": fact.__struct_config__.tag,
        "venue": fact.venue,
        "symbol": fact.symbol,
        "seen_at": fact.seen_at,
    }
    match fact:
        case BookSeen():
            row |= {"at": fact.changed_at, "id": fact.version}
            row |= {"bid_prices": [plain(x.price) for x in fact.bids], "bid_sizes": [plain(x.size) for x in fact.bids]}
            row |= {"ask_prices": [plain(x.price) for x in fact.asks], "ask_sizes": [plain(x.size) for x in fact.asks]}
        case Print():
            row |= {"at": fact.at, "id": fact.trade_id, "buyer_is_maker": fact.buyer_is_maker}
            row |= {"price": plain(fact.price), "quantity": plain(fact.quantity)}
        case FeedDown():
            row |= {"at": fact.seen_at, "id": fact.reason}
    return row


def _fact(row: dict[str, Any]) -> MarketFact:
    venue, symbol = VenueName(row["venue"]), Symbol(row["symbol"])
    at, seen_at = Instant(row["at"]), Instant(row["seen_at"])
    match row["kind"]:
        case "book":
            bids = tuple(
                Level(Decimal(p), Decimal(s)) for p, s in zip(row["bid_prices"], row["bid_sizes"], strict=True)
            )
            asks = tuple(
                Level(Decimal(p), Decimal(s)) for p, s in zip(row["ask_prices"], row["ask_sizes"], strict=True)
            )
            return BookSeen(venue, symbol, at, seen_at, bids, asks, row["id"])
        case "print":
            price, quantity = Decimal(row["price"]), Decimal(row["quantity"])
            return Print(venue, symbol, at, seen_at, row["id"], price, quantity, row["buyer_is_maker"])
        case _:
            return FeedDown(venue, symbol, seen_at, row["id"])


def _facts(folder: Path, symbol: Symbol, *kinds: str) -> Iterator[MarketFact]:
    import pyarrow.parquet as pq  # heavy, and nothing else of a run needs it

    for path in _files(folder):
        if path.suffix == ".parquet":
            table = pq.read_table(path, filters=[("symbol", "=", symbol), ("kind", "in", list(kinds))])
            yield from map(_fact, table.to_pylist())


def _bounds(path: Path) -> tuple[int, Instant, Instant]:
    """Rows, and when the first and the last fact were seen."""
    import pyarrow.parquet as pq  # heavy, and nothing else of a run needs it

    with pq.ParquetFile(path) as file:
        words = file.schema_arrow.metadata
        return file.metadata.num_rows, Instant(int(words[b"first"])), Instant(int(words[b"last"]))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
