"""Dynamic VWAP: shares follow what was seen of the window by the rule that was chosen, and nothing that was not."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backtests.volume import rules
from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant
from engine.kernel.money import ZERO
from engine.market import volume_model
from engine.market.traded import Traded
from strategies.dynamic_vwap import DynamicVwap, dynamic_vwap
from strategies.stepped import WHOLE
from strategies.vwap import vwap
from tests.support.builders import START, d, progress
from tests.support.models import learned

SLICES = 10
SLICE = 6 * MINUTE
END = Instant(START + HOUR)
TOTAL = "1000"
LOT = d("0.000001")


def schedule(chosen: str = "direct", **changes: object) -> DynamicVwap:
    made: DynamicVwap = dynamic_vwap(START, END, volume_model.read(learned(chosen), "here"), **changes)  # type: ignore[arg-type]
    return made


def at(slice_: int, after: int = 0) -> Instant:
    return Instant(START + slice_ * SLICE + after)


def traded(volumes: Sequence[str], late: Mapping[int, int] | None = None, lost: Sequence[int] = ()) -> Traded:
    """A look at the begin of each slice and after the last; some come late, by nanoseconds, and some not at all."""
    total, looks = ZERO, []
    for index, volume in enumerate(["0", *volumes]):
        total += d(volume)
        if index not in lost:
            looks.append((at(index, (late or {}).get(index, 0)), total))
    return Traded([when for when, _ in looks], [volume for _, volume in looks])


def share(made: DynamicVwap, slice_: int, seen: Traded, after: int = 0) -> Decimal:
    return made.target(progress(TOTAL, at=at(slice_, after), lot=LOT, traded=seen))


def shares(made: DynamicVwap, seen: Traded) -> list[Decimal]:
    """Of each slice, once it is over."""
    targets = [share(made, i, seen, after=SLICE - 1) for i in range(SLICES)]
    return [b - a for a, b in pairwise([ZERO, *targets])]


USUAL = ["4", "4", "5", "4", "4", "5", "4", "4", "5", "4"]
BUSY = ["4", "12", "9", "14", "4", "5", "4", "2", "5", "4"]


@pytest.mark.parametrize("volumes", [USUAL, BUSY])
@pytest.mark.parametrize("chosen", ["direct", "ar1"])
def test_a_run_follows_the_rule_that_the_study_has_measured(chosen: str, volumes: list[str]) -> None:
    """The same residuals through the study's own arrays: the same shares, to the rounding of a lot."""
    model, made = volume_model.read(learned(chosen), "here"), schedule(chosen)
    seasonal = [volume_model.expected(model.curve, float(model.hour), at(i), at(i + 1)) for i in range(SLICES)]
    residuals = np.log(np.array(list(map(float, volumes))) / seasonal) - float(model.centre)
    residuals = np.clip(residuals, *map(float, model.reach))[None, :]
    season = np.array([seasonal])
    studied = (
        rules.ar1(season, residuals, float(model.centre), float(model.rho), float(model.s2))
        if chosen == "ar1"
        else rules.direct_linear(season, residuals, [list(map(float, row)) for row in model.direct])
    )
    ours = [float(each) / 1000 for each in shares(made, traded(volumes))]
    assert ours == pytest.approx(studied[0].tolist(), abs=1e-8)


@pytest.mark.parametrize("chosen", ["direct", "ar1"])
def test_more_volume_than_usual_moves_the_next_slice_and_not_the_ones_before(chosen: str) -> None:
    usual, busy = (shares(schedule(chosen), traded(v)) for v in (USUAL, BUSY))
    assert usual[:2] == busy[:2]
    assert usual[2] != busy[2]


def test_where_the_static_curve_was_chosen_nothing_that_is_seen_matters() -> None:
    made, model = schedule("static"), volume_model.read(learned("static"), "here")
    plain = vwap(START, END, SLICES, volume_model.weights(model.curve, START, model.bin, SLICES))
    assert made.plain == plain
    assert shares(made, traded(BUSY)) == shares(made, Traded())


@pytest.mark.parametrize("chosen", ["direct", "ar1"])
def test_a_feed_that_was_never_there_leaves_the_static_curve(chosen: str) -> None:
    made = schedule(chosen)
    static = [made.plain.target(progress(TOTAL, at=at(i), lot=LOT)) for i in range(SLICES)]
    first, rest = share(made, 0, Traded()), [share(made, i, Traded()) for i in range(1, SLICES)]
    bins = [b - a for a, b in pairwise([first, *rest[:-1]])]
    assert bins == pytest.approx([b - a for a, b in pairwise(static[:-1])], abs=Decimal("0.00001"))


def test_a_slice_that_wants_a_volume_which_was_not_seen_takes_its_static_share() -> None:
    """Nobody trades in the third slice: the fourth, fifth and sixth want its residual, the seventh does not."""
    dry = [*USUAL[:2], "0", *USUAL[3:]]
    made = schedule("direct")
    found, static = shares(made, traded(dry)), [float(x) for x in made.rule.seasonal]
    assert [float(x) / 1000 for x in found[3:6]] == pytest.approx(static[3:6], abs=1e-7)
    assert float(found[6]) / 1000 != pytest.approx(static[6], abs=1e-4)


def test_by_the_cumulative_target_a_lost_volume_is_missed_from_then_on() -> None:
    made = schedule("ar1")
    found = shares(made, traded(BUSY, lost=[3]))
    static = [float(x) for x in made.rule.seasonal]
    assert [float(x) / 1000 for x in found[3:8]] == pytest.approx(static[3:8], abs=1e-7)


