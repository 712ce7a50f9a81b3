"""A dealer's quotes are firm, short-lived, taken once, and never better than the mid."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import SECOND, Instant, Span
from venues.sandbox.dealer import Dealer, DealerQuote, DealerReason, DealerRefusal, DealerTerms, Taking
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, FlowAction
from venues.sandbox.model import Listing, Mode

D = Decimal
BASE = {
    "quantity_min": D("0.01"), "quantity_max": D(10**6), "notional_min": D(1), "notional_max": D(10**7),
    "maker_fee": D(0), "taker_fee": D(0), "fee_step": D("0.01"),
}  # fmt: skip
BTC = Listing("BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), **BASE)
USD = Listing("USDTUSD", "USDT", "USD", tick=D("0.001"), lot=D("0.01"), **BASE)
START, WALL = Instant(1), Instant(1_000 * SECOND)


class Standing:
    """A bid and an ask that never change."""

    origin = START

    def __init__(self, symbol: str, bid: int, ask: int) -> None:
        self.symbol = symbol
        self.left = [FlowAction(START, symbol, Act.ADD, n, not n, (bid, ask)[n], 10**6) for n in (0, 1)]

    def until(self, to: Instant) -> Iterator[FlowAction]:
        while self.left:
            yield self.left.pop(0)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        pass


def exchange() -> Exchange:
    """BTC at a mid of 60,000 USDT, and USDT at 0.999 USD."""
    flows = [Standing("BTCUSDT", 119_998, 120_002), Standing("USDTUSD", 998, 1_000)]
    return Exchange([BTC, USD], {"a": {"BTC": D(2), "USD": D(1_000)}}, flows, start=START)


def dealer(**terms: Any) -> Dealer:
    chosen = {
        "spread_min": 1_000,
        "spread_max": 1_000,
        "validity_min": Span(5 * SECOND),
        "validity_max": Span(5 * SECOND),
    }
    return Dealer(exchange(), seed=1, venue="v", terms=DealerTerms(**(chosen | terms)))


def quoted(of: Dealer, sell: str = "BTC", buy: str = "USDT", **units: str) -> DealerQuote:
    made = of.quote("a", sell, buy, WALL, **{name: D(text) for name, text in (units or {"sell_units": "1"}).items()})
    assert isinstance(made, DealerQuote), made
    return made


@pytest.mark.parametrize(
    ("sell", "buy", "units", "given", "got"),
    [
        ("BTC", "USDT", {"sell_units": "1"}, "1", "59940"),  # 10 bp below the mid
        ("BTC", "USDT", {"buy_units": "59940"}, "1", "59940"),
        ("USD", "USDT", {"sell_units": "999"}, "999", "999"),  # the other way round, at one over the mid
        ("BTC", "USD", {"sell_units": "1"}, "1", "59880.06"),  # over USDT, with one spread
    ],
)
def test_a_quote_is_the_mid_less_the_spread(sell: str, buy: str, units: dict[str, str], given: str, got: str) -> None:
    quote = quoted(dealer(), sell, buy, **units)
    assert (quote.sell_units, quote.buy_units) == (D(given), D(got))


def test_what_does_not_come_out_even_is_rounded_to_the_dealers_favour() -> None:
    assert quoted(dealer(), "BTC", "USD", sell_units="0.33333333").buy_units == D("19960.01")  # of 19,960.0198
    assert quoted(dealer(), buy_units="20000").sell_units == D("0.33366701")  # of 0.333667000334


def test_spreads_and_lives_are_drawn_within_the_terms_and_drawn_again_the_same() -> None:
    asked = []
    for _ in range(2):
        one = dealer(spread_min=500, spread_max=2_000, validity_max=Span(9 * SECOND))
        asked.append([quoted(one) for _ in range(40)])
    assert asked[0] == asked[1]
    assert len({quote.id for quote in asked[0]}) == 40
    assert {D(59_880) <= quote.buy_units <= D(59_970) for quote in asked[0]} == {True}
    assert {5 * SECOND <= quote.expires_at - WALL <= 9 * SECOND for quote in asked[0]} == {True}
    assert len({quote.buy_units for quote in asked[0]}) > 30


@pytest.mark.parametrize(
    ("terms", "sell", "units", "reason"),
    [
        ({}, "BTC", {}, DealerReason.BAD_AMOUNT),
        ({}, "BTC", {"sell_units": D(1), "buy_units": D(1)}, DealerReason.BAD_AMOUNT),
        ({}, "BTC", {"sell_units": D(-1)}, DealerReason.BAD_AMOUNT),
        ({}, "DOGE", {"sell_units": D(1)}, DealerReason.UNSUPPORTED),
        ({}, "BTC", {"buy_units": D(9)}, DealerReason.TOO_SMALL),
        ({"most": {"USDT": D(50_000)}}, "BTC", {"sell_units": D(1)}, DealerReason.TOO_LARGE),
        ({"refusals": 1.0}, "BTC", {"sell_units": D(1)}, DealerReason.UNWILLING),
    ],
)
def test_a_dealer_refuses_with_a_reason(
    terms: dict[str, Any], sell: str, units: dict[str, Decimal], reason: DealerReason
) -> None:
    refused = dealer(**terms).quote("a", sell, "USDT", WALL, **units)
    assert isinstance(refused, DealerRefusal)
    assert refused.reason is reason


def test_refusals_by_chance_keep_to_their_rate() -> None:
    one = dealer(refusals=0.25)
    heard = [one.quote("a", "BTC", "USDT", WALL, sell_units=D(1)) for _ in range(400)]
    assert 70 <= sum(isinstance(made, DealerRefusal) for made in heard) <= 130


def test_a_quote_is_taken_once_and_moves_both_assets() -> None:
    one = dealer()
    quote = quoted(one)
    taken = one.accept("a", quote.id, Instant(WALL + SECOND))
    assert taken.how is Taking.DEALT
    again = one.accept("a", quote.id, Instant(WALL + 60 * SECOND))
    assert (again.how, again.deal) == (Taking.ALREADY, taken.deal)
    market = one._exchange
    assert {row.asset: row.free for row in market.balances("a")} == {"BTC": 1, "USD": 1_000, "USDT": D(59_940)}
    assert one.history("a") == [taken.deal]
    (row,) = market.flow("a")
    assert (row.id, row.reference) == (taken.deal.id, quote.id)


def test_a_quote_ends_at_its_moment_and_belongs_to_whoever_asked() -> None:
    one = dealer()
    first, second = quoted(one), quoted(one)
    assert one.accept("a", first.id, first.expires_at).how is Taking.EXPIRED
    assert one.accept("b", second.id, WALL).how is Taking.UNKNOWN_ID
    assert one.accept("a", "no such", WALL).how is Taking.UNKNOWN_ID
    assert one.accept("a", second.id, Instant(second.expires_at - 1)).how is Taking.DEALT


def test_whoever_has_not_got_it_may_try_again_until_the_quote_ends() -> None:
    one = dealer()
    quote = quoted(one, sell_units="3")
    assert one.accept("a", quote.id, WALL).how is Taking.INSUFFICIENT
    one._exchange.deposit("a", "BTC", D(1), "more")
    assert one.accept("a", quote.id, WALL).how is Taking.DEALT
    assert [deal.done for deal in one.history("a")] == [False, True]


def test_nobody_deals_while_the_exchange_is_closed() -> None:
    one = dealer()
    quote = quoted(one)
    one._exchange.mode = Mode.CANCEL_ONLY
    assert one.accept("a", quote.id, WALL).how is Taking.CLOSED
    refused = one.quote("a", "BTC", "USDT", WALL, sell_units=D(1))
    assert isinstance(refused, DealerRefusal)
    assert refused.reason is DealerReason.CLOSED


def test_a_dialect_may_give_ids_a_form_of_its_own() -> None:
    one = dealer()
    one.show_id = lambda letters: f"RFQ-{letters[:6]}"
    quote = quoted(one)
    assert quote.id.startswith("RFQ-")
    assert one.accept("a", quote.id, WALL).how is Taking.DEALT
