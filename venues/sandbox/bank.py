"""The bank behind the venues: a payout of fiat asked for at one of them, and when it arrives. All of it is mock.

No venue documents a call for this, so it has a port of its own and stays out of the dialects. What is asked for leaves
the exchange at once. It counts as received on the same business day up to the cut-off, Hong Kong time, and otherwise
on the next one; it is settled at the opening of the business day after that. Business days are Monday to Friday but
the holidays. A client's id names one payout for ever: whoever sends it again is told what became of the first.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant, of_datetime
from venues.sandbox.dealer import FIAT, FIAT_STEP
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Rejection

HONG_KONG: Final = timezone(timedelta(hours=8))
"""Without summer time since 1979."""
CUT_OFF_HOUR: Final = 16
OPENING_HOUR: Final = 9
HOLIDAYS: Final = frozenset(
    date.fromisoformat(day)
    for day in (
        "2026-01-01", "2026-02-17", "2026-02-18", "2026-02-19", "2026-04-03", "2026-04-06", "2026-04-07",
        "2026-05-01", "2026-05-25", "2026-06-19", "2026-07-01", "2026-10-01", "2026-10-19", "2026-12-25",
    )
)  # fmt: skip
"""Weekdays of 2026 on which Hong Kong's banks stay closed; other years have none here."""


class PayoutStatus(StrEnum):
    PROCESSING = "processing"
    SETTLED = "settled"


class Wish(Struct, frozen=True, rename="camel"):
    """A payout as a client asks for it."""

    venue: str
    account: str
    coin: str
    amount: str
    bank_account_id: str
    client_order_id: str


class Payout(Struct, frozen=True):
    """One payout. `value_date` is the business day on which it counts as received."""

    wish: Wish
    id: str
    requested_at: Instant
    value_date: date
    settles_at: Instant


class BankReason(StrEnum):
    """Why there is no payout."""

    UNKNOWN_VENUE = "unknown_venue"
    NOT_FIAT = "not_fiat"
    BAD_AMOUNT = "bad_amount"
    BAD_ID = "bad_id"
    OTHER_TERMS = "other_terms"
    """The client's id names a payout of another amount, account or bank account."""
    INSUFFICIENT = "insufficient"


class Bank:
    """Payouts of all venues. Pure but for the money that leaves an exchange."""

    def __init__(self, exchanges: Mapping[str, Exchange], holidays: Collection[date] = HOLIDAYS) -> None:
        self._exchanges, self._holidays = exchanges, holidays
        self._payouts: dict[str, Payout] = {}

    def withdraw(self, wish: Wish, at: Instant) -> Payout | BankReason:
        """Pay out, once for each client id; `at` is market time."""
        if not wish.client_order_id:
            return BankReason.BAD_ID
        if (before := self._payouts.get(wish.client_order_id)) is not None:
            return before if before.wish == wish else BankReason.OTHER_TERMS
        exchange = self._exchanges.get(wish.venue)
        if exchange is None:
            return BankReason.UNKNOWN_VENUE
        if wish.coin not in FIAT:
            return BankReason.NOT_FIAT
        amount = _amount(wish.amount)
        if amount is None:
            return BankReason.BAD_AMOUNT
        moved = exchange.withdraw(wish.account, wish.coin, amount, wish.client_order_id)
        if isinstance(moved, Rejection):
            return BankReason.INSUFFICIENT
        value = self.value_date(at)
        opening = datetime(value.year, value.month, value.day, OPENING_HOUR, tzinfo=HONG_KONG) + timedelta(days=1)
        while not self._is_business(opening.date()):
            opening += timedelta(days=1)
        made = Payout(wish, moved.id, at, value, of_datetime(opening))
        self._payouts[wish.client_order_id] = made
        return made

    def payout(self, client_order_id: str) -> Payout | None:
        """What became of one."""
        return self._payouts.get(client_order_id)

    def value_date(self, at: Instant) -> date:
        """The business day as which this moment counts: at the cut-off itself it is too late."""
        local = datetime.fromtimestamp(at // 1_000_000_000, UTC).astimezone(HONG_KONG)
        day = local.date()
        if local.hour >= CUT_OFF_HOUR:
            day += timedelta(days=1)
        while not self._is_business(day):
            day += timedelta(days=1)
        return day

    def _is_business(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._holidays


def status(payout: Payout, at: Instant) -> PayoutStatus:
    """Whether the money has arrived by then."""
    return PayoutStatus.SETTLED if at >= payout.settles_at else PayoutStatus.PROCESSING


def _amount(text: str) -> Decimal | None:
    """A positive amount of whole cents."""
    try:
        amount = Decimal(text)
    except ArithmeticError:
        return None
    whole = amount.is_finite() and 0 < amount < 10**15 and amount == amount.quantize(FIAT_STEP)
    return amount if whole else None
