"""What the guards of the market did, in sentences for the timeline, the report and the screen."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from engine.evidence.story import Moment
from engine.kernel.money import times, trimmed
from engine.orders import commands as c
from engine.orders.condition import Stage

PEG: Final = "peg"
WAITS: Final = "market too restless"
GOES_ON: Final = "market calm again"
CONDITION: Final = "condition"
_STAGES: Final = {
    Stage.WAITS: "waits for its price",
    Stage.HOLDS: "sees its price",
    Stage.MET: "sells on its price",
}
_WORDS: Final = ("its peg holds", "its peg is watched", "no more of it is made, what is there is still sold")


def peg(entry: c.PegLevel) -> tuple[str, str]:
    """`USDT, level 1 to 2: -57 bp by 3 sources, z -4.03: no more of it is made, …`."""
    by = "1 source" if entry.sources == 1 else f"{entry.sources} sources"
    price = f"{trimmed(entry.off_bp)} bp by {by}" if entry.off_bp is not None else f"too few prices: {by}"
    told = f"{entry.asset}, level {entry.was} to {entry.level}: {price}, z {entry.z}: {_WORDS[entry.level]}"
    return PEG, f"{told}; {entry.why}" if entry.level == len(_WORDS) - 1 else told


def pause(entry: c.MarketPause) -> tuple[str, str]:
    """`leg 1 waits: moved 2.3 % within 5m, and 2 % pauses; price 58,600`."""
    numbers = []
    if entry.price is not None:
        numbers.append(f"price {trimmed(entry.price)}")
    if entry.move is not None:
        numbers.append(f"moved {trimmed(times(entry.move, Decimal(100)))} %")
    if entry.spread_bp is not None:
        numbers.append(f"spread {trimmed(entry.spread_bp)} bp")
    told = f"leg {entry.leg} {'waits' if entry.waits else 'goes on'}: {entry.why}"
    return WAITS if entry.waits else GOES_ON, "; ".join([told, ", ".join(numbers)]).rstrip("; ")


def condition(entry: c.ConditionTurn) -> tuple[str, str]:
    """`leg 1 sells on its price, 66500: since 10:12:05: 66480 by the median of 3: …`."""
    return CONDITION, f"leg {entry.leg} {_STAGES[entry.stage]}, {trimmed(entry.bound)}: {entry.why}"


def moments(timeline: Sequence[Moment]) -> list[Moment]:
    """Of all that happened, what the guards did."""
    return [moment for moment in timeline if moment.what in (PEG, WAITS, GOES_ON)]
