"""The section of the report on floors: what was settled, every version, every stretch, and whether it was kept."""

from decimal import Decimal
from typing import Any, Final

from engine.events import FloorSet
from engine.evidence.floors import FairPrice, FloorStretch, HeldSale, fair_price, of_leg
from engine.evidence.story import LegStory, Story
from engine.kernel.clock import SECOND, Instant, Span, show_span
from engine.kernel.money import ZERO, ratio, times
from engine.mandate.floors import in_words, manner, percent, rules_in_words
from engine.mandate.terms import Floor, FloorScope
from engine.reports.pages import DASH, show, time

HUNDRED: Final = Decimal(100)
_JUDGED: Final = {FloorScope.FILL: "fill", FloorScope.SLICE: "slice", FloorScope.AVERAGE: "whole"}


def floors(story: Story) -> list[dict[str, Any]]:
    """A part for each leg that has a floor, or whose floor was set or blocked on the way."""
    parts = []
    for leg in story.legs:
        stretches = of_leg(story.stretches, leg.plan.id)
        versions = [entry for entry in story.floors if entry.asset == leg.plan.sell]
        if leg.plan.floor is None and not stretches and not versions:
            continue
        parts.append(
            {
                "leg": f"{leg.plan.sell} for {leg.plan.buy}",
                "facts": _facts(leg),
                "versions": [_version(entry) for entry in versions],
                "stretches": [_stretch(stretch, leg, story.last_at) for stretch in stretches],
            }
        )
    return parts


def _facts(leg: LegStory) -> list[tuple[str, str]]:
    floor = leg.plan.floor
    if floor is None:
        return [("Floor at the start", "none")]
    rows = [("Floor at the start", in_words(floor)), ("Held", manner(floor))]
    if floor.average is not None:
        rows.append(("How it is taken", rules_in_words(floor.average)))
    return [*rows, ("Kept", _kept(leg, floor))]


def _kept(leg: LegStory, floor: Floor) -> str:
    """Each sale against the floor that its order was sent under, in the scope that the plan names."""
    sales = [
        HeldSale(
            quantity=sold.fill.quantity,
            price=sold.fill.price,
            fee=sold.fill.fee.units if sold.fill.fee.asset == leg.plan.buy else ZERO,
            slice=sold.order.slice,
            bound=sold.floor,
        )
        for sold in leg.fills
    ]
    stated = fair_price(sales, floor.scope, floor.fees)
    return DASH if stated is None else _stated(stated, floor)


def _stated(stated: FairPrice, floor: Floor) -> str:
    word = "yes" if stated.kept else "NO"
    over = "above" if stated.worst_bp >= 0 else "BELOW"
    what = _JUDGED[floor.scope]
    who = f"the {what}" if stated.judged == 1 else f"the worst {what} of {stated.judged}"
    return f"{word}: {who} lies {show(abs(stated.worst_bp), 2)} bp {over} its floor; {stated.sales} fills"


def _version(entry: FloorSet) -> tuple[str, ...]:
    made = entry.version
    if made is None:
        return (entry.day, DASH, DASH, DASH, DASH, entry.lack)
    files = ", ".join(f"{source} {digest[:12]}" for source, digest in sorted(made.files.items()))
    missing = f"; missing: {', '.join(one.day for one in made.missing)}" if made.missing else ""
    days = f"{made.days[-1].day} to {made.days[0].day}, {len(made.days)} days{missing}" if made.days else DASH
    return (
        entry.day,
        str(made.number),
        f"{show(made.price)} {made.currency}",
        f"{percent(made.share)} of {show(made.average)}",
        days,
        f"values {made.digest[:12]}; files {files}",
    )


def _stretch(stretch: FloorStretch, leg: LegStory, last: Instant) -> tuple[str, ...]:
    began = stretch.began
    ended = stretch.ended if stretch.ended is not None else leg.ended_at or last
    until = time(ended) if stretch.ended is not None else f"{time(ended)}, the end"
    lasted = show_span(Span((ended - began.at) // SECOND * SECOND))
    far = DASH
    if began.wanted is not None and began.bid:
        far = f"{show(ratio(times(began.wanted - began.bid, HUNDRED), began.bid, 2), 2)} %"
    return (time(began.at), until, lasted, began.lack or began.floor, show(began.wanted), show(began.bid), far)
