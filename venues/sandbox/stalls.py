"""The venues of the hall beside HashKey: what they list, and how their crowds differ from the one that they follow.

OSL's ticks, steps, caps, bands and fees are those of its catalogue. That it lists BTC and ETH against USDT is mock: it
deals in them against USD and HKD, which the lawful path never uses.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import MINUTE, SECOND, Span
from venues.sandbox.crowd import PEGGED, VOLATILE, Temper
from venues.sandbox.dealer import DealerTerms
from venues.sandbox.exchange import CLIENT_ID
from venues.sandbox.listings import ETHER, LISTINGS
from venues.sandbox.model import Listing

_D = Decimal
_TAKER: Final = _D("0.0005")
_NONE: Final = _D(0)
OSL_LISTINGS: Final = (
    Listing(
        "BTCUSDT", "BTC", "USDT", tick=_D("0.1"), lot=_D("0.0000001"), quantity_min=_D("0.0001"),
        quantity_max=_D(400), notional_min=_D(10), notional_max=_D(600_000), maker_fee=_NONE, taker_fee=_TAKER,
        fee_step=_D("0.00000001"), mock=True, band=_D("0.05"), band_both_ways=True, market_band=_D("0.05"),
    ),
    Listing(
        "ETHUSDT", "ETH", "USDT", tick=_D("0.01"), lot=_D("0.000001"), quantity_min=_D("0.001"),
        quantity_max=_D(10_000), notional_min=_D(10), notional_max=_D(600_000), maker_fee=_NONE, taker_fee=_TAKER,
        fee_step=_D("0.00000001"), mock=True, band=_D("0.05"), band_both_ways=True, market_band=_D("0.05"),
    ),
    Listing(
        "USDTUSD", "USDT", "USD", tick=_D("0.0001"), lot=_D("0.01"), quantity_min=_D(1), quantity_max=_D(5_000_000),
        notional_min=_D(10), notional_max=_D(600_000), maker_fee=_NONE, taker_fee=_NONE, fee_step=_D("0.01"),
        band=_D("0.03"), band_both_ways=True, market_band=_D("0.03"),
    ),
    Listing(
        "USDTHKD", "USDT", "HKD", tick=_D("0.001"), lot=_D("0.01"), quantity_min=_D(1), quantity_max=_D(5_000_000),
        notional_min=_D(80), notional_max=_D(4_700_000), maker_fee=_NONE, taker_fee=_NONE, fee_step=_D("0.01"),
        band=_D("0.03"), band_both_ways=True, market_band=_D("0.03"),
    ),
)  # fmt: skip
OSL_FORBIDDEN: Final = replace(OSL_LISTINGS[0], symbol="BTCUSD", quote="USD", fee_step=_D("0.01"), mock=False)


class Basis(Struct, frozen=True):
    """How far a venue's price strays from the shared one: a seeded walk that is drawn back to nothing."""

    wander_bp: float
    """Standard deviation over one second."""
    pull: Span
    """Time in which it comes back by all but 1/e."""


class Stall(Struct, frozen=True, kw_only=True):
    """One venue's place in the hall."""

    name: str
    listings: tuple[Listing, ...]
    forbidden: Listing
    """Listed on demand, for tests which prove that it is never used."""
    depth: float = 1.0
    """Sizes of quotes and takers, as a multiple of HashKey's; where it is deeper the same sale pushes less."""
    activity: float = 1.0
    """How often somebody takes or renews, as a multiple of HashKey's."""
    basis: Basis
    pegged_basis: Basis
    client_ids: re.Pattern[str] = CLIENT_ID
    dealer: DealerTerms = DealerTerms()

    def temper(self, symbol: str) -> Temper:
        """The crowd of a pair at this venue."""
        pegged = symbol.startswith("USDT")
        like = PEGGED if pegged else ETHER if symbol.startswith("ETH") else VOLATILE
        basis = self.pegged_basis if pegged else self.basis
        return replace(
            like,
            wander_bp=basis.wander_bp,
            pull_ns=float(basis.pull),
            rung_size=like.rung_size * self.depth,
            taker_size=like.taker_size * self.depth,
            impact_bp=like.impact_bp / self.depth,
            renewals=like.renewals * self.activity,
            takers=like.takers * self.activity,
        )


OSL: Final = Stall(
    name="osl",
    listings=OSL_LISTINGS,
    forbidden=OSL_FORBIDDEN,
    depth=0.6,
    activity=0.5,
    basis=Basis(0.15, Span(90 * SECOND)),
    pegged_basis=Basis(0.03, Span(5 * MINUTE)),
    client_ids=re.compile(r"[!-~]{1,36}"),
    dealer=DealerTerms(spread_min=600, spread_max=2_400, validity_max=Span(7 * SECOND)),
)
"""About 1 bp of basis most of the time (0.15 bp times the root of 45 s); all numbers are mock."""
HASHKEY_DEALER: Final = DealerTerms(validity_min=Span(30 * SECOND), validity_max=Span(55 * SECOND))
STALLS: Final[Mapping[str, Stall]] = {"osl": OSL}

assert {one.symbol for one in OSL_LISTINGS} <= {one.symbol for one in LISTINGS}, "every stall shares HashKey's prices"
