"""Fiat sweep: all that waits, once it is enough, once it is old, and when nothing more will come."""

from fractions import Fraction
from typing import Any

import pytest

from engine.kernel.clock import MINUTE, SECOND, Span
from strategies.fiat_sweep import FiatSweep
from tests.support.builders import START, at, d, progress

SWEEP = FiatSweep(START, Span(10 * SECOND), d("200"), Span(2 * MINUTE))


@pytest.mark.parametrize(
    ("total", "sold", "changes", "target"),
    [
        ("199.99", "0", {}, "0"),
        ("200", "0", {}, "200"),
        ("500", "300.01", {}, "300.01"),
        ("500", "300", {}, "500"),
        ("50", "0", {"oldest": START, "at": at("00:01:59.999999")}, "0"),
        ("50", "0", {"oldest": START, "at": at("00:02")}, "50"),
        ("50", "0", {"oldest": None, "at": at("09:00")}, "0"),
        ("50", "20", {"closing": True}, "50"),
        ("0", "0", {"closing": True}, "0"),
    ],
)
def test_it_wants_everything_that_waits_or_nothing(total: str, sold: str, changes: dict[str, Any], target: str) -> None:
    """200 at once, or anything that is two minutes old, or the end."""
    assert SWEEP.target(progress(total, sold, **changes)) == d(target)


def test_it_looks_every_so_often_from_the_start() -> None:
    assert [SWEEP.following(at(t)) for t in ("00:00", "00:00:09", "00:00:10")] == [
        at("00:00:10"),
        at("00:00:10"),
        at("00:00:20"),
    ]
    assert [SWEEP.slice(at(t)) for t in ("00:00", "00:00:09", "00:00:10", "00:01")] == [0, 0, 1, 6]


def test_it_has_no_rate_that_could_be_caught_up() -> None:
    assert SWEEP.step(progress("1000")) is None


DRAWN = FiatSweep(START, Span(10 * SECOND), d("200"), Span(2 * MINUTE), Fraction(1, 2), Fraction(1, 5), seed=7)


def test_looks_and_amounts_are_drawn_from_the_seed_and_stay_within_their_bands() -> None:
    looks = [DRAWN.following(START)]
    while len(looks) < 50:
        looks.append(DRAWN.following(looks[-1]))
    late = [look - (START + index * DRAWN.every) for index, look in enumerate(looks)]
    assert all(0 <= each <= 5 * SECOND for each in late)
    assert len(set(late)) > 40
    assert [DRAWN.slice(look) for look in looks] == list(range(50))
    wanted = {DRAWN.target(progress("175", at=look)) for look in looks[1:]}
    assert wanted == {d("0"), d("175")}
    assert {DRAWN.target(progress("159.99", at=look)) for look in looks[1:]} == {d("0")}
    assert {DRAWN.target(progress("200", at=look)) for look in looks[1:]} == {d("200")}
