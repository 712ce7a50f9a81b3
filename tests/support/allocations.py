"""A sale that several tests divide: 3 BTC at 60,000, and most of what they brought sold on for USD."""

from typing import Final

from engine.kernel.money import Asset
from engine.mandate.allocation import Share, Step
from tests.support.casefiles import BTC, USD, USDT, d


def step(sell: Asset, buy: Asset, quantity: str, proceeds: str, fee: str = "0", entrusted: str | None = None) -> Step:
    """Three fills; all of it was seized unless `entrusted` says how much."""
    return Step(
        sell=sell,
        buy=buy,
        quantity=d(quantity),
        entrusted=d(quantity if entrusted is None else entrusted),
        proceeds=d(proceeds),
        fees={buy: d(fee)} if d(fee) else {},
        fills=3,
        fills_sha256="ab" * 32,
    )


def share(party: str, parts: str, asset: Asset = BTC) -> Share:
    return Share(party=party, asset=asset, parts=d(parts))


SALE: Final = step(BTC, USDT, "3", "180000", "180")
CHANGE: Final = step(USDT, USD, "179000", "178910.50", "10", entrusted="0")
TWO: Final = (share("A", "2"), share("B", "1"))
