"""The same coin is not sold twice: not after a crash, not from another folder, not after lunch."""

from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from engine.drivers.register import CaseRegister
from engine.kernel.ids import CaseId
from engine.kernel.money import Asset
from tests.support.configs import PEG, holding, written
from tests.support.processes import Person, exchange, summary

REHEARSED: Final = ("--sandbox", "--in-process", "--synthetic")
NOTHING_LEFT: Final = "nothing of case SHORT-1 is left to sell: BTC released 0.2, sold 0.20000, unknown 0, remaining 0"


def sold(run: Path) -> Decimal:
    return Decimal(summary(run)["legs"][0]["sold"])


def test_a_killed_run_goes_on_in_another_shell_and_the_exchange_trades_the_mandate_once(tmp_path: Path) -> None:
    """Killed in the middle of a slice; meanwhile and afterwards every new run is refused with the numbers."""
    with exchange(tmp_path / "exchange") as venue:
        first = Person(tmp_path / "first").knows(venue)
        other = Person(tmp_path / "other").knows(venue)  # whose own state folder is another
        config = written(first.folder)
        with first.starts("run", config, *venue.option, "--out", "run", "--plain") as engine:
            engine.wait_for("BTCUSDT at")
            engine.kill()
        home = ("--home", first.home)
        meanwhile = other.says("run", config, *venue.option, *home, "--out", "mine")
        assert meanwhile.code == 2
        assert "run SHORT-1.1 of this case has not ended and holds 0.2 BTC granted" in meanwhile.err
        assert "continue it with `steelyard resume SHORT-1.1`" in meanwhile.err
        assert other.says("resume", "SHORT-1.1", *home).code == 0
        assert venue.truth().sold("BTCUSDT") == sold(first.folder / "run") == Decimal("0.2")
        for out in ("mine", first.folder / "run"):
            afterwards = other.says("run", config, *venue.option, *home, "--out", out)
            assert (afterwards.code, NOTHING_LEFT in afterwards.err) == (2, True), afterwards
        assert venue.truth().sold("BTCUSDT") == Decimal("0.2")
        assert not (other.folder / "mine").exists()


def test_a_run_whose_folder_was_moved_away_is_asked_for_and_not_sold_again(tmp_path: Path) -> None:
    """Killed after its first fill and archived: the exchange holds more than the mandate, and would sell it."""
    with exchange(tmp_path / "exchange", balance="BTC=1") as venue:
        person = Person(tmp_path / "shell").knows(venue)
        config = written(person.folder)
        with person.starts("run", config, *venue.option, "--out", "run", "--plain") as engine:
            engine.wait_for("BTCUSDT at")
            engine.kill()
        (person.folder / "run").rename(person.folder / "archived")
        before = venue.truth().sold("BTCUSDT")
        assert person.says("run", config, *venue.option, "--out", "again").code == 2
        gone = person.says("resume", "SHORT-1.1")
        assert (gone.code, "bring the folder back" in gone.err) == (2, True), gone
        assert venue.truth().sold("BTCUSDT") == before
        (person.folder / "archived").rename(person.folder / "run")
        assert person.says("resume", "SHORT-1.1").code == 0
        assert venue.truth().sold("BTCUSDT") == Decimal("0.2")


@pytest.mark.slow
def test_what_a_later_decision_releases_is_sold_and_nothing_else(tmp_path: Path) -> None:
    """0.1 of 1 BTC are released, and later 0.15: the second run sells exactly 0.05, and a third is refused."""
    with exchange(tmp_path / "exchange", speed="40", balance="BTC=1") as venue:
        person = Person(tmp_path / "shell").knows(venue)
        config = written(person.folder, mandate__assets=holding("1", released="0.1"))
        assert person.says("run", config, *venue.option, "--out", "one").code == 0
        config = written(person.folder, "later.toml", mandate__assets=holding("1", released="0.15"))
        assert person.says("run", config, *venue.option, "--out", "two").code == 0
        assert (sold(person.folder / "one"), sold(person.folder / "two")) == (Decimal("0.1"), Decimal("0.05"))
        assert venue.truth().sold("BTCUSDT") == Decimal("0.15")
        refused = person.says("run", config, *venue.option)
        assert refused.code == 2
        assert "BTC released 0.15, sold 0.15000, unknown 0, remaining 0" in refused.err


@pytest.mark.slow
def test_what_a_halted_crash_left_unsold_is_all_that_the_next_run_sells(tmp_path: Path) -> None:
    with exchange(tmp_path / "exchange", speed="12") as venue:
        person = Person(tmp_path / "shell").knows(venue)
        config = written(person.folder, tactic=PEG)
        with person.starts("run", config, *venue.option, "--out", "one", "--plain") as engine:
            engine.wait_for("BTCUSDT at")
            engine.kill()
        assert person.says("halt", "SHORT-1.1").code == 1
        assert 0 < sold(person.folder / "one") < Decimal("0.2")
        assert person.says("run", config, *venue.option, "--out", "two").code == 0
        assert sold(person.folder / "one") + sold(person.folder / "two") == Decimal("0.2")
        assert venue.truth().sold("BTCUSDT") == Decimal("0.2")


def test_a_claim_whose_process_died_before_its_first_row_holds_nothing_back(tmp_path: Path) -> None:
    """Such a run can have sent nothing. It can't be continued; the next one takes its folder and sells all."""
    person = Person(tmp_path)
    register = CaseRegister(person.home)
    register.claim("sandbox", CaseId("SHORT-1"), {Asset("BTC"): Decimal("0.2")}, tmp_path / "run", tmp_path)
    register.close()
    unborn = person.says("resume", "SHORT-1.1")
    assert (unborn.code, "begin again with `steelyard run`" in unborn.err) == (2, True), unborn
    assert person.says("run", written(tmp_path), *REHEARSED, "--out", "run").code == 0
    assert sold(tmp_path / "run") == Decimal("0.2")


def test_another_folder_shell_and_output_are_the_same_case(tmp_path: Path) -> None:
    """What counts is the register. The config may name it, relative to itself."""
    first = Person(tmp_path / "first")
    config = written(first.folder, state="register")
    for person in (first, Person(tmp_path / "second")):
        del person.env["STEELYARD_HOME"]
    home = ("--home", first.folder / "register")
    assert first.says("run", config, *REHEARSED, *home, "--out", "one").code == 0
    refused = Person(tmp_path / "second").says("run", config, *REHEARSED, *home, "--out", "two")
    assert (refused.code, NOTHING_LEFT in refused.err) == (2, True), refused
    assert "SHORT-1.1" in first.says("status", "SHORT-1.1", *home).out


def test_another_case_and_another_state_folder_are_not_in_the_way(tmp_path: Path) -> None:
    person = Person(tmp_path)
    config = written(tmp_path)
    assert person.says("run", config, *REHEARSED, "--out", "one").code == 0
    other = written(tmp_path, "other.toml", mandate__case="OTHER-1")
    assert person.says("plan", other, *REHEARSED).code == 0
    assert person.says("plan", config, *REHEARSED, "--home", "elsewhere").code == 0
    assert person.says("plan", config, *REHEARSED).code == 2
