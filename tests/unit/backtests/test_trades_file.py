"""A file of trades is read to the digit or refused with all its mistakes, whoever wrote it."""

import gzip
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from backtests.data import bars as bar_files
from backtests.data.trades import Trades, load
from engine.kernel.clock import HOUR, Instant, iso
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput
from engine.kernel.money import total
from engine.market.trades import Trade, bars_of

D = Decimal
T0: Final = 1_777_593_600_000
"""2026-05-01T00:00:00Z in milliseconds."""
SHARED: Final = Path(os.environ.get("STEELYARD_DATA") or Path(__file__).parents[4] / "shared" / "data")
recorded = pytest.mark.skipif(
    not (SHARED / "trades").is_dir(),
    reason="recorded trades for development are not here (name their folder in STEELYARD_DATA)",
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Trades]:
    def reading(*lines: str, name: str = "trades.csv") -> Trades:
        raw = "\n".join(lines).encode()
        (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return load(tmp_path / name)

    return reading


def refused(reading: Callable[[], Trades]) -> list[str]:
    with pytest.raises(BadInput) as caught:
        reading()
    return [str(mistake) for mistake in caught.value.mistakes]


def test_text_is_taken_digit_by_digit(read: Callable[..., Trades]) -> None:
    found = read("ts_ms,price,size", f"{T0},37054.10000000001,0.00059721", f"{T0},37054,1")
    assert found.rows == (
        Trade(Instant(T0 * 10**6), D("37054.10000000001"), D("0.00059721")),
        Trade(Instant(T0 * 10**6), D("37054"), D("1")),
    )
    text = f"ts_ms,price,size\n{T0},37054.10000000001,0.00059721\n{T0},37054,1"
    assert (found.source, found.sha256, found.laid) == ("trades.csv", sha256_hex(text.encode()), 0)
    assert iso(found.start) == iso(found.end) == "2026-05-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("head", "line", "buyer_is_maker", "name"),
    [
        ("timestamp,symbol,price,size,side,trade_id", "2026-05-01T00:00:00.5Z,BTCUSDT,9.5,2,sell,77", True, "77"),
        ("exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
         f"x,B,{T0 + 500}000,{T0 + 900}000,c-1,buy,9.5,2", False, "c-1"),
        ("timestamp,trade_id,price,quantity,buyer_maker", f"{T0 + 500},77,9.5,2,True", True, "77"),
        ("ts_exch_ms,ts_recv_us,price,size,side,trade_id", f"{T0 + 500},{T0 + 999}000,9.5,2,Buy,77", False, "77"),
        ("ts_ms,exch_ts_ms,price,qty", f"{T0 + 900},{T0 + 500},9.5,2", None, ""),
        ("ts_exch_us,ts_recv_us,price,size", f"{T0 + 500}000,{T0 + 900}000,9.5,2", None, ""),
    ],
)  # fmt: skip
def test_all_the_usual_columns_are_understood(
    read: Callable[..., Trades], head: str, line: str, buyer_is_maker: bool | None, name: str
) -> None:
    """Always half a second after midnight, by the exchange's clock: aggregated, a vendor's, single, recorded trades."""
    (found,) = read(head, line).rows
    assert found == Trade(Instant((T0 + 500) * 10**6), D("9.5"), D("2"), buyer_is_maker, name)


def test_a_packed_file_is_read_and_its_digest_is_of_what_lies_on_disk(
    read: Callable[..., Trades], tmp_path: Path
) -> None:
    found = read("ts_ms,price,size", f"{T0},1,2", name="trades.csv.gz")
    assert found.sha256 == sha256_hex((tmp_path / "trades.csv.gz").read_bytes())
    assert found.rows[0].size == D("2")


def test_floats_of_a_parquet_file_lose_their_noise_and_are_counted(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"ts_ms": [T0, T0 + 1], "price": [0.1 + 0.2, 43059.97], "size": [0.00713, 1e-8]}
    pq.write_table(pa.table(columns), tmp_path / "trades.parquet")
    found = load(tmp_path / "trades.parquet")
    assert [(row.price, row.size) for row in found.rows] == [(D("0.3"), D("0.00713")), (D("43059.97"), D("1e-8"))]
    assert found.laid == 1


