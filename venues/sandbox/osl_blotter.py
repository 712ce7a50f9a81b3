"""OSL's orders, server side: numbered as the venue numbers them, and perhaps not on the book yet.

The exchange keeps what trades; the blotter keeps what the venue adds to that: ten-digit numbers, orders
without a name, those that are `PendingNew` for a while, and the end of those that live for a day. A request that is
refused leaves nothing here; one that was accepted and is turned down later stands as `Rejected`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from engine.kernel.clock import Instant, Span
from engine.kernel.money import ZERO
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Rejection, Side
from venues.sandbox.osl_asked import Asked
from venues.sandbox.osl_rows import SIDES, Wire, average, moment, price, quantity
from venues.sandbox.osl_words import CANCEL_SUBMITTED, WOULD_TAKE, named, status, unknown_symbol, why

_FIRST: Final = 2_000_000_000
_TIFS: Final = {Kind.IOC: "ImmediateOrCancel", Kind.FOK: "FillOrKill", Kind.MARKET: "ImmediateOrCancel"}
_NUMBER: Final = re.compile(r"[0-9]{1,19}")


class Entry:
    """One order of one account."""

    __slots__ = ("account", "asked", "at", "cancel_asked", "due", "expired", "inner", "number", "refused")

    def __init__(self, number: str, account: str, asked: Asked, inner: str, at: Instant) -> None:
        self.number, self.account, self.asked, self.at = number, account, asked, at
        self.inner = inner
        """What the exchange calls it."""
        self.due: int | None = None
        """Monotonic time at which it comes to the book; `None` once it has."""
        self.cancel_asked = False
        self.expired = False
        self.refused: tuple[str, str] | None = None
        """Name and message of what turned it down after it was accepted."""


class Blotter:
    """Every order that this venue accepted from anybody."""

    def __init__(self, exchange: Exchange, *, pending: Span, mono: Callable[[], int]) -> None:
        """`pending`: how long (wall) an order waits before it comes to the book."""
        self._exchange, self._pending, self._mono = exchange, pending, mono
        self._entries: dict[str, list[Entry]] = {}
        self._by_number: dict[str, Entry] = {}
        self._by_client: dict[tuple[str, str], Entry] = {}
        self._by_inner: dict[tuple[str, str], Entry] = {}
        self._waiting: list[Entry] = []
        self._mortal: list[Entry] = []

    def place(self, account: str, asked: Asked) -> Entry:
        """Accept an order; `Refusal` when it is turned down at once."""
        if asked.symbol not in self._exchange.listings:
            raise unknown_symbol(asked.symbol)
        if asked.client_id and (account, asked.client_id) in self._by_client:
            raise named("DUPLICATE_CLORDID", f"clOrdID '{asked.client_id}' was used before")
        number = self._next_number()
        entry = Entry(number, account, asked, asked.client_id or f"unnamed-{number}", self._exchange.now)
        if self._pending:
            entry.due = self._mono() + self._pending
            self._waiting.append(entry)
        elif (refused := self._arrive(entry)) is not None:
            raise named(*refused)
        self._keep(entry)
        return entry

    def cancel(self, entry: Entry) -> tuple[str, str] | None:
        """End an order; name and message of why it cannot be ended now."""
        if entry.due is not None:
            entry.cancel_asked = True
            return CANCEL_SUBMITTED
        if entry.refused is not None:
            return "ERROR_ORDER_STATUS_SET_NO_CANCEL_CANCELLED", "the order was rejected"
        done = self._exchange.cancel(entry.account, client_id=entry.inner)
        return why(done) if isinstance(done, Rejection) else None

    def settle(self) -> None:
        """Bring to the book what is due there, and end what has lived its time."""
        if self._waiting:
            now = self._mono()
            due = [entry for entry in self._waiting if entry.due is not None and entry.due <= now]
            self._waiting = [entry for entry in self._waiting if entry not in due]
            for entry in due:
                entry.due, entry.refused = None, self._arrive(entry)
                if entry.cancel_asked:
                    self.cancel(entry)
        if self._mortal:
            for entry in [one for one in self._mortal if one.due is None and _ended(one.asked, self._exchange.now)]:
                self._mortal.remove(entry)
                entry.expired = self.cancel(entry) is None

    def find(self, account: str, number: str, client_id: str) -> Entry | None:
        """An order by its number, or else by the client's own name for it."""
        if number:
            entry = self._by_number.get(number) if _NUMBER.fullmatch(number) else None
            return entry if entry is not None and entry.account == account else None
        return self._by_client.get((account, client_id)) if client_id else None

    def of_inner(self, account: str, inner: str) -> Entry:
        """The order that the exchange calls so; one that came there past this door is entered now."""
        entry = self._by_inner.get((account, inner))
        if entry is None:
            row = self._exchange.order(account, client_id=inner)
            assert row is not None, "the exchange has it"
            entry = Entry(self._next_number(), account, _as_asked(row), inner, row.created_at)
            self._keep(entry)
        return entry

    def newest_first(self, account: str) -> Iterator[Entry]:
        """All orders of an account."""
        return reversed(self._entries.get(account, []))

    def open_newest_first(self, account: str) -> Iterator[Entry]:
        """Those that can still trade, or are on their way to the book."""
        resting = [self.of_inner(account, row.client_id) for row in self._exchange.open_orders(account)]
        waiting = [entry for entry in self._waiting if entry.account == account]
        return iter(sorted(resting + waiting, key=lambda entry: entry.number, reverse=True))

    def is_known(self, entry: Entry) -> bool:
        """Can a reader see it? One who is to hear old news may not yet."""
        return entry.due is not None or entry.refused is not None or self.row(entry) is not None

    def row(self, entry: Entry) -> OrderRow | None:
        """The order as the exchange shows it; `None` for one that never came to the book."""
        return self._exchange.order(entry.account, client_id=entry.inner)

    def is_open(self, entry: Entry) -> bool:
        """Can it still trade?"""
        row = self.row(entry)
        return entry.due is not None if row is None else not row.status.ended

    def state(self, entry: Entry) -> str:
        """`ordStatus`."""
        if entry.due is not None:
            return "PendingNew"
        row = self.row(entry)
        if row is None:
            return "Rejected"
        return "Expired" if entry.expired and row.status.ended else status(row)

    def shown(self, entry: Entry) -> Wire:
        """The order as v4 tells it."""
        asked, row = entry.asked, self.row(entry)
        filled = row.filled if row is not None else ZERO
        left = asked.quantity - filled if self.is_open(entry) else ZERO
        return {
            "orderID": entry.number,
            "clOrdID": asked.client_id,
            "symbol": asked.symbol,
            "side": SIDES[asked.side],
            "orderQty": quantity(asked.quantity),
            "price": None if asked.market else price(asked.price),
            "ordType": "Market" if asked.market else "Limit",
            "timeInForce": asked.tif,
            "execInst": asked.exec_inst,
            "ordStatus": self.state(entry),
            "cumQty": quantity(filled),
            "leavesQty": quantity(left),
            "avgPx": average(row.quote_filled, filled) if row is not None else None,
            "transactTime": moment(row.updated_at if row is not None else entry.at),
            "text": entry.refused[0] if entry.refused else "",
        }

    def _next_number(self) -> str:
        return str(_FIRST + len(self._by_number) + 1)

    def _keep(self, entry: Entry) -> None:
        self._entries.setdefault(entry.account, []).append(entry)
        self._by_number[entry.number] = self._by_inner[entry.account, entry.inner] = entry
        if entry.asked.client_id:
            self._by_client[entry.account, entry.asked.client_id] = entry
        if entry.asked.ends_at is not None:
            self._mortal.append(entry)

    def _arrive(self, entry: Entry) -> tuple[str, str] | None:
        """Put an order on the book; name and message of what speaks against it."""
        asked = entry.asked
        if asked.kind is Kind.MAKER and self._would_take(asked):
            return WOULD_TAKE
        request = OrderRequest(asked.symbol, asked.side, asked.kind, asked.quantity, asked.price, entry.inner)
        done = self._exchange.place(entry.account, request)
        return why(done) if isinstance(done, Rejection) else None

    def _would_take(self, asked: Asked) -> bool:
        depth = self._exchange.depth(asked.symbol, 1)
        if asked.side is Side.SELL:
            return bool(depth.bids) and depth.bids[0][0] >= asked.price
        return bool(depth.asks) and depth.asks[0][0] <= asked.price


def _as_asked(row: OrderRow) -> Asked:
    """An order as if it had been asked for here."""
    tif = _TIFS.get(row.kind, "GoodTillCancel")
    exec_inst = "PostOnly" if row.kind is Kind.MAKER else ""
    return Asked(row.symbol, row.side, row.kind, row.quantity, row.price, tif, exec_inst, row.client_id)


def _ended(asked: Asked, now: Instant) -> bool:
    return asked.ends_at is not None and asked.ends_at <= now
