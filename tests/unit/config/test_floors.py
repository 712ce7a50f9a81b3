"""Floors as they are written: what each kind has to say, and what nothing but the config can settle."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from engine.config import Config, load
from engine.kernel.clock import HOUR, SECOND, Span
from engine.kernel.errors import BadInput
from engine.mandate.floors import rules_in_words
from engine.mandate.terms import Floor, FloorFees, FloorKind, FloorScope, Without
from engine.market.averages import Calendar, Missing
from engine.market.daily import Kind
from tests.support.builders import START, USDT, d
from tests.support.configs import holding, short

FIXED: Final[dict[str, Any]] = {"price": "70000", "currency": "USDT", "scope": "fill"}
AVERAGE: Final[dict[str, Any]] = {
    "kind": "average",
    "currency": "USD",
    "scope": "average",
    "fees": "in",
    "share": "95%",
    "days": 20,
    "calendar": "calendar",
    "offset": "+08:00",
    "value": "close",
    "sources": ["one", "two"],
    "sources_min": 1,
    "join": "median",
    "coverage_min": "90%",
    "missing": "refuse",
    "without": "stop",
}
QUOTE: Final[dict[str, Any]] = {
    "kind": "quote", "currency": "USDT", "scope": "slice", "fees": "out", "share": "100%", "desks": 1, "age": "60s",
    "every": "20s",
}  # fmt: skip
FILES: Final = {"BTC": {"one": "one.csv", "two": "two.csv"}}
FLOOR: Final = "mandate.assets[0].floor"


def read(folder: Path, floor: dict[str, Any], **changes: Any) -> Config:
    prices = changes.pop("prices", FILES if floor.get("kind") == "average" else {})
    file = folder / "config.toml"
    file.write_text(short(mandate__assets=holding("0.2", floor=floor), prices=prices, **changes))
    return load(file, START)


def floor_of(config: Config) -> Floor:
    (only,) = config.terms.holdings
    assert only.floor is not None
    return only.floor


def wrong(folder: Path, floor: dict[str, Any], **changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(folder, floor, **changes)
    return [re.sub(r"^mandate\.assets\[0\]\.floor", "floor", mistake.where) for mistake in caught.value.mistakes]


def without(floor: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in floor.items() if key not in keys}


def test_a_price_that_was_named_stays_as_short_as_it_was(tmp_path: Path) -> None:
    """Whether fees count can't be left open where a price is averaged; a fill of a limit order has a price."""
    assert floor_of(read(tmp_path, FIXED)) == Floor(d("70000"), USDT, FloorScope.FILL)


@pytest.mark.parametrize("scope", ["slice", "average"])
def test_on_an_average_it_has_to_be_said_whether_fees_count(tmp_path: Path, scope: str) -> None:
    assert wrong(tmp_path, FIXED | {"scope": scope}) == ["floor.fees"]
    assert floor_of(read(tmp_path, FIXED | {"scope": scope, "fees": "in"})).fees is FloorFees.IN


def test_an_average_means_what_it_says(tmp_path: Path) -> None:
    floor = floor_of(read(tmp_path, AVERAGE))
    assert floor.average is not None
    rules = floor.average.rules
    assert (floor.kind, floor.price, floor.scope, floor.fees) == (
        FloorKind.AVERAGE, d("0"), FloorScope.AVERAGE, FloorFees.IN,
    )  # fmt: skip
    assert (floor.average.share, floor.average.without) == (d("0.95"), Without.STOP)
    assert (rules.days, rules.calendar, rules.offset, rules.kind) == (
        20, Calendar.CALENDAR, Span(8 * HOUR), Kind.CLOSE,
    )  # fmt: skip
    assert (rules.sources, rules.sources_min, rules.coverage_min) == (("one", "two"), 1, d("0.90"))
    assert rules.missing is Missing.REFUSE


@pytest.mark.parametrize("key", [key for key in AVERAGE if key not in ("kind", "currency", "scope")])
def test_each_thing_that_public_rules_leave_open_has_to_be_settled(tmp_path: Path, key: str) -> None:
    assert f"floor.{key}" in wrong(tmp_path, without(AVERAGE, key))


def test_all_that_is_lacking_is_told_at_once(tmp_path: Path) -> None:
    lacking = wrong(tmp_path, {"kind": "average", "currency": "USD", "scope": "fill"}, prices={})
    assert set(lacking) == {f"floor.{key}" for key in AVERAGE if key not in ("kind", "currency", "scope")}


