"""The limits of a run as values. Each has one place where it is held: `risk.gate`."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.mandate.conduct import ConductRules
from engine.mandate.deposit import DepositRule
from engine.market.footprint import FootprintRule
from engine.market.reference import ReferenceRules
from engine.risk.calm import PauseRules
from engine.risk.caps import CapRules


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on single orders and on their flow. Notionals are in the asset bought (USDT for BTC, USD for USDT)."""

    collar_bp: Decimal
    """How far below the reference a sale's limit may lie."""
    order_notional_max: Decimal
    minute_notional_max: Decimal
    """Per leg, over any sixty seconds of market time."""
    basket_minute_max: Decimal | None = None
    """Of all legs that sell for the same asset together, over any sixty seconds of market time."""
    caps: CapRules | None = None
    """How much may be sold in any hour, on a day and in all; `None` where nothing says so."""
    depth_share_max: Decimal | None = None
    """The most that one crossing order may take of the bids that are shown at its limit or above; a fraction."""
    minute_orders_max: int
    """Placed orders of all legs, over any sixty seconds of market time."""
    deposit: DepositRule | None = None
    """How much deposit has to cover what is out of custody; `None` where none is asked for."""
    reference: ReferenceRules
    reconcile_every: Span
    """Market time between two readings of a quiet account."""
    footprint: FootprintRule | None = None
    """How much of what is traded in books may be ours; `None` where nothing says so."""
    pause: PauseRules | None = None
    """When a volatile asset's market is too restless to sell into; `None`: never."""
    conduct: ConductRules = ConductRules()
    """Against which the run is held when it is told; it stops no order."""
    unknown_patience: Span
    """Market time after the deadline that an unresolved order is waited for."""
