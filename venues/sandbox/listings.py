"""The sandbox's standard market: which pairs are listed, on which terms, and who else trades there.

HashKey lists two USDT pairs, BTC and ETH; the stablecoin's own pairs are mock, since only its OTC desk is known to
deal in them. No pair of a volatile asset against fiat is listed: money may not go that way. `with_forbidden` lists
one all the same, for the tests which prove that it is never used.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import Instant, of_millis
from venues.sandbox.crowd import VOLATILE, PeggedFlow, SyntheticFlow
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Flow
from venues.sandbox.model import Listing
from venues.sandbox.relay import Relay

START: Final = of_millis(1_777_689_380_521)
"""2026-05-02T02:36:20.521Z, the first moment of the recording; the market begins there without it as well."""
FEE: Final = Decimal("0.0029")
"""What HashKey documents for its lowest tier, maker and taker alike."""
BAND: Final = Decimal("0.2")

_D = Decimal
LISTINGS: Final = (
    Listing(
        "BTCUSDT", "BTC", "USDT", tick=_D("0.01"), lot=_D("0.00001"), quantity_min=_D("0.00001"), quantity_max=_D(16),
        notional_min=_D(10), notional_max=_D(400_000), maker_fee=FEE, taker_fee=FEE, fee_step=_D("0.00000001"),
        band=BAND,
    ),
    Listing(
        "ETHUSDT", "ETH", "USDT", tick=_D("0.01"), lot=_D("0.0001"), quantity_min=_D("0.0001"), quantity_max=_D(300),
        notional_min=_D(10), notional_max=_D(400_000), maker_fee=FEE, taker_fee=FEE, fee_step=_D("0.00000001"),
        band=BAND,
    ),
    Listing(
        "USDTUSD", "USDT", "USD", tick=_D("0.0001"), lot=_D("0.01"), quantity_min=_D("0.01"),
        quantity_max=_D(1_000_000), notional_min=_D(10), notional_max=_D(400_000), maker_fee=FEE, taker_fee=FEE,
        fee_step=_D("0.01"), mock=True, band=BAND,
    ),
    Listing(
        "USDTHKD", "USDT", "HKD", tick=_D("0.001"), lot=_D("0.01"), quantity_min=_D("0.01"),
        quantity_max=_D(1_000_000), notional_min=_D(80), notional_max=_D(3_000_000), maker_fee=FEE, taker_fee=FEE,
        fee_step=_D("0.01"), mock=True, band=BAND,
    ),
)  # fmt: skip
FORBIDDEN: Final = Listing(
    "BTCUSD", "BTC", "USD", tick=_D("0.01"), lot=_D("0.00001"), quantity_min=_D("0.00001"), quantity_max=_D(16),
    notional_min=_D(10), notional_max=_D(400_000), maker_fee=FEE, taker_fee=FEE, fee_step=_D("0.01"), mock=True,
    band=BAND,
)  # fmt: skip

_BTC, _ETH = Decimal(78_300), Decimal(2_300)
_PER_BTC: Final = float(_BTC / _ETH)
ETHER: Final = replace(
    VOLATILE,
    half_spread_bp=0.4,
    rung_size=VOLATILE.rung_size * _PER_BTC,
    taker_size=VOLATILE.taker_size * _PER_BTC,
    impact_bp=VOLATILE.impact_bp / _PER_BTC,
)


def with_forbidden() -> tuple[Listing, ...]:
    """The standard listings and one pair which nothing may ever use."""
    return (*LISTINGS, FORBIDDEN)


def sandbox_exchange(
    seed: int,
    *,
    balances: Mapping[str, Mapping[str, Decimal]],
    recorded: bool,
    strict_tif: bool = False,
    forbidden: bool = False,
    start: Instant = START,
    played: Flow | None = None,
) -> Exchange:
    """HashKey's market alone; `recorded` asks for the real half hour of BTCUSDT where its package is installed.

    `played` takes the place of its pair's usual flow; all others then begin at `start`, and nothing is recorded.
    """
    flows = hashkey_flows(seed, recorded=recorded, forbidden=forbidden, start=start, played=played)
    listings = with_forbidden() if forbidden else LISTINGS
    return Exchange(listings, balances, flows, start=start, strict_tif=strict_tif)


def hashkey_flows(
    seed: int, *, recorded: bool, forbidden: bool = False, start: Instant = START, played: Flow | None = None
) -> list[Flow]:
    """Who else trades at HashKey: see `sandbox_exchange`."""
    flows: list[Flow] = [
        _bitcoin(seed, start, recorded and played is None),
        SyntheticFlow("ETHUSDT", start, seed, _ETH, tick=_D("0.01"), lot=_D("0.0001"), temper=ETHER),
        PeggedFlow("USDTUSD", start, seed),
        PeggedFlow("USDTHKD", start, seed, _D("7.8"), tick=_D("0.001")),
    ]
    if forbidden:
        flows.append(SyntheticFlow(FORBIDDEN.symbol, start, seed, _BTC))
    if played is not None:
        flows = [flow for flow in flows if flow.symbol != played.symbol] + [played]
    return flows


def _bitcoin(seed: int, start: Instant, recorded: bool) -> Flow:
    """The recording, and when it is over a crowd that carries on; a crowd alone where there is no recording."""
    if recorded:
        from venues.sandbox import recorded as recording  # numpy is only loaded where it is wanted

        if (flow := recording.load("BTCUSDT")) is not None:
            return Relay(flow, lambda at, mid: SyntheticFlow("BTCUSDT", at, seed, mid), LISTINGS[0].tick)
    return SyntheticFlow("BTCUSDT", start, seed, _BTC)
