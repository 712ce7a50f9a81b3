"""What people ask of a run is judged by its own journal before anybody signs: a mistake costs a line and no row."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import Result

from engine.config import people
from engine.drivers.casebook import CaseBook
from engine.drivers.folder import Origin, RunFolder
from engine.drivers.register import CaseRegister
from engine.events import Closed, Entry, kind
from engine.journal.store import MemoryStore
from engine.kernel import codec
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import CaseId, RunId
from engine.mandate import instructions as i
from engine.mandate.statements import Proposed, Signed, Stopped
from engine.orders.events import Wish
from tests.support.builders import BTC, START, VENUE, opened
from tests.support.by_hand import Run, placed
from tests.support.office import Office, make_keys

CASE, RUN = CaseId("CASE-1"), RunId("CASE-1.1")
SIGNED = ("--as", "li", "--reason", "as the desk agreed")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


class Desk:
    """A run that stands as it was fed by hand, with its journal on disk and nobody carrying it on."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.office = Office(folder, keys)
        self.run = Run(opened(run=RUN, approvals=2)).ready()
        self.folder = RunFolder(folder / "run")
        self.proof = folder / "proof.pdf"
        self.proof.write_bytes(b"the venue's statement")

    def stands(self, *more: Entry, people: bool = True) -> "Desk":
        """On disk, with its place on the register; `more` rows are the shell's own."""
        register = CaseRegister(self.office.home)
        register.claim("sandbox", CASE, {BTC: self.run.state.plan.legs[0].quantity}, self.folder.path, self.folder.path)
        register.begin(RUN)
        register.close()
        named = str(self.office.folder / "people.toml") if people else ""
        self.folder.create(Origin(kind="pointed", home=str(self.office.home), people=named))
        store = MemoryStore()
        rows: Sequence[Entry] = [*self.run.rows, *more]
        store.append(START, START, [(kind(row), codec.encode(row)) for row in rows], urgent=True)
        store.save(self.folder.journal)
        return self

    def says(self, verb: str, *words: str | Path) -> Result:
        return self.office.says(verb, RUN, *words, *SIGNED)

    def refuses(self, verb: str, *words: str | Path) -> list[str]:
        """The mistakes; nothing may have been written."""
        before = len(self.said())
        refused = self.says(verb, *words)
        assert (refused.exit_code, len(self.said())) == (2, before), refused.output
        return refused.stderr.splitlines()

    def asks(self, verb: str, *words: str | Path) -> tuple[str, i.Instruction]:
        """What was printed, and the instruction that stands in the book."""
        said = self.says(verb, *words)
        assert said.exit_code == 0, (said.output, said.exception)
        says = self.said()[-1]
        assert isinstance(says, Proposed)
        paper = i.parse(says.paper)
        assert (says.run, paper.run, says.kind) == (RUN, RUN, paper.instruction.__struct_config__.tag)
        assert paper.text == says.paper
        assert f"steelyard approve {paper.sha256} --as NAME --reason TEXT" in said.stdout
        return said.stdout, paper.instruction

    def said(self) -> Sequence[object]:
        """All that people said of the case so far."""
        book = CaseBook(self.office.home, "sandbox", CASE)
        rows = [entry.read().says for _, _, entry in book.rows() if isinstance(entry, Signed)]
        book.close()
        return rows


@pytest.fixture
def desk(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path, keys)
    for name, value in desk.office.variables.items():
        monkeypatch.setenv(name, value)
    return desk


def unanswered(desk: Desk) -> str:
    """The first order of the run was sent and never answered; its client id."""
    (order,) = placed(desk.run.due("00:00"))
    desk.run.unanswered(order)
    return order.client_id


def test_an_amendment_is_shown_beside_what_it_amends_and_names_the_plan_that_it_is_of(desk: Desk) -> None:
    was = desk.stands().run.state.plan.digest
    told, amend = desk.asks("amend", "--end", "2h", "--floor", "BTC=90:USDT", "--participation", "BTC=25%")
    assert isinstance(amend, i.Amend)
    assert amend.was_sha256 == was
    rows = [line.split() for line in told.splitlines()]
    assert ["floor", "of", "BTC", "none", "90", "USDT"] in rows
    assert ["share", "of", "BTC", "no", "cap", "25", "%", "of", "the", "volume"] in rows
    assert rows[1][0] == "end"
    assert "it takes 2 approvers besides li" in told
    assert f"no process carries the run on: `steelyard resume {RUN}` takes it" in told


