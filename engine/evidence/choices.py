"""Where orders went and why, decision by decision: from the reasons that were journaled with them."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from engine.evidence.story import Attempt
from engine.kernel.money import BP, ZERO, ratio, total
from engine.orders.reason import Reason, Rule


class Chosen(Struct, frozen=True):
    """All decisions of one leg that one rule made. Quantities in the asset sold, proceeds in the asset bought."""

    rule: Rule
    decisions: int
    orders: int
    placed: Decimal
    saving: Decimal
    """What they were expected to bring more than the best venue alone, over the decisions that one could have made."""
    against: Decimal
    """What that best venue alone would have brought, in those decisions."""

    @property
    def saving_bp(self) -> Decimal | None:
        """Of what the best venue alone would have brought; `None` where no venue alone could have taken it."""
        return ratio(self.saving * BP, self.against, 2) if self.against else None


def chosen(attempts: Iterable[Attempt]) -> tuple[Chosen, ...]:
    """Per rule, in the order of their names; orders without a reason (deals of people) are left out."""
    made: dict[Rule, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.routed is not None:
            made.setdefault(attempt.routed.rule, []).append(attempt)
    return tuple(_chosen(rule, made[rule]) for rule in sorted(made))


def _chosen(rule: Rule, attempts: list[Attempt]) -> Chosen:
    """Orders of one decision were decided at one instant and carry one reason."""
    reasons = {(a.order.decided_at, a.order.slice): a.routed for a in attempts if a.routed is not None}
    compared = [pair for reason in reasons.values() if (pair := _against(reason)) is not None]
    return Chosen(
        rule=rule,
        decisions=len(reasons),
        orders=len(attempts),
        placed=total(attempt.order.quantity for attempt in attempts),
        saving=total(ours - alone for ours, alone in compared),
        against=total(alone for _, alone in compared),
    )


def _against(reason: Reason) -> tuple[Decimal, Decimal] | None:
    """What the decision was to bring, and the best that one venue alone would have brought for as much."""
    alone = [other.proceeds for other in reason.alternatives if other.quantity >= reason.placed > ZERO]
    return (reason.proceeds, max(alone)) if alone else None
