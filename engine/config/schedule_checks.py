"""Which keys of `[strategy]` each of our schedules needs, takes and leaves to others; and what is wrong with them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.config.method_schema import StrategySection
from engine.config.words import percent
from engine.kernel.clock import SECOND, parse_span
from engine.kernel.errors import Mistake
from engine.science.calibration import LAWS

NEEDED, TAKEN = "needed", "taken"

KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "twap": {"slices": NEEDED},
    "vwap": {"slices": NEEDED, "curve": TAKEN, "model": TAKEN},
    "dynamic_vwap": {"slices": NEEDED, "model": NEEDED},
    "pov": {"rate": NEEDED, "every": NEEDED, "slice_max": NEEDED, "least": TAKEN},
    "shortfall": {"slices": NEEDED, "risk_aversion": NEEDED, "law": NEEDED},
}
"""Per schedule its own keys; what all of them take is in `COMMON`."""

COMMON: Final = ("schedule", "window", "at_end", "catch_up", "seed", "time_jitter", "size_jitter", "parameters")
OWN: Final = tuple(key for key in StrategySection.__struct_fields__ if key not in COMMON)
WHAT_FOR: Final[Mapping[str, str]] = {
    "slices": "cuts its window into so many",
    "curve": "needs weights of equal parts of the window, such as [4, 3, 5, 7]",
    "model": "follows what `steelyard learn` has learned of volumes",
    "rate": 'sells so much of all that is traded, such as "10%"',
    "every": 'looks at the market as often as this, such as "1m"',
    "slice_max": 'sells at most this share of the whole in a slice, such as "5%"',
    "risk_aversion": 'weighs risk against cost by it, such as "0.00001"; "0" is a straight line',
    "law": f"needs to know how impact grows with the rate: {' or '.join(LAWS)}",
}
SLICES_MAX: Final = 100_000
"""Orders are named by their slice, and beyond this by what else they are."""
SIZE_JITTER_MAX: Final = Decimal("0.05")


def mistakes(strategy: StrategySection) -> Iterator[Mistake]:
    """All that is wrong with the section of one of our schedules, but for what all schedules have in common."""
    if strategy.parameters:
        yield Mistake("strategy.parameters", f"{strategy.schedule} takes none: its parameters are keys of [strategy]")
    yield from _keys(strategy)
    yield from _jitters(strategy)
    yield from _lengths(strategy)
    yield from _values(strategy)


def given(strategy: StrategySection) -> list[str]:
    """The keys that only some schedules take, as far as they were said."""
    return [key for key in OWN if getattr(strategy, key) not in (None, (), "")]


def _keys(strategy: StrategySection) -> Iterator[Mistake]:
    takes = KEYS[strategy.schedule]
    for key in OWN:
        there = key in given(strategy)
        if not there and takes.get(key) == NEEDED:
            yield Mistake(f"strategy.{key}", f"is missing: {strategy.schedule} {WHAT_FOR[key]}")
        elif there and key not in takes:
            users = " or ".join(name for name, keys in KEYS.items() if key in keys)
            yield Mistake(f"strategy.{key}", f"is not for {strategy.schedule}; did you mean schedule = {users}?")
    if strategy.schedule == "vwap":
        yield from _one_curve(strategy)


def _one_curve(strategy: StrategySection) -> Iterator[Mistake]:
    """VWAP follows what is written, or what was learned."""
    if strategy.curve and strategy.model:
        yield Mistake("strategy.model", "vwap takes a curve or a model, not both")
    elif not strategy.curve and not strategy.model:
        yield Mistake("strategy.curve", f"is missing, and so is a model: vwap {WHAT_FOR['curve']}")


def _jitters(strategy: StrategySection) -> Iterator[Mistake]:
    if percent(strategy.time_jitter) >= 1:
        yield Mistake("strategy.time_jitter", "has to be below 100% of a slice")
    if percent(strategy.size_jitter) > SIZE_JITTER_MAX:
        yield Mistake("strategy.size_jitter", "above 5% of the whole it would be timing the market")


def _lengths(strategy: StrategySection) -> Iterator[Mistake]:
    """Slices, by their number or by their length, whichever the schedule is told."""
    window, takes = parse_span(strategy.window), KEYS[strategy.schedule]
    if strategy.slices is not None and "slices" in takes:
        if window // strategy.slices < SECOND:
            yield Mistake("strategy.slices", "a slice has to last a second at the least")
        elif strategy.slices > SLICES_MAX:
            yield Mistake("strategy.slices", f"{SLICES_MAX} are the most")
    if strategy.every is not None and "every" in takes:
        every = parse_span(strategy.every)
        if every < SECOND:
            yield Mistake("strategy.every", "a slice has to last a second at the least")
        elif every > window:
            yield Mistake("strategy.every", f"{strategy.every} is longer than the window, {strategy.window}")
        elif window // every > SLICES_MAX:
            yield Mistake("strategy.every", f"makes {window // every} slices; {SLICES_MAX} are the most")


def _values(strategy: StrategySection) -> Iterator[Mistake]:
    """Of keys that are not the schedule's own nothing more is said."""
    takes = KEYS[strategy.schedule]
    if "curve" in takes and strategy.curve and sum(strategy.curve) == 0:
        yield Mistake("strategy.curve", f"{strategy.schedule} {WHAT_FOR['curve']}")
    if "rate" in takes and strategy.rate is not None and not 0 < percent(strategy.rate) < 1:
        yield Mistake("strategy.rate", "lies between 0% and 100%, neither included")
    if "slice_max" in takes and strategy.slice_max is not None and not 0 < percent(strategy.slice_max) <= 1:
        yield Mistake("strategy.slice_max", "lies above 0% of the whole, and 100% is all of it")
    if "least" in takes and strategy.least is not None and percent(strategy.least) > 1:
        yield Mistake("strategy.least", "above 100% of the straight line it would be ahead of any need")
    if "risk_aversion" in takes and strategy.risk_aversion is not None and strategy.risk_aversion < 0:
        yield Mistake("strategy.risk_aversion", "below 0 risk would be sought")
    if "law" in takes and strategy.law is not None and strategy.law not in LAWS:
        yield Mistake("strategy.law", f"{strategy.law!r} is neither of: {', '.join(LAWS)}")
