"""A book of twenty levels a side as HashKey writes it, some 1.1 kB: what every feed of the benchmarks shows."""

from decimal import Decimal

import msgspec

from engine.kernel.chance import below

LEVELS = 20
SYMBOL = "BTCUSDT"
MID = Decimal("78000.00")


def levels(*, bid: bool, seed: int = 0) -> list[list[str]]:
    """Prices and sizes, best first, a few ticks apart; another seed gives other sizes."""
    step = Decimal("-0.07") if bid else Decimal("0.07")
    sizes = (Decimal(1_000 + below(seed, f"size {bid}", level, 90_000)).scaleb(-5) for level in range(LEVELS))
    return [[str(MID + step * (level + 1)), str(size)] for level, size in enumerate(sizes)]


def frame(version: int, at_ms: int, seed: int = 0) -> bytes:
    """A message of the `depth` topic."""
    sides = {"b": levels(bid=True, seed=seed), "a": levels(bid=False, seed=seed)}
    said = {
        "symbol": SYMBOL,
        "symbolName": SYMBOL,
        "topic": "depth",
        "params": {"realtimeInterval": "24h", "binary": "false"},
        "data": [{"s": SYMBOL, "t": at_ms, "v": f"{version}_18", **sides}],
        "f": False,
        "sendTime": at_ms,
        "channelId": "benchmark",
        "site": "hk",
        "shared": False,
    }
    return msgspec.json.encode(said)
