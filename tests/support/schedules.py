"""Every registered schedule, with parameters that show what it can do, for what all of them promise."""

from typing import Final

from engine.kernel.clock import HOUR, Instant
from engine.orders.strategy import Schedule
from strategies import registry
from tests.support.builders import START
from tests.support.models import learned

END: Final = Instant(START + HOUR)
JITTER: Final = {"time_jitter": "0.5", "size_jitter": "0.02", "seed": "11"}
POV: Final = {"every": "1m", "rate": "0.1", "slice_max": "0.05"}
MARKET: Final = {
    "price": "62000",
    "sigma_daily": "0.0275",
    "volume_daily": "29717",
    "prefactor": "0.8",
    "exponent": "0.5",
    "spread_bp": "1",
    "permanent": "0",
}
SHORTFALL: Final = {**MARKET, "quantity": "500", "slices": "24", "risk_aversion": "0.00001"}
EVERY: Final = {
    "twap": {"slices": "56"},
    "twap, jittered": {"slices": "56", **JITTER},
    "twap, one slice": {"slices": "1"},
    "vwap": {"slices": "24", "curve": "4,3,0,7,9"},
    "vwap, jittered": {"slices": "24", "curve": "4,3,0,7,9", **JITTER},
    "pov": POV,
    "pov, jittered": {**POV, **JITTER, "least": "0.3"},
    "pov, kept to the line": {**POV, "slice_max": "1", "least": "1"},
    "shortfall": {**SHORTFALL, "law": "linear"},
    "shortfall, power": {**SHORTFALL, "law": "power"},
    "shortfall, jittered": {**SHORTFALL, "law": "linear", **JITTER},
    "dynamic_vwap": {"slices": "10", "model": learned("direct")},
    "dynamic_vwap, jittered": {"slices": "10", "model": learned("direct"), **JITTER},
    "dynamic_vwap, ar1": {"slices": "10", "model": learned("ar1")},
    "dynamic_vwap, static": {"slices": "10", "model": learned("static")},
    "vwap, learned": {"slices": "10", "model": learned("direct"), **JITTER},
    "fiat_sweep": {"every": "10s", "amount": "2", "age": "3m"},
    "fiat_sweep, jittered": {"every": "10s", "amount": "2", "age": "3m", **JITTER},
}
"""By the name and what is special about it, after a comma."""
OPEN_ENDED: Final = frozenset({"fiat_sweep", "fiat_sweep, jittered", "pov", "pov, jittered"})
"""What comes in, or what others trade, says how much these sell by the end."""
DRAWN_ANEW: Final = frozenset({"shortfall, jittered"})
"""Each slice's own draw, of what is left: a run that sells nothing may be asked for less than a slice before."""


def made(name: str) -> Schedule:
    """From `START` to `END`."""
    return registry.schedule(name.split(",")[0], START, END, EVERY[name])
