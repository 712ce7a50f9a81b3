"""One call to HashKey over REST: paced, signed, sent once, and its answer kept apart from what it may mean.

The signature is made after the turn has come, since waiting would age it. No word of the venue or of a library leaves
here with a key in it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.orders.reports import Done, Outcome, Transient, Unknown, Wire
from engine.ports import Clock
from venues.hashkey import outcomes, signing, wire
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.signing import Keys, Pairs
from venues.pacing import KINDS, Kind, Limit, Pacing
from venues.transport import HttpRequest, NoAnswer, NotSent, Transport

LIMITS: Final[Mapping[Kind, Limit]] = {"order": Limit(units=20, ordinary=15), "query": Limit(units=5, ordinary=4)}
"""Documented per key; order writes and queries count apart."""

_WEIGHT: Final = {wire.HISTORY_PATH: 5, wire.TRADES_PATH: 5, wire.INFO_PATH: 5}
_NO_CONNECTION_WAIT: Final = Span(SECOND)

Method = Literal["GET", "POST", "PUT", "DELETE"]
T = TypeVar("T")


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
        self, endpoints: Endpoints, keys: Keys, transport: Transport, clock: Clock, pacer: Pacing, *, window: Span
    ) -> None:
        self.endpoints, self._keys, self._transport = endpoints, keys, transport
        self._clock, self._pacer = clock, pacer
        self._window_ms = window // MILLISECOND

    def redact(self, text: str) -> str:
        """`text` without our keys."""
        return self._keys.redact(text)

    async def write(
        self,
        method: Method,
        pairs: Pairs,
        judge: Callable[[int, bytes, Wire], Outcome],
        *,
        urgent: bool,
        patience: Span,
        withheld: Callable[[], str] = lambda: "",
    ) -> Outcome:
        """Send a change of an order once, and say how it ended; `withheld` is asked when its turn has come."""
        if not await self._pacer.acquire("order", urgent=urgent, patience=patience):
            return Transient("no room in the venue's rate limits", patience)
        if why := withheld():
            return Transient(f"withheld: {why}")
        request = self._request(method, wire.ORDER_PATH, pairs)
        sent = Wire(request=request.digest)
        try:
            response = await self._transport.call(request)
        except NotSent as error:
            return Transient(self.redact(f"no connection: {error}"), _NO_CONNECTION_WAIT, sent)
        except NoAnswer as error:
            return Unknown(self.redact(f"no answer: {error}"), sent)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # whoever cancels us has to know that the order may have left
            return Unknown("the call was cancelled below us", sent)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the order may have left
            return Unknown(f"the call failed: {type(error).__name__}", sent)
        self._heed(response.status, "order")
        outcome = judge(response.status, response.body, Wire(sent.request, response.digest))
        return outcome if isinstance(outcome, Done) else replace(outcome, reason=self.redact(outcome.reason))

    async def read(
        self, path: str, pairs: Pairs = (), *, urgent: bool = False, signs: bool = True, method: Method = "GET"
    ) -> Read:
        """Ask, and get a whole answer or a plain "not found"; `Unread` for anything else."""
        await self._pacer.acquire("query", _WEIGHT.get(path, 1), urgent=urgent)
        request = self._request(method, path, pairs) if signs else self._public(path)
        try:
            response = await self._transport.call(request)
        except (NotSent, NoAnswer) as error:
            raise Unread(self.redact(f"{path}: {error}")) from None
        self._heed(response.status, "query")
        if response.status == 200:
            return Read(response.body, response.digest)
        said = outcomes.complaint(response.status, response.body)
        if said is not None and said.code in outcomes.NOT_FOUND:
            return Read(response.body, response.digest, absent=True)
        # The code alone: the words beside it could repeat a listen key.
        raise Unread(f"{path}: HTTP {response.status}" + (f", code {self.redact(said.code)[:20]}" if said else ""))

    async def ask(
        self, parse: Callable[[bytes], T], path: str, pairs: Pairs = (), *, urgent: bool = False
    ) -> tuple[T, str]:
        """A read that must bring something, understood, with the digest of the raw answer."""
        answer = await self.read(path, pairs, urgent=urgent)
        return self.understood(parse, answer), answer.digest

    def understood(self, parse: Callable[[bytes], T], answer: Read) -> T:
        """What the answer says; `Unread` when it can't be believed."""
        if answer.absent:
            raise Unread("the venue says not found where there must be something")
        try:
            return parse(answer.body)
        except wire.Odd as odd:
            raise Unread(self.redact(str(odd))) from None

    def _request(self, method: Method, path: str, pairs: Pairs) -> HttpRequest:
        at_ms = self._clock.wall() // MILLISECOND
        text = signing.signed(self._keys, pairs, at_ms=at_ms, window_ms=self._window_ms)
        headers = signing.headers(self._keys)
        if method == "GET":
            return HttpRequest(method, f"{self.endpoints.rest}{path}?{text}", headers)
        return HttpRequest(method, f"{self.endpoints.rest}{path}", headers, text.encode())

    def _public(self, path: str) -> HttpRequest:
        return HttpRequest("GET", f"{self.endpoints.rest}{path}", {})

    def _heed(self, status: int, kind: Kind) -> None:
        """Stop when the venue says so: this class for a moment, or all of them when it has shut us out."""
        if (wait := outcomes.pause(status)) is not None:
            for each in KINDS if outcomes.banned(status) else (kind,):
                self._pacer.hold(each, wait)
