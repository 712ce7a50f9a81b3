"""Trades from files, exact: whoever published them, and every mistake at once.

CSV or Parquet (see `backtests.data.tables`) whose columns go by any of the usual names: a time (the exchange's before
the recorder's), `price`, a size in base, and where there are any an id and who was the aggressor. `side` is that of the
aggressor; `buyer_maker` and `is_buyer_maker` are the other way to say it. Exchanges' own files of single and of
aggregated trades, vendors' and recorders' are all read by this. Whether trades are missing can't be seen here: see the
page beside the file.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from backtests.data.tables import Cells, chosen, opened, refuse, table
from engine.kernel.clock import Instant, iso
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake
from engine.market.trades import Trade

TIMES: Final = ("exch_ts_ms", "ts_exch_ms", "ts_exch_us", "ts_ms", "timestamp", "time", "ts_recv_ms", "ts_recv_us")
SIZES: Final = ("size", "qty", "quantity", "amount")
SIDES: Final = ("side", "buyer_maker", "is_buyer_maker")
IDS: Final = ("trade_id", "id", "agg_trade_id")
PAIRS: Final = ("symbol", "pair")
FINEST: Final = Decimal("0.00000001")
"""Floats of single trades carry no sums: they are laid on a step that no exchange's tick or lot is below."""
_MAKERS: Final = {"sell": True, "true": True, "1": True, "buy": False, "false": False, "0": False}
"""By what the cell says: the buyer was the maker."""


class Trades(Struct, frozen=True):
    """What a file of trades holds, in the order of their time."""

    source: str
    """The file's name."""
    sha256: str
    rows: tuple[Trade, ...]
    laid: int
    """Floats that lay between two steps, and were laid on the nearest."""

    @property
    def start(self) -> Instant:
        return self.rows[0].at

    @property
    def end(self) -> Instant:
        """When the last trade was."""
        return self.rows[-1].at


def load(path: Path, *, tick: Decimal = FINEST, lot: Decimal = FINEST) -> Trades:
    """Read a file of trades of one pair; `BadInput` with all that is wrong with it.

    Trades of one instant stay in the order of the file.
    """
    raw = opened(path, "--trades")
    columns = table(path, raw, {*TIMES, *SIZES, *SIDES, *IDS, *PAIRS, "price"})
    if missing := list(_missing(columns.columns)):
        raise BadInput([Mistake(path.name, what) for what in missing])
    time = chosen(TIMES, columns.columns) or ""
    cells = Cells(time)
    rows: list[Trade] = []
    wrong: list[Mistake] = []
    seen: set[str] = set()
    for where, row in _rows(columns.columns, columns.first_line, time, cells, tick, lot):
        if isinstance(row, str):
            wrong.append(Mistake(f"{path.name}, {where}", row))
            continue
        wrong += [Mistake(f"{path.name}, {where}", what) for what in _doubts(row, rows, seen)]
        rows.append(row)
        if row.id:
            seen.add(row.id)
    wrong += [Mistake(path.name, what) for what in _whole(columns.columns, rows)]
    refuse(path.name, wrong)
    return Trades(path.name, sha256_hex(raw), tuple(rows), cells.laid)


def _missing(columns: Mapping[str, Any]) -> Iterator[str]:
    if chosen(TIMES, columns) is None:
        yield f"has no column for the time; one of: {', '.join(TIMES)}"
    if "price" not in columns:
        yield "has no column price"
    if chosen(SIZES, columns) is None:
        yield f"has no column for the size; one of: {', '.join(SIZES)}"


def _whole(columns: Mapping[str, Sequence[Any]], rows: Sequence[Trade]) -> Iterator[str]:
    """What is wrong with the file as one."""
    if not rows:
        yield "holds no trade that can be read"
    if pair := chosen(PAIRS, columns):
        names = sorted({str(cell) for cell in columns[pair]})
        if len(names) > 1:
            yield f"is of more than one pair: {', '.join(names)}"


def _rows(
    columns: Mapping[str, Sequence[Any]], first_line: int, time: str, cells: Cells, tick: Decimal, lot: Decimal
) -> Iterator[tuple[str, Trade | str]]:
    """Where each row stands, and the trade that it says or what is wrong with it."""
    size = chosen(SIZES, columns) or ""
    side, name = chosen(SIDES, columns), chosen(IDS, columns)
    nothing = [None] * len(columns[time])
    sides = columns[side] if side else nothing
    names = columns[name] if name else nothing
    cells_of = zip(columns[time], columns["price"], columns[size], sides, names, strict=True)
    for line, (at, price, amount, who, told) in enumerate(cells_of, first_line):
        try:
            trade = Trade(
                at=cells.instant(at),
                price=cells.number(price, tick),
                size=cells.number(amount, lot),
                buyer_is_maker=None if side is None else _maker(who),
                id="" if told is None else str(told).strip(),
            )
            yield f"row {line}", trade
        except (ValueError, ArithmeticError) as error:
            yield f"row {line}", str(error) or type(error).__name__


def _maker(cell: Any) -> bool:
    """`sell` means that the aggressor sold, so the buyer had been waiting."""
    maker = _MAKERS.get(str(cell).strip().lower())
    if maker is None:
        raise ValueError(f"{cell!r} does not say who was the aggressor")
    return maker


def _doubts(trade: Trade, before: Sequence[Trade], seen: set[str]) -> Iterator[str]:
    """What no market can have printed, or not here."""
    if trade.price <= 0:
        yield f"price is {trade.price}, not above zero"
    if trade.size <= 0:
        yield f"size is {trade.size}, not above zero"
    if before and trade.at < before[-1].at:
        yield f"{iso(trade.at)} stands after {iso(before[-1].at)}"
    if trade.id in seen:
        yield f"trade {trade.id} stands here twice"