def test_every_mistake_of_a_file_is_listed_at_once(read: Callable[..., Trades]) -> None:
    mistakes = refused(
        lambda: read(
            "timestamp,symbol,price,size,side,trade_id",
            f"{T0},BTCUSDT,100,1,buy,1",
            f"{T0 + 5},BTCUSDT,0,-1,sell,2",
            f"{T0 + 4},BTCUSDT,100,1,buy,2",
            f"{T0 + 6},ETHUSDT,many,1,buy,3",
            f"{T0 + 6},BTCUSDT,100,1,both,4",
            "yesterday,BTCUSDT,100,1,buy,5",
            "3600000,BTCUSDT,100,1,buy,6",
        )
    )
    assert mistakes == [
        "trades.csv, row 3: price is 0, not above zero",
        "trades.csv, row 3: size is -1, not above zero",
        "trades.csv, row 4: 2026-05-01T00:00:00.004000Z stands after 2026-05-01T00:00:00.005000Z",
        "trades.csv, row 4: trade 2 stands here twice",
        "trades.csv, row 5: not a decimal number: 'many'",
        "trades.csv, row 6: 'both' does not say who was the aggressor",
        "trades.csv, row 7: Invalid isoformat string: 'yesterday'",
        "trades.csv, row 8: 3600000 is no time from 2009 to 2100 in the unit of this column",
        "trades.csv: is of more than one pair: BTCUSDT, ETHUSDT",
    ]


def test_all_missing_columns_are_named(read: Callable[..., Trades]) -> None:
    assert [told.split(";")[0] for told in refused(lambda: read("when,what", "1,2"))] == [
        "trades.csv: has no column for the time",
        "trades.csv: has no column price",
        "trades.csv: has no column for the size",
    ]


def test_a_file_without_trades_is_none(read: Callable[..., Trades]) -> None:
    assert refused(lambda: read("ts_ms,price,size")) == ["trades.csv: holds no trade that can be read"]


def test_a_torn_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.csv.gz").write_bytes(gzip.compress(b"ts_ms,price,size\n" * 99)[:-9])
    assert "neither CSV nor Parquet" in refused(lambda: load(tmp_path / "torn.csv.gz"))[0]


@recorded
@pytest.mark.parametrize(
    ("name", "count", "size", "sided"),
    [
        ("trades/binance_usdm_BTCUSDT_aggtrades_2024-03-28T0015_T0025.csv.gz", 24_795, "4694.062", True),
        ("trades/binance-futures_trades_2020-02-22_BTCUSDT.tardis.csv.gz", 9_999, "4024.301", True),
        ("trades/binance_spot_BTCUSDT_trades_2021-01-08_2001rows.parquet", 2_001, "87.07159600", True),
        ("trades/kraken_BTCUSDT_trades_2023-11-13.parquet", 4_355, "287.04849166", False),
        ("l2/bitstamp_BTCUSD_trades_2015-05-01.parquet", 575, "847.65711841", False),
        ("formats/tardis_bitmex_trades_XBTUSD.csv", 10, "2161", True),
    ],
)
def test_recorded_trades_are_read(name: str, count: int, size: str, sided: bool) -> None:
    """Rows and total size as the page beside the files has them."""
    found = load(SHARED / name)
    assert (len(found.rows), total(row.size for row in found.rows)) == (count, D(size))
    assert all((row.buyer_is_maker is not None) is sided for row in found.rows)


@recorded
def test_recorded_trades_make_the_bars_that_the_exchange_published() -> None:
    """Kraken's hours of a day close within ten basis points of those of another exchange."""
    hours = bars_of(load(SHARED / "trades" / "kraken_BTCUSDT_trades_2023-11-13.parquet").rows, HOUR)
    there = bar_files.load(SHARED / "ohlcv" / "binance_spot_BTCUSDT_1h_2022-2024.parquet")
    closes = {bar.at: bar.close for bar in there.rows}
    assert len(hours) == 24
    assert max(abs(bar.close / closes[bar.at] - 1) for bar in hours) < D("0.001")
