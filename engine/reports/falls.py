"""How far our own sales fell over minutes, as rows for people."""

from collections.abc import Iterable

from engine.evidence.falls import Fall
from engine.reports.pages import show, time


def falls(told: Iterable[Fall]) -> list[tuple[str, ...]]:
    """Over what, how far, the collar; the reference with its order; the sale with its order; how many orders."""
    return [
        (
            f"any {fall.window}",
            f"{show(fall.bp, 2)}{' (beyond)' if fall.beyond else ''}",
            show(fall.bound_bp, 2),
            show(fall.reference),
            time(fall.since),
            fall.begun_by,
            show(fall.price),
            time(fall.at),
            fall.sold_by,
            str(fall.orders),
        )
        for fall in told
    ]
