"""The tables of a run for other programs: `orders.csv`, `fills.csv`, `attribution.csv`.

Numbers are plain decimals as they were told, times ISO 8601 in UTC. A file appears whole or not at all.
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO
from typing import Final

from engine.evidence.attribution import Part, parts, pools
from engine.evidence.benchmarks import FillEvidence
from engine.evidence.sharing import met
from engine.evidence.story import Attempt, LegStory, Story
from engine.kernel.clock import iso
from engine.kernel.money import BP, plain, ratio, times, total
from engine.mandate.register import Register
from engine.orders.reason import plain as in_words

ORDERS: Final = (
    "client_id", "leg", "slice", "attempt", "start", "venue", "symbol", "sell", "buy", "quantity", "limit",
    "time_in_force", "decided_at", "placed_at", "venue_order_id", "standing", "sold", "fills", "reason", "chosen",
    "shared_book",
)  # fmt: skip
FILLS: Final = (
    "at", "leg", "slice", "attempt", "client_id", "venue", "symbol", "venue_order_id", "trade_id", "ticket", "sell",
    "buy", "quantity", "price", "proceeds", "fee", "fee_asset", "maker", "limit", "decided_at", "decision_mid",
    "spread", "arrival_mid", "interval_vwap", "interval_volume_of_others", "slippage_arrival_bp",
    "slippage_decision_bp", "slippage_vwap_bp", "reference", "learned_by", "learned_at", "journal_row", "missing",
    "floor", "above_floor_bp", "shared_book",
)  # fmt: skip
ATTRIBUTION: Final = (
    "at", "leg", "venue", "venue_order_id", "trade_id", "asset", "origin_leg", "origin_order_id", "origin_trade_id",
    "stable", "quantity", "price", "fiat", "proceeds", "fee", "fee_asset", "journal_row",
)  # fmt: skip


def orders_csv(story: Story) -> str:
    """Every order that was sent, in the order of sending."""
    filled: dict[str, list[Decimal]] = {}
    for leg in story.legs:
        for sold in leg.fills:
            filled.setdefault(sold.order.client_id, []).append(sold.fill.quantity)
    attempts = sorted((a for leg in story.legs for a in leg.attempts), key=lambda a: (a.placed_at, a.order.client_id))
    register = story.opened.licences
    return _csv(ORDERS, (_order(register, each, filled.get(each.order.client_id, [])) for each in attempts))


def _order(register: Register, attempt: Attempt, filled: Sequence[Decimal]) -> Sequence[object]:
    order, report = attempt.order, attempt.report
    return (
        order.client_id, order.leg, order.slice, order.attempt, attempt.epoch, order.venue, order.symbol, order.sell,
        order.buy, order.quantity, order.price, order.tif.value, iso(order.decided_at), iso(attempt.placed_at),
        report.venue_order_id if report is not None else "", attempt.standing, total(filled), len(filled),
        _harmless(attempt.reason), in_words(attempt.routed) if attempt.routed is not None else "",
        met(register, order, attempt.placed_at).value,
    )  # fmt: skip


def fills_csv(evidence: Iterable[FillEvidence]) -> str:
    """Every fill with its evidence, by the venue's time."""
    ordered = sorted(evidence, key=lambda e: (e.fill.at, e.sold.seq))
    return _csv(FILLS, (_fill(each) for each in ordered))


def _fill(evidence: FillEvidence) -> Sequence[object]:
    fill, order, sold = evidence.fill, evidence.sold.order, evidence.sold
    return (
        iso(fill.at), order.leg, order.slice, order.attempt, order.client_id, fill.venue, fill.symbol,
        fill.venue_order_id, fill.trade_id, fill.ticket, evidence.sell, evidence.buy, fill.quantity, fill.price,
        times(fill.quantity, fill.price), fill.fee.units, fill.fee.asset, "yes" if fill.maker else "no", order.price,
        iso(order.decided_at), evidence.decision_mid, evidence.spread, evidence.arrival.mid, evidence.interval.vwap,
        evidence.interval.volume, evidence.slippage_arrival_bp, evidence.slippage_decision_bp,
        evidence.slippage_vwap_bp, evidence.reference, sold.way.value, iso(sold.learned_at), sold.seq,
        "; ".join(f"{price}: {reason}" for price, reason in evidence.missing.items()), sold.floor,
        ratio(times(fill.price - sold.floor, BP), sold.floor, 2) if sold.floor else None, evidence.shared_book.value,
    )  # fmt: skip


def attribution_csv(story: Story) -> str:
    """Every fill of a stablecoin, by the sales that brought what it sold: a row a part, in the journal's order."""
    return _csv(ATTRIBUTION, (_part(leg, part) for leg in pools(story) for part in parts(story, leg)))


def _part(leg: LegStory, part: Part) -> Sequence[object]:
    fill, origin = part.sold.fill, part.origin
    came = ("", "", "") if origin is None else (origin.order.leg, origin.fill.venue_order_id, origin.fill.trade_id)
    return (
        iso(fill.at), leg.plan.id, fill.venue, fill.venue_order_id, fill.trade_id, part.parent, *came, leg.plan.sell,
        part.quantity, fill.price, leg.plan.buy, part.proceeds, part.fee, fill.fee.asset, part.sold.seq,
    )  # fmt: skip


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([plain(cell) if isinstance(cell, Decimal) else "" if cell is None else cell for cell in row])
    return text.getvalue()


def _harmless(text: str) -> str:
    """A venue's words may not become a formula in the spreadsheet of whoever opens the file."""
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