def test_trading_days_need_their_days_off_and_their_calendars(tmp_path: Path) -> None:
    assert wrong(tmp_path, AVERAGE | {"calendar": "trading"}) == ["floor.weekdays_off", "floor.calendars"]


def test_trading_days_know_weekdays_and_holidays(tmp_path: Path) -> None:
    """Labour Day of 2026 is a Friday; holidays are listed from two years back."""
    trading = {"calendar": "trading", "weekdays_off": "sat,sun", "calendars": ["HK"]}
    average = floor_of(read(tmp_path, AVERAGE | trading)).average
    assert average is not None
    assert average.rules.weekdays_off == (5, 6)
    assert "2026-05-01" in average.rules.holidays
    assert average.rules.holidays[0] == "2024-01-01"
    assert average.covers_until == "2028-12-31"
    assert "trading days before (not sat, sun, " in rules_in_words(average)


def test_trading_days_without_any_calendar_say_so(tmp_path: Path) -> None:
    trading = {"calendar": "trading", "weekdays_off": "sat,sun", "calendars": list[str]()}
    average = floor_of(read(tmp_path, AVERAGE | trading)).average
    assert average is not None
    assert average.rules.holidays == ()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"share": "0%"}, ["floor.share"]),
        ({"share": "201%"}, ["floor.share"]),
        ({"scope": "day"}, ["floor.scope"]),
        ({"fees": "some"}, ["floor.fees"]),
        ({"kind": "guess"}, ["floor.kind"]),
        ({"calendar": "lunar"}, ["floor.calendar"]),
        ({"value": "open"}, ["floor.value"]),
        ({"join": "mean"}, ["floor.join"]),
        ({"missing": "guess"}, ["floor.missing"]),
        ({"without": "guess"}, ["floor.without"]),
        ({"currency": "HKD"}, ["floor.currency"]),
        ({"price": "70000"}, ["floor.price"]),
        ({"desks": 1}, ["floor.desks"]),
        ({"days": 401}, ["floor.days"]),
        ({"offset": "+15:00"}, ["floor.offset"]),
        ({"coverage_min": "0%"}, ["floor.coverage_min"]),
        ({"sources_min": 3}, ["floor.sources_min"]),
        ({"sources": ["one", "one"]}, ["floor.sources"]),
        ({"sources": ["one", "three"]}, ["prices.BTC.three"]),
        ({"missing": "shorten"}, ["floor.days_min"]),
        ({"missing": "shorten", "days_min": 21}, ["floor.days_min"]),
        ({"missing": "extend"}, ["floor.days_back_max"]),
        ({"missing": "extend", "days_back_max": 19}, ["floor.days_back_max"]),
        ({"days_min": 5}, ["floor.days_min"]),
        ({"weekdays_off": "sat"}, ["floor.weekdays_off"]),
    ],
)
def test_one_thing_that_is_wrong_is_told_at_its_place(
    tmp_path: Path, changes: dict[str, Any], where: list[str]
) -> None:
    assert wrong(tmp_path, AVERAGE | changes) == where


@pytest.mark.parametrize("files", [{}, {"BTC": {"one": "one.csv"}}])
def test_every_source_needs_its_file(tmp_path: Path, files: dict[str, Any]) -> None:
    assert "prices.BTC.two" in wrong(tmp_path, AVERAGE, prices=files)


def test_files_of_an_asset_that_is_not_sold_are_a_mistake(tmp_path: Path) -> None:
    assert wrong(tmp_path, FIXED, prices={"ETH": {"one": "one.csv"}}) == ["prices.ETH"]


def test_a_quote_means_what_it_says(tmp_path: Path) -> None:
    quote = floor_of(read(tmp_path, QUOTE)).quote
    assert quote is not None
    assert (quote.share, quote.desks, quote.age, quote.every) == (d("1"), 1, 60 * SECOND, 20 * SECOND)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"desks": 2}, ["floor.desks"]),
        ({"currency": "USD"}, ["floor.currency"]),
        ({"age": "20s"}, ["floor.age"]),
        ({"every": "1ms"}, ["floor.every"]),
        ({"days": 20}, ["floor.days"]),
    ],
)
def test_what_is_wrong_with_a_quote_is_told_at_its_place(
    tmp_path: Path, changes: dict[str, Any], where: list[str]
) -> None:
    assert wrong(tmp_path, QUOTE | changes) == where
