"""What the entry point `village` of the group `steelyard.venues` names."""

from decimal import Decimal
from typing import Final

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.errors import BadInput, Mistake
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from example_venue.market import VillageMarket
from example_venue.venue import VillageVenue
from venues.adapter import Adapter, Mock, Site
from venues.transport import AiohttpTransport

CAPABILITIES: Final = Capabilities(
    tifs=(TimeInForce.GTC, TimeInForce.IOC),
    validity=Span(5 * SECOND),
    read_lag=Span(100 * MILLISECOND),
    private_stream=False,
    poll=Span(50 * MILLISECOND),
    taker_fee=Decimal("0.001"),
    maker_fee=Decimal("0.001"),
)


def _venue(site: Site) -> VillageVenue:
    return VillageVenue(_checked(site), AiohttpTransport())


def _market(site: Site) -> VillageMarket:
    return VillageMarket(_checked(site), AiohttpTransport())


def _checked(site: Site) -> Site:
    """The site, if there is anything to reach: this exchange is nowhere but on one's own machine."""
    if site.production or not site.address:
        raise BadInput(
            [Mistake(f"venues.{site.name}", "the Village Exchange has no production: start it, and point at it")]
        )
    return site


ADAPTER: Final = Adapter(
    name="village",
    about="Village Exchange, an example on one's own machine: HTTP, polled",
    capabilities=CAPABILITIES,
    sandbox=CAPABILITIES,
    venue=_venue,
    market=_market,
    mocks=(Mock("the exchange", "there is none of this name; the package brings a small one along"),),
)
