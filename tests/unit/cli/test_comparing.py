"""Two runs side by side: what each row says, and whose lack is told."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from engine.cli import app
from engine.cli.comparing import rows


def leg(**changes: Any) -> dict[str, Any]:
    standard = {
        "sell": "BTC", "buy": "USDT", "mandated": "2", "sold": "2.000", "residue": "0", "received": "200",
        "average_price": "100.00", "slippage_bp": "1.50", "fees": {"USDT": "0.2"},
    }  # fmt: skip
    return standard | changes


def summary(*legs: dict[str, Any], ended: str | None = "2026-05-02T10:30:00Z") -> dict[str, Any]:
    return {"status": "done", "started": "2026-05-02T10:00:00Z", "ended": ended, "legs": list(legs)}


def test_the_difference_is_the_second_less_the_first_to_the_last_digit() -> None:
    other = leg(sold="1.25", average_price="99.999999999999", slippage_bp="-1.5", fees={"USDT": "0.3"})
    told = {row[0].strip(): row[1:] for row in rows(summary(leg()), summary(other, ended="2026-05-02T10:29:00Z"))}
    assert told["duration"] == ("30m", "29m", "-60s")
    assert told["planned"] == ("2", "2", "0")
    assert told["sold"] == ("2", "1.25", "-0.75")
    assert told["average"] == ("100", "99.999999999999", "-0.000000000001")
    assert told["slippage bp"] == ("1.5", "-1.5", "-3")
    assert told["fees USDT"] == ("0.2", "0.3", "+0.1")


def test_what_one_of_them_does_not_have_is_a_dash_and_no_difference() -> None:
    one = summary(leg(average_price=None, slippage_bp=None, fees={}), ended=None)
    other = summary(leg(), leg(sell="ETH"))
    told = [row for row in rows(one, other) if row[3] == "" and "-" in row[1:3]]
    words = ["duration", "  average", "  slippage bp", "  fees USDT"]
    assert [row[0] for row in told[:4]] == words
    assert ("  sold", "-", "2", "") in told


def test_two_folders_are_compared_by_the_command_line(tmp_path: Path) -> None:
    for name in ("rehearsal", "sale"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(json.dumps(summary(leg())))
    answer = CliRunner().invoke(app, ["compare", str(tmp_path / "rehearsal"), str(tmp_path / "sale")])
    assert answer.exit_code == 0
    assert [line.split() for line in answer.output.splitlines()[1:5]] == [
        ["status", "done", "done"],
        ["duration", "30m", "30m", "0s"],
        ["BTC>USDT"],
        ["planned", "2", "2", "0"],
    ]


def test_every_run_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("no JSON")
    words = ["compare", str(tmp_path), "NOBODY.1", "--home", str(tmp_path / "home")]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert [line.split(":")[0] for line in answer.stderr.splitlines()] == [str(tmp_path), "NOBODY.1"]
