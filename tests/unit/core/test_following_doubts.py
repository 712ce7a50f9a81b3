"""What follows the market or a name, read by somebody who means it ill: volumes, paces, quorums and keys."""

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from math import exp
from pathlib import Path

import pytest

from engine.config import OURS, load
from engine.core.hand import in_force
from engine.core.pursuing import Method
from engine.drivers import keys
from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, total
from engine.mandate.custody import CustodyPlan
from engine.mandate.instructions import Amend
from engine.market import volume_model
from engine.market.footprint import FootprintRule, Shares
from engine.market.traded import Traded
from engine.market.volume_model import expected
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.strategy import Schedule
from engine.planning.pace import Stretch, Stretched
from engine.science.calibration import Market
from strategies.dynamic_vwap import dynamic_vwap
from strategies.pov import Pov
from strategies.shortfall import shortfall
from strategies.tactics.cross import Cross
from strategies.twap import twap
from tests.support.both import two
from tests.support.builders import (
    BTC,
    ONE,
    START,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    progress,
)
from tests.support.by_hand import Run, only, placed
from tests.support.configs import written
from tests.support.desks import OTHER
from tests.support.models import learned

MINUTES = tuple(f"00:{minute:02d}" for minute in range(59))
LOOKERS = (VenueName("kraken"), VenueName("coinbase"))


def following(rate: str | None) -> Decimal:
    """What POV at a tenth has sold after nine minutes of nine BTC each; people say otherwise after the first."""
    pov = Pov(start=START, end=at("00:10"), every=MINUTE, rate=Fraction(1, 10), slice_max=Fraction(1, 2))
    long = plan(leg_one(window=Span(10 * MINUTE)), leg_two())
    run = Run(opened(plan=long), methods() | {ONE: Method(pov, Cross())}).ready()
    for minute in range(9):
        if minute == 1 and rate is not None:
            run.people(Amend(was_sha256=in_force(run.state), rate=d(rate)))
        run.price("99.99", "100.01", volume=Decimal(9 * minute) + run.state.legs[ONE].sold)
        for order in placed(run.due(f"00:{minute:02d}:01")):
            run.sold(order)
    return run.state.legs[ONE].sold


def test_half_the_pace_is_half_the_pace_for_a_share_of_volume_too() -> None:
    assert following("0.5") < following(None)


def released(schedule: Schedule) -> Decimal:
    """What leaves custody at the start, of 10 BTC in ten slices, for the one that begins and the four that follow."""
    kept = CustodyPlan(holdings={BTC: d("10")}, statement_sha256="00" * 32, account="main", slices_ahead=4)
    long = plan(leg_one(window=Span(10 * MINUTE)), leg_two())
    first = opened(custody=kept, balances={VENUE: ()}, plan=long)
    run = Run(first, methods() | {ONE: Method(schedule, Cross())}).ready()
    return total(asked.tranche.quantity for asked in only(c.AskTranche, run.due("00:00:05")))


def test_what_the_next_slices_of_a_shortfall_need_leaves_custody_in_time() -> None:
    """Without an aversion to risk the curve is the straight line, so it needs what TWAP needs."""
    calm = Market(
        price=100.0, sigma_daily=0.03, volume_daily=1e5, prefactor=1.0, exponent=0.5, spread_bp=2.0, permanent=0.1
    )
    curve = shortfall(START, at("00:10"), 10, market=calm, quantity=10.0, risk_aversion=0.0, law="linear")
    assert abs(released(curve) - released(twap(START, at("00:10"), 10))) < d("0.01")


def test_what_the_next_slices_of_a_share_of_volume_need_leaves_custody_in_time() -> None:
    """A minute's nine BTC of others make one of ours. After five minutes in a pause 5 are owed, and 2 will be soon."""
    pov = Pov(start=START, end=at("00:10"), every=MINUTE, rate=Fraction(1, 10), slice_max=Fraction(1, 2))
    kept = CustodyPlan(holdings={BTC: d("10")}, statement_sha256="00" * 32, account="main", slices_ahead=2)
    first = opened(custody=kept, balances={VENUE: ()}, plan=plan(leg_one(window=Span(10 * MINUTE)), leg_two()))
    run = Run(first, methods() | {ONE: Method(pov, Cross())}).ready()
    run.asked(e.Wish.PAUSE)
    for minute in range(6):
        run.price("99.99", "100.01", volume=Decimal(9 * minute))
        run.due(f"00:{minute:02d}:01")
    run.asked(e.Wish.RESUME)
    assert total(one.tranche.quantity for one in only(c.AskTranche, run.due("00:05:10"))) > 5


