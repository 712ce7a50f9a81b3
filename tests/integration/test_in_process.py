"""Whole runs in virtual time: the same every time, and every file that they leave holds what the others say."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.kernel import chance
from tests.support.configs import SHORT, written
from tests.support.ledgers import loaded, trial_balance
from tests.support.processes import ROOT, Finished, Person, fills, summary

EXAMPLES: Final = ROOT / "examples"
SCHEDULES: Final = ("vwap", "dynamic_vwap", "pov", "shortfall")
TACTICS: Final = ("peg", "iceberg", "chase", "snipe", "stop")
USUAL: Final = ("demo", "floor_average", "footprint", "usdt_only")
RUNNABLE: Final = (*USUAL, "two_venues", "basket_to_hkd", "tranche", "backtest_vwap", "plan", *SCHEDULES, *TACTICS)
LONG: Final = ("two_venues", "basket_to_hkd", "tranche", "backtest_vwap", "plan")
"""They take up to a minute."""
TOO_LONG: Final = ("floor_three_days", "three_days")
"""Minutes of computing; what runs for days has scenarios of its own."""
VIRTUAL: Final = ("--sandbox", "--in-process", "--seed", "7")
FLIPS: Final = 40


class Rehearsal:
    """A run in virtual time and its folder."""

    def __init__(self, person: Person, ended: Finished) -> None:
        self.person, self.ended, self.folder = person, ended, person.folder / "run"


Rehearse = Callable[..., Rehearsal]


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Rehearse:
    """Runs an example in virtual time; the same one only once."""
    done: dict[tuple[str, ...], Rehearsal] = {}

    def rehearse(example: str, *options: str) -> Rehearsal:
        if (example, *options) not in done:
            person = Person(tmp_path_factory.mktemp(example))
            words = ("run", EXAMPLES / f"{example}.toml", *VIRTUAL, "--out", "run")
            faults = ("--faults", EXAMPLES / "faults.json")
            done[example, *options] = Rehearsal(person, person.says(*words, *faults, *options, within=240))
        return done[example, *options]

    return rehearse


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in RUNNABLE])
def example(request: pytest.FixtureRequest, rehearse: Rehearse) -> Rehearsal:
    return rehearse(request.param)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run with a short journal."""
    person = Person(tmp_path_factory.mktemp("small"))
    assert person.says("run", written(person.folder), *VIRTUAL, "--synthetic", "--out", "run").code == 0
    return person.folder / "run"


def test_every_example_has_no_mistakes() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} - {"faults"} == {*RUNNABLE, *TOO_LONG}
    runner = CliRunner()
    for name in (*RUNNABLE, *TOO_LONG):
        assert runner.invoke(app, ["check", str(EXAMPLES / f"{name}.toml")]).exit_code == 0, name


def test_the_same_seed_gives_the_same_run_to_the_byte(rehearse: Rehearse, tmp_path: Path) -> None:
    """Faults included, from another folder, in another process with other hash seeds."""
    first, again = rehearse("demo").folder, Person(tmp_path)
    again.env["PYTHONHASHSEED"] = "4711"
    words = ("run", EXAMPLES / "demo.toml", *VIRTUAL, "--faults", EXAMPLES / "faults.json", "--out", "again")
    assert again.says(*words).code == 0
    for name in ("summary.json", "fills.jsonl", "fills.csv", "orders.csv", "ledger.beancount"):
        assert (tmp_path / "again" / name).read_bytes() == (first / name).read_bytes(), name


def test_an_example_comes_to_its_end(example: Rehearsal) -> None:
    assert example.ended.code == 0, example.ended
    assert summary(example.folder)["status"] == "done"


def test_sold_and_residue_are_the_mandate_to_the_last_unit(example: Rehearsal) -> None:
    result = summary(example.folder)
    for leg in result["legs"]:
        assert Decimal(leg["sold"]) + Decimal(leg["residue"]) == Decimal(leg["mandated"]), leg
    assert (result["unknown"], result["differences"]) == (0, 0)
    lines = fills(example.folder)
    assert len({(line["symbol"], line["trade_id"]) for line in lines}) == len(lines) == result["fills"]
    for leg in result["legs"]:
        told = (Decimal(line["quantity"]) for line in lines if (line["sell"], line["buy"]) == (leg["sell"], leg["buy"]))
        assert sum(told) == Decimal(leg["sold"])


def test_beancount_finds_nothing_wrong_and_every_trial_balance_is_zero(example: Rehearsal) -> None:
    entries, errors = loaded(example.folder)
    assert (errors, len(entries) > 10) == ([], True)
    assert set(trial_balance(example.folder).values()) == {Decimal(0)}


def test_every_decision_is_taken_again_alike(example: Rehearsal) -> None:
    audit = example.person.says("audit", "run")
    assert audit.code == 0, audit
    assert "all the same; done" in audit.out


