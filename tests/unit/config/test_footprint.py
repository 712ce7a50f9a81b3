"""`[footprint]`: every mistake with its place, and what is meant."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import load
from engine.kernel.errors import BadInput
from engine.market.footprint import FootprintRule, Shares
from tests.support.builders import START, d
from tests.support.configs import written


def refused(folder: Path, **footprint: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, footprint=footprint), START)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_shares_are_meant_as_fractions_and_what_is_not_named_is_not_limited(tmp_path: Path) -> None:
    written_so = {"venue": {"minute": "10%", "hour": "5%", "day": "2%"}, "market": {"day": "0.5%"}}
    rule = load(written(tmp_path, footprint=written_so), START).limits.footprint
    venue = Shares(minute=d("0.1"), hour=d("0.05"), day=d("0.02"))
    assert rule == FootprintRule(venue=venue, market=Shares(day=d("0.005")))


def test_without_the_section_there_is_no_footprint(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).limits.footprint is None


@pytest.mark.parametrize(
    ("footprint", "found"),
    [
        ({}, ["footprint: limits nothing: needs venue or market"]),
        ({"venue": {}}, ["footprint.venue: limits nothing: needs one of minute, hour, day"]),
        ({"venue": {"hour": "0%"}}, ["footprint.venue.hour: 0% is not above 0% and at most 100%"]),
        ({"market": {"day": "101%"}}, ["footprint.market.day: 101% is not above 0% and at most 100%"]),
        (
            {"venue": {"minute": "5%", "day": "6%"}},
            ["footprint.venue.day: 6% is looser than the 5% per minute, and would never bind"],
        ),
        (
            {"venue": {"minute": "0%"}, "market": {"minute": "1%", "hour": "2%", "day": "3%"}},
            [
                "footprint.venue.minute: 0% is not above 0% and at most 100%",
                "footprint.market.hour: 2% is looser than the 1% per minute, and would never bind",
                "footprint.market.day: 3% is looser than the 2% per hour, and would never bind",
            ],
        ),
    ],
)
def test_every_mistake_is_named_with_its_place(footprint: dict[str, Any], found: list[str], tmp_path: Path) -> None:
    assert refused(tmp_path, **footprint) == found


def test_all_of_it_may_be_ours(tmp_path: Path) -> None:
    rule = load(written(tmp_path, footprint={"venue": {"minute": "100%"}}), START).limits.footprint
    assert rule == FootprintRule(venue=Shares(minute=d("1")))
