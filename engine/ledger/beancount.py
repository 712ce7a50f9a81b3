"""The same ledger for a tool that we did not write: plain text that Beancount loads, adds up and finds right.

Every amount of an asset is written with the same number of digits and every balance with no tolerance, so that
Beancount's rounding allowance has nothing to hide in: one changed digit is an error. Nothing is converted or valued;
prices are noted for reading only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, iso
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import Asset, decimals, plain
from engine.ledger import posting
from engine.ledger.accounts import Account
from engine.ledger.balances import Balances
from engine.orders.reports import Balance, Fill

_COMMODITY: Final = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]|[A-Z]")


class Sale(Struct, frozen=True):
    """One execution with the pair and the leg it belongs to."""

    fill: Fill
    sell: Asset
    buy: Asset
    leg: LegId


def export(
    title: str,
    opened_at: Instant,
    balances: Mapping[VenueName, Sequence[Balance]],
    sales: Iterable[Sale],
    moves: Iterable[posting.Entry] = (),
) -> str:
    """The ledger of a run as Beancount text: what was there, every sale, and what must be there at the end.

    `moves` is whatever else moved: coin from custody, and differences that people explained by a paper.
    """
    ordered = sorted(sales, key=lambda s: (s.fill.at, s.fill.venue, s.fill.venue_order_id, s.fill.trade_id))
    starts = [posting.opening(opened_at, name, balances[name]) for name in sorted(balances)]
    booked = [(posting.sale(sale.fill, sale.sell, sale.buy), _labels(sale)) for sale in ordered]
    booked += [(entry, {"reference": entry.reference} if entry.reference else {}) for entry in moves]
    booked.sort(key=lambda each: each[0].at)
    entries = [*starts, *(entry for entry, _ in booked)]
    first = min((_day(entry.at) for entry in entries), default=_day(opened_at))
    last = max((_day(entry.at) for entry in entries), default=_day(opened_at))
    places = _places(entries)
    lines = [f'option "title" {_text(title)}', ""]
    for asset in sorted(places):
        lines += [f"{first} commodity {commodity(asset)}", f"  name: {_text(asset)}"]
    lines.append("")
    accounts = sorted({p.account for entry in entries for p in entry.postings})
    lines += [f"{first} open {_account(account)}" for account in accounts]
    for entry in starts:
        lines += _transaction(entry, places, {})
    for entry, labels in booked:
        lines += _transaction(entry, places, labels)
    lines += ["", *_prices(ordered), "", *_ends(entries, places, last + timedelta(days=1))]
    return "\n".join(lines) + "\n"


def commodity(asset: Asset) -> str:
    """The asset as Beancount can write it; a name that it can't is put behind `X.`."""
    name = asset.upper()
    return name if _COMMODITY.fullmatch(name) else "X." + re.sub(r"[^A-Z0-9'._-]", "-", name) + ".X"


def _places(entries: Iterable[posting.Entry]) -> dict[Asset, int]:
    """Per asset, the digits after the point that its finest amount needs."""
    places: dict[Asset, int] = {}
    for entry in entries:
        for line in entry.postings:
            places[line.asset] = max(places.get(line.asset, 0), decimals(line.units))
    return places


def _transaction(entry: posting.Entry, places: Mapping[Asset, int], labels: Mapping[str, str]) -> list[str]:
    if not entry.postings:
        return []
    lines = ["", f"{_day(entry.at)} * {_text(entry.text)}", f"  at: {_text(iso(entry.at))}"]
    lines += [f"  {key}: {_text(value)}" for key, value in labels.items()]
    lines += [f"  {_account(p.account)}  {_amount(p.units, p.asset, places)}" for p in entry.postings]
    return lines


def _labels(sale: Sale) -> dict[str, str]:
    fill = sale.fill
    return {
        "leg": sale.leg,
        "order": fill.venue_order_id,
        "trade": fill.trade_id,
        "client": fill.client_id,
        "unit-price": f"{plain(fill.price)} {sale.buy}",
    }


def _prices(sales: Sequence[Sale]) -> list[str]:
    """The last price of each pair on each day."""
    latest = {(_day(s.fill.at), s.sell, s.buy): s.fill.price for s in sales}
    return [
        f"{day} price {commodity(sell)} {plain(price)} {commodity(buy)}" for (day, sell, buy), price in latest.items()
    ]


def _ends(entries: Iterable[posting.Entry], places: Mapping[Asset, int], day: date) -> list[str]:
    """What every account must hold at the end. Beancount checks a balance at the start of its day."""
    books = Balances()
    keys: set[tuple[Account, Asset]] = set()
    for entry in entries:
        books.post(entry)
        keys.update((p.account, p.asset) for p in entry.postings)
    lines = []
    for account, asset in sorted(keys):
        units = format(books.of(account, asset), f".{places[asset]}f")
        lines.append(f"{day} balance {_account(account)}  {units} ~ 0 {commodity(asset)}")
    return lines


def _amount(units: Decimal, asset: Asset, places: Mapping[Asset, int]) -> str:
    return f"{format(units, f'.{places[asset]}f')} {commodity(asset)}"


def _account(account: Account) -> str:
    return re.sub(r"[^A-Za-z0-9:-]", "-", account)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _day(at: Instant) -> date:
    return datetime.fromtimestamp(at // SECOND, UTC).date()
