"""A run whose tactic flickers, and one that does not, by config alone: what their reports say of their conduct."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli import app
from tests.support.configs import written

Play = Callable[..., dict[str, Any]]
PEG = {"kind": "peg", "every": "1s", "before": "1s"}


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """The short config in virtual time; its `conduct.json`, and the page beside it under `page`."""
    monkeypatch.setenv("STEELYARD_HOME", str(tmp_path / "home"))

    def playing(**changes: Any) -> dict[str, Any]:
        config = written(tmp_path, **changes)
        words = ["run", str(config), "--sandbox", "--in-process", "--synthetic", "--seed", "7"]
        done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run")])
        assert done.exit_code in (0, 1), done.output
        told: dict[str, Any] = json.loads((tmp_path / "run" / "conduct.json").read_text())
        return {**told, "page": (tmp_path / "run" / "report.html").read_text()}

    return playing


def measured(told: dict[str, Any], what: str) -> dict[str, Any]:
    """The first of its kind: that of the coin."""
    found: dict[str, Any] = next(each for each in told["measures"] if each["measure"] == what)
    return found


def test_a_run_that_crosses_is_within_every_bound_that_can_be_measured(play: Play) -> None:
    told = play(conduct={"orders_min": 1})
    assert told["verdicts"]["over"] == 0
    assert measured(told, "messages_per_trade")["verdict"] == "within"
    assert measured(told, "orders_side_by_side")["value"] == "1"
    assert "<h2>Conduct</h2>" in told["page"]
    assert "0 over" in told["page"]


def test_a_bound_that_a_run_passes_is_told_with_the_orders_behind_it(play: Play) -> None:
    """Hardly one execution for each order is allowed here, and at the fixing nothing may be ours."""
    rate = {"name": "hourly rate", "at": "00:00", "offset": "+00:00", "within": "12h"}
    told = play(conduct={"orders_min": 1, "fixing_max": "0%", "fixing": [rate]})
    fixing = measured(told, "share_at_fixing")
    assert (fixing["verdict"], fixing["detail"].split(":")[0]) == ("over", "hourly rate")
    assert len(fixing["orders"]) == next(flow["traded"] for flow in told["flows"])
    assert fixing["orders"][0] in told["page"]


def test_a_peg_that_follows_the_market_makes_one_order_at_a_time_and_no_layers(play: Play) -> None:
    told = play(tactic=PEG, conduct={"orders_min": 1})
    flow = told["flows"][0]
    assert flow["rested"] > 0
    assert (measured(told, "orders_side_by_side")["value"], measured(told, "layers_around_a_fill")["verdict"]) == (
        "1", "within",
    )  # fmt: skip
    assert measured(told, "ended_by_the_venue")["value"] == "0"
