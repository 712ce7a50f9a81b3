"""The verbs by which people decide, typed as they would be; a refusal is a sentence and exit code 2."""

import base64
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.drivers import personal
from engine.drivers.casebook import CaseBook
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import CaseId
from engine.mandate.statements import Declined
from tests.support.people import entry, people_toml, public, sign

PLAN = '{"plan":"sell 1 BTC","floor":"1"}'
PASSPHRASE = "correct horse"
NAME = sha256_hex(PLAN.encode())
ROLES = {"li": ("trader",), "wang": ("approver",), "chen": ("approver", "trader"), "sun": ("compliance",)}


class Shell:
    """Everybody at one machine: a folder, their keys, and the people file that names them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.plan = folder, folder / "plan.json"
        self.plan.write_text(PLAN)
        self.people(*(entry(name, *roles, key=self.key(name)) for name, roles in ROLES.items()))

    def people(self, *entries: str) -> None:
        path = self.folder / "people.toml"
        path.write_text(people_toml(*entries))
        sign(path)

    def key(self, name: str) -> str:
        signer = personal.open_key(name, self.folder / "keys", PASSPHRASE)
        return base64.b64encode(signer.public_key()).decode()

    def says(self, *words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    def does(self, verb: str, by: str, *words: str | Path, reason: str = "as agreed") -> Result:
        return self.says(verb, self.plan, "--as", by, "--reason", reason, *words)

    def proposes(self) -> None:
        assert self.does("propose", "li", "--case", "SHORT-1").exit_code == 0

    def book(self) -> CaseBook:
        return CaseBook(self.folder / "state", "sandbox", CaseId("SHORT-1"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key for everybody, made once: opening and closing them is slow on purpose."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ROLES:
        personal.create(name, folder, PASSPHRASE)
    return folder


@pytest.fixture
def shell(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(keys, tmp_path / "keys")
    variables = {
        "STEELYARD_HOME": "state",
        "STEELYARD_KEYS": "keys",
        "STEELYARD_WITNESS": "witness",
        "STEELYARD_PEOPLE": "people.toml",
        "STEELYARD_PEOPLE_KEY": public("admin"),
        "STEELYARD_PASSPHRASE": PASSPHRASE,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Shell(tmp_path)


def test_two_approvers_agree_to_what_a_trader_proposed(shell: Shell) -> None:
    shell.proposes()
    first = shell.does("approve", "wang")
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, f"plan {NAME} of case SHORT-1: approved by wang")
    assert "has 1 of 2 approvals; 23h59m" in first.stdout
    second = shell.does("approve", "chen", "--expires", "4h")
    assert second.exit_code == 0
    assert "approved by chen, wang; good until 20" in second.stdout


def test_a_paper_can_be_named_by_the_beginning_of_its_hash(shell: Shell) -> None:
    shell.proposes()
    assert shell.says("approve", NAME[:8], "--as", "wang", "--reason", "ok").exit_code == 0


def test_the_inbox_says_what_waits_for_whom_and_how_long(shell: Shell) -> None:
    shell.proposes()
    shell.does("approve", "wang")
    lines = shell.says("inbox", "SHORT-1").stdout.splitlines()
    assert lines[0] == f"plan {NAME}"
    assert lines[1].startswith("  proposed by li on 20")
    assert lines[2].startswith("  1 of 2 approvals (wang); waits; 23h59m")
    shell.does("refuse", "chen", reason="too fast")
    assert shell.says("inbox", "SHORT-1").stdout == "nothing waits in sandbox case SHORT-1\n"


def test_a_paper_is_shown_from_the_book_and_not_from_the_file(shell: Shell) -> None:
    shell.proposes()
    shell.plan.write_text("something else")
    shown = shell.says("inbox", "SHORT-1", "--show", NAME[:8]).stdout
    assert '"plan": "sell 1 BTC"' in shown
    assert shown.endswith(f"sha256 {NAME}\n")


def test_what_a_terminal_would_obey_is_shown_instead(shell: Shell) -> None:
    """A character that turns text around, in a reason and in a paper."""
    shell.plan.write_text('{"quantity":"\u202e5.1"}')
    shell.does("propose", "li", "--case", "SHORT-1", reason="go\x1b[2Jod")
    (name,) = shell.book().docket.papers
    shown = shell.says("inbox", "SHORT-1", "--show", name).stdout
    assert '"\\u202e5.1"' in shown
    assert "go\\u001b[2Jod" in shown


@pytest.mark.parametrize(
    ("verb", "by", "sentence"),
    [
        ("approve", "li", "not counted (self_approval): li proposed this plan and may not approve it as well"),
        ("approve", "sun", "not counted (no_role): sun may not say Approved: it takes approver"),
        ("refuse", "sun", "not counted (no_role): sun may not say Refused: it takes approver"),
        ("withdraw", "wang", "not counted (no_role): wang has neither proposed this plan nor has an approval"),
    ],
)
def test_a_refusal_names_the_fact_and_stands_in_the_book(shell: Shell, verb: str, by: str, sentence: str) -> None:
    shell.proposes()
    refused = shell.does(verb, by)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"SHORT-1: {sentence}")
    assert isinstance(shell.book().rows()[-1][2], Declined)


def test_one_more_byte_in_the_file_is_another_paper(shell: Shell) -> None:
    shell.proposes()
    shell.plan.write_text(PLAN + "\n")
    refused = shell.does("approve", "wang")
    assert (refused.exit_code, "not counted (unknown_paper)" in refused.stderr) == (2, True)
    assert isinstance(shell.book().rows()[-1][2], Declined)


def test_what_was_withdrawn_can_be_proposed_again_and_what_was_refused_can_not(shell: Shell) -> None:
    shell.proposes()
    assert shell.does("withdraw", "li").exit_code == 0
    assert "not counted (withdrawn)" in shell.does("approve", "wang").stderr
    shell.proposes()
    assert shell.does("refuse", "wang").exit_code == 0
    assert "not counted (refused)" in shell.does("propose", "li", "--case", "SHORT-1").stderr


def test_everything_that_is_missing_is_said_at_once(shell: Shell) -> None:
    refused = shell.does("approve", "nobody", "--people", "none.toml", "--environment", "moon", reason=" ")
    assert refused.exit_code == 2
    assert [line.partition(":")[0] for line in refused.stderr.splitlines()] == [
        "--reason",
        "--environment",
        "people",
        "people",
        "nobody",
    ]
    assert shell.book().rows() == []


def test_without_a_reason_nothing_is_typed(shell: Shell) -> None:
    refused = shell.says("approve", NAME, "--as", "wang")
    assert (refused.exit_code, "--reason" in refused.stderr) == (2, True)


def test_a_wrong_passphrase_signs_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.proposes()
    monkeypatch.setenv("STEELYARD_PASSPHRASE", "battery staple")
    refused = shell.does("approve", "wang")
    assert (refused.exit_code, "the passphrase is wrong" in refused.stderr) == (2, True)
    assert len(shell.book().rows()) == 1


def test_a_key_that_the_people_file_does_not_name_signs_nothing(shell: Shell) -> None:
    """Wang made a new key and nobody has signed it into the file."""
    shell.proposes()
    (shell.folder / "keys" / "wang.pem").unlink()
    shell.says("key", "new", "wang")
    refused = shell.does("approve", "wang")
    assert refused.exit_code == 2
    assert "--as: the key wang is not the one that the people file gives for wang" in refused.stderr


@pytest.mark.parametrize("expires", ["25h", "0s", "tomorrow"])
def test_an_approval_lasts_no_longer_than_the_policy(shell: Shell, expires: str) -> None:
    shell.proposes()
    refused = shell.does("approve", "wang", "--expires", expires)
    assert (refused.exit_code, refused.stderr.startswith("--expires: ")) == (2, True)


def test_what_is_neither_file_nor_hash_is_said_to_be_neither(shell: Shell) -> None:
    refused = shell.says("approve", "plan.jsn", "--as", "wang", "--reason", "ok")
    assert (refused.exit_code, "is neither a file nor the hash" in refused.stderr) == (2, True)


def test_a_paper_has_to_be_json_so_that_it_can_be_shown(shell: Shell) -> None:
    shell.plan.write_text("sell everything")
    refused = shell.does("propose", "li", "--case", "SHORT-1")
    assert (refused.exit_code, "is not JSON" in refused.stderr) == (2, True)


def test_a_key_shows_the_lines_that_the_people_file_needs(shell: Shell) -> None:
    made = shell.says("key", "new", "zhou")
    assert made.exit_code == 0
    assert made.stdout.startswith("[people.zhou]\nroles = []")
    assert made.stdout == shell.says("key", "show", "zhou").stdout
    assert f'key = "{shell.key("zhou")}"' in made.stdout


def test_a_file_is_signed_beside_itself(shell: Shell) -> None:
    assert shell.says("key", "sign", shell.plan, "--as", "wang").exit_code == 0
    signature = base64.b64decode((shell.folder / "plan.json.sig").read_bytes())
    signer = personal.open_key("wang", shell.folder / "keys", PASSPHRASE)
    assert signature == signer.sign(PLAN.encode())


@pytest.mark.parametrize("verb", ["propose", "approve", "refuse", "withdraw", "inbox"])
def test_help_says_who_may_and_what_it_needs(verb: str) -> None:
    shown = CliRunner().invoke(app, [verb, "--help"]).stdout
    assert "Who: " in shown
    assert "Needs: " in shown
