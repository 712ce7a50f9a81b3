"""The worked number of the guide, as the command prints it and as its files have it."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

from msgspec.structs import replace

from engine.cli.allocationview import as_lines, as_table
from engine.config.shares_file import parse
from engine.kernel.clock import parse_instant
from engine.kernel.ids import PersonName, RunId
from engine.mandate.allocation import RULE, Allocation, Basis, Taken, awarded, payable
from engine.mandate.case import Allotted, Case, Mark
from engine.reports.allocations import COLUMNS, allocation_csv, allocation_json
from tests.support.allocations import CHANGE, SALE, TWO
from tests.support.casefiles import BTC, CASE, PAPER

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "allocation.md").read_text()
FORMAT = (ROOT / "docs" / "formats" / "allocation.md").read_text()
MARK = Mark(seq=12, at=parse_instant("2026-05-11T02:00:00Z"), by=PersonName("li"), reason="by parcel")


def worked() -> Allocation:
    """Lots A and B, two BTC of the one and one of the other."""
    awards = awarded([SALE, CHANGE], TWO)
    return Allocation(
        case=CASE,
        number=0,
        basis=Basis.LOTS,
        shares_sha256="",
        runs=(Taken(run=RunId("PSB-7.1"), rows=130, head=PAPER),),
        shares=TWO,
        steps=(SALE, CHANGE),
        awards=awards,
        payments=payable(awards),
    )


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_s_worked_number_is_what_the_command_prints() -> None:
    (printed,) = blocks("text")
    assert printed == "\n".join(as_table(worked(), None)) + "\n"


def test_the_guide_s_file_of_shares_can_be_read() -> None:
    (text,) = blocks("toml")
    assert {(share.party, share.asset, str(share.parts)) for share in parse(text, [BTC])} == {
        ("zhang", BTC, "60"),
        ("li", BTC, "40"),
    }


def test_the_guide_has_the_rule_as_every_file_has_it() -> None:
    assert all(sentence in re.sub(r"\s*\n\s*", " ", GUIDE) for sentence in RULE)


def test_each_row_of_the_table_names_what_it_rests_on() -> None:
    """Two rows for each lot, and its payment; the average is given rounded and as a fraction."""
    rows = list(csv.DictReader(StringIO(allocation_csv(worked(), None))))
    assert [(row["party"], row["what"]) for row in rows] == [
        ("A", "sale"),
        ("A", "conversion"),
        ("B", "sale"),
        ("B", "conversion"),
        ("A", "payment"),
        ("B", "payment"),
    ]
    assert (rows[0]["average_price"], rows[0]["average_price_exact"]) == ("60000", "180000/3")
    assert (rows[1]["average_price"], rows[1]["average_price_exact"]) == ("0.9995", "178910.5/179000")
    assert {(row["fills"], len(row["fills_sha256"])) for row in rows} == {("3", 64)}
    assert all(f"`{column}`" in FORMAT for column in COLUMNS)


def test_the_file_says_where_the_allocation_stands() -> None:
    """A draft, then with the row that entered it, then with the row that undid it."""
    entered = Allotted(sha256=worked().sha256, paper=worked(), mark=MARK)
    undone = replace(entered, undone=replace(MARK, seq=15, reason="a mistake"))
    told = [json.loads(allocation_json(worked(), each, "sandbox")) for each in (None, entered, undone)]
    assert [each["standing"] for each in told] == ["draft", "stands", "undone"]
    assert [each["undone"] and each["undone"]["reason"] for each in told] == [None, None, "a mistake"]
    assert told[1]["entered"] == {"row": 12, "at": "2026-05-11T02:00:00.000000Z", "by": "li", "reason": "by parcel"}
    assert all(f"`{field}`" in FORMAT for field in told[0])


def test_the_view_of_a_case_has_what_stands_and_what_was_undone() -> None:
    first = Allotted(sha256="ab" * 32, paper=worked(), mark=MARK, undone=replace(MARK, seq=15, reason="a mistake"))
    second = Allotted(sha256="cd" * 32, paper=worked(), mark=replace(MARK, seq=18))
    assert list(as_lines(Case(allocations=(first, second)))) == [
        f"allocation abababababab (row 12) of PSB-7.1, by lots, entered {MARK}",
        "  undone since 2026-05-11T02:00:00.000000Z, by li: a mistake",
        f"allocation cdcdcdcdcdcd (row 18) of PSB-7.1, by lots, stands {MARK}",
        "  to be paid out: A 119267.00 USD, B 59633.50 USD",
    ]


def test_a_name_can_not_become_a_formula() -> None:
    awards = awarded([SALE, CHANGE], [replace(TWO[0], party="=SUM(A1)"), TWO[1]])
    paper = replace(worked(), awards=awards, payments=payable(awards))
    assert ",'=SUM(A1)," in allocation_csv(paper, None)