def test_the_report_needs_nothing_from_elsewhere(example: Rehearsal) -> None:
    """No address in any place from which a browser would load something."""
    page = (example.folder / "report.html").read_text()
    assert len(page) > 10_000
    assert re.findall(r"""(?i)\b(?:src|href|srcset|action)\s*=\s*["']?\s*(?:https?:)?//[^"'\s>]*""", page) == []
    assert re.findall(r"""(?i)(?:@import|url\()\s*["']?\s*(?:https?:)?//""", page) == []
    assert re.findall(r"(?i)<link\b|<iframe\b|<script[^>]*\bsrc\b", page) == []


@pytest.mark.slow
def test_a_market_without_immediate_orders_is_traded_by_placing_and_cancelling(rehearse: Rehearse) -> None:
    run = rehearse("demo", "--strict-tif")
    assert run.ended.code == 0, run.ended
    assert sum(Decimal(leg["residue"]) for leg in summary(run.folder)["legs"]) < Decimal("0.01")
    assert loaded(run.folder)[1] == []
    assert run.person.says("audit", "run").code == 0
    assert {line["time_in_force"] for line in fills(run.folder)} == {"gtc"}


def test_a_rest_too_small_to_be_sold_alone_holds_no_coin_back_however_old_it_is(tmp_path: Path) -> None:
    """A sweep leaves less than a lot of USDT, and the next BTC is due long after its age limit has passed."""
    person = Person(tmp_path)
    stable = SHORT["path"]["stable"]["USDT"] | {"age_max": "15s", "sweep_age": "10s"}
    config = written(tmp_path, path__stable={"USDT": stable}, strategy__slices=2)
    ended = person.says("run", config, *VIRTUAL, "--synthetic", "--out", "run")
    assert (ended.code, summary(tmp_path / "run")["legs"][0]["sold"]) == (0, "0.20000"), ended


def test_a_report_made_again_is_the_same(small: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(small, tmp_path / "run"))
    derived = ("summary.json", "orders.csv", "fills.csv", "ledger.beancount", "report.html")
    for name in derived:
        (run / name).unlink()
    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    for name in derived:
        assert (run / name).read_bytes() == (small / name).read_bytes(), name


@pytest.mark.parametrize("seed", range(FLIPS))
def test_one_changed_byte_of_any_row_is_found_and_the_row_is_named(small: Path, tmp_path: Path, seed: int) -> None:
    """A byte of a payload or of a hash, at a drawn place."""
    run = Path(shutil.copytree(small, tmp_path / "run"))
    row = 1 + chance.below(seed, "row", 0, summary(run)["journal"]["rows"])
    with sqlite3.connect(run / "journal.sqlite") as database:
        column = ("payload", "hash")[chance.below(seed, "column", 0, 2)]
        (value,) = database.execute(f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", (row,)).fetchone()
        place = chance.below(seed, "place", 0, len(value))
        changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        kind = "TEXT" if column == "hash" else "BLOB"
        database.execute(f"UPDATE journal SET {column} = CAST(? AS {kind}) WHERE seq = ?", (changed, row))
    database.close()
    audit = CliRunner().invoke(app, ["audit", str(run)])
    assert (audit.exit_code, f"row {row} does not match its hash" in audit.stderr) == (4, True), audit.stderr


def test_no_verb_goes_on_with_a_damaged_journal(tmp_path: Path) -> None:
    person = Person(tmp_path)
    assert person.says("run", written(tmp_path), *VIRTUAL, "--synthetic", "--out", "run").code == 0
    with sqlite3.connect(tmp_path / "run" / "journal.sqlite") as database:
        database.execute("UPDATE journal SET at = at + 1 WHERE seq = 5")
    database.close()
    for verb in ("resume", "report", "audit"):
        refused = person.says(verb, "run")
        assert (refused.code, "row 5 does not match its hash" in refused.err) == (4, True), (verb, refused)


@pytest.mark.parametrize(("which", "named"), [("MAX(seq)", "summary.json"), ("7", "row 7 is missing")])
def test_a_deleted_row_is_missed(small: Path, tmp_path: Path, which: str, named: str) -> None:
    """The last one too: the summary holds the hash that it had."""
    run = Path(shutil.copytree(small, tmp_path / "run"))
    with sqlite3.connect(run / "journal.sqlite") as database:
        database.execute(f"DELETE FROM journal WHERE seq = (SELECT {which} FROM journal)")
    database.close()
    audit = CliRunner().invoke(app, ["audit", str(run)])
    assert (audit.exit_code, named in audit.stderr) == (4, True), audit.stderr


def test_a_changed_tape_is_found(small: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(small, tmp_path / "run"))
    segment = next((run / "tape").glob("*.parquet"))
    segment.write_bytes(segment.read_bytes()[:-1] + b"\0")
    audit = CliRunner().invoke(app, ["audit", str(run)])
    assert (audit.exit_code, f"tape/{segment.name} is not what was sealed" in audit.stderr) == (4, True)
