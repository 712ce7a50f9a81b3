"""What a run sold of two parcels is divided at one price, undone, and divided otherwise; the book keeps all of it."""

import csv
import json
import re
import shutil
import subprocess
import sys
from copy import copy
from decimal import Decimal
from pathlib import Path

import pytest

from engine.drivers.casebook import CaseBook
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import RunId
from engine.kernel.money import Asset
from engine.mandate.statements import Allocated, Proposed, RunBegan, RunEnded, Sold, Why
from tests.support.office import CASE, Office, make_keys
from tests.support.processes import ROOT, summary

FORMAT = ROOT / "docs" / "formats" / "allocation.md"
SHARES = 'schema = 1\n[portfolios.zhang]\nBTC = "60%"\n[portfolios.li]\nBTC = "40%"\n'
BY = ("--as", "li", "--reason", "as the court ordered")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Office:
    """A case of two parcels, 0.13 and 0.07 BTC, all of it sold by one run; and a file of shares."""
    office = Office(tmp_path_factory.mktemp("over"), keys)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in office.variables.items():
            patch.setenv(name, value)
        patch.chdir(office.folder)
        office.opens("0.13")
        by = ("--as", "gao", "--reason", "as ordered", "--document", office.paper)
        office.does("case", "lot", CASE, "L2", "BTC", "0.07", "--place", "Vault One", "--stage", "judged", *by)
        office.does("case", "release", CASE, "L2", "0.07", *by)
        office.proposes()
        office.approves("wang", "chen")
        assert office.runs().exit_code == 0
    (office.folder / "shares.toml").write_text(SHARES)
    return office


@pytest.fixture
def office(over: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """That office as it was then, with a book, a witness and files of its own; the run stays where it was."""
    office = copy(over)
    office.folder = Path(shutil.copytree(over.folder, tmp_path / "office"))
    office.home, office.witness = office.folder / "state", office.folder / "witness"
    moved = {"STEELYARD_HOME": str(office.home), "STEELYARD_WITNESS": str(office.witness)}
    office.variables = over.variables | moved
    for name, value in office.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(office.folder)
    return office


def agreed(office: Office, *words: str) -> str:
    """Proposed by one, agreed to by two, entered: the name of what stands, or no longer does."""
    proposed = office.does("allocate", CASE, *words, "--propose", *BY)
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", proposed)
    office.approves("wang", "chen", paper=name)
    (told,) = re.findall(
        r"^row \d+ of \S+: allocation (\S+) \S", office.does("allocate", CASE, *words, *BY), re.MULTILINE
    )
    return told


def drafted(office: Office) -> str:
    """The bytes of what `--by lots` would propose."""
    from engine.cli import allocating
    from engine.mandate.allocation import Allocation

    told: list[Allocation] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocating, "as_table", lambda paper, _: told.append(paper) or ())
        office.does("allocate", CASE, "--by", "lots")
    return told[0].text


def shown(office: Office) -> list[dict]:
    return json.loads(office.does("case", "show", CASE, "--json"))["allocations"]


def written(office: Office, *words: str) -> tuple[list[dict[str, str]], dict]:
    out = office.folder / "out"
    office.does("allocate", CASE, *words, "--out", out)
    with (out / "allocation.csv").open(newline="") as file:
        return list(csv.DictReader(file)), json.loads((out / "allocation.json").read_text())


def test_the_parts_of_the_lots_are_the_run_s_own_totals_to_the_last_digit(office: Office) -> None:
    """Against `summary.json`; without a name nothing is written into the book."""
    rows, told = written(office, "--by", "lots")
    for leg, what in zip(summary(office.folder / "run")["legs"], ("sale", "conversion"), strict=True):
        mine = [row for row in rows if row["what"] == what]
        assert sum(Decimal(row["units"]) for row in mine) == Decimal(leg["sold"])
        assert sum(Decimal(row["proceeds"]) for row in mine) == Decimal(leg["received"])
        fees = [row["fees"].split() for row in mine]
        assert sum(Decimal(units) for units, _ in fees) == Decimal(leg["fees"][fees[0][1]])
    assert [row["units"] for row in rows if row["what"] == "sale"] == ["0.13", "0.07"]
    paid = sum(Decimal(row["paid_out"]) for row in rows if row["what"] == "payment")
    assert paid + Decimal(told["below_a_cent"]["USD"]) == Decimal(told["steps"][1]["net"])
    assert (told["standing"], shown(office)) == ("draft", [])


