"""`steelyard backtest`: the same run by another driver, and a report that says what it can't show."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.journal import reading
from engine.journal.record import Record

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BARS = EXAMPLES / "backtest_bars.csv"
SHORT = """
schema = 1
environment = "sandbox"
[mandate]
case = "SHORT-1"
authority = "Demonstration Authority"
venues = ["hashkey"]
account = "main"
deadline = "6m"
[[mandate.assets]]
asset = "BTC"
entrusted = "0.5"
released = "0.5"
participation_max = "50%"
[path]
hops = ["BTC>USDT", "USDT>USD"]
settlement = "USD"
[path.stable.USDT]
band_bp = "50"
inventory_max = "30000"
age_max = "2m"
sweep = "9000"
tail = "1m"
[strategy]
schedule = "vwap"
window = "4m"
at_end = "extend"
catch_up = "2"
slices = 12
curve = [3, 1, 2]
[tactic]
kind = "cross"
[limits]
collar_bp = "40"
order_notional_max = "40000"
minute_notional_max = "60000"
minute_orders_max = 30
[venues.hashkey]
adapter = "hashkey"
"""
LEFT = {
    "attribution.csv", "conduct.json", "fills.csv", "fills.jsonl", "journal.sqlite", "ledger.beancount", "orders.csv",
    "origin.json", "report.html", "summary.json", "tape", "wording.json",
}  # fmt: skip
Say = Callable[..., Result]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """`steelyard`, in a folder of its own that holds a short config."""
    (tmp_path / "short.toml").write_text(SHORT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEELYARD_HOME", str(tmp_path / "home"))

    def saying(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return saying


def rows(folder: str) -> list[Record]:
    return list(reading.read(Path(folder) / reading.FILE))


@pytest.mark.parametrize("strict", [(), ("--strict-tif",)], ids=["ioc", "no ioc"])
def test_a_run_in_virtual_time_and_a_backtest_write_the_same_journal_row_by_row(say: Say, strict: tuple[str]) -> None:
    """The same seed and faults: no row differs, not even the first, and so neither does the summary."""
    options = ("--seed", "7", "--synthetic", "--faults", EXAMPLES / "faults.json", *strict)
    assert say("run", "short.toml", "--sandbox", "--in-process", *options, "--out", "live").exit_code == 0
    assert say("backtest", "short.toml", *options, "--out", "simulated").exit_code == 0
    live, simulated = rows("live"), rows("simulated")
    first = next((a.seq for a, b in zip(live, simulated, strict=False) if a.hash != b.hash), None)
    assert first is None, f"row {first} differs"
    assert (len(live), live[-1].hash) == (len(simulated), simulated[-1].hash)
    assert Path("live/summary.json").read_bytes() == Path("simulated/summary.json").read_bytes()


def test_a_backtest_over_bars_leaves_a_whole_run_folder_and_passes_the_audit(say: Say) -> None:
    """Six minutes from 10:02 on; twice, in folders that nobody named, with the same journal."""
    over = ("backtest", "short.toml", "--bars", BARS, "--from", "2030-01-01T10:02:00Z")
    for folder in ("runs/backtest-SHORT-1", "runs/backtest-SHORT-1-2"):
        done = say(*over)
        assert done.exit_code == 0, done.output
        assert f"done: see {Path.cwd() / folder / 'report.html'}" in done.output
        assert {path.name for path in Path(folder).iterdir()} == LEFT
        assert say("audit", folder).exit_code == 0
    assert rows("runs/backtest-SHORT-1")[-1].hash == rows("runs/backtest-SHORT-1-2")[-1].hash


def test_the_report_states_assumptions_and_what_it_does_not_show(say: Say) -> None:
    assert (
        say("backtest", "short.toml", "--bars", BARS, "--faults", EXAMPLES / "faults.json", "--out", "b").exit_code == 0
    )
    page = Path("b/report.html").read_text()
    for words in (
        "Backtest report: nothing was sold",
        "72 bars of 5m, from 2030-01-01T09:00:00.000000Z to 2030-01-01T15:00:00.000000Z",
        "Faults of messages are played after faults.json.",
        "The order book of that time: bars hold none.",
    ):
        assert words in page


def test_a_backtest_touches_no_register(say: Say) -> None:
    """A case that a backtest has sold is as unsold as before, and nothing lies in the state folder."""
    for _ in range(2):
        assert say("backtest", "short.toml", "--synthetic").exit_code == 0
    assert not Path("home").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--bars", "none.csv"), "--bars: none.csv can't be read"),
        (("--bars", BARS, "--from", "2030-01-01T14:58:00Z"), "mandate.deadline: the deadline is 2030-01-01T15:04:00"),
        (("--from", "2030-01-01T10:00:00Z"), "--from: goes with --bars"),
        (("--faults", "none.json"), "--faults: none.json can't be read"),
    ],
)
def test_what_can_not_be_played_is_refused_and_leaves_nothing(say: Say, options: tuple[str], told: str) -> None:
    refused = say("backtest", "short.toml", *options)
    assert refused.exit_code == 2
    assert told in refused.output
    assert not Path("runs").exists()


def test_a_folder_that_holds_a_run_is_not_used_again(say: Say) -> None:
    assert say("backtest", "short.toml", "--synthetic", "--out", "b").exit_code == 0
    again = say("backtest", "short.toml", "--synthetic", "--out", "b")
    assert (again.exit_code, "--out: b holds a run already" in again.output) == (2, True)


def test_a_market_that_is_not_there_leaves_the_run_short(say: Say, tmp_path: Path) -> None:
    """The bars of the whole run but the first and the last are missing: little is sold, nothing is made up, exit 1."""
    head, *lines = BARS.read_text().splitlines()
    (tmp_path / "gap.csv").write_text("\n".join((head, *lines[:2], *lines[4:])))
    done = say("backtest", "short.toml", "--bars", "gap.csv", "--from", "2030-01-01T09:09:00Z", "--out", "b")
    assert done.exit_code == 1, done.output
    assert "short: see" in done.output
    assert "lies within the run" in Path("b/report.html").read_text()


@pytest.mark.slow
def test_the_example_sells_all_of_it_along_its_curve(say: Say) -> None:
    done = say("backtest", EXAMPLES / "backtest_vwap.toml", "--bars", BARS, "--out", "b")
    assert done.exit_code == 0, done.output
