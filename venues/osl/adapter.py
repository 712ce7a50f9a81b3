"""OSL Hong Kong for the registry."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.errors import BadInput, Mistake
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from venues.adapter import Adapter, Site
from venues.osl.calls import MARKET_LIMITS, V3_LIMITS, V4_LIMITS, Pacers
from venues.osl.endpoints import PRODUCTION_HOST, Endpoints
from venues.osl.market import OslMarket
from venues.osl.mock import MOCKS
from venues.osl.signing import signing_key
from venues.osl.venue import OslVenue
from venues.pacing import Pacer
from venues.secrets import keys_of
from venues.stream import Backoff
from venues.transport import AiohttpTransport

CAPABILITIES: Final = Capabilities(
    tifs=tuple(TimeInForce),
    validity=Span(11 * SECOND),
    read_lag=Span(2 * SECOND),
    client_id_lookup=False,
    private_stream=False,
    poll=Span(2 * SECOND),
    market_orders=True,
    batch_cancel=True,
    quotes=True,
    taker_fee=Decimal("0.0005"),
)
"""Signatures end ten seconds after the second in which they are made; clients of the venue sign so."""
PRODUCTION: Final = Endpoints(f"https://{PRODUCTION_HOST}", f"wss://{PRODUCTION_HOST}/ws/v4", production=True)


def _venue(site: Site) -> OslVenue:
    keys = keys_of(site)
    try:
        signing_key(keys.secret)
    except ValueError as error:
        raise BadInput([Mistake(f"venues.{site.name}", str(error))]) from None
    return OslVenue(
        _endpoints(site),
        keys,
        AiohttpTransport(),
        site.clock,
        Pacers(Pacer(site.clock, V4_LIMITS), Pacer(site.clock, V3_LIMITS)),
        capabilities=site.capabilities,
        name=site.name,
        withheld=site.withheld,
        backoff=Backoff("osl polling", site.seed),
    )


def _market(site: Site) -> OslMarket:
    return OslMarket(
        _endpoints(site),
        AiohttpTransport(),
        site.clock,
        pacer=Pacer(site.clock, MARKET_LIMITS),
        name=site.name,
        backoff=Backoff("osl public stream", site.seed),
    )


def _endpoints(site: Site) -> Endpoints:
    """Its own addresses or a sandbox's, and never the one in place of the other."""
    if site.production:
        return PRODUCTION
    try:
        return Endpoints(site.address, f"{site.address.replace('http', 'ws', 1)}/ws/v4")
    except ValueError as error:
        raise BadInput([Mistake(f"venues.{site.name}", str(error))]) from error


ADAPTER: Final = Adapter(
    name="osl",
    about="OSL, Hong Kong: order book by REST and WebSocket v4, firm quotes by v3; parts of it are invented",
    capabilities=CAPABILITIES,
    sandbox=replace(
        CAPABILITIES, validity=Span(3 * SECOND), read_lag=Span(300 * MILLISECOND), poll=Span(500 * MILLISECOND)
    ),
    venue=_venue,
    market=_market,
    mocks=MOCKS,
)
