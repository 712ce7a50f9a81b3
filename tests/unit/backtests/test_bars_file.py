"""A file of bars is read to the digit or refused with all its mistakes; what it lacks is said and not made up."""

import os
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from backtests.data.bars import Absence, Bars, load, load_all
from engine.kernel.clock import HOUR, MINUTE, Instant, iso, parse_instant
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput
from engine.market.bars import Bar

D = Decimal
HEAD = "ts_open_ms,open,high,low,close,volume"
T0 = 1_777_593_600_000
"""2026-05-01T00:00:00Z in milliseconds."""
SHARED = Path(os.environ.get("STEELYARD_DATA") or Path(__file__).parents[4] / "shared" / "data") / "ohlcv"


def line(minute: int, rest: str = "100.5,101.25,99,100,1.00000007") -> str:
    return f"{T0 + minute * 60_000},{rest}"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Bars]:
    def reading(*lines: str, head: str = HEAD) -> Bars:
        path = tmp_path / "bars.csv"
        path.write_text("\n".join((head, *lines)) + "\n")
        return load(path)

    return reading


def refused(reading: Callable[[], Bars]) -> list[str]:
    with pytest.raises(BadInput) as caught:
        reading()
    return [str(mistake) for mistake in caught.value.mistakes]


def test_csv_text_is_taken_digit_by_digit(read: Callable[..., Bars]) -> None:
    bars = read(line(0), line(1))
    assert bars.rows[0] == Bar(Instant(T0 * 10**6), D("100.5"), D("101.25"), D(99), D(100), D("1.00000007"))
    assert (bars.source, bars.span, bars.laid, bars.absences) == ("bars.csv", MINUTE, 0, ())
    assert (iso(bars.start), iso(bars.end)) == ("2026-05-01T00:00:00.000000Z", "2026-05-01T00:02:00.000000Z")


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("time", "1777593600", "1777597200"),
        ("timestamp", "1777593600000", "1777597200000"),
        ("timestamp", "1777593600000000", "1777597200000000"),
        ("time", "1777593600000000000", "1777597200000000000"),
        ("time", "2026-05-01T00:00:00Z", "2026-05-01T09:00:00+08:00"),
    ],
)
def test_the_time_is_read_in_any_of_the_usual_units(
    read: Callable[..., Bars], name: str, first: str, second: str
) -> None:
    """Always midnight and one o'clock; columns in another order, in capitals, among strangers."""
    lines = [f"x,1,{at},2,3,2,1,2" for at in (first, second)]
    bars = read(*lines, head=f"note,VOLUME,{name},Open,high,Close,low,trades")
    assert (bars.start, bars.span) == (parse_instant("2026-05-01T00:00:00Z"), HOUR)
    assert bars.rows[1].close == D(2)


def test_klines_without_a_header_are_read_from_their_archive(tmp_path: Path) -> None:
    """Twelve columns, microseconds, as exchanges publish them."""
    rows = [f"{(T0 + i * 60_000) * 1000},100.50000000,101,99,100,2.5,0,250,7,1,100,0" for i in range(2)]
    path = tmp_path / "klines.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("klines.csv", "\n".join(rows))
    bars = load(path)
    assert (bars.start, bars.span, len(bars.rows)) == (Instant(T0 * 10**6), MINUTE, 2)
    assert (bars.rows[0].volume, bars.rows[0].quote_volume) == (D("2.5"), D("250"))


def test_floats_of_a_parquet_file_go_to_the_nearest_tick_and_lot_and_are_counted(tmp_path: Path) -> None:
    """67,745.75 stands as it is; a volume with the noise of a sum and a price between two ticks are laid."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"ts_open_ms": [T0, T0 + 60_000], "open": [67745.75, 67745.75], "high": [67784.004, 67784.0]}
    columns |= {"low": [67726.0, 67726.0], "close": [67768.0, 67768.0], "volume": [0.1 + 0.2, 26.98425]}
    pq.write_table(pa.table(columns), tmp_path / "bars.parquet")
    bars = load(tmp_path / "bars.parquet", tick=D("0.01"), lot=D("0.00001"))
    assert bars.rows[0] == Bar(
        Instant(T0 * 10**6), D("67745.75"), D("67784.00"), D("67726.00"), D("67768.00"), D("0.30000")
    )
    assert bars.laid == 2


def test_a_parquet_file_may_name_its_time_by_timestamps(tmp_path: Path) -> None:
    """Microseconds without a zone are in UTC; decimals are taken as they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    prices = pa.array([D("1.23456789")] * 2, pa.decimal128(18, 8))
    when = pa.array([T0 * 1000, (T0 + 60_000) * 1000], pa.timestamp("us"))
    table = pa.table({"timestamp": when} | dict.fromkeys(("open", "high", "low", "close", "volume"), prices))
    pq.write_table(table, tmp_path / "bars.parquet")
    bars = load(tmp_path / "bars.parquet")
    assert (bars.start, bars.rows[0].open, bars.laid) == (Instant(T0 * 10**6), D("1.23456789"), 0)