def test_a_dark_venue_does_not_take_the_market_away_from_the_other() -> None:
    """Others trade 90 a minute at the first venue; the second has shown nothing since the start."""
    limit = limits(footprint=FootprintRule(market=Shares(minute=d("0.1"))))
    run = Run(two(limits=limit), methods()).ready()
    run.price("99.99", "100.01", venue=OTHER, live=False)
    for minute in range(6):
        run.price("99.99", "100.01", volume=Decimal(90 * minute) + run.state.legs[ONE].sold)
        for order in placed(run.due(f"00:{minute:02d}:01")):
            run.sold(order)
    assert run.state.legs[ONE].sold > 0


def test_a_slower_clock_is_no_surprise_in_volume() -> None:
    """Volume is as usual throughout. Half the pace from the fifth slice on: twice the time, and twice its volume."""
    made = dynamic_vwap(START, Instant(START + HOUR), volume_model.read(learned("ar1"), "here"))
    since, end = Instant(START + 24 * MINUTE), Instant(START + HOUR)
    slower = Stretch(since, end, Instant(since + 2 * (end - since)))
    looks, seen, volume = list[Instant](), list[Decimal](), ZERO
    for step in range(60 * 6 * 2):
        when = Instant(START + step * 10 * SECOND)
        looks.append(when)
        seen.append(volume)
        usual = expected(made.curve, made.hour, when, Instant(when + 10 * SECOND)) * exp(made.centre)
        volume += d(f"{usual:.8f}")
    asked = []
    for clock in (None, slower):
        schedule: Schedule = made if clock is None else Stretched(made, clock)
        then = Instant(START + 30 * MINUTE) if clock is None else slower.forth(Instant(START + 30 * MINUTE))
        known = bisect_right(looks, then + 30 * SECOND)
        traded = Traded(looks[:known], seen[:known])
        asked.append(schedule.target(progress("1000", at=Instant(then + 30 * SECOND), lot=d("0.001"), traded=traded)))
    assert abs(asked[0] - asked[1]) < 5, asked


def test_one_exchange_under_two_names_is_no_quorum_in_production(tmp_path: Path) -> None:
    """Sold on hashkey, and held against hashkey."""
    twice = {"hashkey": {"adapter": "hashkey"}, "other": {"adapter": "hashkey", "use": "reference"}}
    path = written(tmp_path, environment="production", venues=twice, reference={"quorum": 2})
    with pytest.raises(BadInput):
        load(path, START, OURS)


@pytest.mark.parametrize("lost", ["feed", "process"])
def test_a_volume_that_nobody_saw_is_not_taken_for_a_quiet_market(lost: str) -> None:
    """Trade is as usual. Four minutes of the fourth slice go unseen; the fifth takes its share of the static curve."""
    made = dynamic_vwap(START, Instant(START + HOUR), volume_model.read(learned("ar1"), "here"))
    first = opened(plan=plan(leg_one(window=Span(HOUR)), leg_two()))
    run = Run(first, methods() | {ONE: Method(made, Cross())}).ready()
    volume = ZERO
    for step in range(60):
        when = Instant(START + step * 30 * SECOND)
        dark = 38 <= step < 46
        if lost == "process" and step == 46:
            run.now, volume = when, ZERO
            run.restart(2)
        if not dark or lost == "feed":
            run.price("99.99", "100.01", volume=volume, live=not dark)
            run.due_at(when)
        if not dark:
            usual = expected(made.curve, made.hour, when, Instant(when + 30 * SECOND)) * exp(made.centre)
            volume += d(f"{usual:.6f}")
    traded = run.state.legs[ONE].traded
    ends = (Instant(START + (6 * slice_ + 5) * MINUTE) for slice_ in (3, 4))
    fourth, fifth = (made.target(progress("1000", at=end, lot=d("0.001"), traded=traded)) for end in ends)
    assert abs(fifth - fourth - Decimal(1000 * made.rule.seasonal[4])) < 1


def test_a_production_key_that_lies_in_the_keyring_is_no_sandbox_key_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the real venue under the sandbox's name; the production name is in the keyring alone."""
    for name in keys.names("sandbox", VENUE):
        monkeypatch.setenv(name, "the-real-one")
    for name in keys.names("production", VENUE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keys, "_from_keyring", lambda name: "the-real-one" if "PRODUCTION" in name else None)
    assert isinstance(keys.find("sandbox", VENUE), list)
