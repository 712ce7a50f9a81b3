"""One exchange of ccxt, opened so that it can be relied on.

ccxt does its own HTTP. It is held to our rules: exact numbers, our rate limits in place of its own, one request for one
call, no address but those that were looked at, and no way to its simulators. What it raises leaves here as `Failed`,
which names the kind and never the text: a signed address stands in that.
"""

import asyncio
import re
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any, Final

import aiohttp
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Span
from engine.kernel.ids import Symbol
from engine.kernel.money import plain
from engine.orders.reports import Wire
from engine.ports import Clock
from venues.generic.addresses import Origin, origins, sandbox
from venues.generic.guard import guarded
from venues.generic.hardening import HEARD, TURN, Heard, Turn, harden
from venues.generic.known import Known
from venues.generic.mapping import Odd
from venues.pacing import KINDS, Limit, Pacer, Pacing
from venues.secrets import Keys

TIMEOUT: Final = Span(5 * SECOND)
"""For a whole call (wall time)."""
_LISTEN_KEY_MS: Final = 1_200_000
"""ccxt would renew a listen key when it has just ended; this is a third of its life."""
_NAME: Final = re.compile(r"[a-z0-9]{2,40}")


class Failed(Exception):
    """A call of ccxt that brought nothing. The message says which and how, in no word of the exchange's."""

    def __init__(self, method: str, kind: str, heard: Iterable[Heard]) -> None:
        last = ([Heard(Wire()), *heard])[-1]
        self.kind, self.status, self.code, self.wire = kind, last.status, last.code, last.wire
        answered = f", HTTP {last.status}" if last.status else ""
        super().__init__(f"{method}: {kind}{answered}{f', code {last.code}' if last.code else ''}")


class Said(Struct, frozen=True):
    """What a call brought, the digests of all that was said for it, and the last of it as JSON."""

    value: Any
    heard: tuple[Wire, ...] = ()
    raw: Any = None

    @property
    def wire(self) -> Wire:
        """Of the last request of the call."""
        return self.heard[-1] if self.heard else Wire()


