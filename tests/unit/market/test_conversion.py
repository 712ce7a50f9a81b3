"""Venues that quote in dollars and in a stablecoin are compared in one currency, on the side that trades."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset
from engine.market.consolidated import Consolidated, consolidated
from engine.market.conversion import BUY, SELL, Rate, converted, converted_price, rate_of, turned
from engine.market.facts import Level
from engine.market.reference import NoReference, ReferenceRules
from engine.market.view import MarketView
from tests.support.builders import START, USD, USDT, USDTUSD, d, view

RULES = ReferenceRules(60 * SECOND, d("200"), quorum=2)


def coin(venue: str, bid: str, ask: str, **changes: Any) -> MarketView:
    """USDT in dollars at this venue."""
    book: dict[str, Any] = {"bids": (Level(d(bid), d("1000")),), "asks": (Level(d(ask), d("1000")),), "last": None}
    return view(USDTUSD, venue=VenueName(venue), **(book | changes))


COINS = [coin("v1", "0.9995", "0.9997"), coin("v2", "0.9994", "0.9998"), coin("v3", "0.9996", "0.9997")]


def rate(*views: MarketView, fee: str = "0.5") -> Rate:
    found = rate_of(views or COINS, USDT, USD, START, RULES, d(fee))
    assert isinstance(found, Rate), found
    return found


def test_what_is_sold_for_coin_is_worth_the_coin_s_bid_less_the_fee() -> None:
    """The science page's example, W-RF6: 60,000 USDT."""
    assert converted_price(d("60000"), SELL, USDT, rate()) == d("59967.0015")


def test_what_is_bought_with_coin_costs_the_coin_s_ask_and_the_fee() -> None:
    assert converted_price(d("60000"), BUY, USDT, rate()) == d("60000") * d("0.9997") * d("1.00005")


def test_dollars_become_coin_by_buying_it_at_the_ask() -> None:
    """100 USD at 1.25 dollars asked are 80 USDT; to have 100 USD one sells at 1.00, so that costs 100."""
    one = rate(coin("a", "1.00", "1.25"), coin("b", "1.00", "1.25"), fee="0")
    assert converted_price(d("100"), SELL, USD, one) == d("80")
    assert converted_price(d("100"), BUY, USD, one) == d("100")
    assert (turned(one).base, turned(one).quote) == (USD, USDT)


def test_what_does_not_divide_is_rounded_against_us() -> None:
    third = rate(coin("a", "3", "3.000001"), coin("b", "3", "3.000001"), fee="0")
    assert converted_price(d("1"), BUY, USD, third) == d("0.333333333334")
    assert converted_price(d("1"), SELL, USD, third) == d("0.333333222222")


def test_a_book_is_converted_whole_and_no_side_gets_better_than_it_is() -> None:
    original = view(volume=d("7"))
    found = converted(original, USDT, rate())
    assert [level.price for level in found.bids] == [
        (level.price * d("0.9995") * d("0.99995")).quantize(d("1e-12")) for level in original.bids
    ]
    assert [level.size for level in found.asks] == [level.size for level in original.asks]
    assert found.asks[0].price == original.asks[0].price * d("0.9997") * d("1.00005")
    assert (found.volume, found.venue, found.symbol) == (d("7"), original.venue, original.symbol)


def test_the_last_prints_go_by_the_mid_so_that_a_good_book_still_agrees_with_them() -> None:
    assert converted(view(last=d("100")), USDT, rate()).last == d("99.96")


def test_a_view_is_as_old_as_the_rate_that_it_was_converted_by() -> None:
    old = Instant(START - 50 * SECOND)
    aged = rate(coin("a", "1.00", "1.01", book_at=old), coin("b", "1.00", "1.01"))
    assert converted(view(), USDT, aged).book_at == old
    assert converted(view(book_at=Instant(old - 1)), USDT, aged).book_at == old - 1


def test_a_rate_is_made_of_those_that_agree_or_not_at_all() -> None:
    """A wick at one venue of three is left out; of two venues that disagree nobody knows which."""
    wick = coin("wick", "0.74", "0.75")
    assert rate(*COINS[:2], wick).books == ((d("0.9995"), d("0.9997")), (d("0.9994"), d("0.9998")))
    found = rate_of([COINS[0], wick], USDT, USD, START, RULES, d("0"))
    assert isinstance(found, NoReference)
    assert found.reason.startswith("no rate of USDT in USD: 2 venues, and most of them disagree")


def test_a_currency_that_the_rate_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="a rate of USDT in USD says nothing of HKD"):
        converted(view(), Asset("HKD"), rate())


def test_venues_of_two_currencies_agree_once_they_are_converted() -> None:
    """A coin at 0.97: 100 USDT and 97 USD are one price, and three per cent apart to whoever takes it for a dollar."""
    cheap = rate(coin("a", "0.9699", "0.9701"), coin("b", "0.9699", "0.9701"), fee="0")
    in_coin = view(venue=VenueName("hashkey"), last=d("100"))
    dollars = replace(
        in_coin,
        venue=VenueName("kraken"),
        symbol=Symbol("BTCUSD"),
        bids=(Level(d("96.99"), d("1")),),
        asks=(Level(d("97.01"), d("1")),),
        last=d("97"),
    )
    assert isinstance(consolidated([in_coin, dollars], START, RULES), NoReference)
    found = consolidated([in_coin, converted(dollars, USD, cheap)], START, RULES)
    assert isinstance(found, Consolidated)
    assert abs(found.price - 100) < d("0.001")


cents = st.integers(9_000, 11_000).map(lambda n: Decimal(n).scaleb(-4))


@given(bids=st.lists(cents, min_size=2, max_size=5), spread=st.integers(0, 50), price=st.integers(1, 10**9))
def test_there_and_back_never_makes_money(bids: list[Decimal], spread: int, price: int) -> None:
    books = tuple((bid, bid + Decimal(spread).scaleb(-4)) for bid in bids)
    one = replace(rate(), books=books, fee_bp=d("0"))
    amount = Decimal(price).scaleb(-2)
    there = converted_price(amount, SELL, USDT, one)
    assert converted_price(there, SELL, USD, one) <= amount
    assert converted_price(converted_price(amount, BUY, USDT, one), BUY, USD, one) >= amount
