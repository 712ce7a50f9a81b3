"""Seeded chance: each draw stands alone, so that leaving one out changes no other."""

from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.chance import below, draw, integer


@given(st.integers(0), st.text(max_size=10), st.integers(0), st.integers(1, 10**6))
def test_a_draw_stays_within_its_bounds(seed: int, purpose: str, counter: int, bound: int) -> None:
    assert 0 <= draw(seed, purpose, counter) < 1
    assert 0 <= below(seed, purpose, counter, bound) < bound


def test_a_draw_is_the_same_on_every_machine_for_ever() -> None:
    """The first 53 bits of SHA-256 over `7|slice time|3`; a recorded run could not be replayed otherwise."""
    assert integer(7, "slice time", 3) == 5_366_272_106_734_208


def test_purposes_and_counters_do_not_disturb_one_another() -> None:
    draws = {draw(seed, purpose, counter) for seed in (1, 2) for purpose in ("a", "b") for counter in range(100)}
    assert len(draws) == 400


def test_draws_are_even() -> None:
    assert 0.48 < fmean(draw(1, "even", n) for n in range(4000)) < 0.52
