"""What the adapter says of itself: its mocks beside its page, its options, its limits, and the places where it goes."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.kernel.clock import SECOND, Instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import Quote, Refused
from tests.unit.venues.hashkey.stub import OURS, WALL, Still, adapter, ok
from venues import registry
from venues.adapter import Site
from venues.hashkey import mock, routes
from venues.hashkey.adapter import ADAPTER, CAPABILITIES
from venues.hashkey.calls import LIMITS, SLOW_LIMITS, Unread
from venues.hashkey.routes import Route
from venues.hashkey.venue import HashKeyVenue

BTC, USD = Asset("BTC"), Asset("USD")
PAGE = Path(__file__).parents[4] / "docs" / "venues" / "hashkey.md"


def site(**changed: object) -> Site:
    values: dict[str, object] = {
        "name": VenueName("hk"),
        "capabilities": ADAPTER.sandbox,
        "clock": Still(),
        "address": "http://127.0.0.1:9",
        "key": ("k", "s"),
    }
    return Site(**{**values, **changed})  # type: ignore[arg-type]


def test_every_mock_choice_stands_in_the_page_of_the_venue_and_no_other_does() -> None:
    """Row by row, in the same words."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| mock | ")]
    assert rows == [f"| mock | {each.what} | {each.chosen} |" for each in mock.MOCKS]
    assert ADAPTER.mocks == mock.MOCKS
    assert len({each.what for each in mock.MOCKS}) == len(mock.MOCKS)


def test_the_registry_offers_it_with_what_it_can_do() -> None:
    """Fees of the base tier: 0.29 %, and at least USD 1.99 for an order that is fully executed."""
    assert registry.adapter("hashkey") is ADAPTER
    assert CAPABILITIES.fee(Decimal(200)) == Decimal("1.99")
    assert CAPABILITIES.fee(Decimal(10000)) == Decimal(29)
    assert (CAPABILITIES.quotes, ADAPTER.sandbox.quotes) == (False, True)


async def test_a_venue_is_opened_without_sending_anything() -> None:
    venue = ADAPTER.venue(site())
    assert isinstance(venue, HashKeyVenue)
    assert isinstance(await venue.market_place.history(), Refused)
    await venue.aclose()


def test_the_market_place_is_permitted_by_that_word_alone() -> None:
    ADAPTER.venue(site(options={"market_place": "permitted"}))
    with pytest.raises(BadInput, match="market_place"):
        ADAPTER.venue(site(options={"market_place": "yes"}))
    assert list(ADAPTER.options) == ["market_place"]


@pytest.mark.parametrize("changed", [{"address": "http://example.com"}, {"key": None}, {"key": ("a\n", "b")}])
def test_an_address_or_a_key_that_cannot_be_is_a_mistake_in_the_config(changed: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        ADAPTER.venue(site(**changed))


async def test_in_production_no_invented_endpoint_is_called() -> None:
    """Mock choices belong to the sandbox: real money is not sent to a path that somebody guessed."""
    venue, stub = adapter(lambda request: ok({}), market_place=True)
    venue._calls.endpoints = ADAPTER.venue(site(production=True))._calls.endpoints  # type: ignore[attr-defined]
    with pytest.raises(Unread, match="documents no way"):
        await venue.permissions()
    with pytest.raises(Unread, match="mock choice"):
        await venue.market_place.history()
    for outcome in (
        await venue.account.withdraw_fiat(OURS, USD, Decimal(1), bank_account="b"),
        await venue.accept(Quote(venue.name, "Q1", BTC, USD, Decimal(1), Decimal(1), Instant(WALL + SECOND))),
        await venue.market_place.create(OURS, BTC, USD, Decimal(1)),
    ):
        assert isinstance(outcome, Refused)
        assert outcome.code == "not_documented"
    assert stub.sent == []


def test_every_endpoint_fits_the_limits_that_it_counts_against() -> None:
    """Heavier than a second's worth would never be let through; documented weights by method and path."""
    table = [each for each in vars(routes).values() if isinstance(each, Route)]
    for each in table:
        assert each.weight <= LIMITS[each.lane].units
        assert each.slow is None or each.weight <= SLOW_LIMITS[each.slow].units
    heavy = {(each.method, each.path.rpartition("/")[2]): each.weight for each in table if each.weight > 1}
    assert heavy == {
        ("GET", "exchangeInfo"): 5,
        ("POST", "batchOrders"): 5,
        ("DELETE", "openOrders"): 5,
        ("DELETE", "cancelOrderByIds"): 5,
        ("GET", "tradeOrders"): 5,
        ("GET", "trades"): 5,
        ("GET", "type"): 5,
        ("GET", "balanceFlow"): 3,
    }
