"""`steelyard venues` in data and in words, of an installation made up for the purpose."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.cli.listing import as_data, in_words, venues
from engine.compose.offers import Broken, Offers, Plugin
from engine.kernel.clock import DAY, SECOND, Instant, Span, parse_instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.mandate.register import Licence
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from venues.adapter import Adapter, Mock, Site

NOW = parse_instant("2026-05-02T00:00:00Z")
CAN = Capabilities(
    tifs=(TimeInForce.GTC, TimeInForce.IOC),
    validity=Span(5 * SECOND),
    read_lag=SECOND,
    quotes=True,
    taker_fee=Decimal("0.0029"),
    maker_fee=Decimal("0.0010"),
    fee_min=Decimal("1.99"),
)
HARBOUR = Licence(
    venue=VenueName("harbour"),
    entity="Harbour Limited",
    authority="The Authority",
    reference="No. 7",
    status="licensed",
    licensed_on=None,
    seen_at=Instant(NOW - 100 * DAY),
    valid_until=Instant(NOW + 30 * DAY),
    source="a test",
)


def opens_nothing(site: Site) -> None:
    """Listing opens nothing."""
    raise AssertionError("something was opened")


ADAPTER = Adapter(
    name="harbour",
    about="Harbour, by semaphore",
    capabilities=CAN,
    sandbox=CAN,
    venue=opens_nothing,
    market=opens_nothing,
    mocks=(Mock("the tide", "six hours"),),
    options={"lamp": "red or green"},
)
OFFERS = Offers(adapters=[ADAPTER], packages={}, register={HARBOUR.venue: HARBOUR}, plugins=[], broken=[])


def words(offers: Offers) -> str:
    return in_words(offers, NOW, width=400)


def test_an_adapter_is_shown_with_licence_capabilities_options_and_mock_parts() -> None:
    assert in_words(OFFERS, NOW, width=80).splitlines() == [
        "harbour     Harbour, by semaphore",
        "  licence   Harbour Limited, The Authority, No. 7: licensed, seen 2026-01-22,",
        "            valid until 2026-06-01 (30 days left)",
        "  book      nobody has found out whether it is shared with one abroad",
        "  can       limit orders gtc, ioc; finds one order by our id; private stream;",
        "            firm quotes (RFQ); without market orders, market orders by amount,",
        "            cancels in a batch, self-trade prevention, dead-man timer; a request",
        "            holds for 5s; fee 0.29% taking, 0.1% making, at least 1.99 an order",
        "  option    lamp: red or green",
        "  mock      1 taken to be so until the venue says: the tide",
    ]


def test_on_request_every_mock_part_is_shown_with_what_was_chosen() -> None:
    assert "  mock      the tide: six hours" in in_words(OFFERS, NOW, width=80, whole=True).splitlines()


def test_an_entry_that_ran_out_is_shown_with_why_it_does_not_count() -> None:
    old = replace(HARBOUR, valid_until=Instant(NOW - DAY))
    offers = replace(OFFERS, register={old.venue: old})
    assert "valid until 2026-05-01 (run out); may not execute: the licence register's entry" in words(offers)
    (adapter,) = as_data(offers, NOW)["adapters"]
    assert adapter["licence"]["days_left"] == 0
    assert "ran out on 2026-05-01" in adapter["licence"]["gap"]


def test_an_adapter_that_no_entry_is_named_after_has_no_licence() -> None:
    offers = replace(OFFERS, register={})
    assert "licence   none: no entry is named harbour" in words(offers)
    assert as_data(offers, NOW)["adapters"][0]["licence"] is None


def test_a_platform_that_no_adapter_reaches_is_listed_all_the_same() -> None:
    offers = replace(OFFERS, adapters=[])
    assert "without an adapter of that name:\n  harbour       Harbour Limited" in words(offers)
    assert [entry["venue"] for entry in as_data(offers, NOW)["without_adapter"]] == ["harbour"]


def test_an_adapter_without_mock_parts_says_so() -> None:
    assert "mock      nothing" in words(replace(OFFERS, adapters=[replace(ADAPTER, mocks=())]))


def test_what_other_packages_bring_and_what_they_break_is_named() -> None:
    offers = replace(
        OFFERS,
        packages={"harbour": "steelyard-harbour 2.0"},
        plugins=[Plugin("tactic", "patient", "steelyard-harbour 2.0")],
        broken=[Broken("reef", "ImportError: no such module")],
    )
    assert "Harbour, by semaphore (from steelyard-harbour 2.0)" in words(offers)
    assert "tactic      patient (from steelyard-harbour 2.0)" in words(offers)
    assert "broken      reef: ImportError: no such module" in words(offers)


def test_in_data_spans_and_fees_are_text() -> None:
    can = as_data(OFFERS, NOW)["adapters"][0]["capabilities"]
    assert (can["tifs"], can["validity"], can["taker_fee"], can["fee_min"]) == (["gtc", "ioc"], "5s", "0.0029", "1.99")
    assert can["quotes"] is True


def test_an_adapter_that_is_not_installed_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadInput, match="reef: no adapter of that name; installed: hashkey"):
        venues("reef", None, as_json=False)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"shared_book": "yes"}, "shared with one abroad: a notice"),
        (
            {"shared_book": "yes", "shared_since": Instant(NOW - DAY)},
            "shared with one abroad since 2026-05-01: a notice",
        ),
        ({"shared_book": "yes", "shared_since": Instant(NOW + DAY)}, "its own until 2026-05-03: a notice"),
        ({"shared_book": "no"}, "its own: a notice"),
    ],
)
def test_it_is_told_whether_a_book_is_shared_with_one_abroad(entry: dict[str, Any], said: str) -> None:
    known = replace(OFFERS, register={HARBOUR.venue: replace(HARBOUR, shared_source="a notice", **entry)})
    assert f"  book      {said}" in words(known).splitlines()


def test_the_data_has_the_book_of_today_and_no_schedule_of_fees() -> None:
    """A schedule is a config's; an adapter has none."""
    (adapter,) = as_data(OFFERS, NOW)["adapters"]
    assert adapter["licence"]["shared_book"] == "unknown"
    assert "fees" not in adapter["capabilities"]
