"""A sale that crosses the midnight of a fee schedule, at a venue that goes on charging by the old tier."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.kernel.clock import MINUTE, Instant, iso, parse_instant
from tests.support.configs import written

BEGINS = parse_instant("2026-05-02T15:57:00Z")
"""Three minutes before midnight in Hong Kong."""
MIDNIGHT = "2026-05-02T16:00:00.000000Z"
OLD = {"from": "2026-01-01T00:00:00+08:00", "tier": "VIP0", "maker": "0.29%", "taker": "0.29%", "source": "a notice"}
NEW = {"from": "2026-05-03T00:00:00+08:00", "tier": "VIP1", "maker": "0.2%", "taker": "0.25%", "source": "a letter"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice a minute, four of them, over bars that stand at 64,000 USDT."""
    home = tmp_path_factory.mktemp("fees")
    strategy = {"schedule": "twap", "window": "4m", "slices": 4, "catch_up": "4", "at_end": "extend"}
    config = written(home, fees={"hashkey": [OLD, NEW]}, strategy=strategy, mandate__deadline="15m")
    bars = [f"{iso(Instant(BEGINS + i * MINUTE))},64000,64000,64000,64000,100" for i in range(20)]
    (home / "bars.csv").write_text("\n".join(["time,open,high,low,close,volume", *bars]) + "\n")
    words = ["backtest", config, "--bars", home / "bars.csv", "--seed", "7", "--out", home / "run"]
    done = CliRunner().invoke(app, [str(word) for word in words], env={"STEELYARD_HOME": str(home / "home")})
    assert done.exit_code == 0, done.output
    return home / "run"


@pytest.fixture(scope="module")
def fees(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text())["fees"]


def fills(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "fills.csv").read_text().splitlines()))


def coin(folder: Path) -> list[dict[str, str]]:
    return [row for row in fills(folder) if row["sell"] == "BTC"]


def test_three_trades_are_owed_by_the_old_tier_and_the_one_after_midnight_by_the_new(folder: Path, fees: Any) -> None:
    """0.05 BTC each. The last at 63,998.25: 0.25 % of 3,199.9125 USDT is 7.99978125, and 9.27974625 was charged."""
    found = {each["tier"]: each for each in fees["tariffs"] if each["asset"] == "USDT"}
    assert (found["VIP0"]["fills"], found["VIP0"]["difference"]) == (3, "0")
    assert {name: found["VIP1"][name] for name in ("fills", "charged", "scheduled", "difference")} == {
        "fills": 1,
        "charged": "9.27974625",
        "scheduled": "7.99978125",
        "difference": "1.279965",
    }


def test_the_sums_are_those_of_the_fills_by_hand(folder: Path, fees: Any) -> None:
    rates = [Decimal("0.0029") if row["at"] < MIDNIGHT else Decimal("0.0025") for row in coin(folder)]
    owed = sum(Decimal(row["proceeds"]) * rate for row, rate in zip(coin(folder), rates, strict=True))
    assert rates == [Decimal("0.0029")] * 3 + [Decimal("0.0025")]
    assert sum(Decimal(each["scheduled"]) for each in fees["tariffs"] if each["asset"] == "USDT") == owed


def test_only_what_was_sold_after_midnight_is_named(folder: Path, fees: Any) -> None:
    named = {trade for each in fees["differences"] for trade in each["trade_ids"]}
    after = {row["trade_id"] for row in fills(folder) if row["at"] >= MIDNIGHT}
    assert named == after
    assert len(after) == 2


def test_the_schedule_is_in_the_first_row_and_the_run_decides_again_as_it_did(folder: Path) -> None:
    done = CliRunner().invoke(app, ["audit", str(folder)])
    assert done.exit_code == 0, done.output
