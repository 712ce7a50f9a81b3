"""Plans in TOML say what plans in JSON say, and a plan for several venues keeps them apart."""

import pytest

from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.errors import BadInput
from venues.sandbox.faults import Do, Fault, FaultPlan, Faults, ModeAt, Rule, SkewAt, load
from venues.sandbox.faultwords import Channel
from venues.sandbox.model import Mode
from venues.sandbox.schedule import Schedule, turns
from venues.sandbox.spoiling import corrupted

PLAN = b"""
seed = 5
[[rules]]
at = ["rest.resp", "order.query", 3]
do = "corrupt"
path = "data.0.p"
value = [1, "x"]
venue = "osl"
[[mode]]
venue = "osl"
at = "5m"
for = "2m"
mode = "dark"
[[mode]]
at = "1s"
mode = "halt"
symbol = "BTCUSDT"
[[skew]]
at = "9s"
by = "-1500ms"
"""


def test_a_plan_in_toml_is_read_as_it_is_meant() -> None:
    fault = Fault(Do.CORRUPT, path="data.0.p", value='[1,"x"]')
    assert load(PLAN) == FaultPlan(
        5,
        (Rule(channel=Channel.ANSWER, op="order.query", at=3, fault=fault, venue="osl"),),
        (
            ModeAt(at=Span(5 * MINUTE), lasts=Span(2 * MINUTE), mode=None, venue="osl"),
            ModeAt(at=Span(SECOND), mode=Mode.HALT, symbol="BTCUSDT"),
        ),
        (SkewAt(at=Span(9 * SECOND), by=-1_500_000_000),),
    )


def test_what_is_wrong_is_told_with_its_place() -> None:
    with pytest.raises(BadInput) as bad:
        load(b"""
            [[rules]]
            at = ["rest.resp", "order.query", 3]
            do = "corrupt"
            [[rules]]
            at = ["rest.req", "order.create", 0]
            do = "stale"
            span = "1s"
            [[rules]]
            at = ["rest.resp", "account", 0]
            do = "expire"
            [[rules]]
            at = ["ws.public", "connect", 0]
            do = "dup"
            [[mode]]
            at = "soon"
            mode = "dark"
            [[mode]]
            at = "1s"
            mode = "asleep"
            [[mode]]
            at = "1s"
            mode = "dark"
            symbol = "BTCUSDT"
            [[skew]]
            at = "1s"
            by = "6"
            """)
    assert [mistake.where for mistake in bad.value.mistakes] == [
        "rules[0]", "rules[1]", "rules[2]", "rules[3]", "mode[0]", "mode[1]", "mode[2]", "skew[0]",
    ]  # fmt: skip


def test_a_rule_for_one_venue_meets_no_message_of_another() -> None:
    plan = FaultPlan(1, (Rule(channel=Channel.REQUEST, op="depth", rate=1.0, fault=Fault(Do.DROP), venue="osl"),))
    assert Faults(plan, "osl").at("rest.req", "depth") == (Fault(Do.DROP),)
    assert Faults(plan, "hashkey").at("rest.req", "depth") == ()


def test_one_rule_draws_for_each_venue_by_itself() -> None:
    plan = FaultPlan(1, (Rule(channel=Channel.REQUEST, op="depth", rate=0.5, fault=Fault(Do.DROP)),))
    here, there, again = (Faults(plan, venue) for venue in ("hashkey", "osl", "osl"))
    drawn = [[bool(one.at("rest.req", "depth")) for _ in range(200)] for one in (here, there, again)]
    assert drawn[0] != drawn[1] == drawn[2]


def test_a_star_does_not_stand_for_the_handshake() -> None:
    faults = Faults(FaultPlan(1, (Rule(channel=Channel.PUBLIC, op="*", rate=1.0, fault=Fault(Do.CUT)),)))
    assert faults.at("ws.public", "connect") == ()
    assert faults.at("ws.public", "depth") == (Fault(Do.CUT),)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("a", b'{"a":9,"b":[{"c":null}]}'),
        ("b.0.c", b'{"a":1,"b":[{"c":9}]}'),
        ("b.0", b'{"a":1,"b":[9]}'),
        ("b.1", b'{"a":1,"b":[{"c":null}]}'),
        ("a.b", b'{"a":1,"b":[{"c":null}]}'),
        ("z", b'{"a":1,"b":[{"c":null}]}'),
    ],
)
def test_a_value_is_changed_where_a_path_leads_and_nowhere_else(path: str, there: bytes) -> None:
    assert corrupted(b'{"a":1,"b":[{"c":null}]}', path, "9") == there
    assert corrupted(b"<html>", path, "9") == b"<html>"


def test_each_turn_happens_with_the_market_at_its_instant() -> None:
    """Modes from 10 to 20 and from 20 on: the first ends before the second begins; nothing happens twice."""
    told: list[tuple] = []
    schedule = Schedule(
        turns(
            Instant(100),
            [
                ModeAt(at=Span(20), mode=Mode.HALT, sweep=True),
                ModeAt(at=Span(10), lasts=Span(10), mode=Mode.CANCEL_ONLY),
            ],
            [SkewAt(at=Span(15), by=-3, lasts=Span(1))],
            switch=lambda mode, symbol, sweep: told.append((mode, symbol, sweep)),
            skew=lambda by: told.append((by,)),
        )
    )
    for to in (105, 112, 112, 200):
        schedule.run(Instant(to), lambda at: told.append(("at", at)))
    assert told == [
        ("at", 110), (Mode.CANCEL_ONLY, None, False), ("at", 115), (-3,), ("at", 116), (0,), ("at", 120),
        (Mode.NORMAL, None, False), ("at", 120), (Mode.HALT, None, True),
    ]  # fmt: skip
