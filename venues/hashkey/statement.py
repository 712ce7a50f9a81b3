"""The account's statement: every movement with its sign, for reconciliation at the end of a day.

Hong Kong's own edition, which asks for a `type` in words. It is for institutions, on request, and with a master key.
The venue keeps trades for 14 days, and the rest for 30.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, MILLISECOND, Instant, Span
from engine.kernel.money import ZERO, Amount, Asset
from venues.hashkey import mock, routes
from venues.hashkey.calls import Calls, Unread
from venues.hashkey.wire import Id, Odd, exactly, instant, parsed

TRADES_PER_CALL: Final = Span(7 * DAY)
OTHERS_PER_CALL: Final = Span(30 * DAY)
PAGES_MAX: Final = 200


class Entry(StrEnum):
    """What moved the money, in the venue's words."""

    TRADE = "trade"
    DEPOSIT = "deposit"
    FIAT_DEPOSIT = "fiatDeposit"
    WITHDRAW = "withdraw"
    FIAT_WITHDRAW = "fiatWithdraw"
    TRANSFER = "transfer"
    REVERSAL = "reversal"
    REFUND = "refund"


_SIGNS: Final[Mapping[Entry, int]] = {
    Entry.DEPOSIT: 1,
    Entry.FIAT_DEPOSIT: 1,
    Entry.REFUND: 1,
    Entry.WITHDRAW: -1,
    Entry.FIAT_WITHDRAW: -1,
}


class Change(Struct, frozen=True):
    """One balance moved: by how much, signed, and what it was afterwards."""

    amount: Amount
    balance: Decimal


class Movement(Struct, frozen=True):
    """One line of the statement; a trade moves two balances, anything else one."""

    id: str
    account: str
    entry: Entry
    changes: tuple[Change, ...]
    fee: Decimal
    """As the line shows it; the changes are net of it already."""
    at: Instant | None


class _Row(Struct, rename="camel"):
    id: Id
    account_id: Id
    type: Entry
    net_base_amount: Decimal
    base_ccy: str
    base_asset_balance: Decimal
    net_quote_amount: Decimal = ZERO
    quote_ccy: str = ""
    quote_asset_balance: Decimal = ZERO
    direction: str = ""
    fee: Decimal = ZERO
    time: int | None = None


class Statement:
    """Reads the statement, page by page."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def movements(self, entry: Entry, since: Instant, until: Instant) -> list[Movement]:
        """Every final movement of a kind in that time; `Unread` when any page could not be had or believed."""
        longest = TRADES_PER_CALL if entry is Entry.TRADE else OTHERS_PER_CALL
        seen: dict[str, Movement] = {}
        start = since
        while start < until:
            end = Instant(min(until, start + longest))
            for row in await self._part(entry, start, end):
                seen[row.id] = row
            start = end
        return list(seen.values())

    async def _part(self, entry: Entry, since: Instant, until: Instant) -> list[Movement]:
        pairs = [
            ("type", entry.value),
            ("startTime", str(since // MILLISECOND)),
            ("endTime", str(until // MILLISECOND)),
            ("limit", str(mock.FLOW_ROWS)),
        ]
        seen: dict[str, Movement] = {}
        begin: list[tuple[str, str]] = []
        for _ in range(PAGES_MAX):
            rows, _ = await self._calls.ask(movements, routes.FLOW, [*pairs, *begin])
            fresh = {row.id: row for row in rows if row.id not in seen}
            seen.update(fresh)
            if len(rows) < mock.FLOW_ROWS:
                return list(seen.values())
            if not fresh:
                break
            begin = [("beginId", rows[-1].id)]
        raise Unread("the pages of the statement don't come to an end")


def movements(raw: bytes) -> list[Movement]:
    """The lines of one page."""
    return [_movement(row) for row in parsed(raw, list[_Row])]


def _movement(row: _Row) -> Movement:
    base, quote = exactly(row.net_base_amount), exactly(row.net_quote_amount)
    if row.type is Entry.TRADE:
        sign = {"BUY": 1, "SELL": -1}.get(row.direction.upper())
        if sign is None:
            raise Odd(f"trade {row.id} of the statement has no direction")
        base, quote = sign * abs(base), -sign * abs(quote)
    elif (sign := _SIGNS.get(row.type)) is not None:
        base = sign * abs(base)
    changes = [_change(base, row.base_ccy, row.base_asset_balance)]
    if row.quote_ccy:
        changes.append(_change(quote, row.quote_ccy, row.quote_asset_balance))
    return Movement(
        id=str(row.id),
        account=str(row.account_id),
        entry=row.type,
        changes=tuple(changes),
        fee=exactly(row.fee),
        at=None if row.time is None else instant(row.time),
    )


def _change(amount: Decimal, asset: str, balance: Decimal) -> Change:
    return Change(Amount(amount, Asset(asset)), exactly(balance))
