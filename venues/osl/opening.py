"""From a site to the two ports of OSL: its own addresses or a sandbox's, and never the one in place of the other."""

from typing import Final

from engine.kernel.errors import BadInput, Mistake
from venues.adapter import Site
from venues.osl.calls import MARKET_LIMITS, V3_LIMITS, V4_LIMITS, Pacers
from venues.osl.endpoints import PRODUCTION_HOST, Endpoints
from venues.osl.market import OslMarket
from venues.osl.signing import signing_key
from venues.osl.venue import OslVenue
from venues.pacing import Pacer
from venues.secrets import keys_of
from venues.stream import Backoff
from venues.transport import AiohttpTransport

PRODUCTION: Final = Endpoints(f"https://{PRODUCTION_HOST}", f"wss://{PRODUCTION_HOST}/ws/v4", production=True)


def venue(site: Site) -> OslVenue:
    """Our account there. Nothing is sent yet; `BadInput` with every mistake in address, key and options."""
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


def market(site: Site) -> OslMarket:
    """Its public prices; needs no key."""
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
