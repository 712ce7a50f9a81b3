"""One event makes one entry, and an entry balances per asset or is not made."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import Amount, Asset
from engine.ledger import accounts, posting
from engine.ledger.balances import Balances
from engine.ledger.posting import Entry, Posting
from engine.orders.reports import Balance, Fill
from tests.support.builders import BTC, START, USDT, VENUE, d, fill

HERE, FEES = accounts.venue(VENUE), accounts.fees(VENUE)
UNITS = st.decimals("0.00000001", 10**6, places=8)
FILLS = st.builds(
    lambda quantity, price, fee, asset: fill("t", str(quantity), price=price, fee=Amount(fee, asset)),
    UNITS,
    UNITS,
    st.decimals(0, 1000, places=8),
    st.sampled_from([USDT, BTC, Asset("HSK")]),
)


def booked(*entries: Entry) -> Balances:
    balances = Balances()
    for entry in entries:
        balances.post(entry)
    return balances


def test_a_sale_moves_coin_out_its_price_in_and_the_fee_to_the_venue() -> None:
    """0.4 BTC at 99.60 bring 39.84 USDT, of which the venue keeps 0.04."""
    books = booked(posting.sale(fill("t", "0.4", fee=Amount(d("0.04"), USDT)), BTC, USDT))
    assert books.assets(HERE) == {BTC: d("-0.4"), USDT: d("39.80")}
    assert books.of(FEES, USDT) == d("0.04")
    assert (books.of(accounts.MARKET, BTC), books.of(accounts.MARKET, USDT)) == (d("0.4"), d("-39.84"))


def test_a_fee_in_a_third_asset_is_paid_in_that_asset() -> None:
    books = booked(posting.sale(fill("t", "1", fee=Amount(d("2"), Asset("HSK"))), BTC, USDT))
    assert books.assets(HERE) == {BTC: d("-1"), USDT: d("99.60"), Asset("HSK"): d("-2")}


def test_a_fill_without_a_fee_says_nothing_of_one() -> None:
    assert len(posting.sale(fill("t", "1"), BTC, USDT).postings) == 4


def test_what_is_locked_counts_as_held() -> None:
    books = booked(posting.opening(START, VENUE, [Balance(BTC, d("7"), d("3")), Balance(USDT, d("0"), d("0"))]))
    assert books.assets(HERE) == {BTC: d("10")}
    assert books.of(accounts.ENTRUSTED, BTC) == d("-10")


@pytest.mark.parametrize("units", ["1", "0.000000000001"])
def test_an_entry_that_does_not_balance_cannot_be_made(units: str) -> None:
    with pytest.raises(ValueError, match="does not balance"):
        Entry(START, "", (Posting(HERE, BTC, d(units)), Posting(accounts.MARKET, USDT, -d(units))))


def test_a_sale_with_all_the_digits_that_are_kept_exactly_balances() -> None:
    """Twelve decimals at a price of twelve, as the smallest unit of ETH allows."""
    told = fill("t", "1.123456789012", price=d("98765.432109876543"))
    assert posting.sale(told, BTC, USDT).postings


@given(st.lists(FILLS, max_size=8))
def test_per_asset_the_books_sum_to_exactly_nothing(fills: list[Fill]) -> None:
    books = booked(*[posting.sale(told, BTC, USDT) for told in fills])
    assert all(units == Decimal(0) for units in books.trial().values())


@given(st.lists(FILLS, min_size=1, max_size=8))
def test_no_digit_of_a_sum_is_lost(fills: list[Fill]) -> None:
    books = booked(*[posting.sale(told, BTC, USDT) for told in fills])
    sold = sum(int(told.quantity.scaleb(8)) for told in fills)
    fees = sum(int(told.fee.units.scaleb(8)) for told in fills if told.fee.asset == BTC)
    assert int(books.of(HERE, BTC).scaleb(8)) == -sold - fees
