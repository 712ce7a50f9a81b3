"""Our belief against a venue. A difference gets a name or stops the run; nothing is invented to make it fit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import ClientOrderId, RunTag, parse_client_order_id
from engine.kernel.money import ZERO, Asset, plain, total
from engine.orders.order import Order
from engine.orders.reports import Balance, OrderReport


class Difference(Struct, frozen=True):
    """One asset that does not add up: what the venue shows less what our ledger holds there."""

    asset: Asset
    delta: Decimal

    def __str__(self) -> str:
        return f"{plain(self.delta)} {self.asset}"


def balances(ledger: Mapping[Asset, Decimal], shown: Iterable[Balance]) -> tuple[Difference, ...]:
    """Every asset whose total at the venue is not what the ledger says, by name."""
    totals = {b.asset: b.total for b in shown}
    found = []
    for asset in sorted({*ledger, *totals}):
        delta = totals.get(asset, ZERO) - ledger.get(asset, ZERO)
        if delta:
            found.append(Difference(asset, delta))
    return tuple(found)


def explained(differences: Iterable[Difference], live: Iterable[Order]) -> bool:
    """Could a fill of our own live orders, of which we have not heard, be all of it?"""
    orders = list(live)

    def may_be(difference: Difference) -> bool:
        if difference.delta > 0:
            return any(order.child.buy == difference.asset for order in orders)
        working = total(order.committed for order in orders if order.child.sell == difference.asset)
        return -difference.delta <= working

    return bool(orders) and all(may_be(difference) for difference in differences)


def foreign(orders: Iterable[OrderReport], ours: Mapping[ClientOrderId, object], tag: RunTag) -> list[str]:
    """Orders on our account that no record of ours explains. They are never cancelled automatically."""
    found = []
    for report in orders:
        if report.client_id in ours:
            continue
        name = parse_client_order_id(report.client_id)
        kind = "carries our run's name but is in no record" if name and name.tag == tag else "is not ours"
        found.append(f"order {report.venue_order_id} ({report.client_id or 'no client id'}) {kind}")
    return found
