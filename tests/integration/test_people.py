"""What people do to a run from another shell: look, pause, go on, halt; and what they are told."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.configs import PEG, written
from tests.support.processes import Engine, Exchange, Person, exchange, summary

RUN: Final = "SHORT-1.1"


class Desk:
    """An exchange, somebody at a shell, and the run that they have started."""

    def __init__(self, person: Person, engine: Engine, venue: Exchange) -> None:
        self.person, self.engine, self.venue = person, engine, venue
        self.folder = person.folder / "run"

    def until(self, phase: str) -> dict[str, Any]:
        return self.person.sees(RUN, lambda shown: shown["phase"] == phase)

    def resting(self) -> dict[str, Any]:
        """Wait until an order of leg one stands in the book and something has been sold."""
        return self.person.sees(RUN, lambda s: _stands(s) and Decimal(s["legs"][0]["sold"]) > 0)


@contextmanager
def opened(folder: Path, *, speed: str, window: str, slices: int) -> Iterator[Desk]:
    """An exchange and a run just started against it, whose orders rest for most of each slice of twenty seconds."""
    with exchange(folder / "exchange", speed=speed) as venue:
        person = Person(folder / "shell").knows(venue)
        config = written(person.folder, tactic=PEG, strategy__window=window, strategy__slices=slices)
        with person.starts("run", config, *venue.option, "--out", "run", "--plain") as engine:
            yield Desk(person, engine, venue)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Desk]]:
    """Several at once, since each of them mostly waits: one for each test that takes one."""
    with ExitStack() as stack:
        folders = [tmp_path_factory.mktemp("desk") for _ in range(3)]
        yield iter([stack.enter_context(opened(f, speed="4", window="6m", slices=18)) for f in folders])


@pytest.fixture
def desk(desks: Iterator[Desk]) -> Desk:
    """A run of a minute and a half that is under way."""
    desk = next(desks)
    desk.engine.wait_for("private stream up")
    return desk


@pytest.fixture
def quick_desk(tmp_path: Path) -> Iterator[Desk]:
    """A run of ten seconds, for those who want to see its end."""
    with opened(tmp_path, speed="12", window="2m", slices=6) as desk:
        desk.engine.wait_for("private stream up")
        yield desk


def _stands(shown: dict[str, Any]) -> bool:
    return any(order["leg"] == "1" and order["state"] == "open" for order in shown["orders_open"])


@pytest.mark.slow
def test_a_pause_cancels_what_rests_lets_leg_two_finish_and_can_be_taken_back(quick_desk: Desk) -> None:
    quick_desk.resting()
    assert quick_desk.person.says("pause", RUN).code == 0
    paused = quick_desk.person.sees(
        RUN, lambda s: s["phase"] == "paused" and not s["orders_open"] and Decimal(s["legs"][1]["remaining"]) < 1
    )
    assert paused["legs"][0]["remaining"] != "0"
    before = quick_desk.venue.truth()
    assert before.open == []
    time.sleep(1)  # twelve seconds of market in which nothing is sold
    assert quick_desk.venue.truth().trade_ids == before.trade_ids
    answer = quick_desk.person.says("resume", RUN)
    assert (answer.code, answer.out) == (0, f"{RUN} goes on\n")
    assert quick_desk.engine.end().code == 0
    assert quick_desk.venue.truth().sold("BTCUSDT") == Decimal("0.2")


def test_a_halt_cancels_verifies_and_says_that_the_venue_is_flat(desk: Desk) -> None:
    desk.resting()
    halted = desk.person.says("halt", RUN)
    assert (halted.code, halted.out) == (1, "  hashkey: confirmed flat\n")
    assert desk.engine.end().code == 1
    assert desk.venue.truth().open == []
    assert summary(desk.folder)["status"] == "halted"
    assert Decimal(summary(desk.folder)["legs"][0]["sold"]) == desk.venue.truth().sold("BTCUSDT")


def test_ctrl_c_pauses_and_a_second_one_halts(desk: Desk) -> None:
    desk.resting()
    desk.engine.signal(signal.SIGINT)
    desk.engine.wait_for("pausing: ")
    assert not desk.until("paused")["legs"][0]["closed"]
    desk.engine.signal(signal.SIGINT)
    ended = desk.engine.end()
    assert ended.code == 1
    assert "halting: " in ended.out
    assert "halted: see " in ended.out
    assert desk.venue.truth().open == []


@pytest.mark.slow
def test_a_crashed_run_can_be_halted_from_another_shell(quick_desk: Desk, tmp_path: Path) -> None:
    """Its order still stands at the exchange when the process is gone; halting finds and cancels it."""
    quick_desk.resting()
    quick_desk.engine.kill()
    shown = quick_desk.person.status(RUN)
    assert (shown["running"], shown["phase"]) == (False, "running")
    refused = quick_desk.person.says("pause", RUN)
    assert (refused.code, "no process carries this run on" in refused.err) == (2, True)
    other = Person(tmp_path / "other", state=quick_desk.person.home).knows(quick_desk.venue)
    halted = other.says("halt", RUN)
    assert halted.code == 1, halted
    assert "  hashkey: confirmed flat\n" in halted.out
    assert quick_desk.venue.truth().open == []
    assert Decimal(summary(quick_desk.folder)["legs"][0]["sold"]) == quick_desk.venue.truth().sold("BTCUSDT")
    assert other.says("audit", RUN).code == 0


def test_scripts_are_shown_where_a_run_is(desk: Desk) -> None:
    desk.resting()
    shown = desk.person.status(RUN)
    assert {name: shown[name] for name in ("schema", "run", "case", "environment", "phase", "running", "epoch")} == {
        "schema": 1,
        "run": RUN,
        "case": "SHORT-1",
        "environment": "sandbox",
        "phase": "running",
        "running": True,
        "epoch": 1,
    }
    coin = shown["legs"][0]
    assert (coin["sell"], coin["buy"], coin["total"]) == ("BTC", "USDT", "0.2")
    assert Decimal(coin["sold"]) + Decimal(coin["remaining"]) == Decimal("0.2")
    for name in ("target", "working", "deficit", "average", "arrival", "slippage_bp", "participation", "bid"):
        Decimal(coin[name])
    for order in shown["orders_open"]:
        assert order.keys() == {"client_id", "leg", "venue", "state", "quantity", "price", "filled", "unknown"}
    assert shown["venues"]["hashkey"]["stream"] == "up"
    by_folder = desk.person.status(str(desk.folder))
    assert (by_folder["run"], by_folder["running"]) == (RUN, True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody whose run is over."""
    person = Person(tmp_path_factory.mktemp("finished"))
    words = ("--sandbox", "--in-process", "--synthetic", "--out", "run")
    assert person.says("run", written(person.folder), *words).code == 0
    return person


