"""A run over midnight in virtual time: what lies in its folder for each day, and that the days add up to the run."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.configs import written
from tests.support.ledgers import held_at_the_venue, loaded
from tests.support.processes import Person

VIRTUAL: Final = ("--sandbox", "--in-process", "--seed", "7", "--synthetic")
NIGHT: Final[dict[str, Any]] = {
    "offset": "-09:30",
    "windows": [
        {"days": "mon-sun", "opens": "17:00", "closes": "17:30"},
        {"days": "mon-sun", "opens": "00:10", "closes": "00:40"},
    ],
    "quota": "60%",
}
"""In the sandbox it is 17:06 on the first of May when the market begins; seven hours later it is the second."""


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody who has sold over midnight."""
    somebody = Person(tmp_path_factory.mktemp("night"))
    config = written(
        somebody.folder, programme=NIGHT, mandate__deadline="8h", strategy__window="40m", strategy__slices=8
    )
    ended = somebody.says("run", config, *VIRTUAL, "--out", "run", within=240)
    assert ended.code == 0, ended
    return somebody


@pytest.fixture(scope="module")
def run(person: Person) -> Path:
    return person.folder / "run"


def days(run: Path) -> dict[str, dict[str, Any]]:
    """The summary of each day."""
    return {path.name: json.loads((path / "summary.json").read_text()) for path in sorted((run / "days").iterdir())}


def test_each_local_day_has_its_folder(run: Path) -> None:
    assert list(days(run)) == ["2026-05-01", "2026-05-02"]
    for name in days(run):
        assert sorted(path.name for path in (run / "days" / name).iterdir()) == [
            "fills.csv", "report.html", "summary.json",
        ]  # fmt: skip


def test_the_days_add_up_to_the_run_fill_by_fill(run: Path) -> None:
    """What was sold, what came in, and every row of the table."""
    whole = json.loads((run / "summary.json").read_text())
    for index, leg in enumerate(whole["legs"]):
        for name in ("sold", "received"):
            assert sum(Decimal(day["legs"][index][name]) for day in days(run).values()) == Decimal(leg[name])
    of_days = [row for name in days(run) for row in table(run / "days" / name / "fills.csv")]
    assert sorted(row["trade_id"] for row in of_days) == sorted(row["trade_id"] for row in table(run / "fills.csv"))


def test_no_day_sold_more_than_its_quota_and_the_stablecoin_of_each_evening_is_explained(run: Path) -> None:
    for day in days(run).values():
        assert Decimal(day["legs"][0]["sold"]) <= Decimal(day["legs"][0]["quota"])
        for stock in day["stable"]:
            assert (Decimal(stock["left"]) == 0) == (stock["reason"] is None)


def test_every_evening_the_accounts_agree(run: Path) -> None:
    assert [account["differences"] for day in days(run).values() for account in day["accounts"]] == [[], []]


def test_the_fiat_of_the_run_is_somebody_s_to_the_unit(run: Path) -> None:
    whole = json.loads((run / "summary.json").read_text())
    fiat = sum(Decimal(each["fiat_gross"]) for each in whole["attribution"])
    assert fiat == Decimal(whole["legs"][1]["received"])
    assert sum(Decimal(row["proceeds"]) for row in table(run / "attribution.csv")) == fiat


def test_beancount_finds_nothing_to_complain_of_and_the_fiat_is_there(run: Path) -> None:
    (one,) = json.loads((run / "summary.json").read_text())["attribution"]
    assert loaded(run)[1] == []
    assert held_at_the_venue(run)["USD"] == Decimal(one["fiat_net"])


def test_one_day_is_written_again_to_the_same_bytes(person: Person, run: Path) -> None:
    folder = run / "days" / "2026-05-01"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "report.html").unlink()
    assert person.says("report", "run", "--day", "2026-05-01").code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_day_that_the_run_does_not_have_is_bad_input(person: Person) -> None:
    ended = person.says("report", "run", "--day", "2026-05-09")
    assert (ended.code, ended.mistakes) == (2, ["--day: 2026-05-09: the run has 2026-05-01 to 2026-05-02"])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as text:
        return list(csv.DictReader(text))
