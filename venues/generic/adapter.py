"""Any exchange of ccxt for the registry.

Whether anything may be sold there is not decided here: the licence register does that. Public prices need no key.
"""

from typing import Final

from msgspec.structs import replace

from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from engine.ports import Market, Venue
from venues.adapter import Adapter, Site
from venues.generic import mock

CAPABILITIES: Final = Capabilities(
    tifs=(TimeInForce.GTC,),
    validity=mock.VALIDITY,
    read_lag=mock.READ_LAG,
    client_id_lookup=False,
    private_stream=False,
    poll=mock.POLL,
    taker_fee=mock.FEE,
    maker_fee=mock.FEE,
    fee_min=mock.FEE_MIN,
)
OPTIONS: Final = {
    "exchange": "ccxt's name of the exchange, such as kraken",
    "urls": "a sandbox's addresses by ccxt's names: public={rest}, ws.public={ws}/path; none are needed for hashkey",
    "poll": "the wait between two questions for what no stream tells, such as 2s",
    "streams": "on to use ccxt's streams where there are some, off to ask in their place",
    "pairs": "the exchange's names of the pairs to read one by one, where it lists no orders of all of them",
    "key_permissions": "what the key may do, as its owner set it: read, trade, or trade,withdraw",
}


def _venue(site: Site) -> Venue:
    from venues.generic import opening  # with the network behind it, which a mere look at the registry does not need

    return opening.venue(site, OPTIONS)


def _market(site: Site) -> Market:
    from venues.generic import opening

    return opening.market(site, OPTIONS)


ADAPTER: Final = Adapter(
    name="generic",
    about="any exchange of ccxt by name: public prices for reference, orders where a licence entry allows them",
    capabilities=CAPABILITIES,
    sandbox=replace(
        CAPABILITIES, validity=mock.SANDBOX_VALIDITY, read_lag=mock.SANDBOX_READ_LAG, poll=mock.SANDBOX_POLL
    ),
    venue=_venue,
    market=_market,
    mocks=mock.MOCKS,
    options=OPTIONS,
)
