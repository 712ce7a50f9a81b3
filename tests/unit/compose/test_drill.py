"""What a drill is judged by, and how its results are kept. The whole drill is played in `tests/integration`."""

import time
from pathlib import Path
from typing import Any, Final

import pytest

from engine.compose import drill
from engine.compose.drill import Act, Drill
from engine.kernel.clock import MILLISECOND
from engine.kernel.errors import BadInput

RESTED: Final = {"hashkey": 1, "osl": 1}
GOOD: Final = Act(way="halt", rested=RESTED, to_halt_ms=1, to_last_cancel_ms=6, to_confirmed_ms=900, exit_code=1)


class Shown:
    """A stage of which only the exchanges' books are looked at."""

    def __init__(self, left: dict[str, int], trades: int = 0) -> None:
        self.books, self._left, self._trades = self, left, trades

    def open_orders(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [{}] * count for name, count in self._left.items()}

    def trades(self) -> int:
        return self._trades


def judged(stage: Shown, *after_ms: int | None) -> Act:
    ordered = time.time_ns()
    walls = [None if ms is None else ordered + ms * MILLISECOND for ms in after_ms]
    return drill._judged(stage, "kill", RESTED, ordered, *walls)  # type: ignore[arg-type]


def held(*acts: Act, began: str = "2026-11-22T09:50:36.886979Z") -> Drill:
    passed = not any(act.wrong for act in acts)
    return Drill(began=began, code="0.1.0", seed=1, venues=("hashkey", "osl"), acts=acts, passed=passed)


def test_empty_books_and_three_times_on_record_pass() -> None:
    act = judged(Shown({"hashkey": 0, "osl": 0}), 2, 7, 2500)
    assert act.wrong == ()
    assert (act.to_halt_ms, act.to_last_cancel_ms, act.to_confirmed_ms) == (2, 7, 2500)


def test_an_order_in_the_books_fails_it_whatever_the_program_said() -> None:
    assert judged(Shown({"hashkey": 0, "osl": 1}), 2, 7, 9).wrong == ("1 orders still stand at osl",)


def test_a_sale_fails_it() -> None:
    assert judged(Shown({}, trades=3), 2, 7, 9).wrong == ("3 trades happened above a market that never came",)


def test_a_halt_that_is_not_on_record_fails_it() -> None:
    assert judged(Shown({}), None, 7, 9).wrong == ("the halt is not on record",)


def test_to_be_slow_is_to_fail() -> None:
    assert judged(Shown({}), 2, 7, 31_500).wrong == ("it took 31.5 s, and 30 s is the limit",)


def test_an_exit_code_that_was_not_due_fails_it() -> None:
    assert drill._with(GOOD, exit_code=3, expected=1).wrong == ("exit code 3, and 1 was due",)


def test_drills_are_kept_beside_one_another_and_listed(tmp_path: Path) -> None:
    """Two within one second, and a third that somebody damaged."""
    first = drill.keep(held(GOOD), tmp_path)
    second = drill.keep(held(Act(way="kill", wrong=("no order rests at every venue",))), tmp_path)
    (tmp_path / "drills" / "drill-20261122T095099Z.json").write_text("{")
    assert [(path, kept and kept.passed) for path, kept in drill.past(tmp_path)] == [
        (first, True), (second, False), (tmp_path / "drills" / "drill-20261122T095099Z.json", None),
    ]  # fmt: skip
    assert first.with_suffix(".txt").read_text() == drill.text(held(GOOD))


def test_the_text_says_what_was_wrong() -> None:
    said = drill.text(held(GOOD, Act(way="kill", rested=RESTED, wrong=("1 orders still stand at osl",))))
    assert said.splitlines()[0] == "Kill-switch drill of 2026-11-22T09:50:36.886979Z: FAILED"
    assert said.splitlines()[-2:] == [
        "kill: FAILED; orders resting: 1 at hashkey, 1 at osl; no times; 0 left", "  1 orders still stand at osl",
    ]  # fmt: skip


def test_venues_that_can_t_be_drilled_are_all_named() -> None:
    with pytest.raises(BadInput) as error:
        drill.play(["kraken", "hashkey", "hashkey"], 1)
    assert [str(mistake) for mistake in error.value.mistakes] == [
        "--venues: 'kraken' is not drilled; hashkey, osl are", "--venues: at least one, and none twice",
    ]  # fmt: skip