def test_missing_bars_are_told_and_not_made_up(read: Callable[..., Bars]) -> None:
    """Minutes 0, 1, 2, 5, 6 and 8: two are missing at 3, one at 7."""
    bars = read(*(line(minute) for minute in (0, 1, 2, 5, 6, 8)))
    assert len(bars.rows) == 6
    assert bars.absences == tuple(
        Absence(Instant((T0 + minute * 60_000) * 10**6), count) for minute, count in ((3, 2), (7, 1))
    )


def test_every_mistake_of_a_file_is_listed_at_once(read: Callable[..., Bars]) -> None:
    mistakes = refused(
        lambda: read(
            line(0),
            line(1, "0,101,99,100,1"),
            line(2, "100,98,99,100,1"),
            line(3, "102,101,99,98,1"),
            line(4, "100,101,99,100,-1"),
            line(5, "many,101,99,100,1"),
            line(7),
            line(6),
            line(6),
            f"{T0 + 615_000},100,101,99,100,1",
        )
    )
    assert mistakes == [
        "bars.csv, row 3: open is 0, not above zero",
        "bars.csv, row 3: open 0 lies outside of 99 to 101",
        "bars.csv, row 4: high 98 is below low 99",
        "bars.csv, row 5: open 102 lies outside of 99 to 101",
        "bars.csv, row 5: close 98 lies outside of 99 to 101",
        "bars.csv, row 6: volume is -1, below zero",
        "bars.csv, row 7: not a decimal number: 'many'",
        "bars.csv: is not ascending: 2026-05-01T00:06:00.000000Z stands after 2026-05-01T00:07:00.000000Z",
        "bars.csv: is not ascending: 2026-05-01T00:06:00.000000Z stands after 2026-05-01T00:06:00.000000Z",
        "bars.csv: 2026-05-01T00:10:15.000000Z is no whole number of 1m after the bar before it",
    ]


def test_all_missing_columns_are_named(read: Callable[..., Bars]) -> None:
    assert refused(lambda: read("1,2", head="open,amount")) == [
        "bars.csv: has no column for the time; one of: ts_open_ms, timestamp, time",
        "bars.csv: has no column high",
        "bars.csv: has no column low",
        "bars.csv: has no column close",
        "bars.csv: has no column volume",
    ]


