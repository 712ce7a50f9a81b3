"""From `[custody]` to its meaning."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from engine.config.schema import CustodySection
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset


class CustodyUse(Struct, frozen=True, kw_only=True):
    """Where the coin lies that no venue holds yet, and how much of it may leave at a time."""

    kind: str
    """`files` or `sandbox`."""
    folder: str = ""
    """As the config names it: relative to the config."""
    address: str = ""
    """Of a sandbox's custodian that a run is pointed at; empty when the run starts its own."""
    slices_ahead: int = 3
    tranche_min: Mapping[Asset, Decimal] = {}
    exposure_max: Mapping[VenueName, Decimal] = {}
    """In the settlement currency; no bound for a venue that is not in it."""


def custody_use(section: CustodySection | None) -> CustodyUse | None:
    """What the section means, once nothing is wrong with it; `None` without one."""
    if section is None:
        return None
    return CustodyUse(
        kind=section.kind,
        folder=section.folder,
        address=section.address.rstrip("/"),
        slices_ahead=section.slices_ahead,
        tranche_min={Asset(name): units for name, units in section.tranche_min.items()},
        exposure_max={VenueName(name): value for name, value in section.exposure_max.items()},
    )
