"""POV: a share of what is traded, between a floor and a cap."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.money import ZERO
from engine.market.traded import Traded
from engine.science.participation import pov_children
from strategies.observed import volume_by
from strategies.pov import Pov
from tests.support.builders import START, at, d, progress

END = Instant(START + HOUR)


def pov(**changes: Any) -> Pov:
    """A tenth of all volume, looked at every minute for an hour; a slice may sell the whole."""
    standard: dict[str, Any] = {
        "start": START,
        "end": END,
        "every": MINUTE,
        "rate": Fraction(1, 10),
        "slice_max": Fraction(1),
    }
    return Pov(**(standard | changes))


def looks(*volumes: str, every: Span = MINUTE) -> Traded:
    """Others' running total, looked at when each slice begins; the first look is at the start."""
    return Traded([Instant(START + i * every) for i in range(len(volumes))], [d(v) for v in volumes])


def wanted(schedule: Pov, traded: Traded, when: str, before: str = "0", total: str = "10") -> str:
    seen = progress(total, traded=traded, at=at(when), before=d(before))
    return f"{schedule.target(seen).normalize():f}"


def test_for_nine_of_others_one_of_ours_is_a_tenth_of_all() -> None:
    """And not nine tenths of a unit, which would be a tenth of others' volume."""
    traded = looks("0", "9", "9", "45")
    assert [wanted(pov(), traded, f"00:0{i}") for i in range(4)] == ["0", "1", "1", "5"]


def test_running_totals_are_those_of_the_science_page() -> None:
    """W-SC7, with a lot so fine that it does not show: the last child is what is left of 12."""
    volumes = [20.0, 35.0, 10.0, 60.0]
    children = pov_children(0.1, 12.0, volumes)
    traded = looks("0", "20", "55", "65", "125")
    for i in range(1, 5):
        seen = progress("12", traded=traded, at=at(f"00:0{i}"), lot=d("0.000000001"))
        assert float(pov().target(seen)) == pytest.approx(sum(children[:i]), abs=2e-9)


def test_what_is_traded_within_a_slice_is_sold_for_in_the_next() -> None:
    traded = Traded(
        [START, at("00:01"), Instant(at("00:01") + 30 * SECOND), at("00:02")], [d("0"), d("9"), d("27"), d("36")]
    )
    assert wanted(pov(), traded, "00:01") == "1"
    late = progress(traded=traded, at=Instant(at("00:01") + 59 * SECOND))
    assert pov().target(late) == 1
    assert wanted(pov(), traded, "00:02") == "4"


def test_a_look_that_comes_late_is_taken_when_it_comes() -> None:
    """At the first minute nothing is known but the start; ten seconds later it is."""
    traded = Traded([START, Instant(at("00:01") + 10 * SECOND)], [d("0"), d("9")])
    assert wanted(pov(), traded, "00:01") == "0"
    assert pov().target(progress(traded=traded, at=Instant(at("00:01") + 10 * SECOND))) == 1


def test_a_burst_is_not_chased() -> None:
    """900 of others in one minute would be 100 of ours: a slice sells a twentieth of the whole."""
    schedule, traded = pov(slice_max=Fraction(1, 20)), looks("0", "900", "900")
    assert wanted(schedule, traded, "00:01", total="100") == "5"
    assert wanted(schedule, traded, "00:02", before="5", total="100") == "10"


def test_a_dry_market_still_sells_the_least() -> None:
    """Half of a straight line, as a slice ends: a minute of sixty is 10 / 60 / 2."""
    schedule = pov(least=Fraction(1, 2))
    assert wanted(schedule, Traded(), "00:00") == "0.083"
    assert wanted(schedule, Traded(), "00:29") == "2.5"
    assert wanted(schedule, Traded(), "00:59") == "5"


def test_the_least_is_not_added_to_the_share() -> None:
    schedule, traded = pov(least=Fraction(1, 2)), looks("0", "9")
    assert wanted(schedule, traded, "00:01") == "1"


def test_the_cap_binds_the_least_as_well() -> None:
    """Nothing was sold for half an hour: what the line wants comes slice by slice."""
    schedule = pov(least=Fraction(1), slice_max=Fraction(1, 50))
    assert wanted(schedule, Traded(), "00:30") == "0.2"


def test_after_the_end_it_goes_on_by_the_same_rule() -> None:
    traded = Traded([START, END, Instant(END + MINUTE)], [d("0"), d("18"), d("36")])
    assert [wanted(pov(), traded, when) for when in ("01:00", "01:01")] == ["2", "4"]
    assert pov().slice(Instant(END + MINUTE)) == 61


def test_with_everything_asked_for_what_is_finer_than_a_lot_goes_along() -> None:
    assert wanted(pov(), looks("0", "1000"), "00:01", total="10.0004") == "10.0004"


def test_a_step_is_what_the_slice_adds_or_a_mean_slice_and_no_more_than_its_most() -> None:
    """1, nothing and 9 are added: the mean of three slices is a third, of four it is 2.5, and a fifth of 10 is 2."""
    schedule, traded = pov(slice_max=Fraction(1, 5)), looks("0", "9", "9", "90")
    steps = [schedule.step(progress(traded=traded, at=at(f"00:0{i}"))) for i in range(4)]
    assert steps == [ZERO, d("1"), d("0.333"), d("2")]


volumes = st.lists(st.decimals(0, 50, places=3), min_size=1, max_size=30)


@given(volumes, st.integers(0, 2**31), st.fractions(0, Fraction(1, 20)), st.fractions(0, Fraction(9, 10)))
def test_jitter_holds_back_within_its_band_and_never_passes_the_rate(
    each: list[Any], seed: int, band: Fraction, late: Fraction
) -> None:
    """What is held back comes with the next slice, so that targets never fall."""
    running = [str(sum(each[:i], ZERO)) for i in range(len(each) + 1)]
    traded = looks(*running)
    schedule = pov(seed=seed, size_jitter=band, time_jitter=late)
    asked = []
    for i in range(1, len(running)):
        begins = schedule.following(Instant(START + i * MINUTE - 1))
        seen = progress("100", traded=traded, at=begins)
        exact = volume_by(traded, begins, begins) / 9
        asked.append(schedule.target(seen))
        assert asked[-1] <= exact
        assert Fraction(asked[-1]) > Fraction(min(exact, d("100"))) - 100 * band - Fraction(1, 500)
    assert all(a <= b for a, b in pairwise(asked))


def test_jitter_moves_slices_for_real_and_a_seed_is_replayed() -> None:
    moved = [pov(time_jitter=Fraction(1, 2), seed=seed) for seed in (1, 1, 2)]
    begins = [[s.following(Instant(START + i * MINUTE - 1)) for i in range(60)] for s in moved]
    assert begins[0] == begins[1] != begins[2]
    late = {begin - START - i * MINUTE for i, begin in enumerate(begins[0])}
    assert len(late) > 50
    assert 0 <= min(late) <= max(late) < 30 * SECOND


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": Fraction(0)},
        {"rate": Fraction(1)},
        {"slice_max": Fraction(0)},
        {"least": Fraction(2)},
        {"every": Span(0)},
        {"end": START},
        {"time_jitter": Fraction(1)},
        {"size_jitter": Fraction(-1)},
    ],
    ids=str,
)
def test_what_is_no_participation_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a rate lies|slices need"):
        pov(**wrong)
