"""From a site to HashKey's two ports: its own addresses or a sandbox's, and never the one in place of the other."""

from typing import Final

from engine.kernel.errors import BadInput, Mistake
from venues.adapter import Site
from venues.hashkey.calls import LIMITS, SLOW_LIMITS
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import Pacer
from venues.secrets import keys_of
from venues.stream import Backoff
from venues.transport import AiohttpTransport

PRODUCTION: Final = Endpoints(
    "https://api-pro.hashkey.com",
    "wss://stream-pro.hashkey.com/quote/ws/v1",
    "wss://stream-pro.hashkey.com/api/v1/ws",
    production=True,
)


def venue(site: Site, *, market_place: bool) -> HashKeyVenue:
    """Our account there. Nothing is sent yet; `BadInput` with every mistake in address, key and options."""
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
        market_place=market_place,
        backoff=Backoff("hashkey private stream", site.seed),
    )


def market(site: Site) -> HashKeyMarket:
    """Its public prices; needs no key."""
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
