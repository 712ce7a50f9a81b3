"""One price out of several venues: who counts, who is left out and why, and what one that lies can do."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.consolidated import Consolidated, Source, at_venue, consolidated
from engine.market.facts import Level
from engine.market.reference import NoReference, ReferenceRules
from engine.market.view import MarketView
from tests.support.builders import BTCUSDT, START, d, view

RULES = ReferenceRules(60 * SECOND, d("200"), quorum=2)
ALONE = replace(RULES, quorum=1)
STALE = Instant(START - 61 * SECOND)


def shown(venue: str, mid: Decimal | str, **changes: Any) -> MarketView:
    """A good book of this venue, a cent either side of `mid`; its last prints agree."""
    price = Decimal(mid)
    book: dict[str, Any] = {
        "bids": (Level(price - d("0.01"), d("1")),),
        "asks": (Level(price + d("0.01"), d("1")),),
        "last": price,
    }
    return view(venue=VenueName(venue), **(book | changes))


def price(*views: MarketView, rules: ReferenceRules = RULES) -> Decimal:
    found = consolidated(views, START, rules)
    assert isinstance(found, Consolidated), found
    return found.price


def reason(*views: MarketView, rules: ReferenceRules = RULES) -> str:
    found = consolidated(views, START, rules)
    assert isinstance(found, NoReference), found
    return found.reason


def test_the_price_is_the_median_and_says_whose() -> None:
    found = consolidated([shown("osl", "100"), shown("kraken", "101"), shown("hashkey", "100.5")], START, RULES)
    assert found == Consolidated(
        d("100.50"),
        "median of 3: hashkey, kraken, osl",
        tuple(
            Source(VenueName(name), BTCUSDT, d(mid))
            for name, mid in (("hashkey", "100.50"), ("kraken", "101.00"), ("osl", "100.00"))
        ),
    )


def test_between_two_the_price_lies_exactly_halfway() -> None:
    assert price(shown("osl", "100"), shown("kraken", "100.0001")) == d("100.00005")


def test_one_venue_where_one_is_enough_is_called_a_single_source() -> None:
    found = consolidated([shown("osl", "100")], START, ALONE)
    assert isinstance(found, Consolidated)
    assert (found.price, found.label) == (d("100"), "single source")


def test_fewer_than_the_quorum_is_no_price_and_every_venue_says_why() -> None:
    """One is good; one is old, one was lost, one has an empty side."""
    told = reason(
        shown("osl", "100"),
        shown("kraken", "100", seen_at=STALE),
        shown("coinbase", "100", live=False),
        shown("bitstamp", "100", bids=()),
    )
    assert told == (
        "1 of the 2 venues needed; bitstamp: the book has an empty side or is crossed; "
        "coinbase: the feed is not continuous; kraken: the book is 61000 ms old"
    )


def test_nobody_at_all_is_no_price() -> None:
    assert reason(rules=ALONE) == "no venue can be believed"


@pytest.mark.parametrize("rules", [RULES, ALONE])
def test_of_two_that_disagree_beyond_the_bound_nobody_can_tell_which_lies(rules: ReferenceRules) -> None:
    """Three per cent apart, each is within two per cent of the middle between them; it is nobody's price."""
    assert "osl says 100.00 and kraken 103.00, more than 200 bp apart" in reason(
        shown("osl", "100"), shown("kraken", "103"), rules=rules
    )
    assert "most of them disagree" in reason(shown("osl", "100"), shown("kraken", "110"), rules=rules)


def test_two_camps_of_two_are_no_price_either() -> None:
    told = reason(shown("a", "100"), shown("b", "100.1"), shown("c", "103"), shown("d", "103.1"))
    assert "b says 100.10 and c 103.00" in told


def test_where_all_disagree_the_one_in_the_middle_is_not_believed() -> None:
    """One of three is left, and one would be enough: still there is no telling."""
    told = reason(shown("a", "90"), shown("b", "100"), shown("c", "110"), rules=ALONE)
    assert told.startswith("3 venues, and most of them disagree; a: mid 90.00 is more than 200 bp from")


