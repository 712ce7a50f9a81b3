"""A payout leaves the exchange once, counts by Hong Kong's business days, and arrives on the next of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.kernel.clock import HOUR, Instant, parse_instant
from venues.sandbox.bank import Bank, BankReason, Payout, PayoutStatus, Wish, status
from venues.sandbox.bank_server import BankServer
from venues.sandbox.clock import MarketClock
from venues.sandbox.exchange import Exchange

D = Decimal
WISH = Wish("hashkey", "a", "HKD", "1000.50", "bank-1", "out-1")
TUESDAY = parse_instant("2026-05-05T02:00:00Z")


def exchange() -> Exchange:
    return Exchange([], {"a": {"HKD": D(5_000), "BTC": D(1)}}, [], start=Instant(1))


@pytest.mark.parametrize(
    ("asked", "value", "settles"),
    [
        ("2026-05-05T07:59:59Z", "2026-05-05", "2026-05-06T01:00:00Z"),  # a Tuesday, a second before 16:00
        ("2026-05-05T08:00:00Z", "2026-05-06", "2026-05-07T01:00:00Z"),  # at the cut-off it is too late
        ("2026-05-08T09:00:00Z", "2026-05-11", "2026-05-12T01:00:00Z"),  # Friday evening counts as Monday
        ("2026-05-02T04:00:00Z", "2026-05-04", "2026-05-05T01:00:00Z"),  # a Saturday
        ("2026-04-02T02:00:00Z", "2026-04-02", "2026-04-08T01:00:00Z"),  # Easter and Ching Ming between
    ],
)
def test_business_days_and_the_cut_off_say_when_money_arrives(asked: str, value: str, settles: str) -> None:
    made = Bank({"hashkey": exchange()}).withdraw(WISH, parse_instant(asked))
    assert isinstance(made, Payout)
    assert (made.value_date, made.settles_at) == (date.fromisoformat(value), parse_instant(settles))
    assert status(made, Instant(made.settles_at - 1)) is PayoutStatus.PROCESSING
    assert status(made, made.settles_at) is PayoutStatus.SETTLED


def test_the_same_id_pays_once() -> None:
    market = exchange()
    bank = Bank({"hashkey": market})
    first = bank.withdraw(WISH, TUESDAY)
    assert bank.withdraw(WISH, Instant(TUESDAY + HOUR)) == first == bank.payout("out-1")
    assert {row.asset: row.free for row in market.balances("a")}["HKD"] == D("3999.50")
    assert len(market.flow("a")) == 1
    other = msgspec.structs.replace(WISH, amount="1000.51")
    assert bank.withdraw(other, TUESDAY) is BankReason.OTHER_TERMS


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"venue": "nowhere"}, BankReason.UNKNOWN_VENUE),
        ({"coin": "BTC"}, BankReason.NOT_FIAT),
        ({"amount": "1.005"}, BankReason.BAD_AMOUNT),
        ({"amount": "-1"}, BankReason.BAD_AMOUNT),
        ({"amount": "much"}, BankReason.BAD_AMOUNT),
        ({"client_order_id": ""}, BankReason.BAD_ID),
        ({"amount": "5000.01"}, BankReason.INSUFFICIENT),
        ({"account": "nobody"}, BankReason.INSUFFICIENT),
    ],
)
def test_what_cannot_be_paid_out_moves_nothing(changed: dict[str, str], reason: BankReason) -> None:
    market = exchange()
    bank = Bank({"hashkey": market})
    assert bank.withdraw(msgspec.structs.replace(WISH, **changed), TUESDAY) is reason
    assert market.flow("a") == []
    assert bank.payout("out-1") is None


def ask(server: BankServer, method: str, query: str = "", body: bytes = b"") -> tuple[int, Any]:
    answer = server.answer(method, "/mock/v1/fiat/withdraw", query, body)
    return answer.status, msgspec.json.decode(answer.body)


def test_the_wire_says_what_was_asked_for_and_how_far_it_is() -> None:
    hours = [0]
    clock = MarketClock(TUESDAY, mono=lambda: hours[0], wall=lambda: TUESDAY)
    server = BankServer(Bank({"hashkey": exchange()}), clock)
    code, said = ask(server, "POST", body=msgspec.json.encode(WISH))
    assert (code, said["status"], said["clientOrderId"], said["bankAccountId"], said["amount"]) == (
        200, "processing", "out-1", "bank-1", "1000.50",
    )  # fmt: skip
    hours[0] = 48 * HOUR
    assert ask(server, "GET", "clientOrderId=out-1")[1]["status"] == "settled"
    assert ask(server, "GET", "clientOrderId=none") == (404, {"error": "not_found"})
    assert ask(server, "POST", body=b"{}")[0] == 400
    assert ask(server, "DELETE")[0] == 404
