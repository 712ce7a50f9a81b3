"""Every fee that a venue charged, held against the schedule of our account as it was journaled in the first row.

The row that counts is the one in force when the venue says that it traded, for the pair, as maker or taker as the
venue says. A sale that was proved by paper says neither, so either rate will do. A minimum is owed by an order that was
filled whole, and by all of its fills together. Deals with desks have no fee: what they keep is in their price.

One smallest unit of the currency a fill is rounding, in either direction; whatever is beyond that is named.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.evidence.story import Sold, Story, Way
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import ClientOrderId, TradeId, VenueName
from engine.kernel.money import EXACT, ZERO, Asset, times, total, trimmed
from engine.mandate.assets import KNOWN
from engine.market.fees import FeeRow, in_force
from engine.orders import quotes


class Owed(Struct, frozen=True, kw_only=True):
    """One fill and what the schedule asks for it, in the currency in which it was charged."""

    sold: Sold
    row: FeeRow
    asset: Asset
    scheduled: Decimal

    @property
    def charged(self) -> Decimal:
        return self.sold.fill.fee.units


class Tariff(Struct, frozen=True, kw_only=True):
    """All that was sold on one venue under one row, as far as it was charged in one currency."""

    venue: VenueName
    tier: str
    since: Instant
    source: str
    asset: Asset
    fills: int
    charged: Decimal
    scheduled: Decimal

    @property
    def more(self) -> Decimal:
        """What was charged beyond the schedule; below zero where it was less."""
        return EXACT.subtract(self.charged, self.scheduled)


class Difference(Struct, frozen=True, kw_only=True):
    """Fills of one order for which another fee was charged than was scheduled, beyond rounding."""

    venue: VenueName
    client_id: ClientOrderId
    trade_ids: tuple[TradeId, ...]
    asset: Asset
    charged: Decimal
    scheduled: Decimal
    basis: str
    """The rate, or the minimum, that was owed."""

    @property
    def more(self) -> Decimal:
        return EXACT.subtract(self.charged, self.scheduled)


class FeeCheck(Struct, frozen=True):
    """The fees of a run against the schedules that its config named."""

    tariffs: tuple[Tariff, ...]
    differences: tuple[Difference, ...]
    unjudged: tuple[str, ...]
    """Fills that no row can be held against, and why."""


def check(story: Story) -> FeeCheck | None:
    """Of all venues that have a schedule; `None` where none has."""
    schedules = {name: can.fees for name, can in story.opened.capabilities.items() if can.fees}
    if not schedules:
        return None
    orders: dict[ClientOrderId, list[Sold]] = {}
    for leg in story.legs:
        for sold in leg.fills:
            if sold.order.slice < quotes.FIRST and sold.fill.venue in schedules:
                orders.setdefault(sold.order.client_id, []).append(sold)
    owed: list[Owed] = []
    differences: list[Difference] = []
    unjudged: list[str] = []
    for sales in orders.values():
        by_rate = list(_by_rate(schedules[sales[0].fill.venue], sales, unjudged))
        lacking = _lacking(by_rate, sales)
        if lacking > 0:
            last = by_rate.pop()
            by_rate.append(replace(last, scheduled=EXACT.add(last.scheduled, lacking)))
            differences += _differing(by_rate, "minimum of an order")
        else:
            for each in by_rate:
                differences += _differing([each], "maker" if each.sold.fill.maker else "taker")
        owed += by_rate
    return FeeCheck(tuple(_tariffs(owed)), tuple(differences), tuple(unjudged))


def _by_rate(rows: Sequence[FeeRow], sales: Sequence[Sold], unjudged: list[str]) -> Iterator[Owed]:
    """What each fill of one order owed by its rate alone."""
    for sold in sales:
        fill, order = sold.fill, sold.order
        row = in_force(rows, fill.at, order.sell, order.buy)
        asset = fill.fee.asset if fill.fee.units else order.buy
        if row is None:
            unjudged.append(f"{fill.venue} {fill.trade_id}: no row was in force")
        elif asset not in (order.sell, order.buy):
            unjudged.append(f"{fill.venue} {fill.trade_id}: charged in {asset}, of which the schedule says nothing")
        else:
            base = fill.quantity if asset == order.sell else times(fill.quantity, fill.price)
            yield Owed(sold=sold, row=row, asset=asset, scheduled=times(base, _rate(sold, row, base)))


def _rate(sold: Sold, row: FeeRow, base: Decimal) -> Decimal:
    """As the venue says; where only a paper does, the one that comes closest."""
    if sold.way is Way.PAPER:
        return min((row.maker, row.taker), key=lambda rate: abs(sold.fill.fee.units - times(base, rate)))
    return row.maker if sold.fill.maker else row.taker


def _lacking(owed: Sequence[Owed], sales: Sequence[Sold]) -> Decimal:
    """What a whole order's fees fall short of the least that it owes, by the row of its last fill."""
    order = sales[0].order
    whole = total(sold.fill.quantity for sold in sales) == order.quantity
    if not whole or len(owed) < len(sales) or any(each.asset != order.buy for each in owed):
        return ZERO
    return EXACT.subtract(owed[-1].row.least(order.buy), total(each.scheduled for each in owed))


def _differing(owed: Sequence[Owed], basis: str) -> Iterator[Difference]:
    """One, where these fills of an order were charged otherwise than is owed for all of them."""
    charged, scheduled = total(each.charged for each in owed), total(each.scheduled for each in owed)
    last = owed[-1]
    if abs(EXACT.subtract(charged, scheduled)) > _unit(last.asset) * len(owed):
        yield Difference(
            venue=last.sold.fill.venue,
            client_id=last.sold.order.client_id,
            trade_ids=tuple(each.sold.fill.trade_id for each in owed),
            asset=last.asset,
            charged=charged,
            scheduled=scheduled,
            basis=f"tier {last.row.tier}, {basis}",
        )


def _unit(asset: Asset) -> Decimal:
    """The smallest that is counted of it; an asset of which nobody says so is held to the last digit."""
    kind = KNOWN.get(asset)
    return kind.unit if kind is not None else ZERO


def _tariffs(owed: Sequence[Owed]) -> Iterator[Tariff]:
    """By venue, row and currency, in time order."""
    groups: dict[tuple[VenueName, Instant, str, str, Asset], list[Owed]] = {}
    for each in owed:
        row = each.row
        groups.setdefault((each.sold.fill.venue, row.since, row.tier, row.source, each.asset), []).append(each)
    for (venue, since, tier, source, asset), group in sorted(groups.items()):
        yield Tariff(
            venue=venue,
            tier=tier,
            since=since,
            source=source,
            asset=asset,
            fills=len(group),
            charged=total(each.charged for each in group),
            scheduled=total(each.scheduled for each in group),
        )


def record(checked: FeeCheck) -> dict[str, Any]:
    """What `summary.json` says of it."""
    return {
        "tariffs": [
            {
                "venue": each.venue,
                "tier": each.tier,
                "since": iso(each.since),
                "asset": each.asset,
                "fills": each.fills,
                "charged": trimmed(each.charged),
                "scheduled": trimmed(each.scheduled),
                "difference": trimmed(each.more),
            }
            for each in checked.tariffs
        ],
        "differences": [
            {
                "venue": each.venue,
                "client_id": each.client_id,
                "trade_ids": list(each.trade_ids),
                "asset": each.asset,
                "charged": trimmed(each.charged),
                "scheduled": trimmed(each.scheduled),
                "difference": trimmed(each.more),
                "basis": each.basis,
            }
            for each in checked.differences
        ],
        "unjudged": list(checked.unjudged),
    }
