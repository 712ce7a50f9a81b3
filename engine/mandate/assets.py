"""What each asset is, by law and by its smallest unit. Config may add volatile assets, and nothing else.

If a config could call a coin stable, the path check would be worth nothing; so stable and fiat are this table's alone.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.money import Asset, AssetClass


class AssetKind(Struct, frozen=True):
    """Class and smallest unit of one asset."""

    asset: Asset
    klass: AssetClass
    unit: Decimal


def _kind(name: str, klass: AssetClass, unit: str) -> tuple[Asset, AssetKind]:
    return Asset(name), AssetKind(Asset(name), klass, Decimal(unit))


KNOWN: Final[Mapping[Asset, AssetKind]] = dict(
    (
        _kind("BTC", AssetClass.VOLATILE, "0.00000001"),
        _kind("ETH", AssetClass.VOLATILE, "0.000000000001"),  # wei are finer than we keep; a venue's lot is coarser
        _kind("SOL", AssetClass.VOLATILE, "0.000000001"),
        _kind("LTC", AssetClass.VOLATILE, "0.00000001"),
        _kind("XRP", AssetClass.VOLATILE, "0.000001"),
        _kind("USDT", AssetClass.STABLE, "0.000001"),
        _kind("USDC", AssetClass.STABLE, "0.000001"),
        _kind("FDUSD", AssetClass.STABLE, "0.000001"),
        _kind("USD", AssetClass.FIAT, "0.01"),
        _kind("HKD", AssetClass.FIAT, "0.01"),
    )
)