def test_coin_of_two_kinds_and_a_seized_stablecoin_share_one_price_of_it(tmp_path: Path, keys: Path) -> None:
    """Two lots of BTC, one of ETH, one of USDT: what the book says each sold, and all of the fiat to the last digit."""
    lots = {"L1": ("BTC", "0.06"), "L2": ("BTC", "0.04"), "E1": ("ETH", "1.7"), "U1": ("USDT", "1000")}
    units = {"BTC": "0.10", "ETH": "1.7", "USDT": "1000"}
    assets = [{"asset": asset, "entrusted": each, "released": each} for asset, each in units.items()]
    office = Office(tmp_path, keys, mandate__assets=assets, path__hops=["BTC>USDT", "ETH>USDT", "USDT>USD"])
    by = ("--as", "gao", "--reason", "as ordered", "--document", office.paper)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in office.variables.items():
            patch.setenv(name, value)
        patch.chdir(tmp_path)
        office.does("case", "open", CASE, "--authority", "Nobody", *by)
        office.does("case", "deposit", CASE, "90000", "USD", "--form", "cash", *by)
        for name, (asset, each) in lots.items():
            office.does("case", "lot", CASE, name, asset, each, "--place", "Vault One", "--stage", "judged", *by)
            office.does("case", "release", CASE, name, each, *by)
        office.proposes()
        office.approves("wang", "chen")
        assert office.runs().exit_code == 0
        rows, told = written(office, "--by", "lots")
        assert agreed(office, "--by", "lots") == shown(office)[0]["allocation"]
    seized = {row["party"]: row["units"] for row in rows if row["asset"] == row["sell"] and row["what"] == "sale"}
    assert seized == {name: each for name, (_, each) in lots.items()}
    prices = {Decimal(row["proceeds"]) / Decimal(row["units"]) for row in rows if row["buy"] == "USD" and row["units"]}
    assert max(prices) - min(prices) < Decimal("0.000001")
    legs = {leg["sell"]: leg for leg in summary(tmp_path / "run")["legs"]}
    for sell, leg in legs.items():
        mine = [row for row in rows if row["sell"] == sell]
        assert sum(Decimal(row["units"]) for row in mine) == Decimal(leg["sold"])
        assert sum(Decimal(row["proceeds"]) for row in mine) == Decimal(leg["received"])
    assert sum(Decimal(row["left"] or "0") for row in rows) == Decimal(legs["USDT"]["residue"])
    assert told["payments"][0]["currency"] == "USD"


