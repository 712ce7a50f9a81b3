"""One account, one case at a time: coin of two cases on one account could not be told apart."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.drivers.register import CaseRegister, Refusal
from engine.kernel.ids import CaseId, RunId, VenueName
from engine.kernel.money import Asset

FIRST, SECOND = CaseId("CASE-1"), CaseId("CASE-2")
THERE = [(VenueName("hashkey"), "http://127.0.0.1:1"), (VenueName("osl"), "http://127.0.0.1:2")]


@pytest.fixture
def register(tmp_path: Path) -> Iterator[CaseRegister]:
    register = CaseRegister(tmp_path)
    yield register
    register.close()


def granted(register: CaseRegister, case: CaseId) -> RunId:
    """A run of the case that has begun."""
    claimed = register.claim("sandbox", case, {Asset("BTC"): Decimal(1)}, None, Path("runs"))
    assert not isinstance(claimed, Refusal), claimed
    register.begin(claimed[0].run)
    return claimed[0].run


def test_a_case_comes_back_to_its_own_account(register: CaseRegister) -> None:
    assert register.occupy("sandbox", FIRST, "main", THERE) is None
    granted(register, FIRST)
    assert register.occupy("sandbox", FIRST, "main", THERE) is None


def test_another_case_is_refused_while_a_run_is_open_there_and_told_which(register: CaseRegister) -> None:
    register.occupy("sandbox", FIRST, "main", THERE)
    run = granted(register, FIRST)
    refused = register.occupy("sandbox", SECOND, "main", THERE)
    assert isinstance(refused, Refusal)
    assert "CASE-1" in refused.reason
    assert run in refused.reason


def test_a_run_that_ended_short_may_have_left_coin_so_the_account_stays_taken(register: CaseRegister) -> None:
    register.occupy("sandbox", FIRST, "main", THERE)
    register.end(granted(register, FIRST), "short")
    assert isinstance(register.occupy("sandbox", SECOND, "main", THERE), Refusal)


def test_once_all_runs_of_a_case_are_done_its_account_is_free(register: CaseRegister) -> None:
    register.occupy("sandbox", FIRST, "main", THERE)
    register.end(granted(register, FIRST), "done")
    assert register.occupy("sandbox", SECOND, "main", THERE) is None
    granted(register, SECOND)
    assert isinstance(register.occupy("sandbox", FIRST, "main", THERE), Refusal)


def test_a_refusal_at_the_second_venue_takes_nothing_at_the_first(register: CaseRegister) -> None:
    register.occupy("sandbox", FIRST, "main", THERE[1:])
    granted(register, FIRST)
    assert isinstance(register.occupy("sandbox", SECOND, "main", THERE), Refusal)
    granted(register, SECOND)
    assert register.occupy("sandbox", FIRST, "main", THERE) is None


@pytest.mark.parametrize(
    ("environment", "account", "there"),
    [
        ("production", "main", THERE),
        ("sandbox", "other", THERE),
        ("sandbox", "main", [(VenueName("hashkey"), "http://127.0.0.1:9")]),
    ],
    ids=["another environment", "another account", "another exchange"],
)
def test_only_the_very_same_account_is_shared(
    register: CaseRegister, environment: str, account: str, there: list[tuple[VenueName, str]]
) -> None:
    register.occupy("sandbox", FIRST, "main", THERE)
    granted(register, FIRST)
    assert register.occupy(environment, SECOND, account, there) is None


def test_a_register_of_an_earlier_version_is_given_its_new_columns(tmp_path: Path) -> None:
    import sqlite3

    old = sqlite3.connect(tmp_path / "register.sqlite")
    old.executescript(
        'CREATE TABLE runs (run TEXT PRIMARY KEY, environment TEXT NOT NULL, "case" TEXT NOT NULL,'
        " number INTEGER NOT NULL,"
        ' folder TEXT NOT NULL, status TEXT NOT NULL, UNIQUE (environment, "case", number)) STRICT;'
        "CREATE TABLE takings (run TEXT NOT NULL, asset TEXT NOT NULL, released TEXT NOT NULL, granted TEXT NOT NULL,"
        " sold TEXT NOT NULL DEFAULT '0', working TEXT NOT NULL DEFAULT '0', unknown TEXT NOT NULL DEFAULT '0',"
        " PRIMARY KEY (run, asset)) STRICT;"
        "INSERT INTO runs VALUES ('C.1', 'sandbox', 'C', 1, '/f', 'done');"
        "INSERT INTO takings VALUES ('C.1', 'BTC', '2', '2', '1.5', '0', '0');"
    )
    old.close()
    register = CaseRegister(tmp_path)
    assert [(t.sold, t.in_transit, t.at_venue) for t in register.takings("sandbox", CaseId("C"))] == [
        (Decimal("1.5"), Decimal(0), None)
    ]
    register.close()
