"""The conversion path: volatile → stable → fiat, never in one step, never back.

This is planning's own check of the path. Config makes one before it and the gate one after it, each with its own code.
"""

from collections.abc import Mapping, Sequence

from engine.kernel.errors import Mistake
from engine.kernel.money import Asset, AssetClass
from engine.mandate.terms import Edge

LAWFUL = ((AssetClass.VOLATILE, AssetClass.STABLE), (AssetClass.STABLE, AssetClass.FIAT))
"""The only two kinds of hop."""


def route(
    asset: Asset, settlement: Asset, edges: Sequence[Edge], classes: Mapping[Asset, AssetClass]
) -> list[Edge] | Mistake:
    """The hops from `asset` to `settlement`: one for a stablecoin, two for anything volatile."""
    hops: list[Edge] = []
    here = asset
    while here != settlement:
        onward = [e for e in edges if e.sell == here and (classes[e.sell], classes[e.buy]) in LAWFUL]
        reaching = [e for e in onward if e.buy == settlement or classes[e.buy] is AssetClass.STABLE]
        if not reaching:
            return Mistake(f"path.{asset}", f"no lawful hop leads from {here} towards {settlement}")
        if len(reaching) > 1:
            names = ", ".join(f"{e.sell}>{e.buy}" for e in reaching)
            return Mistake(f"path.{asset}", f"more than one hop leads on from {here}: {names}; name one")
        hops.append(reaching[0])
        here = reaching[0].buy
    return hops
