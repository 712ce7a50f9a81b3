"""Who asks OSL, and may they: keys, signatures, what was signed before, and how often an address may ask.

What the venue's documents leave open is mock: how far ahead a v4 request may expire, that a `tonce` of v3 must grow
with each call of a key, and the names under which callers are turned away.
"""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import MINUTE, SECOND
from venues.sandbox.door import Account, Answer, Call, House, Right
from venues.sandbox.osl_asked import parameters
from venues.sandbox.osl_blotter import Blotter
from venues.sandbox.osl_limits import Caller, Lane
from venues.sandbox.osl_signing import is_signed, text_v3, text_v4
from venues.sandbox.osl_words import Refusal, encoded, named

AHEAD_MAX: Final = MINUTE
"""How far ahead of us a request may expire."""


class Asking(Struct, frozen=True):
    """A request that was let in: who asks, what they may, and for what."""

    account: str
    rights: frozenset[Right]
    params: Mapping[str, str]
    body: str


class Route(Struct, frozen=True):
    """An endpoint: the kind of message it is to a fault plan, who answers, how it is counted, who may ask."""

    op: str
    handler: "Callable[[Desk, Asking], Any]"
    """Gives what goes out as JSON, or a whole `Answer`."""
    lane: Lane = Lane.V4
    right: Right | None = Right.READ
    """`None` for whoever comes by."""
    weight: int = 1


class _Tonce(Struct):
    tonce: int


class Desk:
    """Answers for one venue of the hall and the keys of its clients."""

    def __init__(self, house: House, blotter: Blotter, routes: Mapping[tuple[str, str], Route]) -> None:
        self.house, self.blotter = house, blotter
        self.exchange, self.clock = house.exchange, house.clock
        self._routes = routes
        self._callers: dict[str, Caller] = {}
        self._signed: set[tuple[str, str]] = set()
        """Keys and signatures that were used, until they expire by themselves."""
        self._expiring: list[tuple[int, tuple[str, str]]] = []
        self._tonces: dict[str, int] = {}

    def route(self, call: Call) -> Route | None:
        """Which endpoint is asked; `None` for what is not served."""
        return self._routes.get((call.method, call.path))

    def answer(self, call: Call) -> Answer:
        """Do what the call asks, if it may."""
        route = self.route(call)
        if route is None:
            return named("NOT_FOUND", f"nothing is served at {call.path}", 404).answer
        try:
            if (status := self._charged(call, route)) != 200:
                return self.limited(status, call.address)
            asking = self._admitted(call, route)
            self.catch_up()
            said = route.handler(self, asking)
            answer = said if isinstance(said, Answer) else encoded(said)
        except Refusal as refused:
            answer = refused.answer
        return self._counted(call, answer) if route.lane is Lane.V5 else answer

    def catch_up(self) -> None:
        """Bring the exchange to the present, and with it the orders that are due there."""
        self.exchange.advance(self.clock.market())
        self.blotter.settle()

    def account(self, call: Call) -> Account | None:
        """Whose key this call carries, while the key opens anything."""
        account = self.house.accounts.get(call.headers.get("api-key") or call.headers.get("rest-key") or call.key)
        lapsed = account is not None and account.expires is not None and account.expires <= self.clock.wall()
        return None if lapsed else account

    def limited(self, status: int, address: str = "") -> Answer:
        """What a caller hears who asked too often; both refusals say when to come back."""
        caller = self._callers.get(address)
        wait_s = caller.wait_s(self.clock.wall()) if caller is not None else 60 if status == 418 else 1
        said = named("RATE_LIMIT_EXCEEDED", "too many requests from this address", status).answer
        return Answer(said.status, said.body, headers={"Retry-After": str(wait_s)})

    def _charged(self, call: Call, route: Route) -> int:
        if self.house.limits is None:
            return 200
        return self._caller(call).charge(route.lane, route.weight, self.clock.wall())

    def _caller(self, call: Call) -> Caller:
        return self._callers.setdefault(call.address, Caller())

    def _counted(self, call: Call, answer: Answer) -> Answer:
        """v5 tells how much of its limit is used, and not that it speaks JSON."""
        used = self._caller(call).used(Lane.V5, self.clock.wall())
        headers = {**answer.headers, "x-sapi-used-ip-weight-1m": str(used)}
        return Answer(answer.status, answer.body, "application/octet-stream", headers)

    def _admitted(self, call: Call, route: Route) -> Asking:
        """Who asks, for what; `Refusal` when the key, its rights, the signature or the time is wrong."""
        params = parameters(call.query)
        if route.right is None:
            return Asking("", frozenset(), params, call.body)
        account = self.account(call)
        if account is None:
            raise named("INVALID_API_KEY", "the key opens nothing here")
        if route.lane is Lane.V4:
            self._check_v4(call, account)
        else:
            self._check_v3(call, account)
        if route.right not in account.rights:
            raise named("PERMISSION_DENIED", f"the key may not {route.right}")
        return Asking(account.name, account.rights, params, call.body)

    def _check_v4(self, call: Call, account: Account) -> None:
        """A signature holds until it expires, and once."""
        now, expires = self.clock.wall(), call.headers.get("api-expires", "")
        signature = call.headers.get("api-signature", "")
        if not is_signed(account.secret, text_v4(call.method, call.path, call.query, expires, call.body), signature):
            raise named("INVALID_SIGNATURE", "the signature does not match the request")
        ends = int(expires) * SECOND if expires.isascii() and expires.isdecimal() and len(expires) <= 11 else 0
        if not now <= ends <= now + AHEAD_MAX:
            raise named("SIGNATURE_EXPIRED", "api-expires has passed or lies too far ahead")
        while self._expiring and self._expiring[0][0] < now:
            self._signed.discard(heappop(self._expiring)[1])
        used = (call.headers.get("api-key", ""), signature)
        if used in self._signed:
            raise named("SIGNATURE_USED", "a signature can be used once")
        self._signed.add(used)
        heappush(self._expiring, (ends, used))

    def _check_v3(self, call: Call, account: Account) -> None:
        """Each call of a key carries a greater `tonce` than the one before."""
        if not is_signed(account.secret, text_v3(call.path, call.body), call.headers.get("rest-sign", "")):
            raise named("INVALID_SIGNATURE", "the signature does not match the request")
        try:
            tonce = msgspec.json.decode(call.body.encode(errors="surrogateescape"), type=_Tonce).tonce
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise named("INVALID_TONCE", "the body needs a tonce in microseconds", 401) from None
        key = call.headers.get("rest-key", "")
        if tonce <= self._tonces.get(key, 0):
            raise named("INVALID_TONCE", "tonce must be greater than in the call before", 401)
        self._tonces[key] = tonce