class Client:
    """An exchange of ccxt over a session of ours."""

    def __init__(self, exchange: Any, allowed: frozenset[Origin], pacer: Pacing, *, production: bool) -> None:
        self.exchange, self.pacer = exchange, pacer
        self._allowed, self._production = allowed, production
        self._session: aiohttp.ClientSession | None = None
        self._loading = asyncio.Lock()
        self._closed = False

    def has(self, ability: str) -> bool:
        """Can the exchange do this by itself? What ccxt would emulate out of other calls counts as no."""
        return self.exchange.has.get(ability) is True

    async def ready(self) -> None:
        """The pairs are known, so that nothing is loaded below a later call; `Failed` when they can't be had."""
        async with self._loading:
            if not self.exchange.markets:
                await self._call("load_markets", Turn())

    async def listed(self) -> list[Any]:
        """Every pair as ccxt describes it now; `Failed` when they can't be had."""
        async with self._loading:
            markets = list((await self._call("load_markets", Turn(), True)).value.values())
        if not markets:
            raise Odd("the exchange lists nothing")
        return markets

    async def call(self, method: str, *arguments: Any, turn: Turn = Turn()) -> Said:  # noqa: B008 - frozen
        """Call ccxt once; `Failed` for whatever it raises, its own mistakes included."""
        await self.ready()
        return await self._call(method, turn, *arguments)

    def unified(self, symbol: Symbol) -> str:
        """ccxt's name of a pair; `Odd` when the exchange lists no such spot pair."""
        for market in (self.exchange.markets_by_id or {}).get(symbol, ()):
            if market.get("spot"):
                return str(market["symbol"])
        raise Odd(f"no spot pair {symbol}")

    def symbol_of(self, unified: str) -> Symbol:
        """The exchange's own name of a pair; `Odd` for a pair that it does not list."""
        market = (self.exchange.markets or {}).get(unified)
        if market is None:
            raise Odd(f"no pair {unified[:40]}")
        return Symbol(market["id"])

    def rounded(self, symbol: Symbol, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """What ccxt would send for these two: it rounds a price to the nearest tick and cuts a quantity."""
        pair = self.unified(symbol)
        with localcontext():
            sent = self.exchange.amount_to_precision(pair, plain(quantity))
            at = self.exchange.price_to_precision(pair, plain(price))
        return Decimal(sent), Decimal(at)

    async def hang_up(self) -> None:
        """Close the sockets; whoever waits on one hears of it."""
        await self.exchange.close_ws_clients()
        self.exchange.options["listenKey"] = None  # it may have ended, and ccxt would use it for ever

    async def aclose(self) -> None:
        """Let go of connections; whatever is asked afterwards is not sent."""
        self._closed = True
        await self.exchange.close()
        if self._session is not None:
            await self._session.close()

    async def _call(self, method: str, turn: Turn, *arguments: Any) -> Said:
        heard: list[Heard] = []
        HEARD.set(heard)
        TURN.set(turn)
        try:
            self._open()
            with localcontext():  # ccxt sets the rounding of the decimal context that it finds, and leaves it so
                value = await getattr(self.exchange, method)(*arguments)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # whoever cancels us has to know that something may have left
            raise Failed(method, "cancelled below us", heard) from None
        except Exception as error:  # noqa: BLE001 - of whatever class: what it means is for the caller to say
            raise Failed(method, type(error).__name__, heard) from None
        return Said(value, tuple(each.wire for each in heard), heard[-1].said if heard else None)

    def _open(self) -> None:
        if self._closed:
            raise Odd("the client was closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                middlewares=(guarded(self._allowed, production=self._production),),
            )
            self.exchange.own_session, self.exchange.session = False, self._session


class Door(Struct, frozen=True, kw_only=True):
    """Where an exchange is reached, and by which of ccxt's classes."""

    exchange: str
    root: str = ""
    """Of a sandbox on this machine."""
    urls: str = ""
    """How a sandbox's addresses are made of the root; see `addresses.sandbox`."""
    production: bool = False
    streams: bool = True
    window: Span = TIMEOUT
    """For how long a request stays valid, where ccxt tells the exchange."""


def opened(door: Door, known: Known, clock: Clock, *, keys: Keys | None = None, pacer: Pacing | None = None) -> Client:
    """The exchange, ready to be asked; `ValueError` for a name or an address that won't do. Nothing is sent yet.

    `set_sandbox_mode` is never called: ccxt's simulators are other places on the network.
    """
    exchange = _class(door)(
        {
            **({"apiKey": keys.key.reveal(), "secret": keys.secret.reveal()} if keys else {}),
            "enableRateLimit": False,
            "timeout": TIMEOUT // MILLISECOND,
            "options": {
                "defaultType": "spot",
                "recvWindow": door.window // MILLISECOND,
                "listenKeyRefreshRate": _LISTEN_KEY_MS,
                "maxRetriesOnFailure": 0,
            },
        }
    )
    exchange.timeout_on_exit = 0
    exchange.has["fetchCurrencies"] = False  # another heavy call before the pairs, signed at some exchanges
    exchange.urls.pop("test", None)
    allowed = _aimed(exchange, door, known)
    unit_ms = known.unit_ms or max(1, int(exchange.rateLimit))
    units = max(2, MINUTE // (unit_ms * MILLISECOND) // (1 if known.apart else 2))
    limit = Limit(units=units, ordinary=units * 4 // 5, period=MINUTE)
    paced = pacer or Pacer(clock, dict.fromkeys(KINDS, limit))
    harden(exchange, paced, units)
    return Client(exchange, allowed, paced, production=door.production)


def _class(door: Door) -> Any:
    """A class of ccxt; its import takes a second, and happens here."""
    import ccxt.async_support
    import ccxt.pro

    if not _NAME.fullmatch(door.exchange) or door.exchange not in ccxt.async_support.exchanges:
        raise ValueError(f"ccxt knows no exchange {door.exchange!r}")
    streaming = door.streams and door.exchange in ccxt.pro.exchanges
    return getattr(ccxt.pro if streaming else ccxt.async_support, door.exchange)


def _aimed(exchange: Any, door: Door, known: Known) -> frozenset[Origin]:
    """Give it its addresses, and look at every one; what is not among them is not reached."""
    if not door.production:
        template = door.urls or known.urls
        if not template:
            raise ValueError(f"nobody knows the addresses of a sandbox of {door.exchange}: the option urls says them")
        exchange.urls["api"] = sandbox(template, door.root)
    elif door.urls:
        raise ValueError("in production an exchange has its own addresses; the option urls is for sandboxes")
    elif isinstance(exchange.urls["api"], dict):
        exchange.urls["api"].pop("test", None)
    return origins(_whole(exchange, exchange.urls["api"]), production=door.production)


def _whole(exchange: Any, tree: Any) -> Any:
    """The addresses with the host name filled in."""
    if isinstance(tree, dict):
        return {name: _whole(exchange, branch) for name, branch in tree.items()}
    return exchange.implode_hostname(tree) if isinstance(tree, str) else tree
