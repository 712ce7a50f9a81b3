"""One call to HashKey over REST: paced, signed, sent once, and its answer kept apart from what it may mean.

The signature is made after the turn has come, since waiting would age it. No word of the venue or of a library leaves
here with a key in it.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.orders.reports import Refused, Transient, Unknown, Wire
from engine.ports import Clock
from venues import sending
from venues.hashkey import outcomes, routes, signing, wire
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.modes import Modes
from venues.hashkey.routes import Route
from venues.hashkey.signing import Pairs
from venues.pacing import KINDS, FreePacer, Kind, Limit, Pacing
from venues.secrets import Keys
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent, Transport

LIMITS: Final[Mapping[Kind, Limit]] = {"order": Limit(units=20, ordinary=15), "query": Limit(units=5, ordinary=4)}
"""Documented per key; order writes and queries count apart. The RFQ limits of 50 and 100 a second are wider."""
SLOW_LIMITS: Final[Mapping[Kind, Limit]] = {"order": Limit(units=1, ordinary=1), "query": Limit(units=1, ordinary=1)}
"""Products of one call a second: conversion stands in the lane of orders here, the RFQ history in that of queries."""

PATIENCE: Final = Span(2 * SECOND)
"""How long a write may wait for its turn (wall time) before it is given back: its price ages."""

T = TypeVar("T")
Judge = Callable[[int, bytes, Wire], T]


class Unread(Exception):
    """A read did not succeed, so nothing is known; the message says why."""


class Read(Struct, frozen=True):
    """An answer to a question: what it said, and the digest of how it said it."""

    body: bytes
    digest: str
    absent: bool = False
    """The venue says that it knows no such order."""


class Calls:
    """The REST side of one account."""

    def __init__(
        self,
        endpoints: Endpoints,
        keys: Keys,
        transport: Transport,
        clock: Clock,
        pacer: Pacing,
        *,
        window: Span,
        slow: Pacing | None = None,
        withheld: Callable[[], str] = lambda: "",
        patience: Span = PATIENCE,
    ) -> None:
        """`withheld` says why nothing that sells or moves may leave; it is asked last of all."""
        self.endpoints, self.clock = endpoints, clock
        self.modes = Modes(clock, self._opened)
        self._keys, self._transport, self._pacer, self._slow = keys, transport, pacer, slow or FreePacer()
        self._window_ms = window // MILLISECOND
        self._withheld, self._patience = withheld, patience

    def redact(self, text: str) -> str:
        """`text` without our keys."""
        return self._keys.redact(text)

    def clean(self, outcome: T) -> T:
        """The same, with the venue's own words freed of our keys."""
        if isinstance(outcome, Refused | Transient | Unknown):
            return replace(outcome, reason=self.redact(outcome.reason))
        return outcome

    async def write(
        self,
        route: Route,
        pairs: Pairs,
        judge: Judge[T],
        *,
        body: bytes = b"",
        urgent: bool = False,
        withholds: bool = True,
    ) -> T | Refused | Transient | Unknown:
        """Send something that acts, once, and say how it ended; `body` is JSON that the signature does not cover.

        With `withholds` it does not leave while there is a reason against it. What can't be written in the venue's
        words is refused here and stops the venue: it is a bug of ours. A path that we invented is refused where the
        venue itself is spoken to.
        """
        if route.invented and self.endpoints.production:
            return Refused("not_documented", f"{route.path} is a mock choice, for sandboxes only")
        try:
            signing.joined(pairs)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        if not await self._turn(route, urgent=urgent, patience=self._patience):
            return Transient("no room in the venue's rate limits", self._patience)
        if withholds and (why := self._withheld()):
            return Transient(f"withheld: {why}")
        request = self._request(route, pairs, body)
        response = await sending.once(self._transport, request)
        if not isinstance(response, HttpResponse):
            return self.clean(response)
        self._heed(response, route.lane)
        return self.clean(judge(response.status, response.body, Wire(request.digest, response.digest)))

    async def read(self, route: Route, pairs: Pairs = (), *, urgent: bool = False, signs: bool = True) -> Read:
        """Ask, and get a whole answer or a plain "not found"; `Unread` for anything else."""
        if route.invented and self.endpoints.production:
            raise Unread(f"the venue documents no way to ask; {route.path} is a mock choice, for sandboxes only")
        await self._turn(route, urgent=urgent)
        request = self._request(route, pairs) if signs else self._public(route, pairs)
        try:
            response = await self._transport.call(request)
        except (NotSent, NoAnswer) as error:
            raise Unread(self.redact(f"{route.path}: {error}")) from None
        self._heed(response, route.lane)
        if response.status == 200:
            return Read(response.body, response.digest)
        said = outcomes.complaint(response.status, response.body)
        if said is not None and said.code in outcomes.NOT_FOUND:
            return Read(response.body, response.digest, absent=True)
        # The code alone: the words beside it could repeat a listen key.
        code = f", code {self.redact(said.code)[:20]}" if said else ""
        raise Unread(f"{route.path}: HTTP {response.status}{code}")

    async def ask(
        self,
        parse: Callable[[bytes], T],
        route: Route,
        pairs: Pairs = (),
        *,
        urgent: bool = False,
        signs: bool = True,
    ) -> tuple[T, str]:
        """A read that must bring something, understood, with the digest of the raw answer."""
        answer = await self.read(route, pairs, urgent=urgent, signs=signs)
        return self.understood(parse, answer), answer.digest

    def understood(self, parse: Callable[[bytes], T], answer: Read) -> T:
        """What the answer says; `Unread` when it can't be believed."""
        if answer.absent:
            raise Unread("the venue says not found where there must be something")
        try:
            return parse(answer.body)
        except wire.Odd as odd:
            raise Unread(self.redact(str(odd))) from None

    async def _turn(self, route: Route, *, urgent: bool, patience: Span | None = None) -> bool:
        if route.slow is not None and not await self._slow.acquire(route.slow, urgent=urgent, patience=patience):
            return False
        return await self._pacer.acquire(route.lane, route.weight, urgent=urgent, patience=patience)

    def _request(self, route: Route, pairs: Pairs, body: bytes = b"") -> HttpRequest:
        at_ms = self.clock.wall() // MILLISECOND
        text = signing.signed(self._keys, pairs, at_ms=at_ms, window_ms=self._window_ms)
        headers = signing.headers(self._keys, json=bool(body))
        if route.method == "GET" or body:
            return HttpRequest(route.method, f"{self.endpoints.rest}{route.path}?{text}", headers, body)
        return HttpRequest(route.method, f"{self.endpoints.rest}{route.path}", headers, text.encode())

    def _public(self, route: Route, pairs: Pairs) -> HttpRequest:
        query = f"?{signing.joined(pairs)}" if pairs else ""
        return HttpRequest("GET", f"{self.endpoints.rest}{route.path}{query}", {})

    def _heed(self, response: HttpResponse, kind: Kind) -> None:
        """Stop when the venue says so: this class for a moment, or all of them when it has shut us out."""
        status = response.status
        if (wait := outcomes.pause(status)) is not None:
            for each in KINDS if outcomes.banned(status) else (kind,):
                self._pacer.hold(each, wait)
            if outcomes.banned(status):
                self.modes.banned(wait, f"HTTP {status}")
        elif why := outcomes.maintenance(status, response.body):
            self.modes.closed(self.redact(why))

    async def _opened(self) -> bool:
        try:
            await self.read(routes.PING, signs=False)
        except Unread:
            return False
        return True
