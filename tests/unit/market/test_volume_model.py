"""A model's day is cut exactly wherever an order begins, and a file that is no model is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span, parse_instant
from engine.kernel.errors import BadInput
from engine.market.volume_model import WHOLE, expected, read, weights

MODEL = (Path(__file__).parents[3] / "examples" / "models" / "btc_10m.json").read_bytes()
CURVE = tuple(range(1, 25))
NOON = parse_instant("2030-01-01T12:00:00Z")


def told(**changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(json.dumps(json.loads(MODEL) | changes), "strategy.model")
    assert {mistake.where for mistake in caught.value.mistakes} == {"strategy.model"}
    return [mistake.what for mistake in caught.value.mistakes]


def test_hours_that_are_met_in_full_have_their_weights() -> None:
    assert weights(CURVE, NOON, HOUR, 3) == [13 * HOUR, 14 * HOUR, 15 * HOUR]


def test_a_bin_across_hours_and_midnight_takes_its_part_of_each() -> None:
    """From 23:30 on in hours: half of the 24th and half of the first."""
    late = Instant(NOON + 11 * HOUR + 30 * MINUTE)
    assert weights(CURVE, late, HOUR, 2) == [24 * HOUR // 2 + HOUR // 2, HOUR // 2 + HOUR]


@given(st.integers(0, 10**18), st.integers(1, 96), st.integers(1, 10**12))
def test_bins_of_a_day_are_the_whole_curve(start: int, count: int, length: int) -> None:
    assert sum(weights(CURVE, Instant(start), Span(DAY), 1)) == sum(CURVE) * HOUR
    bins = weights(CURVE, Instant(start), Span(length), count)
    assert sum(bins) == weights(CURVE, Instant(start), Span(length * count), 1)[0]


def test_a_flat_day_expects_the_mean_hour_in_every_hour() -> None:
    flat = (*[WHOLE // 25] * 23, WHOLE - 23 * (WHOLE // 25))
    assert expected(flat, 50.0, NOON, Instant(NOON + 30 * MINUTE)) == pytest.approx(25.0 * 24 / 25)


def test_one_text_for_one_model() -> None:
    model = read(MODEL, "here")
    assert read(model.text, "here").text == model.text
    assert " " not in model.text.split('"features"')[0]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"schema": 2}, "schema is 2"),
        ({"chosen": "luck"}, "chosen is 'luck'"),
        ({"curve": [WHOLE]}, "curve wants 24 weights"),
        ({"curve": [-1, WHOLE + 1] + [0] * 22}, "curve wants 24 weights"),
        ({"features": ["one"]}, "features are one"),
        ({"rho": "NaN"}, "not finite"),
        ({"s2": "-1"}, "s2 not below it"),
        ({"hour": "0"}, "hour has to be above zero"),
        ({"direct": []}, "direct wants the coefficients"),
        ({"slices": 97}, "slices is 97"),
        ({"window": "2d"}, "window is 2d"),
        ({"window": "soon"}, "window: not a length of time"),
        ({"extra": 1}, "is no volume model"),
    ],
)
def test_a_number_that_can_t_be_is_refused(changes: dict[str, Any], what: str) -> None:
    assert any(what in mistake for mistake in told(**changes))


def test_all_mistakes_of_a_model_are_told() -> None:
    assert len(told(schema=2, chosen="luck", hour="0")) == 3


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"{}"])
def test_what_is_no_model_is_refused(raw: bytes) -> None:

    with pytest.raises(BadInput, match="is no volume model"):
        read(raw, "strategy.model")
