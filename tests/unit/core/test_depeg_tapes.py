"""Stablecoins that really fell: minute tapes made to the depths of 2022 and 2023, and the recorded hours as they are.

A run sells a little of its coin at every minute. It has to stop within three minutes of the first that stands beyond
the bound, to sell the stablecoin on, and not to stop in a month in which nothing happened.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from engine.core.turn import Method
from engine.kernel.clock import DAY, HOUR, MILLISECOND, MINUTE, Instant, Span, parse_instant
from engine.mandate.terms import Deadline
from engine.orders import commands as c
from engine.planning.plan import Plan
from strategies.fiat_sweep import FiatSweep
from strategies.tactics.cross import Cross
from strategies.twap import twap
from tests.support.builders import BTC, ONE, POLICY, START, TWO, USDT, d, leg_one, leg_two, opened, terms
from tests.support.by_hand import Run, placed
from tests.unit.core.test_guarding import OTHERS, minute, shown

HALT: Final = 50.0
FX: Final = Path(os.environ.get("STEELYARD_DATA") or Path(__file__).parents[4] / "shared" / "data") / "fx"
recorded = pytest.mark.skipif(
    not FX.is_dir(), reason=f"no recorded prices in {FX}; name their folder in STEELYARD_DATA"
)

USDT_2022: Final = (
    *(-8.0, -9.0, -7.0) * 5,
    *(-40.0, -44.0, -41.0, -55.0, -70.0, -110.0, -200.0, -340.0, -590.0, -480.0, -300.0, -160.0),
    *(-160.0 + 5 * step for step in range(30)),
)
"""Already uneasy, then from 0.996 to 0.941 within ten minutes, and back within an hour."""
USDC_2023: Final = (*(-1.0, 0.0, 1.0) * 5, *(-12.0 * step for step in range(1, 109)), *(-1296.0,) * 20)
"""A slide of twelve basis points a minute, down to 0.87."""


def ready(sources: int = 1) -> Run:
    """10 BTC in slices of a minute over 400 days; the band is so wide that the coin is sold on at any price."""
    span = Span(400 * DAY)
    whole = Plan(legs=(leg_one(window=span), leg_two()), deadline=Deadline(after=span))
    wide = terms(stables=(replace(POLICY, band_bp=d("2000")),), deadline=Deadline(after=span))
    methods = {
        ONE: Method(twap(START, minute(200), 200), Cross()),
        TWO: Method(FiatSweep(START, Span(MINUTE), d("1"), Span(MINUTE)), Cross()),
    }
    run = Run(opened(plan=whole, terms=wide), methods).ready()
    for venue in OTHERS[: sources - 1]:
        shown(run, 0.0, venue)
    return run


def played(run: Run, bp: float, when: Instant, sources: int) -> list[str]:
    """What is sold at a decision at which everybody shows this price; every order fills."""
    shown(run, bp)
    for venue in OTHERS[: sources - 1]:
        shown(run, bp, venue)
    orders = placed(run.due_at(when))
    for order in orders:
        run.sold(order)
    return [order.sell for order in orders]


@pytest.mark.parametrize("sources", [1, 2, 3])
@pytest.mark.parametrize("tape", [USDT_2022, USDC_2023])
def test_a_depeg_stops_leg_one_within_three_minutes_and_the_stablecoin_is_sold_on(
    tape: tuple[float, ...], sources: int
) -> None:
    run = ready(sources)
    sold, left = [], []
    for number, bp in enumerate(tape):
        sold.append(played(run, bp, minute(number), sources))
        left.append(run.state.legs[TWO].remaining)
    event = next(number for number, bp in enumerate(tape) if abs(bp) > HALT)
    away = [assets for number, assets in enumerate(sold) if number >= event + 3 and abs(tape[number]) > HALT]
    assert [assets for assets in away if BTC in assets] == []
    assert any(BTC in assets for assets in sold[:event])
    assert run.state.legs[TWO].received > 0
    assert left[event + 4] == 0


def test_it_goes_on_by_itself_when_the_coin_is_back() -> None:
    run = ready(3)
    back = (*USDT_2022, *(-8.0,) * 6)
    sold = [played(run, bp, minute(number), 3) for number, bp in enumerate(back)]
    assert BTC in sold[-1]
    assert [row.level for row in run.rows if isinstance(row, c.PegLevel)] == [1, 2, 1, 0]


def closes(file: str, pair: str, first: str, last: str) -> Iterator[tuple[Instant, float]]:
    """The recorded hours of a pair: the end of each, and how far its close stood from par."""
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(FX / file, filters=[("pair", "==", pair)]).to_pylist()
    begins, ends = parse_instant(first), parse_instant(last)
    for row in rows:
        at = Instant(row["ts_open_ms"] * MILLISECOND + HOUR)
        if begins <= at <= ends:
            yield at, round(1e4 * (row["close"] - 1), 4)


def replayed(hours: Iterator[tuple[Instant, float]], sources: int) -> list[tuple[Instant, float, int]]:
    """Each hour as one sample: time, distance from par, level."""
    run, found, moved = ready(sources), [], None
    for at, bp in hours:
        moved = moved if moved is not None else at - START
        played(run, bp, Instant(at - moved), sources)
        found.append((at, bp, run.state.pegs[USDT].level))
    return found


@recorded
@pytest.mark.parametrize("sources", [1, 2])
def test_the_recorded_hours_of_may_2022_stop_it(sources: int) -> None:
    """The close of 06:00 UTC on the twelfth is the first below 0.99; by one source three hours have to add up."""
    file = "multi_pair_1h_ohlc_2022-01_2022-05.parquet"
    found = replayed(closes(file, "USDTUSD", "2022-05-11T00:00:00Z", "2022-05-12T12:00:00Z"), sources)
    assert found[0][2] < 2
    assert all(level == 2 for at, _, level in found if at >= parse_instant("2022-05-12T06:00:00Z"))


@recorded
def test_the_recorded_hours_of_a_quiet_month_stop_nothing() -> None:
    file = "multi_pair_1h_ohlc_2022-01_2022-05.parquet"
    found = replayed(closes(file, "USDTUSD", "2022-02-01T00:00:00Z", "2022-03-01T00:00:00Z"), 1)
    assert (len(found), max(level for _, _, level in found)) == (673, 0)


@recorded
def test_the_recorded_hours_of_march_2023_stop_it_with_the_first_of_them() -> None:
    """USDC in USDT: it was not traded there for months, and opens at 0.9128 or less."""
    file = "binance_stable_eur_1h_close_2021-2024.parquet"
    found = replayed(closes(file, "USDCUSDT", "2023-03-11T00:00:00Z", "2023-03-12T00:00:00Z"), 2)
    assert [level for _, _, level in found] == [2] * len(found)
    assert min(bp for _, bp, _ in found) == -872.0