@pytest.mark.parametrize("chosen", ["direct", "ar1"])
def test_a_volume_of_which_a_part_went_unseen_is_none(chosen: str) -> None:
    """The feed is lost within the third slice and is back before its end: what is shown of it is too little."""
    made, less = schedule(chosen), [*BUSY[:2], "1", *BUSY[3:]]
    seen = replace(traded(less), gaps=((at(2, MINUTE), at(2, 4 * MINUTE)),))
    found, static = shares(made, seen), [float(x) for x in made.rule.seasonal]
    assert [float(x) / 1000 for x in found[3:6]] == pytest.approx(static[3:6], abs=1e-7)
    assert found[:3] == shares(made, traded(less))[:3]


def test_a_look_that_comes_too_late_is_none() -> None:
    """A fourth of a slice is the most; what it shows would belong to two slices."""
    made, fourth = schedule("direct"), SLICE // 4
    in_time, too_late = (traded(BUSY, late={3: fourth + more}) for more in (0, 1))
    assert share(made, 4, in_time) != share(made, 4, too_late)
    assert share(made, 4, too_late) == share(made, 4, traded(BUSY, lost=[3]))


def test_a_look_that_comes_a_little_late_is_held_against_the_season_until_then() -> None:
    """A steady market seen 80 s late shows no surprise."""
    hour = float(volume_model.read(learned(), "here").hour)
    flat = learned(curve=[WHOLE // 24 + (i < WHOLE % 24) for i in range(24)], hour=str(hour))
    made = dynamic_vwap(START, END, volume_model.read(flat, "here"))
    late = 80 * SECOND
    steady = [f"{hour * (SLICE + (late if i == 2 else -late if i == 3 else 0)) / HOUR:.6f}" for i in range(SLICES)]
    even = [f"{hour / 10:.6f}"] * SLICES
    ours, regular = shares(made, traded(steady, late={3: late})), shares(made, traded(even))
    assert [float(x) for x in ours[4:]] == pytest.approx([float(x) for x in regular[4:]], abs=1e-3)


def test_a_slice_waits_for_its_look_and_not_longer_than_a_fourth() -> None:
    made, fourth = schedule("direct"), SLICE // 4
    seen = traded(BUSY[:4], lost=[4])  # looks at the begins of slices 0 to 3
    waiting = share(made, 4, seen, after=fourth - 1)
    assert waiting == share(made, 3, seen)
    assert share(made, 4, seen, after=fourth) == share(made, 3, seen) + share(made, 4, seen, after=SLICE - 1) - waiting
    assert share(made, 4, seen, after=fourth) > waiting


@given(
    st.lists(
        st.tuples(st.integers(0, 70 * MINUTE), st.decimals(0, 90, places=2)), max_size=40, unique_by=lambda x: x[0]
    ),
    st.lists(st.integers(-MINUTE, 70 * MINUTE), min_size=2, max_size=30),
    st.sampled_from(["direct", "ar1"]),
    st.booleans(),
)
def test_whatever_is_seen_targets_rise_and_end_at_the_whole(
    found: list[tuple[int, Decimal]], times: list[int], chosen: str, jittered: bool
) -> None:
    """As it goes in a run: at each instant only what had been looked at by then."""
    jitters = {"time_jitter": Fraction(1, 2), "size_jitter": Fraction(1, 50), "seed": 7} if jittered else {}
    made, total = schedule(chosen, **jitters), ZERO
    looks = []
    for after, volume in sorted(found):
        total += volume
        looks.append((Instant(START + after), total))
    targets = []
    for time in sorted(times):
        known = [look for look in looks if look[0] <= START + time]
        seen = Traded([when for when, _ in known], [volume for _, volume in known])
        targets.append(made.target(progress(TOTAL, at=Instant(START + time), lot=LOT, traded=seen)))
    assert all(a <= b for a, b in pairwise(targets))
    assert all(0 <= target <= 1000 for target in targets)
    assert made.target(progress(TOTAL, at=Instant(END - 1), lot=LOT)) == 1000


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    jitters = {"time_jitter": Fraction(1, 2), "size_jitter": Fraction(1, 50)}
    one, two, other = (schedule("direct", seed=seed, **jitters) for seed in (3, 3, 4))
    seen = traded(BUSY)
    assert shares(one, seen) == shares(two, seen) != shares(other, seen)


def test_a_step_is_what_the_slice_adds() -> None:
    made, seen = schedule("direct"), traded(BUSY)
    steps = [made.step(progress(TOTAL, at=at(i), lot=LOT, traded=seen)) for i in range(SLICES)]
    assert [float(step or 0) for step in steps] == pytest.approx([float(x) for x in shares(made, seen)], abs=1e-5)


@pytest.mark.parametrize("chosen", ["direct", "ar1"])
def test_a_market_of_another_size_can_t_make_it_sell_beyond_its_reach(chosen: str) -> None:
    """A thousand times the volume that was learned is taken for the most that was ever seen."""
    wild, wilder = ([str(int(v) * scale) for v in BUSY] for scale in (1000, 100_000))
    one, two = (shares(schedule(chosen), traded(v)) for v in (wild, wilder))
    assert one == two


def test_a_model_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="the model is for 2h in 10 slices"):
        dynamic_vwap(START, END, volume_model.read(learned(window="2h"), "here"))
