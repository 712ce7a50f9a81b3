"""Two sections of the report: fees as charged and as scheduled, and which sales may have met a book abroad."""

from typing import Any, Final

from engine.evidence.fees import FeeCheck
from engine.evidence.sharing import Shared, shared
from engine.evidence.story import Story
from engine.kernel.clock import iso
from engine.mandate.register import SharedBook
from engine.reports.pages import DASH, show

BOOKS: Final = (SharedBook.YES, SharedBook.UNKNOWN, SharedBook.NO, SharedBook.NO_BOOK)


def fees(checked: FeeCheck | None) -> dict[str, Any] | None:
    """The table, what differs beyond rounding, and what could not be judged; `None` where there is no schedule."""
    if checked is None:
        return None
    return {
        "rows": [
            (
                each.venue,
                f"{each.tier}, since {iso(each.since)[:16]}Z: {each.source}",
                str(each.fills),
                f"{show(each.charged)} {each.asset}",
                f"{show(each.scheduled)} {each.asset}",
                f"{show(each.more)} {each.asset}",
            )
            for each in checked.tariffs
        ],
        "differences": [
            (
                each.venue,
                each.client_id,
                ", ".join(each.trade_ids),
                each.basis,
                f"{show(each.charged)} {each.asset}",
                f"{show(each.scheduled)} {each.asset}",
                f"{show(abs(each.more))} {each.asset} too {'much' if each.more > 0 else 'little'}",
            )
            for each in checked.differences
        ],
        "unjudged": checked.unjudged,
    }


def books(story: Story) -> list[tuple[str, ...]]:
    """Per venue and pair, units and notional by what is known of the book, and who says so."""
    return [
        (each.venue, f"{each.sell} for {each.buy}", *(_sold(each, word) for word in BOOKS), each.source or DASH)
        for each in shared(story)
    ]


def _sold(told: Shared, word: SharedBook) -> str:
    if not told.units[word]:
        return DASH
    return f"{show(told.units[word])} {told.sell}, {show(told.notional[word])} {told.buy}"