def test_a_thousand_mistakes_are_not_a_thousand_lines(read: Callable[..., Bars]) -> None:
    mistakes = refused(lambda: read(*(line(minute, "0,0,0,0,1") for minute in range(10))))
    assert len(mistakes) == 21
    assert mistakes[-1] == "bars.csv: and 20 mistakes more"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "holds fewer than two bars"),
        ([line(0)], "holds fewer than two bars"),
        ([f"{T0},1,2"], "line 2 has fewer columns than the first"),
        (["2026-05-01T00:00:00,1,1,1,1,1", line(1)], "a time needs its zone"),
    ],
)
def test_what_can_not_be_bars_is_refused(read: Callable[..., Bars], lines: list[str], told: str) -> None:
    assert any(told in mistake for mistake in refused(lambda: read(*lines)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PAR1 and then nothing", "neither CSV nor Parquet"),
        (b"\xff\xfe\x00", "neither CSV nor Parquet"),
        (b"", "no column"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "strange").write_bytes(content)
    assert any(told in mistake for mistake in refused(lambda: load(tmp_path / "strange")))


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = refused(lambda: load(tmp_path / "none.csv"))
    assert "can't be read: No such file" in mistake


@pytest.mark.parametrize("name", ["quote_volume", "turnover"])
def test_what_was_paid_for_the_volume_is_read_where_a_file_says_it(read: Callable[..., Bars], name: str) -> None:
    lines = [line(minute, f"100,101,99,100,2,{paid}") for minute, paid in enumerate(("199.5", "202", "202.0000001"))]
    bars = read(*lines, head=f"{HEAD},{name}")
    assert [bar.quote_volume for bar in bars.rows] == [D("199.5"), D("202"), D("202.0000001")]
    assert read(line(0), line(1)).rows[0].quote_volume is None


def test_what_was_paid_has_to_be_a_price_of_the_bar(read: Callable[..., Bars]) -> None:
    """2 for 195 is 97.50 each, in a bar that never fell below 99; a column of something else is found that way."""
    mistakes = refused(
        lambda: read(line(0, "100,101,99,100,2,200"), line(1, "100,101,99,100,2,195"), head=f"{HEAD},quote_volume")
    )
    assert mistakes == ["bars.csv, row 3: 195 paid for 2 is no price from 99 to 101"]


def test_a_time_since_midnight_is_not_taken_for_one_of_1970(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("0,1,1,1,1,1\n60000,1,1,1,1,1\n")
    assert "0 is no time from 2009 to 2100" in refused(lambda: load(tmp_path / "bars.csv"))[0]


class Shelf:
    """Files of bars in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths: list[Path] = []

    def put(self, name: str, *lines: str) -> None:
        self.paths.append(self._folder / name)
        self.paths[-1].write_text("\n".join((HEAD, *lines)) + "\n")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_files_that_follow_one_another_are_read_as_one_whatever_their_order(shelf: Shelf) -> None:
    """Minutes 0 and 1, 4 and 6, 2 and 3: what is missing inside of a file is told as ever."""
    shelf.put("a.csv", line(0), line(1))
    shelf.put("c.csv", line(4), line(5), line(7))
    shelf.put("b.csv", line(2), line(3))
    bars = load_all(shelf.paths)
    assert [(row.at // 10**6 - T0) // 60_000 for row in bars.rows] == [0, 1, 2, 3, 4, 5, 7]
    assert (bars.source, bars.span) == ("a.csv, b.csv, c.csv", MINUTE)
    assert bars.absences == (Absence(Instant((T0 + 360_000) * 10**6), 1),)
    listed = "".join(f"{load(path).sha256}  {path.name}\n" for path in sorted(shelf.paths))
    assert bars.sha256 == sha256_hex(listed.encode())


def test_what_lies_between_two_files_is_absent(shelf: Shelf) -> None:
    shelf.put("a.csv", line(0), line(1))
    shelf.put("b.csv", line(5), line(6))
    assert load_all(shelf.paths).absences == (Absence(Instant((T0 + 120_000) * 10**6), 3),)


def test_one_file_is_what_it_is_alone(shelf: Shelf) -> None:
    shelf.put("a.csv", line(0), line(1))
    assert load_all(shelf.paths) == load(shelf.paths[0])


def test_files_that_overlap_or_do_not_fit_are_refused_all_at_once(shelf: Shelf) -> None:
    """One begins in the other, one has other bars, one is cut half a minute later."""
    shelf.put("a.csv", line(0), line(1), line(2))
    shelf.put("b.csv", line(2), line(3))
    shelf.put("c.csv", line(10), line(15))
    shelf.put("d.csv", *(f"{T0 + at},1,1,1,1,1" for at in (1_230_000, 1_530_000)))
    assert refused(lambda: load_all(shelf.paths)) == [
        "b.csv: begins at 2026-05-01T00:02:00.000000Z, before a.csv ends at 2026-05-01T00:03:00.000000Z",
        "c.csv: has bars of 5m, and b.csv of 1m",
        "d.csv: begins at 2026-05-01T00:20:30.000000Z, inside of a bar of c.csv",
    ]


def test_the_mistakes_of_all_files_are_told_together(shelf: Shelf) -> None:
    shelf.put("a.csv", line(0), line(1, "0,1,0,1,1"))
    shelf.put("b.csv", line(2))
    found = refused(lambda: load_all([*shelf.paths, shelf.paths[0].with_name("none.csv")]))
    assert [told.split(":")[0] for told in found] == ["a.csv, row 3", "a.csv, row 3", "b.csv", "--bars"]
    assert refused(lambda: load_all([])) == ["--bars: names no file"]


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="real bars for development are not here (name their folder in STEELYARD_DATA)"
)
def test_real_bars_of_a_month_and_of_three_years_are_read() -> None:
    """A month of minutes without a gap, as published; three years of hours, of which one is missing."""
    month = load(SHARED / "BTCUSDT-1m-2026-05.zip")
    assert (len(month.rows), month.span, month.absences, month.laid) == (44_640, MINUTE, (), 0)
    years = load(SHARED / "binance_spot_BTCUSDT_1h_2022-2024.parquet")
    assert (len(years.rows), years.span) == (26_303, HOUR)
    assert years.absences == (Absence(parse_instant("2023-03-24T13:00:00Z"), 1),)
