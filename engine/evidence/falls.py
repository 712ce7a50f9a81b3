"""How far our own sales fell: each price against the references that orders of the minutes before were held against.

The collar holds one order at a time. A chain of orders, each within it, may still walk a price down; so every sale in
a book is held against every reference of the five minutes and of the hour before it, and the worst is told beside the
collar. It is told and not prevented: no order is refused by it. Deals with desks print in no book and are left out.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from engine.evidence.benchmarks import in_book, slippage_bp
from engine.evidence.story import Attempt, LegStory, Sold, Story
from engine.kernel.clock import MINUTE, Instant, Span, iso
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import plain
from engine.orders.order import Check

WINDOWS: Final[Mapping[str, Span]] = {"5 minutes": Span(5 * MINUTE), "hour": Span(60 * MINUTE)}
Sale = tuple[Instant, Sold]


class Fall(Struct, frozen=True, kw_only=True):
    """The worst that a sale brought less than the reference at the start of a window."""

    window: str
    bp: Decimal
    """Of the reference; negative where even the worst sale brought more."""
    bound_bp: Decimal
    """The collar of one order."""
    reference: Decimal
    since: Instant
    begun_by: ClientOrderId
    """The order that was held against the reference."""
    price: Decimal
    at: Instant
    sold_by: ClientOrderId
    orders: int
    """How many sold from the one instant to the other."""

    @property
    def beyond(self) -> bool:
        """Did the price fall farther than one order may?"""
        return self.bp > self.bound_bp


def falls(story: Story, leg: LegStory) -> tuple[Fall, ...]:
    """One for each window; none where nothing was sold in a book under a reference."""
    held = sorted((a for a in leg.attempts if a.reference is not None), key=lambda a: a.order.decided_at)
    # A venue's clock may lie before ours: a sale never comes before the decision on its own order.
    sales = [(max(sold.fill.at, sold.order.decided_at), sold) for sold in leg.fills if in_book(sold)]
    sales.sort(key=lambda sale: sale[0])
    found = []
    for name, length in WINDOWS.items():
        if (worst := _worst(held, sales, length)) is not None:
            found.append(_fall(name, *worst, sales, story.opened.limits.collar_bp))
    return tuple(found)


def _worst(held: Iterable[Attempt], sales: Iterable[Sale], length: Span) -> tuple[Attempt, Sale] | None:
    """Where a sale lay farthest under a reference. Of those in a window only such matter as no later one is above."""
    worst: tuple[Decimal, Attempt, Sale] | None = None
    highest: deque[Attempt] = deque()
    coming = deque(held)
    for at, sold in sales:
        while coming and coming[0].order.decided_at <= at:
            following = coming.popleft()
            while highest and _reference(highest[-1]) <= _reference(following):
                highest.pop()
            highest.append(following)
        while highest and highest[0].order.decided_at < at - length:
            highest.popleft()
        if highest:
            bp = slippage_bp(sold.fill.price, _reference(highest[0]))
            if worst is None or bp > worst[0]:
                worst = (bp, highest[0], (at, sold))
    return None if worst is None else worst[1:]


def _fall(name: str, start: Attempt, sale: Sale, sales: Iterable[Sale], bound: Decimal) -> Fall:
    since, (at, sold) = start.order.decided_at, sale
    return Fall(
        window=name,
        bp=slippage_bp(sold.fill.price, _reference(start)),
        bound_bp=bound,
        reference=_reference(start),
        since=since,
        begun_by=start.order.client_id,
        price=sold.fill.price,
        at=at,
        sold_by=sold.order.client_id,
        orders=len({each.order.client_id for when, each in sales if since <= when <= at}),
    )


def _reference(attempt: Attempt) -> Decimal:
    assert attempt.reference is not None, "orders without one were left out"
    return attempt.reference


def reference_of(checks: Iterable[Check]) -> Decimal | None:
    """The price that the gate held an order against; `None` where it had none."""
    return next((Decimal(check.value) for check in checks if check.limit == "reference"), None)


def records(told: Iterable[Fall]) -> list[dict[str, Any]]:
    """A leg's falls in `summary.json`."""
    return [
        {
            "over": fall.window,
            "bp": plain(fall.bp),
            "bound_bp": plain(fall.bound_bp),
            "beyond": fall.beyond,
            "reference": plain(fall.reference),
            "since": iso(fall.since),
            "begun_by": fall.begun_by,
            "price": plain(fall.price),
            "at": iso(fall.at),
            "sold_by": fall.sold_by,
            "orders": fall.orders,
        }
        for fall in told
    ]
