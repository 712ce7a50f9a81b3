"""A backtest is played over data that covers it, and says what it is made of before anybody reads its numbers."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backtests.single import over_bars, over_flow
from engine.config import Config, load
from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, parse_instant
from engine.kernel.errors import BadInput
from engine.mandate.terms import Deadline
from venues.sandbox.listings import START

EXAMPLES = Path(__file__).parents[3] / "examples"
BARS = EXAMPLES / "backtest_bars.csv"
OPEN = parse_instant("2030-01-01T09:00:00Z")


def config(name: str = "backtest_vwap.toml", **terms: Any) -> Config:
    read = load(EXAMPLES / name, START)
    return replace(read, terms=replace(read.terms, **terms))


def refused(mandate: Config, since: str | None = None) -> list[str]:
    with pytest.raises(BadInput) as caught:
        over_bars(mandate, BARS, seed=1, since=since)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_run_over_bars_starts_with_the_first_and_gets_those_up_to_its_deadline() -> None:
    """Six hours of bars, a deadline after five and a half."""
    scene = over_bars(config(), BARS, seed=1, since=None)
    assert scene.played is not None
    assert (scene.start, scene.played.origin, scene.played.end) == (OPEN, OPEN, OPEN + 5 * HOUR + 30 * MINUTE)


def test_it_may_start_in_the_middle_of_a_bar() -> None:
    scene = over_bars(config(), BARS, seed=1, since="2030-01-01T17:17:30+08:00")
    assert scene.played is not None
    assert scene.start == OPEN + 17 * MINUTE + 30 * SECOND
    assert scene.played.origin == OPEN + 15 * MINUTE


def test_a_deadline_beyond_the_data_is_a_mistake() -> None:
    assert refused(config(), "2030-01-01T09:30:01Z") == [
        "mandate.deadline: the deadline is 2030-01-01T15:00:01.000000Z, and backtest_bars.csv ends at "
        "2030-01-01T15:00:00.000000Z"
    ]


def test_a_deadline_as_an_instant_is_held_against_the_data_too() -> None:
    (mistake,) = refused(config(deadline=Deadline(at=Instant(OPEN + 7 * HOUR))))
    assert "a backtest wants it as a length of time, such as 30m" in mistake


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2030-01-01T08:59:59Z", "has no bar at 2030-01-01T08:59:59"),
        ("2030-01-01T15:00:00Z", "has no bar at 2030-01-01T15:00:00"),
        ("2030-01-01T10:00:00", "a time needs its zone"),
        ("noon", "Invalid isoformat"),
    ],
)
def test_a_start_outside_of_the_data_is_a_mistake(since: str, told: str) -> None:
    (mistake,) = refused(config(), since)
    assert mistake.startswith("--from: ")
    assert told in mistake


@pytest.mark.parametrize(
    ("name", "told"), [("basket_to_hkd.toml", "the mandate sells BTC, ETH"), ("usdt_only.toml", "nothing volatile")]
)
def test_bars_are_of_one_pair(name: str, told: str) -> None:
    (mistake,) = refused(config(name))
    assert told in mistake


def test_a_gap_within_the_run_is_named_and_one_behind_it_is_only_counted(tmp_path: Path) -> None:
    """Of the example's 72 bars the third and the last but one are missing."""
    head, *rows = BARS.read_text().splitlines()
    path = tmp_path / "bars.csv"
    path.write_text("\n".join((head, *rows[:2], *rows[3:70], rows[71])))
    said = [
        line for line in over_bars(config(), path, seed=1, since=None).assumptions if "gap" in line or "issing" in line
    ]
    assert said == [
        "Bars missing in the file: 2, at 2 places. None was made up.",
        "The gap from 2030-01-01T09:10:00.000000Z to 2030-01-01T09:15:00.000000Z (bars: 1) lies within the run: nobody "
        "quoted or traded, and nothing could be sold.",
    ]


def test_the_assumptions_name_data_fills_latency_fees_impact_and_seed() -> None:
    said = "\n".join(over_bars(config(), BARS, seed=41, since=None).assumptions)
    for words in ("backtest_bars.csv (SHA-256 ", "Fills:", "Latency: 5 to 60 ms", "Fees: 0.29 %", "Impact:", "Seed 41"):
        assert words in said


def test_over_order_flow_the_report_says_what_was_recorded_and_what_was_not() -> None:
    crowd = over_flow(config(), seed=1, recorded=False)
    assert crowd.played is None
    assert (crowd.start, crowd.assumptions[0]) == (
        START,
        "Data. BTCUSDT: a seeded crowd from 2026-05-02T02:36:20.521000Z on; no recording is played.",
    )


def test_recorded_dollars_taken_as_stablecoin_are_confessed() -> None:
    pytest.importorskip("numpy")
    from venues.sandbox import recorded

    if recorded.load() is None:
        pytest.skip("ob-analytics is not installed")
    said = over_flow(config(), seed=1, recorded=True).assumptions[0]
    assert "BTC/USD taken one to one as BTCUSDT" in said
    assert "After its end a seeded crowd goes on around the last mid" in said


def test_a_quiet_market_has_small_quotes_and_says_so() -> None:
    """The example trades about 11 BTC in five minutes; a quote is a hundredth of a minute's mean."""
    scene = over_bars(config(), BARS, seed=1, since=None)
    assert scene.played is not None
    assert Decimal("0.01") < Decimal(scene.played.temper.rung_size) < Decimal("0.04")
    assert any(f"{scene.played.temper.rung_size:.4g} BTC" in line for line in scene.assumptions)


def test_a_second_venue_is_said_to_be_made_up() -> None:
    assumptions = over_flow(config("two_venues.toml"), seed=1, recorded=False).assumptions
    (said,) = [line for line in assumptions if "osl" in line]
    assert said == "The data are played at hashkey; a seeded crowd at osl follows its price, a little off."