def test_one_that_lies_is_left_out_by_name() -> None:
    found = consolidated([shown("osl", "100"), shown("kraken", "101"), shown("liar", "150")], START, RULES)
    assert isinstance(found, Consolidated)
    assert (found.price, found.label) == (d("100.50"), "median of 2: kraken, osl")
    assert [str(one) for one in found.left_out] == [
        "liar: mid 150.00 is more than 200 bp from the venues' median 101.00"
    ]


def test_a_stale_price_never_counts_however_well_it_agrees() -> None:
    """Old by our receipt, or by the venue's own time."""
    for old in ({"seen_at": STALE}, {"book_at": STALE}):
        found = consolidated([shown("osl", "100"), shown("kraken", "101"), shown("x", "100", **old)], START, RULES)
        assert isinstance(found, Consolidated)
        assert found.price == d("100.5")
        assert [one.venue for one in found.left_out] == ["x"]


def test_a_book_that_its_own_prints_contradict_does_not_count() -> None:
    """Somebody quotes far from where anybody trades: two venues, and one of them is that one."""
    assert "last prints' median 95" in reason(shown("osl", "100"), shown("kraken", "100", last=d("95")))


def test_a_venue_has_one_voice_however_many_pairs_it_shows() -> None:
    """Else two pairs of one venue would make a quorum, and three would outvote the others."""
    second = shown("liar", "101", symbol=Symbol("BTCUSD"))
    assert "speaks by its BTCUSDT already" in reason(shown("liar", "101"), second)
    good = replace(shown("liar", "101"), live=False)
    assert price(good, second, shown("osl", "100")) == d("100.5")


def test_only_those_named_as_sources_count() -> None:
    named = replace(RULES, sources=(VenueName("osl"), VenueName("kraken")))
    views = [shown("osl", "100"), shown("kraken", "101"), shown("hashkey", "100.9")]
    assert price(*views, rules=named) == d("100.5")
    assert "hashkey: is not among the sources" in reason(views[0], views[2], rules=named)


def test_the_order_of_the_venues_changes_nothing() -> None:
    views = [
        shown("a", "100"),
        shown("b", "101"),
        shown("c", "100.5"),
        shown("d", "130"),
        shown("e", "100", live=False),
    ]
    assert consolidated(views, START, RULES) == consolidated(views[::-1], START, RULES)


def test_an_order_is_held_against_the_venues_together_and_not_against_its_own_alone() -> None:
    views = [shown("osl", "100"), shown("kraken", "101")]
    found = at_venue(views[0], views, START, RULES)
    assert isinstance(found, Consolidated)
    assert found.price == d("100.5")


def test_a_venue_that_stands_apart_from_the_others_or_is_stale_is_no_place_to_sell() -> None:
    """The others agree with one another: they have a price, and this venue has none."""
    views = [shown("liar", "150"), shown("osl", "100"), shown("kraken", "101")]
    found = at_venue(views[0], views, START, RULES)
    assert isinstance(found, NoReference)
    assert found.reason == "liar's mid 150.00 is more than 200 bp from the median of 2: kraken, osl, 100.50"
    old = shown("osl", "100", seen_at=STALE)
    assert at_venue(old, [old, *views[1:]], START, RULES) == NoReference("the book is 61000 ms old")


cents = st.integers(5_000, 20_000).map(lambda n: Decimal(n).scaleb(-2))


@given(honest=cents, apart_bp=st.integers(0, 200), lie=cents)
def test_one_liar_of_three_never_moves_the_price_past_what_an_honest_venue_shows(
    honest: Decimal, apart_bp: int, lie: Decimal
) -> None:
    """The honest two agree within the bound; the third says whatever it likes."""
    other = (honest * (1 + Decimal(apart_bp) / 10_000)).quantize(d("0.01"), "ROUND_FLOOR")
    found = price(shown("a", honest), shown("b", other), shown("liar", lie))
    assert honest <= found <= other


@given(st.lists(cents, min_size=1, max_size=7))
def test_a_price_lies_among_those_it_was_taken_of_and_those_lie_near_one_another(mids: list[Decimal]) -> None:
    views = [shown(f"v{index}", mid) for index, mid in enumerate(mids)]
    found = consolidated(views, START, RULES)
    sources = () if isinstance(found, NoReference) else found.sources
    assert len(sources) != 1
    assert all(abs(one.price - found.price) <= d("0.05") * found.price for one in sources)  # type: ignore[union-attr]
    assert len({one.venue for one in sources}) == len(sources)