def test_a_floor_and_a_cap_can_be_taken_away(desk: Desk) -> None:
    desk.stands()
    _, amend = desk.asks("amend", "--floor", "BTC=none", "--participation", "BTC=none", "--rate", "2")
    assert isinstance(amend, i.Amend)
    assert (amend.floors, amend.shares, str(amend.rate)) == ({BTC: None}, {BTC: None}, "2")


@pytest.mark.parametrize(
    ("words", "mistakes"),
    [
        ((), ["amend: nothing is amended"]),
        (("--end", "yesterday"), ["--end: 'yesterday' is no instant"]),
        (("--end", "2020-01-01T00:00:00Z"), ["--end: end: 2020-01-01"]),
        (("--rate", "0"), ["--rate: rate: 0 against above zero"]),
        (("--rate", "fast", "--end", "soon"), ["--end: ", "--rate: not a decimal number"]),
        (("--floor", "BTC=90"), ["--floor BTC: '90' is not PRICE:CURRENCY in USDT or USD"]),
        (("--floor", "BTC=90:EUR"), ["--floor BTC: '90:EUR' is not PRICE:CURRENCY"]),
        (("--floor", "ETH=none"), ["amend: asset: ETH against BTC"]),
        (("--participation", "BTC=0.25"), ["--participation BTC: '0.25' is not a share in per cent"]),
        (("--participation", "BTC=100%"), ["--participation: participation: "]),
        (("--venues", "osl"), ["--venues: venues: osl against hashkey"]),
    ],
)
def test_what_can_not_be_amended_is_told_with_its_place(
    desk: Desk, words: tuple[str, ...], mistakes: list[str]
) -> None:
    refused = desk.stands().refuses("amend", *words)
    assert [line[: len(start)] for line, start in zip(refused, mistakes, strict=True)] == mistakes


def test_one_person_stops_a_venue_and_several_let_it_go_on(desk: Desk) -> None:
    told = desk.stands().says("stop", "--venue", "hashkey")
    assert told.exit_code == 0, told.output
    assert desk.said() == [Stopped(run=RUN, scope="venue", name="hashkey")]
    assert "to go on: steelyard go-on CASE-1.1 --venue hashkey" in told.stdout


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ((), "stop: name one of --venue, --asset, --child"),
        (("--venue", "hashkey", "--asset", "BTC"), "stop: name one of --venue, --asset, --child"),
        (("--venue", "osl"), "stop: stop: venue osl against hashkey"),
        (("--child", "nobody"), "stop: stop: child nobody against none"),
    ],
)
def test_what_is_not_there_can_not_be_stopped(desk: Desk, words: tuple[str, ...], start: str) -> None:
    (mistake,) = desk.stands().refuses("stop", *words)
    assert mistake.startswith(start)


def test_to_go_on_something_has_to_be_stopped(desk: Desk) -> None:
    desk.stands()
    assert desk.refuses("go-on", "--venue", "hashkey") == ["go_on: go on: venue hashkey against nothing is stopped"]
    assert desk.refuses("go-on") == ["go_on: go on: the run is not halted against a halt"]


def test_after_a_halt_the_run_can_go_on(desk: Desk) -> None:
    desk.run.asked(Wish.HALT)
    _, asked = desk.stands().asks("go-on")
    assert asked == i.GoOn(i.Scope.RUN)


def test_the_same_wish_is_another_paper_once_the_first_is_used_and_the_same_while_it_waits(desk: Desk) -> None:
    desk.run.asked(Wish.HALT)
    desk.stands().asks("go-on")
    again = desk.says("go-on")
    assert (again.exit_code, "not counted (replayed)" in again.stderr) == (2, True)
    (first,) = [says for says in desk.said() if isinstance(says, Proposed)]
    desk.office.approves("wang", "chen", paper=sha256_hex(first.paper.encode()))
    book = CaseBook(desk.office.home, "sandbox", CASE, people.read(desk.office.folder / "people.toml"))
    book.take(sha256_hex(first.paper.encode()), RUN)
    book.close()
    _, asked = desk.asks("go-on")
    assert asked == i.GoOn(i.Scope.RUN)


def test_a_run_that_ended_is_not_steered(desk: Desk) -> None:
    desk.stands(Closed(START, "short", 0, 0))
    assert desk.refuses("finish", "--by", "sweep") == [f"{RUN}: the run is over: short"]


def test_a_run_is_finished_by_one_of_two_ways(desk: Desk) -> None:
    _, asked = desk.stands().asks("finish", "--by", "sweep")
    assert asked == i.Finish(i.By.SWEEP)
    assert desk.refuses("finish", "--by", "magic") == ["--by: 'magic' is none of: sweep, rfq"]


