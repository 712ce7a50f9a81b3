"""The words of a fault plan: where a fault meets a message, what it does to it, and what a rule may not say.

Values only. `faults` plays a plan, `faultfiles` reads one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.errors import Mistake
from venues.sandbox.model import Mode


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
    """An HTTP `status` comes back: before the request was applied on `rest.req`, after it on `rest.resp`.

    With 429 or 418 and a `span`, the header `Retry-After` says how long to wait.
    """
    CODE = "code"
    """The venue's own error `code` comes back: before or after, as with `status`."""
    LATE = "late"
    """The caller hears nothing, and the request is applied `span` after it was sent."""
    RACE = "race"
    """Somebody takes the resting order just before its cancel arrives."""
    REPLACE = "replace"
    """`status` and `body` come back in place of the answer: before the request was applied, or after it."""
    CORRUPT = "corrupt"
    """What stands at `path` of the JSON (as in `data.0.p`) is `value` instead; nothing where the path leads nowhere."""
    TRUNCATE = "truncate"
    """Only the first `count` bytes arrive, as if there had been no more."""
    SPLIT = "split"
    """The answer's body arrives in pieces of `count` bytes, each sent by itself."""
    RESET = "reset"
    """The connection is reset under the caller: before the request was applied, or after it."""
    STALE = "stale"
    """The account's records are read as they stood `span` ago, in market time."""
    BAN = "ban"
    """For `span` every caller hears 418; each further request begins the span anew."""
    HALF_OPEN = "half_open"
    """The socket stays open, and for `span` nothing is sent on it; pings are answered all the same."""
    GAP = "gap"
    """It and the next `count` - 1 frames of its kind on this socket never arrive."""
    EXPIRE = "expire"
    """All keys of private streams end `span` after this answer."""


_CONNECT: Final = "connect"
_STREAM_OPS: Final = {
    Channel.PRIVATE: ("order", "fill", "account", _CONNECT),
    Channel.PUBLIC: ("depth", "trades", _CONNECT),
}
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
    "rfq.quote",
    "rfq.accept",
    "rfq.history",
    "transfer.create",
    "transfer.query",
    "custody.ask",
    "custody.look",
    "custody.holdings",
)
OPS: Final[Mapping[Channel, tuple[str, ...]]] = {
    Channel.REQUEST: _REST_OPS,
    Channel.ANSWER: _REST_OPS,
    **_STREAM_OPS,
}
"""The kinds of message on each channel.

`market` is every public read but the book; `transfer.create` moves money out or between accounts; `custody.*` go to
the custodian, who stands among the venues as `custody`; `connect` is the handshake of a socket, which `*` does not
stand for.
"""

_STREAM: Final = frozenset(
    {Do.DROP, Do.DELAY, Do.DUP, Do.REORDER, Do.CUT, Do.CORRUPT, Do.TRUNCATE, Do.HALF_OPEN, Do.GAP}
)
POSSIBLE: Final[Mapping[Channel, frozenset[Do]]] = {
    Channel.REQUEST: frozenset(
        {Do.DROP, Do.DELAY, Do.DUP, Do.STATUS, Do.CODE, Do.LATE, Do.RACE, Do.REPLACE, Do.RESET, Do.STALE, Do.BAN}
    ),
    Channel.ANSWER: frozenset(
        {
            Do.DROP, Do.DELAY, Do.STATUS, Do.CODE, Do.REPLACE, Do.CORRUPT, Do.TRUNCATE, Do.SPLIT, Do.RESET, Do.EXPIRE,
        }
    ),
    Channel.PRIVATE: _STREAM,
    Channel.PUBLIC: _STREAM,
}  # fmt: skip
_AT_CONNECT: Final = frozenset({Do.CUT, Do.DROP, Do.DELAY, Do.STATUS})
READS: Final = frozenset({"order.query", "order.open", "order.history", "trades", "account"})
"""What can be read late."""
_TIMED: Final = frozenset({Do.DELAY, Do.LATE, Do.STALE, Do.BAN, Do.HALF_OPEN})
_OWN_OP: Final = {Do.RACE: "order.cancel", Do.EXPIRE: "listen_key"}


class Fault(Struct, frozen=True):
    """One thing to do to one message; what a field means stands at `Do`."""

    do: Do
    span: Span = Span(0)
    status: int = 0
    code: str = ""
    count: int = 1
    path: str = ""
    value: str = ""
    """JSON."""
    body: str = ""
    content_type: str = "application/json"


class Rule(Struct, frozen=True, kw_only=True):
    """A fault for message number `at` of its channel and op, or for each one with chance `rate`.

    `op` may be `*` beside a rate. Messages are numbered from 0, at each venue by itself; a drawn rule looks at those
    from `first` on, and before `until`, so that a run can be left in peace to finish.
    """

    channel: Channel
    op: str
    fault: Fault
    at: int | None = None
    rate: float | None = None
    first: int = 0
    until: int | None = None
    venue: str | None = None
    """`None`: at every venue."""


