"""A fault plan is data: what it says happens, again and again, and to nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import MILLISECOND, Span
from engine.kernel.errors import BadInput
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule, load

DROP = Fault(Do.DROP)


def drawn(rate: float, fault: Fault = DROP, op: str = "order.create") -> Rule:
    return Rule(channel=Channel.REQUEST, op=op, rate=rate, fault=fault)


def hits(rules: list[Rule], fault: Fault, seed: int = 7, messages: int = 300) -> list[int]:
    faults = Faults(FaultPlan(seed, tuple(rules)))
    return [n for n in range(messages) if fault in faults.at("rest.req", "order.create")]


def test_a_numbered_rule_meets_that_message_and_no_other() -> None:
    """Number 2 of the answers to new orders; cancels and requests are counted apart."""
    faults = Faults(load(b'{"rules":[{"at":["rest.resp","order.create",2],"do":"drop"}]}'))
    answers = [(faults.at("rest.resp", "order.create"), faults.at("rest.resp", "order.cancel")) for _ in range(4)]
    assert answers == [((), ()), ((), ()), ((DROP,), ()), ((), ())]
    assert faults.at("rest.req", "order.create") == ()


def test_the_same_plan_does_the_same_again() -> None:
    assert hits([drawn(0.3)], DROP) == hits([drawn(0.3)], DROP)
    assert hits([drawn(0.3)], DROP) != hits([drawn(0.3)], DROP, seed=8)


@given(seed=st.integers(0, 2**32), rates=st.lists(st.integers(1, 99), min_size=2, max_size=5, unique=True))
def test_striking_out_a_rule_changes_no_other_draw(seed: int, rates: list[int]) -> None:
    """Each rule has its own span, by which its hits are told from the others'."""
    rules = [drawn(rate / 100, Fault(Do.DELAY, Span(rate * MILLISECOND))) for rate in rates]
    kept = rules[0]
    assert hits(rules, kept.fault, seed, 60) == hits([kept], kept.fault, seed, 60)


@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (0.1, 60, 140), (1.0, 1000, 1000)])
def test_a_rate_is_the_share_of_messages_that_are_met(rate: float, low: int, high: int) -> None:
    assert low <= len(hits([drawn(rate)], DROP, messages=1000)) <= high


def test_a_drawn_rule_keeps_to_its_stretch_of_messages() -> None:
    rule = Rule(channel=Channel.REQUEST, op="order.create", rate=1.0, first=3, until=6, fault=DROP)
    assert hits([rule], DROP, messages=10) == [3, 4, 5]


def test_a_star_stands_for_every_kind_of_message_on_its_channel() -> None:
    faults = Faults(FaultPlan(1, (drawn(1.0, op="*"),)))
    assert faults.at("rest.req", "account") == faults.at("rest.req", "trades") == (DROP,)
    assert faults.at("rest.resp", "account") == ()


def test_what_was_injected_is_counted() -> None:
    faults = Faults(FaultPlan(1, (drawn(1.0),)))
    for _ in range(3):
        faults.at("rest.req", "order.create")
    assert faults.injected == {(Channel.REQUEST, "order.create", Do.DROP): 3}


def test_after_calm_nothing_goes_wrong_any_more() -> None:
    faults = Faults(FaultPlan(1, (drawn(1.0),)))
    faults.calm()
    assert faults.at("rest.req", "order.create") == ()
    assert not faults.injected


def test_a_plan_with_mistakes_lists_them_all() -> None:
    """Six rules, each wrong in its own way; the sound one is not mentioned."""
    with pytest.raises(BadInput) as bad:
        load(b"""{"rules": [
            {"at": ["rest.req", "order.create", 0], "do": "drop"},
            {"at": ["rest.req", "no.such", 0], "do": "drop"},
            {"channel": "ws.private", "op": "fill", "rate": 1.5, "do": "late", "span": "1s"},
            {"at": ["rest.resp", "order.create", 0], "do": "status", "status": 429},
            {"channel": "rest.req", "op": "order.create", "rate": 0.1, "do": "delay"},
            {"channel": "rest.req", "op": "order.create", "do": "drop"},
            {"at": ["rest.req", "order.query", 0], "do": "race", "sapn": "1s"}]}""")
    assert [mistake.where for mistake in bad.value.mistakes] == [
        "rules[1]", "rules[2]", "rules[2]", "rules[3]", "rules[4]", "rules[5]", "rules[6]",
    ]  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"rule": []}', b'{"seed": "x"}', b'{"rules": [3]}', b"\xff"])
def test_what_is_no_plan_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        load(raw)


def test_the_same_rule_twice_is_a_mistake() -> None:
    """Both would always draw alike."""
    with pytest.raises(BadInput, match="stands earlier"):
        Faults(FaultPlan(1, (drawn(0.1), drawn(0.1))))


def test_the_example_plan_can_be_played() -> None:
    examples = Path(__file__).parents[4] / "examples"
    in_json, in_toml = (load((examples / name).read_bytes()) for name in ("faults.json", "faults.toml"))
    assert {rule.fault.do for rule in (*in_json.rules, *in_toml.rules)} == set(Do)