def test_a_finished_run_says_how_it_ended_whatever_is_asked_of_it(finished: Person) -> None:
    before = (finished.folder / "run" / "summary.json").read_bytes()
    for verb in ("resume", "halt"):
        again = finished.says(verb, RUN)
        assert (again.code, "done" in again.out, "ended already" in again.out) == (0, True, True), again
    shown = finished.says("status", RUN)
    assert (shown.code, shown.out.splitlines()[0]) == (0, f"{RUN}: done")
    assert finished.says("pause", RUN).code == 2
    assert (finished.folder / "run" / "summary.json").read_bytes() == before


def test_what_was_lost_between_the_last_row_and_the_report_is_made_when_the_run_is_asked_for(finished: Person) -> None:
    """The process died after it had closed the journal and before anything was derived from it."""
    derived = ("summary.json", "report.html", "fills.csv", "orders.csv", "ledger.beancount")
    before = {name: (finished.folder / "run" / name).read_bytes() for name in derived}
    for name in derived:
        (finished.folder / "run" / name).unlink()
    assert finished.says("resume", RUN).code == 0
    assert {name: (finished.folder / "run" / name).read_bytes() for name in derived} == before


def test_a_run_whose_own_exchange_died_with_it_cannot_go_on_and_can_only_be_closed(tmp_path: Path) -> None:
    """`--sandbox` starts the exchange beside the run; nobody can ask it any more what it knew."""
    person = Person(tmp_path)
    config = written(tmp_path)
    words = ["run", config, "--sandbox", "--synthetic", "--speed", "12", "--out", "run", "--plain"]
    with person.starts(*words) as engine:
        engine.wait_for("private stream up")
        engine.kill()
    refused = person.says("resume", RUN)
    assert (refused.code, "its sandbox ended with the process that started it" in refused.err) == (2, True)
    again = person.says("run", config, "--sandbox", "--synthetic", "--out", "again")
    assert (again.code, f"run {RUN} of this case has not ended" in again.err) == (2, True)
    closed = person.says("halt", RUN)
    assert (closed.code, "its sandbox is gone" in closed.out) == (3, True), closed


def test_a_run_that_nobody_knows_is_a_mistake(tmp_path: Path) -> None:
    person = Person(tmp_path)
    for verb in ("status", "pause", "resume", "halt", "report", "audit"):
        answer = person.says(verb, "NOBODY-1.7")
        assert (answer.code, answer.err.startswith("NOBODY-1.7: no run of that name")) == (2, True), (verb, answer)
