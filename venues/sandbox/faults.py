"""What goes wrong between a client and the exchange, as data.

A plan says which message of which kind meets which fault, by number or by chance. Each draw is a hash of the seed,
the rule and the message's own number, so striking a rule out of a plan changes no other draw, and a failing plan can
be cut down rule by rule. Nothing is done here: whoever carries the messages asks `Faults.at` and acts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel import chance, codec
from engine.kernel.clock import Span, parse_span
from engine.kernel.errors import BadInput, Mistake


class Channel(StrEnum):
    """Where a message is when the fault meets it."""

    REQUEST = "rest.req"
    ANSWER = "rest.resp"
    PRIVATE = "ws.private"
    PUBLIC = "ws.public"


class Do(StrEnum):
    """What happens to the message."""

    DROP = "drop"
    """It never arrives; on `rest.req` nothing is applied, on `rest.resp` all is, and the caller hears nothing."""
    DELAY = "delay"
    """It arrives `span` later; frames behind it wait."""
    DUP = "dup"
    """It arrives `count` more times."""
    REORDER = "reorder"
    """`count` later frames overtake it; it waits for them no longer than `span` (250 ms when none is given)."""
    CUT = "cut"
    """The stream is closed in its place."""
    STATUS = "status"
    """An HTTP `status` comes back: before the request was applied on `rest.req`, after it on `rest.resp`."""
    CODE = "code"
    """The venue's own error `code` comes back: before or after, as with `status`."""
    LATE = "late"
    """The caller hears nothing, and the request is applied `span` after it was sent."""
    RACE = "race"
    """Somebody takes the resting order just before its cancel arrives."""


_STREAM_OPS: Final = {Channel.PRIVATE: ("order", "fill", "account"), Channel.PUBLIC: ("depth", "trades")}
_REST_OPS: Final = (
    "order.create",
    "order.cancel",
    "order.query",
    "order.open",
    "order.history",
    "trades",
    "account",
    "listen_key",
    "depth",
    "market",
)
OPS: Final[Mapping[Channel, tuple[str, ...]]] = {
    Channel.REQUEST: _REST_OPS,
    Channel.ANSWER: _REST_OPS,
    **_STREAM_OPS,
}
"""The kinds of message on each channel. `market` is every public read but the book."""

_STREAM: Final = frozenset({Do.DROP, Do.DELAY, Do.DUP, Do.REORDER, Do.CUT})
POSSIBLE: Final[Mapping[Channel, frozenset[Do]]] = {
    Channel.REQUEST: frozenset({Do.DROP, Do.DELAY, Do.DUP, Do.STATUS, Do.CODE, Do.LATE, Do.RACE}),
    Channel.ANSWER: frozenset({Do.DROP, Do.DELAY, Do.STATUS, Do.CODE}),
    Channel.PRIVATE: _STREAM,
    Channel.PUBLIC: _STREAM,
}
_TIMED: Final = frozenset({Do.DELAY, Do.LATE})


class Fault(Struct, frozen=True):
    """One thing to do to one message; what a field means stands at `Do`."""

    do: Do
    span: Span = Span(0)
    status: int = 0
    code: str = ""
    count: int = 1


class Rule(Struct, frozen=True, kw_only=True):
    """A fault for message number `at` of its channel and op, or for each one with chance `rate`.

    `op` may be `*` beside a rate. Messages are numbered from 0; a drawn rule looks at those from `first` on, and
    before `until`, so that a run can be left in peace to finish.
    """

    channel: Channel
    op: str
    fault: Fault
    at: int | None = None
    rate: float | None = None
    first: int = 0
    until: int | None = None


class FaultPlan(Struct, frozen=True):
    """A seed and what may happen under it."""

    seed: int = 0
    rules: tuple[Rule, ...] = ()


class Faults:
    """A plan being played: counts the messages and says what happens to each."""

    def __init__(self, plan: FaultPlan) -> None:
        mistakes = [mistake for at, rule in enumerate(plan.rules) for mistake in _mistakes(f"rules[{at}]", rule)]
        mistakes += [
            Mistake(f"rules[{at}]", "the same rule stands earlier") for at in _repeated(plan.rules)
        ]  # twins would always draw alike, which nobody means
        if mistakes:
            raise BadInput(mistakes)
        self.plan = plan
        self.injected: Counter[tuple[Channel, str, Do]] = Counter()
        self.seen: Counter[tuple[Channel, str]] = Counter()
        self._rules = [(rule, codec.digest(rule)) for rule in plan.rules]
        self._calm = False

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


