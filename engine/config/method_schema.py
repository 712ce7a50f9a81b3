"""The sections that say when and how an asset is sold."""

from collections.abc import Mapping

from msgspec import Struct

from engine.config.shapes import BoundText, Count, Number, Percent, PortionText, SpanText, Weight


class StrategySection(Struct, forbid_unknown_fields=True, frozen=True):
    """When. Which schedule needs and takes which keys stands in `schedule_checks.KEYS`."""

    schedule: str
    window: SpanText
    at_end: str
    """What becomes of a remainder when the window ends: `stop`, `extend`, `sweep` or `rfq`."""
    catch_up: Number
    """What is behind after an outage may be made up at so many times the planned rate."""
    slices: Count | None = None
    curve: tuple[Weight, ...] = ()
    model: str = ""
    """What `steelyard learn` wrote, relative to this file."""
    every: SpanText | None = None
    rate: Percent | None = None
    slice_max: Percent | None = None
    least: Percent | None = None
    risk_aversion: Number | None = None
    law: str | None = None
    time_jitter: Percent = "0%"
    size_jitter: Percent = "0%"
    seed: int = 0
    parameters: Mapping[str, str] = {}
    """For a schedule of somebody else's package, passed on as they are."""


class TacticSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How. Which tactic needs and takes which keys stands in `tactic_checks.KEYS`."""

    kind: str
    every: SpanText | None = None
    before: SpanText | None = None
    reach_bp: Number | None = None
    urgency: str | None = None
    adverse_bp: Number | None = None
    drift_bp: Number | None = None
    display: PortionText | None = None
    vary: Percent | None = None
    seed: int | None = None
    inside: Weight | None = None
    step_bp: Number | None = None
    replaces: Count | None = None
    size: PortionText | None = None
    within_bp: Number | None = None
    cross_at_end: str | None = None
    below: BoundText | None = None
    above: BoundText | None = None
    persist: SpanText | None = None
    at_sweep: str | None = None
    """Whether a sweep of what is left at the end waits for the price too: `sell` or `wait`."""
    parameters: Mapping[str, str] = {}
    """For a tactic of somebody else's package, passed on as they are."""