DARK: Final = "dark"
"""Not a mode of an exchange: nobody reaches it, while inside its market goes on."""


class ModeAt(Struct, frozen=True, kw_only=True):
    """From `at` after the start of the market a venue is in another mode for `lasts`, or one of its pairs is halted."""

    at: Span
    lasts: Span | None = None
    """`None`: for good."""
    mode: Mode | None
    """`None`: dark."""
    venue: str | None = None
    symbol: str | None = None
    """With `HALT`: this pair alone."""
    sweep: bool = False
    """The venue cancels all open orders when it begins."""


class SkewAt(Struct, frozen=True, kw_only=True):
    """From `at` on, for `lasts`, a venue's wall clock is ahead by `by`, or behind where that is below nothing."""

    at: Span
    by: int
    """Nanoseconds."""
    lasts: Span | None = None
    venue: str | None = None


class MoveAt(Struct, frozen=True, kw_only=True):
    """From `at` after the start of the market other people hold a pair to be worth so much more or less."""

    at: Span
    by_bp: float
    """Basis points of what they held it to be worth at the start."""
    symbol: str
    lasts: Span | None = None
    """`None`: for good."""
    venue: str | None = None
    """`None`: at the venue that makes the price, and all others follow."""


class FaultPlan(Struct, frozen=True):
    """A seed and what may happen under it."""

    seed: int = 0
    rules: tuple[Rule, ...] = ()
    modes: tuple[ModeAt, ...] = ()
    skews: tuple[SkewAt, ...] = ()
    moves: tuple[MoveAt, ...] = ()


def mistakes_in(where: str, rule: Rule) -> list[Mistake]:
    """All that would make this rule do nothing, or something that nobody can have meant."""
    fault = rule.fault
    told = [*_misplaced(rule), *_misnumbered(rule), *_misstated(rule)]
    if fault.do in _TIMED and fault.span <= 0:
        told.append(f"{fault.do} needs a span")
    if fault.count < 1:
        told.append(f"count starts at 1: {fault.count}")
    if (fault.do is Do.CODE) != bool(fault.code):
        told.append("code goes with the fault code, and only with it")
    if (fault.do is Do.CORRUPT) != bool(fault.path):
        told.append("path goes with the fault corrupt, and only with it")
    if fault.body and fault.do is not Do.REPLACE:
        told.append("body goes with the fault replace, and only with it")
    return [Mistake(where, what) for what in told]


def _misplaced(rule: Rule) -> list[str]:
    fault, known, told = rule.fault, OPS[rule.channel], []
    if rule.op not in known and (rule.op != "*" or rule.rate is None):
        told.append(f"{rule.channel} carries no {rule.op!r}; it carries {', '.join(known)}")
    if rule.op == _CONNECT:
        if fault.do not in _AT_CONNECT:
            told.append(f"{fault.do} cannot happen to a handshake")
    elif fault.do not in POSSIBLE[rule.channel]:
        told.append(f"{fault.do} cannot happen on {rule.channel}")
    if fault.do in _OWN_OP and rule.op != _OWN_OP[fault.do]:
        told.append(f"{fault.do} needs the op {_OWN_OP[fault.do]}")
    if fault.do is Do.STALE and rule.op not in READS:
        told.append(f"stale needs one of the ops {', '.join(sorted(READS))}")
    return told


def _misnumbered(rule: Rule) -> list[str]:
    told = []
    if (rule.at is None) == (rule.rate is None):
        told.append("needs either the number of a message or a rate")
    if rule.at is not None and (rule.at < 0 or rule.first or rule.until is not None):
        told.append("a numbered message is counted from 0 and takes neither first nor until")
    if rule.rate is not None and not 0 <= rule.rate <= 1:
        told.append(f"a rate lies between 0 and 1: {rule.rate}")
    return told


def _misstated(rule: Rule) -> list[str]:
    fault = rule.fault
    if (fault.do in (Do.STATUS, Do.REPLACE)) != bool(fault.status):
        return ["status goes with the faults status and replace, and only with them"]
    if fault.do is Do.REPLACE and not 100 < fault.status <= 599:
        return [f"not an HTTP status: {fault.status}"]
    if fault.do is Do.STATUS and rule.channel is Channel.ANSWER and not 500 <= fault.status <= 599:
        return [f"once a request was applied only a 5xx can come back: {fault.status}"]
    if fault.do is Do.STATUS and not 400 <= fault.status <= 599:
        return [f"not the status of a failure: {fault.status}"]
    return []
