"""How much may leave custody: what the next slices need, within what is released and what there is room for."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import is_multiple
from engine.mandate.custody import room_for, tranche_wanted

D = Decimal
UNIT = D("0.00000001")
NEXT: dict[str, Any] = {
    "needed_next": D("0.3"), "at_venue": D(0), "in_transit": D(0), "in_custody": D("1.5"), "released_left": D("1.5"),
    "unit": UNIT, "minimum": D("0.05"),
}  # fmt: skip


def wanted(**changed: str | None) -> Decimal:
    return tranche_wanted(**{**NEXT, **{name: None if text is None else D(text) for name, text in changed.items()}})


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        ({}, "0.3"),
        ({"at_venue": "0.1"}, "0.2"),
        ({"at_venue": "0.1", "in_transit": "0.15"}, "0.05"),
        ({"at_venue": "0.3"}, "0"),
        ({"at_venue": "0.2", "in_transit": "0.2"}, "0"),
        ({"needed_next": "0"}, "0"),
    ],
)
def test_a_venue_is_given_what_the_next_slices_lack(case: dict[str, str], asked: str) -> None:
    """Three slices of 0.1 BTC; what stands there and what is on its way counts."""
    assert wanted(**case) == D(asked)


def test_a_small_lack_is_raised_to_the_smallest_tranche() -> None:
    assert wanted(at_venue="0.29") == D("0.05")


@pytest.mark.parametrize("short", ["in_custody", "released_left"])
def test_only_the_last_of_what_is_released_may_be_less_than_a_tranche(short: str) -> None:
    assert wanted(**{short: "0.02"}) == D("0.02")
    assert wanted(**{short: "0.02", "at_venue": "0.29"}) == D("0.02")
    assert wanted(**{short: "0"}) == D(0)
    assert wanted(**{short: "-1"}) == D(0)


@pytest.mark.parametrize("room", ["exposure_room", "cover_room"])
def test_room_that_is_too_small_for_a_tranche_is_waited_for(room: str) -> None:
    assert wanted(**{room: "0.2"}) == D("0.2")
    assert wanted(**{room: "0.05"}) == D("0.05")
    assert wanted(**{room: "0.04"}) == D(0)
    assert wanted(**{room: "-3"}) == D(0)
    assert wanted(**{room: None}) == D("0.3")


def test_what_is_asked_for_is_rounded_down_to_the_smallest_unit() -> None:
    assert wanted(exposure_room="0.123456789999") == D("0.12345678")


UNITS = st.decimals(min_value=-1, max_value=1000, places=10)


@given(
    values=st.fixed_dictionaries(
        dict.fromkeys(("needed_next", "at_venue", "in_transit", "in_custody", "released_left"), UNITS)
    ),
    minimum=st.decimals(min_value=0, max_value=5, places=8),
    rooms=st.tuples(st.none() | UNITS, st.none() | UNITS),
)
def test_no_request_goes_beyond_need_release_or_room(
    values: dict[str, Decimal], minimum: Decimal, rooms: tuple[Decimal | None, Decimal | None]
) -> None:
    asked = tranche_wanted(**values, unit=UNIT, minimum=minimum, exposure_room=rooms[0], cover_room=rooms[1])
    lacking = values["needed_next"] - values["at_venue"] - values["in_transit"]
    bounds = [values["in_custody"], values["released_left"], *(room for room in rooms if room is not None)]
    assert 0 <= asked <= max(D(0), lacking, minimum)
    assert asked <= max(D(0), min(bounds))
    assert is_multiple(asked, UNIT)
    assert asked == 0 or lacking > 0


def test_room_in_money_is_room_in_coin_at_a_price() -> None:
    """1000 USD at 90 000 USD a coin: 0.0111…, rounded down."""
    assert room_for(D(1000), D(90_000), UNIT) == D("0.01111111")
    assert room_for(D(0), D(90_000), UNIT) == D(0)
    assert room_for(D(-5), D(90_000), UNIT) == D(0)
    assert room_for(D(1000), D(0), UNIT) == D(0)
