"""Files that floors by average rest on: what is read of them, and what is said where one can't be used."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from engine.compose.pricefiles import PriceFiles
from engine.drivers.daybreak import Owed
from engine.events import FloorSet
from engine.kernel.clock import HOUR, Span
from engine.kernel.codec import digest
from engine.mandate.floors import FloorVersion
from engine.mandate.terms import Floor, FloorScope
from engine.market.averages import Missing
from engine.market.daily import Kind
from tests.support.builders import BTC, START, USDT, average_floor, d

CLOSES = "day,close\n2026-04-30,99\n2026-05-01,101\n2026-05-02,500\n"
"""The day itself is in the file already, and counts for nothing."""
BARS = "time,open,high,low,close,volume\n" + "".join(
    f"2026-{day}T{hour:02}:00:00Z,100,102,98,{close},1\n"
    for day, close in (("04-29", "98"), ("04-30", "99"), ("05-01", "101"))
    for hour in (0, 12)
)


def taken(folder: Path, files: dict[str, str], rule: Any = None, day: str = "2026-05-02") -> FloorSet:
    """What comes of these files, by the standard rules: the closes of two days, by `desk`, in UTC."""
    rule = rule or average_floor()
    paths = {source: folder / f"{source}.csv" for source in rule.rules.sources}
    for source, text in files.items():
        (folder / f"{source}.csv").write_text(text)
    owed = Owed(asset=BTC, floor=Floor(d("0"), USDT, FloorScope.FILL, average=rule), day=day, number=3)
    return PriceFiles({BTC: paths}).take(owed, START)


def version(told: FloorSet) -> FloorVersion:
    assert told.version is not None, told.lack
    return told.version


def test_closes_are_averaged_and_the_share_is_taken(tmp_path: Path) -> None:
    """95 % of (101 + 99) / 2."""
    made = version(taken(tmp_path, {"desk": CLOSES}))
    assert (made.number, made.day, made.average, made.price, made.currency) == (
        3,
        "2026-05-02",
        d("100"),
        d("95"),
        USDT,
    )
    assert [(one.day, one.value) for one in made.days] == [("2026-05-01", d("101")), ("2026-04-30", d("99"))]


def test_a_version_names_its_rules_and_the_bytes_of_its_files(tmp_path: Path) -> None:
    made = version(taken(tmp_path, {"desk": CLOSES}))
    assert made.files == {"desk": sha256(CLOSES.encode()).hexdigest()}
    assert made.rules_sha256 == digest(average_floor().rules)


def test_bars_are_made_days_of_the_zone(tmp_path: Path) -> None:
    made = version(taken(tmp_path, {"desk": BARS}))
    assert [one.value for one in made.days] == [d("101"), d("99")]


def test_bars_that_do_not_end_at_local_midnight_are_of_no_use(tmp_path: Path) -> None:
    told = taken(tmp_path, {"desk": BARS}, average_floor(offset=Span(8 * HOUR)))
    assert told.version is None
    assert "not cut at the midnight of UTC+8h" in told.lack


def test_a_file_of_bars_knows_other_prices_than_the_close(tmp_path: Path) -> None:
    """(102 + 98 + 101) / 3 and (102 + 98 + 99) / 3."""
    made = version(taken(tmp_path, {"desk": BARS}, average_floor(kind=Kind.TYPICAL)))
    assert made.average == d("100.00000000")


def test_the_median_of_the_sources_is_taken_day_by_day(tmp_path: Path) -> None:
    rule = average_floor(sources=("desk", "other", "third"), sources_min=2)
    files = {"desk": CLOSES, "other": CLOSES.replace("101", "111"), "third": CLOSES.replace("101", "1000")}
    assert version(taken(tmp_path, files, rule)).average == d("105")


def test_a_source_that_can_not_be_read_is_missed_where_enough_others_are_there(tmp_path: Path) -> None:
    rule = average_floor(sources=("desk", "other"))
    made = version(taken(tmp_path, {"desk": CLOSES}, rule))
    assert (set(made.files), {source for one in made.days for source in one.sources}) == ({"desk"}, {"desk"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("day,close\n2026-04-30,99\n", "1 of 2 days before 2026-05-02 have a value"),
        ("day,close\n2026-05-01,abc\n", "not a decimal number"),
        ("day,close\n2026-05-01\n", "row 2 has no close"),
        ("day,close\nyesterday,100\n", "Invalid isoformat"),
        ("day,close\n2026-05-01,100\n2026-05-01,101\n", "2026-05-01 stands there twice"),
        ("day,close\n2026-05-01,0\n", "0 is not above zero"),
        ("nothing of use", "has no column"),
        ("", "has no column"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_there_is_no_version(tmp_path: Path, text: str, why: str) -> None:
    told = taken(tmp_path, {"desk": text})
    assert told.version is None
    assert why in told.lack


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "desk.csv can't be read: No such file or directory" in taken(tmp_path, {}).lack


def test_closes_are_no_average_prices(tmp_path: Path) -> None:
    told = taken(tmp_path, {"desk": CLOSES}, average_floor(kind=Kind.VWAP))
    assert "holds closes, and the vwap of a day is wanted" in told.lack


def test_a_file_that_nobody_brought_up_to_date_gives_none_where_the_rule_is_to_refuse(tmp_path: Path) -> None:
    told = taken(tmp_path, {"desk": CLOSES}, day="2026-05-04")
    assert told.lack.startswith("1 of 2 days before 2026-05-04 have a value, of 2 looked at; 2026-05-03: ")


def test_where_the_rule_is_another_an_older_day_takes_its_place(tmp_path: Path) -> None:
    rule = average_floor(missing=Missing.EXTEND, days_back_max=5)
    made = version(taken(tmp_path, {"desk": CLOSES}, rule, day="2026-05-04"))
    assert ([one.day for one in made.days], [one.day for one in made.missing]) == (
        ["2026-05-02", "2026-05-01"],
        ["2026-05-03"],
    )


def test_on_a_day_whose_holidays_nobody_knows_there_is_none(tmp_path: Path) -> None:
    assert taken(tmp_path, {"desk": CLOSES}, day="2031-01-01").lack == "holidays are known until 2030-12-31"


def test_the_same_files_give_the_same_digest_and_others_another(tmp_path: Path) -> None:
    first, again = (version(taken(tmp_path, {"desk": CLOSES})).digest for _ in range(2))
    other = version(taken(tmp_path, {"desk": CLOSES.replace("101", "101.01")})).digest
    assert (first == again, first == other) == (True, False)
