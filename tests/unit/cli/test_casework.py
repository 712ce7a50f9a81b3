"""What officers and courts type about a case, and what they are told."""

import base64
import json
import re
import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from engine.cli import app, casework
from engine.cli.case_verbs import case
from engine.drivers import personal
from engine.drivers.casebook import CaseBook
from engine.drivers.register import CaseRegister
from engine.kernel.clock import Instant
from engine.kernel.ids import CaseId, RunId
from engine.kernel.money import Asset
from engine.mandate.people import MAY, Role
from engine.mandate.statements import (
    CaseOpened,
    DepositPosted,
    DepositReturned,
    Held,
    Lifted,
    LotEntered,
    Received,
    Released,
    Reopened,
    Returned,
    RunBegan,
    RunEnded,
    Says,
    ScopeAmended,
    Seen,
    Signed,
    Sold,
    StageSet,
    Suspended,
)
from tests.support.casefiles import d

CASE: Final = CaseId("PSB-7")
GUIDE: Final = (Path(__file__).parents[3] / "docs" / "guides" / "cases.md").read_text()
ROLES: Final = {"wu": "officer", "he": "compliance", "li": "approver", "chen": "approver", "qian": "trader"}
VERBS: Final[dict[str, type[Says]]] = {
    "open": CaseOpened,
    "lot": LotEntered,
    "stage": StageSet,
    "scope": ScopeAmended,
    "release": Released,
    "return": Returned,
    "suspend": Suspended,
    "reopen": Reopened,
    "hold": Held,
    "lift": Lifted,
    "deposit": DepositPosted,
    "deposit-return": DepositReturned,
    "received": Received,
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key for everybody, and a people file that the host trusts; opening an encrypted key is what takes time."""
    folder = tmp_path_factory.mktemp("keys")
    lines = ["schema = 1", "[policy]", "approvals = 2", 'lasts = "24h"']
    for name, role in ROLES.items():
        personal.create(name, folder, "correct horse")
        public = personal.open_key(name, folder, "correct horse").public_key()
        lines += [f"[people.{name}]", f'roles = ["{role}"]', f'key = "{base64.b64encode(public).decode()}"']
    text = "\n".join(lines).encode()
    (folder / "people.toml").write_bytes(text)
    signature = personal.open_key("he", folder, "correct horse").sign(text)
    (folder / "people.toml.sig").write_bytes(base64.b64encode(signature))
    return folder


class Desk:
    """Somebody at a shell, with papers to show."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.paper = folder / "order.pdf"
        self.paper.write_bytes(b"By order of the court")

    def types(self, *words: str, code: int = 0) -> str:
        """What is answered, on both streams."""
        ended = CliRunner().invoke(app, ["case", *words, "--home", str(self.home)])
        assert ended.exit_code == code, (words, ended.output)
        return ended.output

    def says(self, verb: str, *words: str, by: str = "wu", code: int = 0, paper: bool = True) -> str:
        document = ("--document", str(self.paper)) if paper else ()
        return self.types(verb, *words, "--as", by, "--reason", "as ordered", *document, code=code)

    def shown(self, code: int = 0) -> dict:
        return json.loads(self.types("show", CASE, "--json", code=code))


@pytest.fixture
def desk(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An open case with a lot of ten BTC, judged."""
    public = personal.open_key("he", keys, "correct horse").public_key()
    monkeypatch.setenv("STEELYARD_PEOPLE_KEY", base64.b64encode(public).decode())
    monkeypatch.setenv("STEELYARD_PEOPLE", str(keys / "people.toml"))
    monkeypatch.setenv("STEELYARD_KEYS", str(keys))
    monkeypatch.setenv("STEELYARD_PASSPHRASE", "correct horse")
    monkeypatch.setenv("STEELYARD_WITNESS", str(tmp_path / "witness"))
    desk = Desk(tmp_path)
    desk.says("open", CASE, "--authority", "Village police")
    desk.says("lot", CASE, "A", "BTC", "10", "--place", "Vault One", "--stage", "judged")
    return desk


def note(desk: Desk, entry: RunBegan | RunEnded | Seen) -> None:
    """As an engine does: it signs nothing."""
    book = CaseBook(desk.home, "sandbox", CASE)
    book.note(entry)
    book.close()


def grant(run: str, units: str) -> RunBegan:
    return RunBegan(run=RunId(run), granted=(Sold(asset=Asset("BTC"), granted=d(units), sold=d("0")),))


def test_a_case_goes_from_entrustment_to_the_deposit_s_return(desk: Desk) -> None:
    """Every verb but the stops, in the order in which they come; each answer ends in the sum."""
    assert desk.says("release", CASE, "A", "4").splitlines()[0] == "row 3 of PSB-7: released, by wu"
    desk.says("deposit", CASE, "440000", "USD", "--form", "guarantee", by="he")
    note(desk, grant("PSB-7.1", "4"))
    sale = Sold(asset=Asset("BTC"), granted=d("4"), sold=d("4"))
    note(desk, RunEnded(run=RunId("PSB-7.1"), status="done", sales=(sale,), proceeds={Asset("USD"): d("400000")}))
    desk.says("received", CASE, "400000", "USD")
    desk.says("deposit-return", CASE, "440000", "USD", by="he")
    desk.says("stage", CASE, "A", "return")
    assert desk.says("return", CASE, "A", "5").splitlines()[1] == (
        "BTC: 10 entrusted = 1 in custody + 0 in transit + 0 at venue + 0 working + 0 unknown + 4 sold + 5 returned "
        "+ 0 residue; 4 may be sold"
    )
    desk.says("scope", CASE, "A", "9")
    shown = desk.shown()
    assert (shown["deposit"], shown["received"], shown["outstanding"], shown["doubts"]) == (
        {"USD": "0"},
        {"USD": "400000"},
        {},
        [],
    )
    assert shown["assets"]["BTC"]["entrusted"] == "9"
    assert shown["runs"][0]["lots"] == [{"lot": "A", "asset": "BTC", "granted": "4", "sold": "4", "unknown": "0"}]


def test_the_table_shows_every_place_the_sum_and_who_stopped_it(desk: Desk) -> None:
    desk.says("release", CASE, "A", "4")
    desk.says("suspend", CASE, by="qian", paper=False)
    text = desk.types("show", CASE)
    assert re.search(r"^SUSPENDED since \S+, by qian: as ordered: nothing of it is sold$", text, re.MULTILINE)
    assert [line.split() for line in text.splitlines() if line.startswith(("in custody", "= entrusted"))] == [
        ["in", "custody", "10"],
        ["=", "entrusted", "10"],
    ]
    assert "BTC: 10 entrusted = 10 in custody + 0 in transit" in text
    desk.says("reopen", CASE, paper=False)
    assert "SUSPENDED" not in desk.types("show", CASE)


def test_the_register_of_runs_tells_where_the_grant_of_a_run_that_goes_on_is(desk: Desk) -> None:
    desk.says("release", CASE, "A", "4")
    register = CaseRegister(desk.home)
    claimed = register.claim("sandbox", CASE, {Asset("BTC"): d("4")}, None, desk.home / "runs")
    register.begin(RunId("PSB-7.1"))
    register.update(RunId("PSB-7.1"), Asset("BTC"), d("1.5"), d("0.5"), d("0.25"))
    register.close()
    assert claimed is not None
    note(desk, grant("PSB-7.1", "4"))
    places = desk.shown()["assets"]["BTC"]
    names = ("in_custody", "at_venue", "working", "unknown", "sold")
    assert [places[name] for name in names] == ["6", "1.75", "0.5", "0.25", "1.5"]


def test_an_end_that_the_book_can_t_take_is_doubted_and_exits_with_three(desk: Desk) -> None:
    desk.says("release", CASE, "A", "4")
    note(desk, grant("PSB-7.1", "4"))
    sale = Sold(asset=Asset("BTC"), granted=d("4"), sold=d("4.5"))
    note(desk, RunEnded(run=RunId("PSB-7.1"), status="done", sales=(sale,), proceeds={}))
    assert "row 5 of the book (run_ended) can't be" in desk.shown(code=3)["doubts"][0]


def test_every_mistake_is_named_at_once_and_nothing_is_written(desk: Desk) -> None:
    """A missing paper, an amount that is none, a form that is none, an empty reason, a stranger."""
    words = ("deposit", CASE, "1,5", "USD", "--form", "gold", "--document", "nothing.pdf")
    text = desk.types(*words, "--as", "nobody", "--reason", " ", code=2)
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "AMOUNT",
        "--form",
        "--document",
        "--reason",
        "nobody",
    ]
    assert desk.shown()["row"] == 2


def test_what_can_not_be_exits_with_two_and_is_not_written(desk: Desk) -> None:
    assert desk.says("release", CASE, "A", "10.5", code=2).startswith("PSB-7: 10.5 is more than the 10 BTC that can be")
    assert desk.shown()["row"] == 2


def test_who_may_not_say_it_is_turned_away(desk: Desk) -> None:
    """A trader releases nothing; that he tried stands in the book."""
    assert "not counted (no_role)" in desk.says("release", CASE, "A", "1", by="qian", code=2)
    shown = desk.shown()
    assert (shown["row"], shown["assets"]["BTC"]["released"]) == (3, "0")


def test_only_the_hash_of_a_paper_is_kept(desk: Desk) -> None:
    desk.says("release", CASE, "A", "1")
    assert desk.shown()["lots"][0]["documents"] == 2 * [sha256(b"By order of the court").hexdigest()]
    assert b"By order" not in b"".join(path.read_bytes() for path in desk.home.rglob("*") if path.is_file())


def test_a_hold_with_no_run_open_says_so_and_keeps_any_from_beginning(desk: Desk) -> None:
    text = desk.says("hold", CASE, by="li")
    assert "no run of this case is open; none can begin until the hold is lifted" in text
    assert desk.shown()["held"].startswith("held since ")
    assert "nothing moves until the hold is lifted" in desk.says("return", CASE, "A", "1", code=2)
    desk.says("lift", CASE)
    assert desk.shown()["held"] == ""


@contextmanager
def engine(desk: Desk, *, flat: bool) -> Iterator[None]:
    """A running engine that reads the book, notices a hold, and, perhaps, proves that nothing of it stands."""
    over = threading.Event()

    def turn() -> None:
        book, read = CaseBook(desk.home, "sandbox", CASE), 0
        while not over.wait(0.01):
            for seq, _, entry in book.after(read):
                read = seq
                if isinstance(entry, Signed) and isinstance(entry.read().says, Held):
                    at = Instant(time.time_ns())
                    for proven in (None, at)[: 2 if flat else 1]:
                        book.note(Seen(run=RunId("PSB-7.1"), statement_seq=seq, noticed=at, flat=proven))
        book.close()

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_hold_prints_when_the_engine_noticed_and_when_it_was_flat(desk: Desk) -> None:
    desk.says("release", CASE, "A", "4")
    note(desk, grant("PSB-7.1", "4"))
    with engine(desk, flat=True):
        text = desk.says("hold", CASE, by="qian")
    assert re.search(r"^run PSB-7.1 noticed it at \S+Z, \S+ after the hold$", text, re.MULTILINE)
    assert re.search(r"^run PSB-7.1 stood in no venue's book any more at \S+Z, \S+ after", text, re.MULTILINE)


def test_a_hold_that_is_not_proven_flat_exits_with_three(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has noticed; a venue does not answer."""
    monkeypatch.setattr(casework, "PATIENCE_S", 0.5)
    desk.says("release", CASE, "A", "4")
    note(desk, grant("PSB-7.1", "4"))
    with engine(desk, flat=False):
        text = desk.says("hold", CASE, code=3)
    assert "noticed it and is not proven flat; orders may stand: `steelyard halt PSB-7.1` cancels and verifies" in text


def test_a_hold_that_no_engine_notices_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casework, "PATIENCE_S", 0.2)
    desk.says("release", CASE, "A", "4")
    note(desk, grant("PSB-7.1", "4"))
    text = desk.says("hold", CASE, code=3)
    assert "after 0.2 s run PSB-7.1 has not noticed it, perhaps since its engine is gone" in text


def test_a_book_is_verified_with_its_signatures_and_its_sum(desk: Desk) -> None:
    text = desk.types("verify", CASE)
    assert "PSB-7: 2 rows, 2 of them signed, every signature and hash right" in text
    assert "BTC: 10 entrusted = 10 in custody" in text


def test_a_case_without_a_book_is_named(desk: Desk) -> None:
    assert "there is no book of this production case" in desk.types("show", CASE, "--environment", "production", code=2)
    assert "'moon' is none of: sandbox, production" in desk.types("show", CASE, "--environment", "moon", code=2)


def test_what_the_guide_tells_people_to_type_makes_a_book_that_adds_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its first block, line by line, in an empty folder with the papers that it names."""
    block = re.search(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert block is not None
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"--document (\S+)", block[1]):
        Path(name).write_bytes(name.encode())
    desk.home = tmp_path / "another"
    said = [desk.types(*shlex.split(line)[2:]) for line in block[1].splitlines()]
    assert "BTC: 10 entrusted = 10 in custody" in said[-1]
    assert "PSB-7: 4 rows, 4 of them signed" in said[-1]


HELP: Final = {
    info.name or info.callback.__name__: re.sub(r"\s+", " ", info.callback.__doc__ or "")
    for info in case.registered_commands
    if info.callback is not None
}


@pytest.mark.parametrize(("verb", "kind"), VERBS.items())
def test_the_help_of_each_verb_says_who_may_as_the_table_of_roles_has_it(verb: str, kind: type[Says]) -> None:
    roles = MAY[kind]
    who = "anybody with a role, alone" if roles == frozenset(Role) else " or ".join(sorted(roles, reverse=True))
    assert HELP[verb].replace("an officer", "officer").partition("Who: ")[2].startswith(who + ".")
