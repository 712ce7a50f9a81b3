"""Bars of one market, from whatever files hold it, without what we did ourselves."""

from pathlib import Path

import pytest

from backtests.volume.sources import Market, bars, fills
from engine.kernel.clock import HOUR, MINUTE, Span, parse_instant
from engine.kernel.errors import BadInput
from engine.market.trades import Own
from tests.support.builders import d

HEAD = "timestamp,open,high,low,close,volume\n"
FILLS = "at,venue,symbol,trade_id,ticket,price,quantity\n"


def hourly(path: Path, first: int, *volumes: str) -> Path:
    rows = (f"2026-05-02T{first + i:02d}:00:00Z,100,101,99,100,{volume}\n" for i, volume in enumerate(volumes))
    path.write_text(HEAD + "".join(rows))
    return path


def own(hour: str, size: str, name: str = "t1") -> Own:
    return Own(name, parse_instant(f"2026-05-02T{hour}:00Z"), d("100"), d(size))


def test_several_files_are_one_market_in_the_order_of_time(tmp_path: Path) -> None:
    later, earlier = hourly(tmp_path / "b.csv", 3, "7", "9"), hourly(tmp_path / "a.csv", 1, "3", "5")
    found = bars([later, earlier])
    assert ([row.volume for row in found.rows], found.span) == ([3, 5, 7, 9], HOUR)


def test_our_fills_are_taken_out_of_the_bar_that_they_fell_into(tmp_path: Path) -> None:
    found = bars([hourly(tmp_path / "a.csv", 1, "3", "5")], own=[own("02:30", "2")])
    assert [row.volume for row in found.rows] == [3, 3]


def test_a_bar_that_can_not_have_counted_us_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds less than we traded in it"):
        bars([hourly(tmp_path / "a.csv", 1, "3", "5")], own=[own("01:30", "4")])


def test_trades_become_bars_and_our_own_are_left_out_by_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    rows = [("01:00:05", "1", "100", "2"), ("01:04:00", "t1", "101", "5"), ("01:11:00", "3", "102", "4")]
    path.write_text(
        "timestamp,trade_id,price,size\n" + "".join(f"2026-05-02T{t}Z,{i},{p},{s}\n" for t, i, p, s in rows)
    )
    found = bars([path], made=Span(10 * MINUTE), own=[own("01:04", "5")])
    assert [(row.volume, row.close) for row in found.rows] == [(2, 100), (4, 102)]


def test_of_a_run_only_what_it_sold_in_that_book_is_ours(tmp_path: Path) -> None:
    """Deals by voice bear a ticket, and print nowhere."""
    (tmp_path / "fills.csv").write_text(
        FILLS
        + "2026-05-02T01:30:00Z,hashkey,BTCUSDT,t1,,100,2\n"
        + "2026-05-02T01:31:00Z,osl,BTCUSDT,t2,,100,2\n"
        + "2026-05-02T01:32:00Z,hashkey,USDTUSD,t3,,1,200\n"
        + "2026-05-02T01:33:00Z,hashkey,BTCUSDT,t4,OTC-7,100,2\n"
    )
    assert fills([tmp_path], Market.parse("hashkey:BTCUSDT")) == [own("01:30", "2")]


def test_a_market_is_a_venue_and_its_symbol() -> None:
    with pytest.raises(ValueError, match="hashkey:BTCUSDT"):
        Market.parse("BTCUSDT")


def test_a_folder_that_is_no_run_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"fills\.csv can't be read"):
        fills([tmp_path], Market("hashkey", "BTCUSDT"))


def test_a_table_that_is_none_of_fills_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "fills.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="is no table of fills"):
        fills([tmp_path], Market("hashkey", "BTCUSDT"))


def test_trades_that_are_all_ours_teach_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("timestamp,trade_id,price,size\n2026-05-02T01:04:00Z,t1,101,5\n")
    with pytest.raises(BadInput, match="holds no trade of others"):
        bars([path], made=Span(10 * MINUTE), own=[own("01:04", "5")])
