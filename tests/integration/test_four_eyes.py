"""Nothing is sold that two people have not agreed to, to the byte; every way around it is another row of the book."""

import json
import re
import shutil
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from engine.compose import approving
from engine.drivers.casebook import CaseBook
from engine.journal import reading
from engine.kernel.clock import DAY
from engine.kernel.codec import sha256_hex
from engine.mandate.statements import RunBegan, RunEnded, Taken, Why
from tests.support.configs import holding
from tests.support.office import CASE, REHEARSED, Office, make_keys
from tests.support.processes import summary

FLOOR = {"price": "900000", "currency": "USDT", "scope": "fill"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def office(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An open case of 0.2 BTC, all of it released, and nothing proposed yet."""
    office = Office(tmp_path, keys)
    for name, value in office.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    office.opens()
    return office


@pytest.fixture
def a_day_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Moves the desk's wall clock on by more than the policy lets anything wait."""
    defaults = CaseBook.__init__.__kwdefaults__ or {}
    return lambda: monkeypatch.setitem(defaults, "wall", lambda: time.time_ns() + DAY)


def rows_of(run: Path) -> list[str]:
    """The kinds of a journal's rows."""
    return [record.kind for record in reading.read(run / reading.FILE)]


def test_a_plan_that_two_approved_runs_and_uses_their_approval_up(office: Office) -> None:
    said = office.proposes()
    name = sha256_hex(office.plan.read_bytes())
    assert f"plan {name} of case {CASE}: proposed by li" in said
    assert f"steelyard approve {name} --as NAME --reason TEXT" in said
    office.approves("wang", "chen")
    ran = office.runs()
    assert ran.exit_code == 0, ran.output
    assert rows_of(office.folder / "run")[:2] == ["opened", "approved"]
    assert summary(office.folder / "run")["status"] == "done"
    assert office.book().docket.papers[name].taken == f"{CASE}.1"
    assert [type(entry) for _, _, entry in office.book().rows()[-3:]] == [Taken, RunBegan, RunEnded]
    assert office.declined() == []


def test_before_enough_have_approved_a_plan_merely_waits(office: Office) -> None:
    """One of two: nothing runs, and nothing is held against anybody."""
    office.proposes()
    office.approves("wang")
    refused = office.runs()
    assert refused.exit_code == 2
    assert "has 1 of 2 approvals" in refused.stderr
    assert office.declined() == []
    assert not (office.folder / "run").exists()


def test_one_byte_more_in_the_config_is_another_plan(office: Office) -> None:
    """Not even a comment: what was read is what is signed."""
    office.proposes()
    office.approves("wang", "chen")
    office.config.write_text(office.config.read_text() + "# \n")
    refused = office.runs()
    assert refused.exit_code == 2
    assert "config_sha256 was " in refused.stderr
    assert office.declined() == [Why.CHANGED_PLAN]
    assert not (office.folder / "run").exists()


def test_what_else_was_changed_is_named(office: Office) -> None:
    office.proposes()
    office.approves("wang", "chen")
    office.configured(mandate__assets=holding("0.2", floor=FLOOR))
    assert "terms.holdings[0].floor was None and is {'price': '900000'" in office.runs().stderr
    assert office.declined() == [Why.CHANGED_PLAN]


def test_another_version_of_the_code_needs_another_approval(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.proposes()
    office.approves("wang", "chen")
    monkeypatch.setattr(approving, "identity", lambda: "9.9.9+000000000000")
    refused = office.runs()
    assert (refused.exit_code, "and is 9.9.9+000000000000" in refused.stderr) == (2, True)
    assert office.declined() == [Why.OTHER_CODE]


def test_nobody_approves_what_they_have_proposed(office: Office) -> None:
    """Chen is an approver as well as a trader."""
    ask = ("--out", office.plan, "--propose", "--as", "chen", "--reason", "first tranche")
    office.does("plan", office.config, *REHEARSED, *ask)
    refused = office.says("approve", office.plan, "--as", "chen", "--reason", "as agreed")
    assert (refused.exit_code, "not counted (self_approval)" in refused.stderr) == (2, True)
    office.approves("wang")
    assert office.runs().exit_code == 2
    assert office.declined() == [Why.SELF_APPROVAL]


def test_an_approval_that_comes_too_late_does_not_count(office: Office, a_day_later: Callable[[], None]) -> None:
    office.proposes()
    office.approves("wang")
    a_day_later()
    refused = office.says("approve", office.plan, "--as", "chen", "--reason", "as agreed")
    assert (refused.exit_code, "not counted (late)" in refused.stderr) == (2, True)
    assert office.declined() == [Why.LATE]


def test_a_run_that_comes_too_late_finds_its_approval_expired(office: Office, a_day_later: Callable[[], None]) -> None:
    office.proposes()
    office.approves("wang", "chen")
    a_day_later()
    refused = office.runs()
    assert (refused.exit_code, "expired: chen, wang" in refused.stderr) == (2, True)
    assert office.declined() == [Why.LATE]


def test_an_approval_is_used_once(office: Office) -> None:
    """The first run sells nothing, since its floor lies far above the market; a second is the same to the byte."""
    office.configured(mandate__assets=holding("0.2", floor=FLOOR))
    office.proposes()
    office.approves("wang", "chen")
    first = office.runs()
    assert (first.exit_code, summary(office.folder / "run")["legs"][0]["sold"]) == (1, "0")
    again = office.runs("again")
    assert (again.exit_code, f"was used already, by run {CASE}.1" in again.stderr) == (2, True)
    assert office.declined() == [Why.REPLAYED]


def test_a_state_folder_from_a_backup_approves_nothing(office: Office) -> None:
    """Put back as it was before the run, it has forgotten that the coin is sold and the approval used."""
    office.proposes()
    office.approves("wang", "chen")
    shutil.copytree(office.home, office.folder / "backup")
    assert office.runs().exit_code == 0
    shutil.rmtree(office.home)
    shutil.copytree(office.folder / "backup", office.home)
    again = office.runs("again")
    assert (again.exit_code, "may not run: the book ends with row" in again.stderr) == (2, True)
    assert office.declined() == [Why.RESTORED]
    assert not (office.folder / "again").exists()


def test_a_plan_of_a_case_that_is_held_is_not_even_drafted(office: Office) -> None:
    office.does("case", "hold", CASE, "--as", "wang", "--reason", "a court", "--document", office.paper)
    refused = office.says("plan", office.config, *REHEARSED)
    assert (refused.exit_code, "mandate.case: " in refused.stderr) == (2, True)


def test_a_rehearsal_with_people_needs_the_folder_in_which_the_book_lies(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise leaving a word out would be a way around four eyes."""
    monkeypatch.delenv("STEELYARD_HOME")
    del office.variables["STEELYARD_HOME"]
    refused = office.runs()
    assert (refused.exit_code, refused.stderr.startswith("--home: the config names people")) == (2, True)
    ask = ("--propose", "--as", "li", "--reason", "first")
    assert office.says("plan", office.config, *REHEARSED, *ask).stderr.startswith("--home: ")


def test_a_plan_file_is_what_is_signed_to_the_byte(office: Office) -> None:
    """Without a newline at its end, and with the policy, the terms, the limits and the code in it."""
    name = office.proposes().splitlines()
    paper = office.plan.read_bytes()
    assert f"plan {sha256_hex(paper)}" in name
    assert json.loads(paper).keys() >= {"case", "code", "config_sha256", "environment", "limits", "plan", "policy"}
    assert office.book().docket.papers[sha256_hex(paper)].text == paper.decode()


def test_the_plan_tells_how_likely_the_deposit_is_to_be_outrun(office: Office) -> None:
    """30,000 USD over 0.2 BTC that a court's rules value at market prices; a year's volatility of 60 %."""
    rule = {"ratio": "105%", "limit": "100%", "volatility": "60%", "receipt": "30d"}
    office.configured(deposit=rule)
    told = office.does("plan", office.config, *REHEARSED)
    (cover,) = re.findall(r"^deposit: cover (\S+): 30000 over \S+ USD at current prices", told, re.MULTILINE)
    assert Decimal("1.5") < Decimal(cover) < 3
    chance = (
        r"chance that cover falls below 100 % before the money arrives: (\S+) % \(volatility 60 % a year, 30\.02 days"
    )
    (percent,) = re.findall(chance, told)
    assert 0 < Decimal(percent) < 5
    office.configured(deposit=rule | {"volatility": "0%"})
    assert "before the money arrives: 0 % (" in office.does("plan", office.config, *REHEARSED)
    del rule["volatility"]
    office.configured(deposit=rule)
    office.configured(deposit=rule)
    assert "not told, since deposit.volatility is not given" in office.does("plan", office.config, *REHEARSED)


def test_the_plan_tells_hours_quotas_nights_and_each_asset_s_way(office: Office) -> None:
    programme = {
        "windows": [{"days": "mon-wed,fri", "opens": "09:30", "closes": "12:00"}],
        "calendars": ["HK"],
        "quota": "40%",
        "carry": "next",
        "overnight": "rest",
    }
    office.configured(programme=programme, mandate__deadline="20d")
    told = office.does("plan", office.config, *REHEARSED)
    assert re.search(
        r"^hours of BTC: Mon-Wed,Fri 09:30-12:00 \(UTC\+08:00\), \d+ holidays are closed, known", told, re.MULTILINE
    )
    assert "; at most 40 % (0.08 BTC) a day, and what a day leaves of it comes on top of the next day's" in told
    assert "hours of USDT: at any hour\n" in told
    assert "resting overnight: whatever stands in a book" in told
    assert "approvals: 2, of others than who proposes; good for 1d\n" in told
