"""One call to OSL over REST: paced, signed, sent once, and its answer kept apart from what it may mean.

The signature is made after the turn has come, since waiting would age it. Limits count for each address, not for each
key: v4 has one budget and v3 another. No word of the venue or of a library leaves here with a key in it.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Span
from engine.orders.reports import Done, Mode, Outcome, Refused, Transient, Unknown, Wire
from engine.ports import Clock
from venues import sending
from venues.osl import outcomes, signing, wire
from venues.osl.endpoints import Endpoints
from venues.osl.modes import Reception
from venues.osl.outcomes import Reply
from venues.osl.signing import Expiries, Pairs, Tonces
from venues.pacing import KINDS, Kind, Limit, Pacing
from venues.secrets import Keys
from venues.transport import HttpRequest, HttpResponse, Transport

V4_LIMITS: Final[Mapping[Kind, Limit]] = {
    "order": Limit(units=100, ordinary=80),
    "query": Limit(units=80, ordinary=60),
}
"""Of 200 a second for an address; the other 20 are for public prices."""
MARKET_LIMITS: Final[Mapping[Kind, Limit]] = {
    "order": Limit(units=1, ordinary=1),  # prices are only read
    "query": Limit(units=20, ordinary=20),
}
V3_LIMITS: Final[Mapping[Kind, Limit]] = {
    "order": Limit(units=100, ordinary=80),
    "query": Limit(units=30, ordinary=24),
}
"""Trading, and everything else. v5 weighs 1,800 a minute, which is as much, and is read with it."""

_PATIENCE: Final = Span(5 * SECOND)
"""How long a question may wait for its turn (wall time); while we are banned nothing is asked at all."""

_TOO_OFTEN: Final = "signed too often within a minute"

Method = Literal["GET", "POST", "DELETE"]
Unsent = Refused | Transient
T = TypeVar("T")


class Unread(Exception):
    """A read did not succeed, so nothing is known; the message says why."""


class Pacers(Struct, frozen=True):
    """One for each documented budget."""

    v4: Pacing
    v3: Pacing


class Calls:
    """The REST side of one account."""

    def __init__(
        self, endpoints: Endpoints, keys: Keys, transport: Transport, clock: Clock, pacers: Pacers, *, validity: Span
    ) -> None:
        """`validity` bounds the life of a signature; expiry counts whole seconds, so one of them is kept back."""
        self.endpoints, self.pacers, self.reception = endpoints, pacers, Reception()
        self._keys, self._transport, self._clock = keys, transport, clock
        self._expiries, self._tonces = Expiries(Span(validity - SECOND)), Tonces()

    def redact(self, text: str) -> str:
        """`text` without our keys."""
        return self._keys.redact(text)

    async def write(
        self,
        method: Method,
        path: str,
        body: bytes,
        judge: Callable[[Reply], Outcome],
        *,
        urgent: bool,
        patience: Span,
        withheld: Callable[[], str] = lambda: "",
    ) -> Outcome:
        """Send a change of an order once, and say how it ended; `withheld` is asked when its turn has come."""

        def request() -> HttpRequest | Unsent:
            if why := withheld():
                return Transient(f"withheld: {why}")
            return self._v4(method, path, body) or Transient(
                "signed too often within a minute", sending.NO_CONNECTION_WAIT
            )

        reply = await self.once(self.pacers.v4, "order", request, urgent=urgent, patience=patience)
        outcome = judge(reply) if isinstance(reply, Reply) else reply
        return outcome if isinstance(outcome, Done) else replace(outcome, reason=self.redact(outcome.reason))

    async def read(
        self, path: str, pairs: Pairs = (), *, urgent: bool = False, signs: bool = True, pacer: Pacing | None = None
    ) -> Reply:
        """Ask, and get a whole answer; `Unread` for anything else."""
        full = signing.joined(path, pairs)

        def request() -> HttpRequest | Unsent:
            if not signs:
                return HttpRequest("GET", self.endpoints.rest + full, {})
            return self._v4("GET", full) or Transient(_TOO_OFTEN)

        reply = await self.once(pacer or self.pacers.v4, "query", request, urgent=urgent, patience=_PATIENCE)
        if not isinstance(reply, Reply):
            raise Unread(self.redact(f"{path}: {reply.reason}"))
        if reply.status != 200:
            # The name alone: the words beside it could repeat a key.
            error = outcomes.named(reply)
            raise Unread(self.redact(f"{path}: HTTP {reply.status}" + (f", {error.name[:40]}" if error else "")))
        return reply

    async def ask(
        self, parse: Callable[[bytes], T], path: str, pairs: Pairs = (), *, urgent: bool = False
    ) -> tuple[T, str]:
        """A signed read that must bring something, understood, with the digest of the raw answer."""
        reply = await self.read(path, pairs, urgent=urgent)
        return self.understood(parse, reply), reply.wire.answer

    def understood(self, parse: Callable[[bytes], T], reply: Reply) -> T:
        """What the answer says; `Unread` when it can't be believed."""
        try:
            return parse(reply.body)
        except wire.Odd as odd:
            raise Unread(self.redact(str(odd))) from None

    def v3(self, path: str, body: Callable[[int], bytes]) -> HttpRequest:
        """A signed request of v3 around the body for its tonce. Tonces rise, so these are sent one after another."""
        raw = body(self._tonces.next(self._clock.wall()))
        headers = signing.v3_headers(self._keys, path, raw)
        return HttpRequest("POST", self.endpoints.rest + path, headers, raw)

    async def once(
        self,
        pacer: Pacing,
        kind: Kind,
        build: Callable[[], HttpRequest | Unsent],
        *,
        urgent: bool,
        patience: Span,
    ) -> Reply | Unsent | Unknown:
        """Wait for a turn, build, send once; the answer, or how it ended without one."""
        if not await pacer.acquire(kind, urgent=urgent, patience=patience):
            return Transient("no room in the venue's rate limits", patience)
        request = build()
        if not isinstance(request, HttpRequest):
            return request
        response = await sending.once(self._transport, request)
        if not isinstance(response, HttpResponse):
            return response
        reply = Reply(response.status, response.body, response.headers, Wire(request.digest, response.digest))
        self._heed(reply, pacer, kind, read=request.method == "GET")
        return reply

    def _v4(self, method: Method, path: str, body: bytes = b"") -> HttpRequest | None:
        """`None` when the same was signed so often that no expiry is left for it."""
        expires = self._expiries.next(f"{method}{path}{body.decode()}", self._clock.wall())
        if expires is None:
            return None
        headers = signing.v4_headers(self._keys, method, path, expires, body)
        return HttpRequest(method, self.endpoints.rest + path, headers, body)

    def _heed(self, reply: Reply, pacer: Pacing, kind: Kind, *, read: bool) -> None:
        """Stop when the venue says so: this class for a moment, or all of them when it has shut us out."""
        if outcomes.banned(reply):
            self.reception.heard(Mode.BANNED, f"HTTP {reply.status}")
        elif outcomes.closed(reply, read=read):
            self.reception.heard(Mode.MAINTENANCE, f"HTTP {reply.status}")
        elif reply.status == 200 and read:
            self.reception.heard(Mode.NORMAL)
        if (wait := outcomes.pause(reply)) is None:
            return
        if outcomes.banned(reply):
            for each in (self.pacers.v4, self.pacers.v3):
                for every in KINDS:
                    each.hold(every, wait)
        else:
            pacer.hold(kind, wait)
