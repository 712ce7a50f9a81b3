"""The kit for tactics: each registered one keeps every promise, and for each promise somebody breaks it."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from engine.orders.order import TimeInForce
from engine.orders.strategy import Look, Move, Post, Pull, Tactic, Want
from strategies import registry
from strategies.conformance import tactic_faults
from strategies.conformance.tactics import PROMISES

WAITS = {"every": "5s", "before": "10s"}
OURS = {
    "cross": {},
    "peg": WAITS,
    "peg, weighing": {**WAITS, "urgency": "cost", "adverse_bp": "1", "drift_bp": "1"},
    "iceberg": {**WAITS, "display": "20%", "vary": "0.5", "inside": "3", "seed": "5"},
    "chase": {**WAITS, "step_bp": "0.1", "replaces": "40", "inside": "2", "reach_bp": "10"},
    "snipe": {**WAITS, "size": "0.3", "within_bp": "5", "cross_at_end": "no"},
    "stop": {"below": "95%", "persist": "1m", "every": "5s", "at_sweep": "sell"},
}


@pytest.mark.parametrize("name", OURS)
def test_a_registered_tactic_breaks_no_promise(name: str) -> None:
    assert tactic_faults(registry.TACTICS[name.partition(",")[0]], OURS[name]) == []


def test_every_registered_tactic_is_held_to_this() -> None:
    assert {name.partition(",")[0] for name in OURS} == set(registry.TACTICS)


class Says:
    """A tactic that answers as a function does."""

    def __init__(self, answer: Callable[[Want], Sequence[Move]]) -> None:
        self._answer = answer

    def act(self, want: Want) -> Sequence[Move]:
        return self._answer(want)


class Counting:
    """Waits longer each time."""

    asked = 0

    def act(self, want: Want) -> Sequence[Move]:
        self.asked += 1
        return (Look(want.at + self.asked),)


def post(want: Want, **changes: object) -> Post:
    standard = {"quantity": want.quantity, "price": want.floor, "tif": TimeInForce.IOC}
    return Post(**(standard | changes))  # type: ignore[arg-type]


WRONG: dict[str, tuple[Callable[[Want], Sequence[Move]], str]] = {
    "deaf": (lambda want: (post(want),), "one order at the most, and none while another rests"),
    "twice": (lambda want: (post(want), post(want)), "one order at the most, and none while another rests"),
    "pulling": (lambda want: (Pull(),), "only what rests is cancelled, and once"),
    "greedy": (lambda want: (post(want, quantity=want.quantity * 2),), "no more than is wanted"),
    "cheap": (
        lambda want: (post(want, price=want.floor - want.instrument.tick),),
        "nothing below the floor",
    ),
    "small": (
        lambda want: (post(want, quantity=want.instrument.lot / 2),),
        "sizes and prices that the venue takes",
    ),
    "eager": (
        lambda want: (post(want, tif=TimeInForce.POST_ONLY),),
        "what is post-only lies above the best bid",
    ),
    "late": (lambda want: (Look(want.at),), "one look at the most, and it lies ahead"),
    "restless": (lambda want: (Look(want.until), Look(want.until)), "one look at the most, and it lies ahead"),
}


def makes(name: str) -> Callable[[Mapping[str, str]], Tactic]:
    return lambda p: Says(WRONG[name][0])


@pytest.mark.parametrize("name", WRONG)
def test_a_promise_that_is_broken_is_told_with_what_was_seen_and_its_seed(name: str) -> None:
    told = [fault for fault in tactic_faults(makes(name), {}) if fault.startswith(WRONG[name][1])]
    assert len(told) == 1
    assert told[0].rstrip(")").rpartition("(seed ")[2].isdigit()


def test_a_tactic_that_remembers_is_found_out() -> None:
    (told,) = tactic_faults(lambda p: Counting(), {})
    assert told.startswith("a tactic remembers nothing: ")
    assert told.endswith("(seed 1)")  # asked once, there was nothing to remember


def test_for_every_promise_there_is_somebody_who_breaks_it() -> None:
    assert {promise for _, promise in WRONG.values()} | {"a tactic remembers nothing"} == set(PROMISES)


def test_what_a_tactic_raises_is_its_own_to_explain() -> None:
    with pytest.raises(KeyError, match="display"):
        tactic_faults(registry.TACTICS["iceberg"], WAITS)
