"""Guards in whole runs in virtual time: a scripted depeg, a wick of one venue, a price that runs."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from msgspec.json import decode

from engine.kernel.clock import MINUTE, SECOND
from tests.support.configs import written
from tests.support.processes import ROOT, Person, fills, summary
from tests.unit.venues.sandbox.test_hall import START

VIRTUAL = ("--sandbox", "--in-process", "--seed", "7", "--synthetic")
TWO = {
    "mandate__venues": ["hashkey", "osl"],
    "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl"}},
    "mandate__deadline": "25m",
    "strategy__window": "12m",
    "strategy__slices": 72,
}


def run(folder: Path, *moves: dict[str, Any], **config: Any) -> Path:
    """A run of 0.2 BTC over twelve minutes and two venues while prices move like this; the audit agrees with it."""
    person = Person(folder)
    (folder / "moves.json").write_text(json.dumps({"move": moves}))
    file = written(folder, **(TWO | config))
    ended = person.says("run", file, *VIRTUAL, "--faults", folder / "moves.json", "--out", "run")
    assert ended.code == 0, ended
    assert person.says("audit", "run").code == 0
    return folder / "run"


def rows(folder: Path, kind: str) -> list[tuple[float, dict[str, Any]]]:
    """The rows of one kind, each with its minute after the start of the market."""
    with sqlite3.connect(folder / "journal.sqlite") as journal:
        found = journal.execute("SELECT at, payload FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [((at - START) / MINUTE, decode(payload)) for at, payload in found]


def sold(folder: Path, asset: str, begins: float, ends: float) -> int:
    """Orders for the asset that were sent between two minutes."""
    orders = [(at, row["approved"]["order"]) for at, row in rows(folder, "place")]
    return sum(order["sell"] == asset and begins <= at < ends for at, order in orders)


def test_a_depeg_stops_the_coin_within_three_minutes_converts_on_and_lets_it_go_on_by_itself(tmp_path: Path) -> None:
    """60 bp under par from minute 4 to minute 8, within a band of 80."""
    folder = run(tmp_path, {"at": "4m", "for": "4m", "symbol": "USDTUSD", "by_bp": -60})
    levels = [(row["was"], row["level"]) for _, row in rows(folder, "peg_level")]
    assert ((0, 1) in levels, (1, 2) in levels, levels[-1][1]) == (True, True, 0)
    stopped = next(at for at, row in rows(folder, "peg_level") if row["level"] == 2)
    assert 4 < stopped < 7 + 5 * SECOND / MINUTE
    assert sold(folder, "BTC", stopped, 12) == 0
    assert sold(folder, "USDT", 4, 9) > 0
    assert sold(folder, "BTC", 13, 25) > 0
    assert summary(folder)["status"] == "done"
    assert "no more of it is made, what is there is still sold" in (folder / "report.html").read_text()


def test_a_wick_of_one_venue_stops_nothing(tmp_path: Path) -> None:
    """A quarter under par at one of two venues, for a minute each, three times in eleven minutes."""
    wicks = [{"at": at, "for": "1m", "symbol": "USDTUSD", "by_bp": -2400, "venue": "osl"} for at in ("1m", "6m", "11m")]
    folder = run(tmp_path, *wicks)
    assert [row for _, row in rows(folder, "peg_level") if row["level"] == 2] == []
    assert sold(folder, "BTC", 2, 5) > 0
    assert summary(folder)["status"] == "done"


def test_a_price_that_runs_pauses_the_coin_and_the_run_ends_whole(tmp_path: Path) -> None:
    """1.2 % up at minute 4, where one per cent in three minutes is too much."""
    pause = {"move": "1%", "over": "3m", "calm": "1m"}
    folder = run(tmp_path, {"at": "4m", "symbol": "BTCUSDT", "by_bp": 120}, pause=pause)
    (begins, first), (ends, last) = rows(folder, "market_pause")
    assert (first["waits"], last["waits"]) == (True, False)
    assert 4 < begins < 5
    assert 7 < ends < 10
    assert sold(folder, "BTC", begins, ends) == 0
    assert (summary(folder)["status"], len(fills(folder)) > 0) == ("done", True)
    report = (folder / "report.html").read_text()
    assert "Where the market held us back" in report
    assert "market calm again" in report


def test_the_example_of_a_depeg_shows_it(tmp_path: Path) -> None:
    person = Person(tmp_path)
    words = ("run", ROOT / "examples" / "demo.toml", "--sandbox", "--in-process", "--seed", "7", "--out", "run")
    assert person.says(*words, "--faults", ROOT / "examples" / "depeg.json", within=120).code == 0
    assert [row["level"] for _, row in rows(tmp_path / "run", "peg_level")] == [1, 2, 0]
