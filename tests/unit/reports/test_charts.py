"""Charts as data: what is drawn, and that the same is drawn again."""

from decimal import Decimal

import msgspec
import pytest

from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.evidence.story import LegStory
from engine.kernel.clock import SECOND, Instant
from engine.reports.charts import POINTS_MAX, bundle, price, progress, slippage
from tests.support.journals import BTCUSDT, FIRST, Journal, at, opened, tape, trade, two_legs

TARGETS = {FIRST: [(at("10:00:00"), Decimal(0)), (at("10:05:00"), Decimal("0.5")), (at("10:10:00"), Decimal(1))]}
STORY = tell(two_legs().rows, tape(), TARGETS)
LEG = STORY.leg(FIRST)


def empty() -> LegStory:
    j = Journal()
    j.write(at("10:00:00"), opened())
    return tell(j.rows).leg(FIRST)


def test_the_price_chart_shows_the_market_and_each_fill_at_its_price() -> None:
    spec = price(LEG, [(at("10:00:02"), Decimal(65000)), (at("10:00:10"), None)])
    assert spec is not None
    assert [row["price"] for row in spec["datasets"]["Our fills"]] == [64990.0, 64965.0]
    assert [row["price"] for row in spec["datasets"]["Mid of hashkey"]] == [65000.0, None]


def test_without_mids_the_public_trades_are_drawn() -> None:
    spec = price(LEG, ())
    assert spec is not None
    assert len(spec["datasets"]["Public trades"]) == len(LEG.prints)


def test_progress_climbs_from_nothing_to_what_was_sold_beside_the_schedule() -> None:
    spec = progress(LEG)
    assert spec is not None
    assert [row["quantity"] for row in spec["datasets"]["Sold"]] == [0.0, 0.3, 0.8]
    assert [row["quantity"] for row in spec["datasets"]["Schedule"]] == [0.0, 0.5, 1.0]


def test_each_fill_is_drawn_against_both_its_reference_prices() -> None:
    spec = slippage([e for e in gather(STORY) if e.sold.order.leg == FIRST])
    assert spec is not None
    assert [row["bp"] for row in spec["datasets"]["Against the arrival price"]] == [1.5385, 5.3846]
    assert [row["bp"] for row in spec["datasets"]["Against the mid at the decision"]] == [1.5385, 2.3084]


def test_where_there_is_nothing_to_draw_there_is_no_chart() -> None:
    assert price(empty(), ()) is progress(empty()) is slippage([]) is None


def test_every_layer_names_rows_that_are_there() -> None:
    for spec in (price(LEG, ()), progress(LEG), slippage(gather(STORY))):
        assert spec is not None
        assert {layer["data"]["name"] for layer in spec["layer"]} == set(spec["datasets"])


@pytest.mark.parametrize("count", [POINTS_MAX, POINTS_MAX + 1, 7 * POINTS_MAX])
def test_a_long_series_is_thinned_and_keeps_its_ends(count: int) -> None:
    mids = [(Instant(at("10:00:00") + i * SECOND), Decimal(60000 + i)) for i in range(count)]
    spec = price(LEG, mids)
    assert spec is not None
    drawn = [row["price"] for row in spec["datasets"]["Mid of hashkey"]]
    assert len(drawn) <= POINTS_MAX + 1
    assert (drawn[0], drawn[-1]) == (60000.0, 59999.0 + count)


def test_prints_of_one_instant_are_drawn_too() -> None:
    story = tell(two_legs().rows, [trade(BTCUSDT, f"x{i}", "10:00:00", "65000", "1") for i in range(POINTS_MAX + 1)])
    spec = price(story.leg(FIRST), ())
    assert spec is not None
    assert spec["datasets"]["Public trades"]


def test_the_same_leg_gives_the_same_specification() -> None:
    """Altair counts the names that it makes up; here nothing is left for it to name."""
    assert msgspec.json.encode(price(LEG, ())) == msgspec.json.encode(price(LEG, ()))
    assert msgspec.json.encode(progress(LEG)) == msgspec.json.encode(progress(LEG))


def test_the_bundle_draws_and_does_not_end_its_element() -> None:
    assert "vegaEmbed" in bundle()
    assert "</script" not in bundle().lower()
