"""What goes wrong between a client and the exchange, as data.

A plan says which message of which kind meets which fault, by number or by chance. Each draw is a hash of the seed,
the rule and the message's own number, so striking a rule out of a plan changes no other draw, and a failing plan can
be cut down rule by rule. Nothing is done here: whoever carries the messages asks `Faults.at` and acts.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from engine.kernel import chance, codec
from engine.kernel.clock import Span
from engine.kernel.errors import BadInput
from venues.sandbox.faultfiles import load, repeated
from venues.sandbox.faultwords import (
    DARK,
    OPS,
    POSSIBLE,
    READS,
    Channel,
    Do,
    Fault,
    FaultPlan,
    ModeAt,
    Rule,
    SkewAt,
    mistakes_in,
)

__all__ = [
    "DARK", "OPS", "POSSIBLE", "READS", "Channel", "Do", "Fault", "FaultPlan", "Faults", "ModeAt", "Rule", "SkewAt",
    "load",
]  # fmt: skip

FIRST: Final = "hashkey"
"""This venue's draws are those of a plan that knows of no venues; at any other the same rule draws for itself."""


class Faults:
    """A plan being played at one venue: counts the messages and says what happens to each."""

    def __init__(self, plan: FaultPlan, venue: str = FIRST) -> None:
        mistakes = [mistake for at, rule in enumerate(plan.rules) for mistake in mistakes_in(f"rules[{at}]", rule)]
        if mistakes := mistakes + repeated(plan):
            raise BadInput(mistakes)
        self.plan, self.venue = plan, venue
        self.injected: Counter[tuple[Channel, str, Do]] = Counter()
        self.seen: Counter[tuple[Channel, str]] = Counter()
        apart = "" if venue == FIRST else f"{venue}|"
        self._rules = [(rule, apart + _name(rule)) for rule in plan.rules if rule.venue in (None, venue)]
        self._calm = False

    @property
    def modes(self) -> list[ModeAt]:
        """When this venue is in another mode, by the plan."""
        return [mode for mode in self.plan.modes if mode.venue in (None, self.venue)]

    @property
    def skews(self) -> list[SkewAt]:
        """When this venue's wall clock is off, by the plan."""
        return [skew for skew in self.plan.skews if skew.venue in (None, self.venue)]

    def at(self, channel: str, op: str) -> tuple[Fault, ...]:
        """What befalls the next message of this kind, in the order of the plan."""
        where = Channel(channel)
        n = self.seen[where, op]
        self.seen[where, op] = n + 1
        if self._calm or not self._rules:
            return ()
        found = tuple(r.fault for r, name in self._rules if _applies(self.plan.seed, r, name, where, op, n))
        for fault in found:
            self.injected[where, op, fault.do] += 1
        return found

    def calm(self) -> None:
        """From here on nothing goes wrong: what is still open must now come to an end."""
        self._calm = True

    def uses(self, do: Do) -> bool:
        """Could this happen here?"""
        return any(rule.fault.do is do for rule, _ in self._rules)


def _applies(seed: int, rule: Rule, name: str, channel: Channel, op: str, n: int) -> bool:
    if rule.channel is not channel or (rule.op != op and (rule.op != "*" or op == "connect")):
        return False
    if rule.rate is None:
        return n == rule.at
    if n < rule.first or (rule.until is not None and n >= rule.until):
        return False
    return chance.draw(seed, f"{name}|{channel}|{op}", n) < rule.rate


class _PlainFault(Struct, frozen=True):
    do: Do
    span: Span
    status: int
    code: str
    count: int


class _PlainRule(Struct, frozen=True):
    channel: Channel
    op: str
    fault: _PlainFault
    at: int | None
    rate: float | None
    first: int
    until: int | None


def _name(rule: Rule) -> str:
    """What a rule's draws hang on: its first fields, and of the later ones those that say something.

    So a plan that was written before there were others still tells the same story.
    """
    fault = rule.fault
    plain = _PlainRule(
        rule.channel,
        rule.op,
        _PlainFault(fault.do, fault.span, fault.status, fault.code, fault.count),
        rule.at,
        rule.rate,
        rule.first,
        rule.until,
    )
    more = dict(_more(rule))
    return codec.digest((plain, more) if more else plain)


def _more(rule: Rule) -> Iterator[tuple[str, Any]]:
    if rule.venue is not None:
        yield "venue", rule.venue
    for name in ("path", "value", "body"):
        if said := getattr(rule.fault, name):
            yield name, said
