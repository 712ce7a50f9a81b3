"""OSL Hong Kong for the registry."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from engine.ports import Market, Venue
from venues.adapter import Adapter, Site
from venues.osl.mock import MOCKS

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


def _venue(site: Site) -> Venue:
    from venues.osl import opening  # with the network behind it, which a mere look at the registry does not need

    return opening.venue(site)


def _market(site: Site) -> Market:
    from venues.osl import opening

    return opening.market(site)


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
    public_hosts=("trade-hk.osl.com",),
)
