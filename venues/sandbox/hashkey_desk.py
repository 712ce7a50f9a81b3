"""HashKey's desk: who asks, may they, and what is sent back.

Synchronous and without sockets, so that a test can ask it directly and a fault can apply a request twice, late, or
never. Requests are judged by wall time; everything they read or write stands in market time.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span, of_millis
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.dealer import Dealer
from venues.sandbox.dialect import Refusal
from venues.sandbox.door import Account, Answer, Call, Right
from venues.sandbox.exchange import Exchange
from venues.sandbox.hashkey_offices import MarketPlace, Wallet
from venues.sandbox.limits import Bucket, Limits, Meter
from venues.sandbox.model import OrderRow

RECV_WINDOW_MS: Final = 5_000
_AT_ONCE: Final = Span(0)


class Asking(Struct, frozen=True):
    """A request that passed the door: who asks, and for what."""

    account: str
    params: Mapping[str, str]
    body: str = ""
    """Of an endpoint that takes JSON; its parameters are those of the query alone."""
    rights: frozenset[Right] = frozenset()


class Route(Struct, frozen=True):
    """An endpoint: the kind of message it is to a fault plan, its weight, and who answers."""

    op: str
    handler: "Callable[[Desk, Asking], Any]"
    weight: int = 1
    bucket: Bucket | None = Bucket.QUERIES
    """`None` for public endpoints: the venue's limits are per key."""
    right: Right = Right.READ
    takes_json: bool = False
    """The body is JSON, and the signature does not cover it."""


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
        dealer: Dealer | None = None,
        opening: Span = _AT_ONCE,
    ) -> None:
        """Without a dealer of the house, one of the same seed quotes here.

        Market orders are barred for so long (market time) after the market began.
        """
        self.exchange = exchange
        self.clock = clock
        self.dealer = dealer or Dealer(exchange, seed=seed, venue="hashkey")
        self.dealer.show_id = _quote_id
        self.wallet = Wallet()
        self.market_place = MarketPlace()
        self.elsewhere: set[str] = set()
        """Quotes that were not made for `rfq`, and cannot be taken or found there."""
        self.barred = (clock.origin, Instant(clock.origin + opening))
        """From when until when market orders are barred, in market time."""
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
            return encoded(404, {"code": 404, "msg": f"No static resource {call.path}."})
        try:
            asking = self._admitted(call, route)
            self.exchange.advance(self.clock.market())
            return encoded(200, route.handler(self, asking))
        except Refusal as refused:
            return encoded(refused.status, refused.body)

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
        """Who asks, for what; `Refusal` when the key, the pace, the signature, the time or the right is wrong."""
        signed = "" if route.takes_json else call.body
        params = dialect.parameters(call.query, signed)
        if route.bucket is None:
            return Asking("", params)
        account = self._accounts.get(call.key)
        if account is None:
            raise Refusal("0102", "Invalid APIKey")
        now = self.clock.wall()
        if account.expires is not None and now >= account.expires:
            raise Refusal("0103", "APIKey expired")
        if self._limits is not None:
            meter = self._meters.get(call.key) or self._meters.setdefault(call.key, Meter(self._limits, now))
            status = meter.charge(route.bucket, route.weight, now)
            if status != 200:
                raise dialect.paced(status)
        if not dialect.is_signed(account.secret, call.query, signed):
            raise Refusal("0002", "Invalid signature")
        sent = of_millis(dialect.whole(params, "timestamp"))
        window = dialect.whole(params, "recvWindow", RECV_WINDOW_MS) * MILLISECOND
        if sent >= now + SECOND or now - sent > window:
            raise Refusal("-1021", "Timestamp for this request is outside of the recvWindow")
        if route.right not in account.rights:
            raise Refusal("-1005", "No permission")
        return Asking(account.name, params, call.body if route.takes_json else "", account.rights)


def encoded(status: int, value: Any) -> Answer:
    """An answer in JSON."""
    return Answer(status, msgspec.json.encode(value))


def _quote_id(named: str) -> str:
    """A quote's id in the venue's form."""
    return "RFQ" + str(int(named[:15], 16)).zfill(18)
