"""HashKey Exchange Hong Kong for the registry."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.errors import BadInput, Mistake
from engine.orders.reports import Capabilities
from engine.ports import Market, Venue
from venues.adapter import Adapter, Site
from venues.hashkey.mock import LIMIT_TIFS, MOCKS

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


def _venue(site: Site) -> Venue:
    from venues.hashkey import opening  # with the network behind it, which a mere look at the registry does not need

    wanted = site.options.get(MARKET_PLACE, "")
    if wanted not in ("", PERMITTED):
        raise BadInput([Mistake(f"venues.{site.name}.{MARKET_PLACE}", f"{wanted!r} is not {PERMITTED!r}")])
    return opening.venue(site, market_place=wanted == PERMITTED)


def _market(site: Site) -> Market:
    from venues.hashkey import opening

    return opening.market(site)


ADAPTER: Final = Adapter(
    name="hashkey",
    about="HashKey Exchange, Hong Kong: REST v1 and v1.1, WebSocket v1",
    capabilities=CAPABILITIES,
    sandbox=replace(CAPABILITIES, quotes=True, validity=Span(2 * SECOND), read_lag=Span(300 * MILLISECOND)),
    venue=_venue,
    market=_market,
    mocks=MOCKS,
    public_hosts=("api-pro.hashkey.com",),
    options={MARKET_PLACE: '"permitted" allows requests to many dealers, which the venue publishes'},
)