def test_what_became_of_an_order_is_said_by_a_paper(desk: Desk) -> None:
    """Half of it was sold, by the venue's letter; the price of what is new belongs to it."""
    order = unanswered(desk)
    proof = ("--document", desk.proof)
    _, asked = desk.stands().asks(
        "settle-unknown", order, "--filled", "1", "--price", "99.9", "--fee", "0.1:USDT", *proof
    )
    assert isinstance(asked, i.SettleUnknown)
    assert (asked.client_id, str(asked.filled), str(asked.price)) == (order, "1", "99.9")
    assert desk.refuses("settle-unknown", order, "--filled", "1", *proof)[0].startswith("--price: price: None")
    assert desk.refuses("settle-unknown", order, "--filled", "99", *proof)[0].startswith("--filled: filled: 99 against")
    assert desk.refuses("settle-unknown", "nobody", "--filled", "0", *proof) == [
        f"CLIENT_ID: unknown order: nobody against {order}"
    ]
    missing = desk.refuses("settle-unknown", order, "--filled", "x", "--document", "nowhere.pdf")
    assert [line.partition(":")[0] for line in missing] == ["--filled", "--document"]


def test_only_the_difference_that_is_there_is_explained(desk: Desk) -> None:
    desk.run.survey(USDT="-12.5")
    words = ("--venue", VENUE, "--asset", "USDT", "--document", desk.proof)
    _, asked = desk.stands().asks("explain-difference", *words, "--delta", "-12.5")
    assert isinstance(asked, i.ExplainDifference)
    assert desk.refuses("explain-difference", *words, "--delta", "12.5") == [
        "--delta: difference: 12.5 USDT against -12.5 USDT"
    ]


def deal(desk: Desk, **changes: str) -> list[str | Path]:
    """1 BTC to the venue's own desk, near the market."""
    words = {
        "ticket": "OTC-7", "venue": "hashkey", "sell": "BTC", "buy": "USDT", "quantity": "1", "price": "99.9",
        "counterparty": "the desk", "dealt-at": "2026-05-02T00:00:30Z",
    } | {name.replace("_", "-"): value for name, value in changes.items()}  # fmt: skip
    return [*(word for name, value in words.items() for word in (f"--{name}", value)), "--document", desk.proof]


def test_a_deal_by_voice_is_judged_by_the_gate_before_it_is_signed(desk: Desk) -> None:
    desk.run.due("00:00")
    desk.stands()
    _, asked = desk.asks("ticket", *deal(desk))
    assert isinstance(asked, i.Ticket)
    assert (asked.ticket, str(asked.quantity), asked.counterparty) == ("OTC-7", "1", "the desk")
    assert any("path" in line or "BTC>USD" in line for line in desk.refuses("ticket", *deal(desk, buy="USD")))
    assert desk.refuses("ticket", *deal(desk, price="50"))
    assert any("mandate quantity" in line for line in desk.refuses("ticket", *deal(desk, quantity="11")))
    assert desk.refuses("ticket", *deal(desk, quantity="0", dealt_at="noon")) == [
        "--quantity: 0 is not above zero",
        "--dealt-at: 'noon' is no instant with its zone (2026-12-01T16:00:00+08:00)",
    ]


def test_a_run_that_waived_approvals_is_stopped_by_other_means(desk: Desk) -> None:
    desk.stands(people=False)
    refused = desk.says("stop", "--venue", "hashkey")
    assert (refused.exit_code, "this run waived approvals" in refused.stderr) == (2, True)


def test_a_key_that_is_missing_is_told_together_with_what_else_is_wrong(desk: Desk) -> None:
    desk.stands()
    refused = desk.office.says("amend", RUN, "--rate", "fast", "--as", "nobody", "--reason", " ")
    assert refused.exit_code == 2
    assert [line.partition(":")[0] for line in refused.stderr.splitlines()] == ["--rate", "--reason", "nobody"]


@pytest.mark.parametrize("verb", ["amend", "stop", "go-on", "finish", "ticket", "settle-unknown", "explain-difference"])
def test_every_verb_says_who_may_and_what_it_needs(desk: Desk, verb: str) -> None:
    told = desk.office.says(verb, "--help").stdout
    assert "Who: " in told
    assert "Needs: " in told


def test_a_deal_is_judged_by_the_prices_of_the_last_decision_however_long_ago_that_was(desk: Desk) -> None:
    """The engine looks anew before it books; whoever types the deal must not have to hit a slice."""
    desk.run.due("00:00")
    desk.run.later(600)
    desk.run.survey()
    desk.stands()
    desk.asks("ticket", *deal(desk))
