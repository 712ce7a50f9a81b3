"""One limit, held against one order: kept, or denied with both sides in words."""

from decimal import Decimal

from engine.kernel.errors import Denied
from engine.kernel.money import plain
from engine.orders.order import Check

Verdict = Check | Denied


def judge(limit: str, holds: bool, value: object, bound: object) -> Verdict:
    """`value` was measured, `bound` is what it was held against."""
    shown = [plain(x) if isinstance(x, Decimal) else str(x) for x in (value, bound)]
    return Check(limit, *shown) if holds else Denied(limit, *shown)