def load(raw: bytes) -> FaultPlan:
    """A plan from JSON; `BadInput` with every mistake in it."""
    try:
        written = msgspec.json.decode(raw, type=_Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise BadInput([Mistake("fault plan", str(bad))]) from None
    mistakes: list[Mistake] = []
    rules: list[Rule] = []
    for at, one in enumerate(written.rules):
        where = f"rules[{at}]"
        try:
            rule = _rule(msgspec.convert(one, _Written))
        except (msgspec.ValidationError, ValueError) as bad:
            mistakes.append(Mistake(where, str(bad)))
            continue
        mistakes += _mistakes(where, rule)
        rules.append(rule)
    if mistakes:
        raise BadInput(mistakes)
    plan = FaultPlan(written.seed, tuple(rules))
    Faults(plan)
    return plan


class _Plan(Struct, forbid_unknown_fields=True):
    rules: list[Any] = []
    seed: int = 0


class _Written(Struct, forbid_unknown_fields=True):
    """A rule as a person writes it."""

    do: Do
    at: tuple[Channel, str, int] | None = None
    channel: Channel | None = None
    op: str | None = None
    rate: float | None = None
    first: int = 0
    until: int | None = None
    span: str = "0ms"
    status: int = 0
    code: str = ""
    count: int = 1


def _rule(written: _Written) -> Rule:
    fault = Fault(written.do, parse_span(written.span), written.status, written.code, written.count)
    drawn = (written.channel, written.op, written.rate)
    if written.at is not None:
        if drawn != (None, None, None):
            raise ValueError("write either `at` or `channel`, `op` and `rate`")
        channel, op, n = written.at
        return Rule(channel=channel, op=op, at=n, fault=fault, first=written.first, until=written.until)
    if written.channel is None or written.op is None or written.rate is None:
        raise ValueError("write either `at` or `channel`, `op` and `rate`")
    return Rule(
        channel=written.channel,
        op=written.op,
        rate=written.rate,
        fault=fault,
        first=written.first,
        until=written.until,
    )


def _applies(seed: int, rule: Rule, name: str, channel: Channel, op: str, n: int) -> bool:
    if rule.channel is not channel or rule.op not in (op, "*"):
        return False
    if rule.rate is None:
        return n == rule.at
    if n < rule.first or (rule.until is not None and n >= rule.until):
        return False
    return chance.draw(seed, f"{name}|{channel}|{op}", n) < rule.rate


def _repeated(rules: Sequence[Rule]) -> list[int]:
    return [at for at, rule in enumerate(rules) if rule in rules[:at]]


def _mistakes(where: str, rule: Rule) -> list[Mistake]:
    """All that would make this rule do nothing, or something that nobody can have meant."""
    fault, told = rule.fault, []
    known = OPS[rule.channel]
    if rule.op not in known and (rule.op != "*" or rule.rate is None):
        told.append(f"{rule.channel} carries no {rule.op!r}; it carries {', '.join(known)}")
    if fault.do not in POSSIBLE[rule.channel]:
        told.append(f"{fault.do} cannot happen on {rule.channel}")
    if fault.do is Do.RACE and rule.op != "order.cancel":
        told.append("race needs the op order.cancel")
    if (rule.at is None) == (rule.rate is None):
        told.append("needs either the number of a message or a rate")
    if rule.at is not None and (rule.at < 0 or rule.first or rule.until is not None):
        told.append("a numbered message is counted from 0 and takes neither first nor until")
    if rule.rate is not None and not 0 <= rule.rate <= 1:
        told.append(f"a rate lies between 0 and 1: {rule.rate}")
    if fault.do in _TIMED and fault.span <= 0:
        told.append(f"{fault.do} needs a span")
    if fault.count < 1:
        told.append(f"count starts at 1: {fault.count}")
    if (fault.do is Do.CODE) != bool(fault.code):
        told.append("code goes with the fault code, and only with it")
    if (fault.do is Do.STATUS) != bool(fault.status):
        told.append("status goes with the fault status, and only with it")
    elif fault.do is Do.STATUS and rule.channel is Channel.ANSWER and not 500 <= fault.status <= 599:
        told.append(f"once a request was applied only a 5xx can come back: {fault.status}")
    elif fault.do is Do.STATUS and not 400 <= fault.status <= 599:
        told.append(f"not the status of a failure: {fault.status}")
    return [Mistake(where, what) for what in told]
