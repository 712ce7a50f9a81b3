"""The door of the exchange: who asks, may they, and what is sent back.

Synchronous and without sockets, so that a test can ask it directly and a fault can apply a request twice, late, or
never. Requests are judged by wall time; everything they read or write stands in market time.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Instant, of_millis
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.dialect import Refusal
from venues.sandbox.exchange import Exchange
from venues.sandbox.limits import Bucket, Limits, Meter
from venues.sandbox.model import OrderRow

RECV_WINDOW_MS: Final = 5_000


class Account(Struct, frozen=True):
    """What an API key opens."""

    name: str
    secret: str


class Call(Struct, frozen=True):
    """A request as it came over the wire, nothing decoded."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    key: str = ""


class Answer(Struct, frozen=True):
    """What goes back."""

    status: int
    body: bytes


class Asking(Struct, frozen=True):
    """A request that passed the door: who asks, and for what."""

    account: str
    params: Mapping[str, str]


class Route(Struct, frozen=True):
    """An endpoint: the kind of message it is to a fault plan, its weight, and who answers."""

    op: str
    handler: "Callable[[Desk, Asking], Any]"
    weight: int = 1
    bucket: Bucket | None = Bucket.QUERIES
    """`None` for public endpoints: the venue's limits are per key."""


class Desk:
    """Answers for one exchange and the keys of its clients."""

    def __init__(
        self,
        exchange: Exchange,
        accounts: Mapping[str, Account],
        clock: MarketClock,
        routes: Mapping[tuple[str, str], Route],
        *,
        limits: Limits | None,
        seed: int = 0,
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self.listen_keys: dict[str, tuple[str, Instant]] = {}
        """Account and end of life (wall) of each stream key."""
        self._accounts = dict(accounts)
        self._routes = routes
        self._limits = limits
        self._meters: dict[str, Meter] = {}
        self._seed = seed
        self._drawn = 0

    def route(self, call: Call) -> Route | None:
        """Which endpoint is asked; `None` for what is not served."""
        return self._routes.get((call.method, call.path))

    def answer(self, call: Call) -> Answer:
        """Do what the call asks, if it may."""
        route = self.route(call)
        if route is None:
            return _encoded(404, {"code": 404, "msg": f"No static resource {call.path}."})
        try:
            asking = self._admitted(call, route)
            self.exchange.advance(self.clock.market())
            return _encoded(200, route.handler(self, asking))
        except Refusal as refused:
            return _encoded(refused.status, refused.body)

    def named_order(self, call: Call) -> OrderRow | None:
        """The order that a cancel names, for those who want to take it first."""
        account = self._accounts.get(call.key)
        params = dialect.parameters(call.query, call.body)
        if account is None or not (params.get("orderId") or params.get("clientOrderId")):
            return None
        return self.exchange.order(account.name, client_id=params.get("clientOrderId"), order_id=params.get("orderId"))

    def stream_account(self, listen_key: str) -> str | None:
        """Whose private stream this key opens now."""
        account, ends = self.listen_keys.get(listen_key, ("", Instant(0)))
        return account if self.clock.wall() < ends else None

    def drawn_id(self, purpose: str) -> str:
        """Sixty-four letters that nobody else has: of the seed, so that a run can be told again."""
        self._drawn += 1
        return sha256(f"{self._seed}|{purpose}|{self._drawn}".encode()).hexdigest()

    def _admitted(self, call: Call, route: Route) -> Asking:
        """Who asks, for what; `Refusal` when the key, the pace, the signature or the time is wrong."""
        params = dialect.parameters(call.query, call.body)
        if route.bucket is None:
            return Asking("", params)
        account = self._accounts.get(call.key)
        if account is None:
            raise Refusal("0102", "Invalid APIKey")
        now = self.clock.wall()
        if self._limits is not None:
            meter = self._meters.get(call.key) or self._meters.setdefault(call.key, Meter(self._limits, now))
            status = meter.charge(route.bucket, route.weight, now)
            if status != 200:
                raise Refusal("0003", "Rate limit exceeded", status)
        if not dialect.is_signed(account.secret, call.query, call.body):
            raise Refusal("0002", "Invalid signature")
        sent = of_millis(dialect.whole(params, "timestamp"))
        window = dialect.whole(params, "recvWindow", RECV_WINDOW_MS) * MILLISECOND
        if sent >= now + SECOND or now - sent > window:
            raise Refusal("-1021", "Timestamp for this request is outside of the recvWindow")
        return Asking(account.name, params)


def _encoded(status: int, value: Any) -> Answer:
    return Answer(status, msgspec.json.encode(value))
