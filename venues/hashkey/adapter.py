"""HashKey Exchange Hong Kong for the registry."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.errors import BadInput, Mistake
from engine.orders.reports import Capabilities
from venues.adapter import Adapter, Site
from venues.hashkey.calls import LIMITS, SLOW_LIMITS
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.mock import LIMIT_TIFS, MOCKS
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import Pacer
from venues.secrets import keys_of
from venues.stream import Backoff
from venues.transport import AiohttpTransport

CAPABILITIES: Final = Capabilities(
    tifs=LIMIT_TIFS,
    validity=Span(5 * SECOND),
    read_lag=SECOND,
    market_orders=True,
    quote_orders=True,
    batch_cancel=True,
    self_trade_prevention=True,
    taker_fee=Decimal("0.0029"),
    maker_fee=Decimal("0.0029"),
    fee_min=Decimal("1.99"),
)
"""Quotes may be asked for, and are not promised: the path that accepts one is not documented (see `mock.py`)."""
MARKET_PLACE: Final = "market_place"
PERMITTED: Final = "permitted"
PRODUCTION: Final = Endpoints(
    "https://api-pro.hashkey.com",
    "wss://stream-pro.hashkey.com/quote/ws/v1",
    "wss://stream-pro.hashkey.com/api/v1/ws",
    production=True,
)


def _venue(site: Site) -> HashKeyVenue:
    wanted = site.options.get(MARKET_PLACE, "")
    if wanted not in ("", PERMITTED):
        raise BadInput([Mistake(f"venues.{site.name}.{MARKET_PLACE}", f"{wanted!r} is not {PERMITTED!r}")])
    return HashKeyVenue(
        _endpoints(site),
        keys_of(site),
        AiohttpTransport(),
        site.clock,
        Pacer(site.clock, LIMITS),
        capabilities=site.capabilities,
        name=site.name,
        slow=Pacer(site.clock, SLOW_LIMITS),
        withheld=site.withheld,
        market_place=wanted == PERMITTED,
        backoff=Backoff("hashkey private stream", site.seed),
    )


def _market(site: Site) -> HashKeyMarket:
    backoff = Backoff("hashkey public stream", site.seed)
    return HashKeyMarket(_endpoints(site), AiohttpTransport(), site.clock, name=site.name, backoff=backoff)


def _endpoints(site: Site) -> Endpoints:
    """Its own addresses or a sandbox's, and never the one in place of the other."""
    if site.production:
        return PRODUCTION
    streams = site.address.replace("http", "ws", 1)
    try:
        return Endpoints(site.address, f"{streams}/quote/ws/v1", f"{streams}/api/v1/ws")
    except ValueError as error:
        raise BadInput([Mistake(f"venues.{site.name}", str(error))]) from error


ADAPTER: Final = Adapter(
    name="hashkey",
    about="HashKey Exchange, Hong Kong: REST v1 and v1.1, WebSocket v1",
    capabilities=CAPABILITIES,
    sandbox=replace(CAPABILITIES, quotes=True, validity=Span(2 * SECOND), read_lag=Span(300 * MILLISECOND)),
    venue=_venue,
    market=_market,
    mocks=MOCKS,
    options={MARKET_PLACE: '"permitted" allows requests to many dealers, which the venue publishes'},
)
