"""A fault plan as a person writes it: `faults.toml`, or the same in JSON. Every mistake is told with its place."""

import tomllib
from typing import Any

import msgspec
from msgspec import Struct

from engine.kernel.clock import Span, parse_span
from engine.kernel.errors import BadInput, Mistake
from venues.sandbox.faultwords import (
    DARK,
    Channel,
    Do,
    Fault,
    FaultPlan,
    ModeAt,
    MoveAt,
    Rule,
    SkewAt,
    mistakes_in,
)
from venues.sandbox.model import Mode


def read(raw: bytes) -> tuple[FaultPlan, list[Mistake]]:
    """The plan and all that is wrong with it; without mistakes it can be played.

    What begins with a brace is JSON, everything else TOML.
    """
    if not raw.strip():
        return FaultPlan(), [Mistake("fault plan", "there is nothing in it")]
    try:
        decoded: Any = msgspec.json.decode(raw) if raw.lstrip().startswith(b"{") else tomllib.loads(raw.decode())
        written = msgspec.convert(decoded, _Plan)
    except (msgspec.DecodeError, msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        return FaultPlan(), [Mistake("fault plan", str(bad))]
    mistakes: list[Mistake] = []
    rules: list[Rule] = []
    for at, one in enumerate(written.rules):
        where = f"rules[{at}]"
        try:
            rule = _rule(msgspec.convert(one, _Written))
        except (msgspec.ValidationError, ValueError) as bad:
            mistakes.append(Mistake(where, str(bad)))
            continue
        mistakes += mistakes_in(where, rule)
        rules.append(rule)
    modes, skews = [], []
    for at, one in enumerate(written.mode):
        try:
            modes.append(_mode(msgspec.convert(one, _WrittenMode)))
        except (msgspec.ValidationError, ValueError) as bad:
            mistakes.append(Mistake(f"mode[{at}]", str(bad)))
    for at, one in enumerate(written.skew):
        try:
            skews.append(_skew(msgspec.convert(one, _WrittenSkew)))
        except (msgspec.ValidationError, ValueError) as bad:
            mistakes.append(Mistake(f"skew[{at}]", str(bad)))
    moves = []
    for at, one in enumerate(written.move):
        try:
            moves.append(_move(msgspec.convert(one, _WrittenMove)))
        except (msgspec.ValidationError, ValueError) as bad:
            mistakes.append(Mistake(f"move[{at}]", str(bad)))
    return FaultPlan(written.seed, tuple(rules), tuple(modes), tuple(skews), tuple(moves)), mistakes


def load(raw: bytes) -> FaultPlan:
    """The plan; `BadInput` with every mistake in it."""
    plan, mistakes = read(raw)
    mistakes += repeated(plan)
    if mistakes:
        raise BadInput(mistakes)
    return plan


def repeated(plan: FaultPlan) -> list[Mistake]:
    """Twins would always draw alike, which nobody means."""
    rules = plan.rules
    return [
        Mistake(f"rules[{at}]", "the same rule stands earlier") for at, rule in enumerate(rules) if rule in rules[:at]
    ]


class _Plan(Struct, forbid_unknown_fields=True):
    rules: list[Any] = []
    mode: list[Any] = []
    skew: list[Any] = []
    move: list[Any] = []
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
    venue: str | None = None
    span: str = "0ms"
    status: int = 0
    code: str = ""
    count: int = 1
    path: str = ""
    value: Any = None
    body: str = ""
    content_type: str = "application/json"


class _WrittenMode(Struct, forbid_unknown_fields=True, rename={"lasts": "for"}):
    """A mode as a person writes it."""

    at: str
    mode: str
    lasts: str | None = None
    venue: str | None = None
    symbol: str | None = None
    sweep: bool = False


class _WrittenSkew(Struct, forbid_unknown_fields=True, rename={"lasts": "for"}):
    """A clock that is off, as a person writes it."""

    at: str
    by: str
    lasts: str | None = None
    venue: str | None = None


class _WrittenMove(Struct, forbid_unknown_fields=True, rename={"lasts": "for"}):
    """A price that moves, as a person writes it."""

    at: str
    by_bp: float
    symbol: str
    lasts: str | None = None
    venue: str | None = None


def _rule(written: _Written) -> Rule:
    value = msgspec.json.encode(written.value).decode() if written.do is Do.CORRUPT else ""
    fault = Fault(
        written.do,
        parse_span(written.span),
        written.status,
        written.code,
        written.count,
        written.path,
        value,
        written.body,
        written.content_type,
    )
    drawn = (written.channel, written.op, written.rate)
    if written.at is not None:
        if drawn != (None, None, None):
            raise ValueError("write either `at` or `channel`, `op` and `rate`")
        channel, op, n = written.at
        rate = None
    elif written.channel is None or written.op is None or written.rate is None:
        raise ValueError("write either `at` or `channel`, `op` and `rate`")
    else:
        channel, op, rate = written.channel, written.op, written.rate
        n = None
    return Rule(
        channel=channel,
        op=op,
        at=n,
        rate=rate,
        fault=fault,
        first=written.first,
        until=written.until,
        venue=written.venue,
    )


def _mode(written: _WrittenMode) -> ModeAt:
    known = [*(mode.value for mode in Mode), DARK]
    if written.mode not in known:
        raise ValueError(f"mode is one of {', '.join(known)}, not {written.mode!r}")
    if written.symbol is not None and written.mode != Mode.HALT:
        raise ValueError("symbol goes with the mode halt, and only with it")
    return ModeAt(
        at=parse_span(written.at),
        lasts=_lasting(written.lasts),
        mode=None if written.mode == DARK else Mode(written.mode),
        venue=written.venue,
        symbol=written.symbol,
        sweep=written.sweep,
    )


def _skew(written: _WrittenSkew) -> SkewAt:
    behind = written.by.startswith("-")
    by = parse_span(written.by.removeprefix("-"))
    return SkewAt(
        at=parse_span(written.at), by=-by if behind else by, lasts=_lasting(written.lasts), venue=written.venue
    )


def _move(written: _WrittenMove) -> MoveAt:
    if not -9_000 <= written.by_bp <= 9_000 or not written.by_bp:
        raise ValueError(f"by_bp lies between -9000 and 9000, and is not 0: {written.by_bp}")
    return MoveAt(
        at=parse_span(written.at),
        by_bp=written.by_bp,
        symbol=written.symbol,
        lasts=_lasting(written.lasts),
        venue=written.venue,
    )


def _lasting(text: str | None) -> Span | None:
    if text is None:
        return None
    span = parse_span(text)
    if span <= 0:
        raise ValueError(f"for is longer than nothing: {text}")
    return span