def test_a_court_works_out_the_digest_from_the_table_of_fills_alone(office: Office) -> None:
    """By the ten lines of docs/formats/allocation.md, which know nothing of us."""
    rows, told = written(office, "--by", "lots")
    (program,) = re.findall(r"```python\n(.*?)```", FORMAT.read_text(), re.DOTALL)
    for step in told["steps"]:
        words = [sys.executable, "-c", program, step["sell"], office.folder / "run" / "fills.csv"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert said == f"{step['fills']} {step['fills_sha256']}\n"
    assert {row["fills_sha256"] for row in rows[:4]} == {step["fills_sha256"] for step in told["steps"]}


def test_it_is_proposed_agreed_to_entered_undone_and_done_otherwise(office: Office) -> None:
    """The whole way, with what `case show` says of it; at its end the book is whole and every signature is right."""
    first = agreed(office, "--by", "lots")
    assert [(each["allocation"], each["standing"]) for each in shown(office)] == [(first, "stands")]
    again = office.says("allocate", CASE, "--shares", "shares.toml", "--propose", *BY)
    assert (again.exit_code, f"divided by allocation {first[:12]}" in again.stderr) == (2, True)
    assert agreed(office, "--undo", first[:12]) == first
    second = agreed(office, f"{CASE}.1", "--shares", "shares.toml")
    states = [(each["allocation"], each["standing"], each["basis"]) for each in shown(office)]
    assert states == [(first, "undone", "lots"), (second, "stands", "shares")]
    text = office.does("case", "show", CASE)
    assert re.search(
        rf"^allocation {first[:12]} \(row \d+\) of {CASE}.1, by lots, entered since \S+, by li: ", text, re.MULTILINE
    )
    assert re.search(r"^  undone since \S+, by li: as the court ordered$", text, re.MULTILINE)
    assert re.search(
        rf"^allocation {second[:12]} \(row \d+\) of {CASE}.1, by shares, stands since ", text, re.MULTILINE
    )
    assert "every signature and hash right" in office.does("case", "verify", CASE)
    assert office.declined() == []


def test_undone_and_done_again_it_is_the_same(office: Office) -> None:
    before = written(office, "--by", "lots")[1]
    first = agreed(office, "--by", "lots")
    agreed(office, "--undo", first)
    second = agreed(office, "--by", "lots")
    after = written(office, "--show", second)[1]
    assert (after["standing"], written(office, "--show", first)[1]["standing"]) == ("stands", "undone")
    assert (after["awards"], after["payments"]) == (before["awards"], before["payments"])


def test_nothing_is_entered_that_too_few_agree_to(office: Office) -> None:
    """Not before it is proposed, not by who proposed it, not with one of two; and then once."""
    entering = ("allocate", CASE, "--by", "lots", *BY)
    assert "nobody has proposed this; --propose asks" in office.says(*entering).stderr
    proposed = office.does(*entering, "--propose")
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", proposed)
    assert "not counted (self_approval)" in office.says("approve", name, *BY).stderr
    office.approves("wang", paper=name)
    refused = office.says(*entering)
    assert (refused.exit_code, "has 1 of 2 approvals" in refused.stderr) == (2, True)
    assert shown(office) == []
    office.approves("chen", paper=name)
    office.does(*entering)
    assert "undo it first" in office.says(*entering).stderr
    assert [each["allocation"] for each in shown(office)] == [name]


def test_a_row_that_nobody_agreed_to_is_declined_by_the_desk_itself(office: Office) -> None:
    """Whoever goes around the command line meets the book."""
    from engine.cli import saying

    proposed = office.does("allocate", CASE, "--by", "lots", "--propose", *BY)
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", proposed)
    known, signer = saying.speaker("li", "around it", "sandbox", None)
    with (
        saying.opened(CASE, "sandbox", office.home, known) as book,
        pytest.raises(Exception, match=r"not counted \(too_few\)"),
    ):
        saying.said(book, signer, Allocated(paper_sha256=name), "around it")
    assert (office.declined(), shown(office)) == ([Why.TOO_FEW], [])


def test_what_was_approved_is_entered_to_the_byte(office: Office) -> None:
    """The file of shares is changed after people agreed to it: that is another paper."""
    words = ("--shares", "shares.toml")
    proposed = office.does("allocate", CASE, *words, "--propose", *BY)
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", proposed)
    office.approves("wang", "chen", paper=name)
    (office.folder / "shares.toml").write_text(SHARES + "# a word more\n")
    assert "nobody has proposed this" in office.says("allocate", CASE, *words, *BY).stderr


def test_a_run_that_knows_too_little_is_refused_with_the_quantity(office: Office) -> None:
    note(office, RunEnded(run=RunId(f"{CASE}.1"), status="unresolved", sales=(sold("0.15", "0.05"),), proceeds={}))
    refused = office.says("allocate", CASE, "--by", "lots")
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{CASE}: of run {CASE}.1 0.05 BTC are unknown; that is settled first\n",
    )


def test_a_run_that_goes_on_is_left_out_and_refused_by_name(office: Office) -> None:
    by = ("--as", "gao", "--reason", "more", "--document", office.paper)
    office.does("case", "lot", CASE, "L3", "BTC", "1", "--place", "Vault One", "--stage", "judged", *by)
    office.does("case", "release", CASE, "L3", "1", *by)
    note(office, RunBegan(run=RunId(f"{CASE}.2"), granted=(sold("0", granted="1"),)))
    assert f"run {CASE}.2 has not ended, and is left out" in office.does("allocate", CASE, "--by", "lots")
    refused = office.says("allocate", CASE, f"{CASE}.2", "--by", "lots")
    assert (refused.exit_code, refused.stderr) == (2, f"{CASE}: run {CASE}.2 has not ended and holds 1 BTC\n")
    refused = office.says("allocate", CASE, f"{CASE}.3", "--by", "lots")
    assert (refused.exit_code, f"{CASE}.3: no run of that name" in refused.stderr) == (2, True)


def test_every_mistake_of_what_was_typed_is_named_at_once(office: Office) -> None:
    words = ("allocate", CASE, f"{CASE}.1", "--by", "luck", "--undo", "12345678", "--propose")
    refused = office.says(*words, "--as", "nobody", "--reason", " ")
    assert refused.exit_code == 2
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == [
        "allocate",
        "--by",
        "RUN",
        "--reason",
        "nobody",
    ]


def test_what_is_entered_leaves_files_that_say_so(office: Office) -> None:
    """The last step of the guide: entered and written by one command."""
    words = ("allocate", CASE, "--by", "lots", *BY)
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", office.does(*words, "--propose"))
    office.approves("wang", "chen", paper=name)
    out = office.folder / "division"
    office.does(*words, "--out", out)
    told = json.loads((out / "allocation.json").read_text())
    with (out / "allocation.csv").open(newline="") as file:
        assert {row["standing"] for row in csv.DictReader(file)} == {"stands"}
    assert (told["standing"], told["entered"]["by"]) == ("stands", "li")


def test_what_is_refused_leaves_no_files(office: Office) -> None:
    """Nobody has proposed it; and a file lies where the folder should be."""
    out = office.folder / "division"
    assert office.says("allocate", CASE, "--by", "lots", *BY, "--out", out).exit_code == 2
    assert not out.exists()
    refused = office.says("allocate", CASE, "--by", "lots", "--out", office.paper)
    assert (refused.exit_code, refused.stderr) == (2, f"--out: {office.paper} is no folder\n")


def proposed(office: Office, text: str) -> str:
    """Around the command line, as anybody with a key can; the name of the paper."""
    from engine.cli import saying

    known, signer = saying.speaker("li", "around it", "sandbox", None)
    with saying.opened(CASE, "sandbox", office.home, known) as book:
        saying.said(book, signer, Proposed(kind="allocation", run=None, paper=text), "around it")
    return sha256_hex(text.encode())


def test_a_paper_that_was_made_up_is_shown_to_nobody(office: Office) -> None:
    """Its parts are all one party's; neither its table nor its files could be told from honest ones."""
    text = drafted(office)
    name = proposed(office, text.replace('"amount":"', '"amount":"1'))
    refused = office.says("allocate", CASE, "--show", name, "--out", office.folder / "out")
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"--show: {name} is no allocation: its parts are not what its own steps and shares come to\n",
    )
    assert (refused.stdout, (office.folder / "out").exists()) == ("", False)


def test_a_paper_in_other_bytes_keeps_nobody_from_dividing(office: Office) -> None:
    proposed(office, drafted(office) + "\n")
    agreed(office, "--by", "lots")


def test_a_draft_that_is_shown_says_why_it_can_not_be_entered(office: Office) -> None:
    """Another stands by then."""
    proposed_first = office.does("allocate", CASE, "--shares", "shares.toml", "--propose", *BY)
    (name,) = re.findall(r"steelyard approve ([0-9a-f]{64})", proposed_first)
    assert "can't be entered" not in office.does("allocate", CASE, "--show", name)
    agreed(office, "--by", "lots")
    assert "it can't be entered as the book stands: what run SHORT-1.1 sold is divided by" in office.does(
        "allocate", CASE, "--show", name
    )


def test_an_allocation_is_named_by_enough_of_its_hash(office: Office) -> None:
    refused = office.says("allocate", CASE, "--undo", "12")
    assert "--undo: 0 allocations of case SHORT-1 begin with '12'; at least 8 digits name one" in refused.stderr


def note(office: Office, entry: RunBegan | RunEnded) -> None:
    """As an engine does."""
    book = CaseBook(office.home, "sandbox", CASE)
    book.note(entry)
    book.close()


def sold(units: str, unknown: str = "0", granted: str = "0.2") -> Sold:
    return Sold(asset=Asset("BTC"), granted=Decimal(granted), sold=Decimal(units), unknown=Decimal(unknown))
