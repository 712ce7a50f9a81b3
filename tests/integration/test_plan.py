"""A plan that people can judge before they approve it: on the terminal, as a page, and in the paper that they sign."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.compose import forecasting
from engine.compose.approving import PlanPaper
from engine.forecast.prospect import Prospect
from engine.kernel.codec import sha256_hex
from tests.support.configs import written
from tests.support.office import CASE, REHEARSED, Office, make_keys
from tests.support.processes import ROOT

EXAMPLES: Final = ROOT / "examples"
IN_MEMORY: Final = ("--sandbox", "--in-process")


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
def example(tmp_path: Path) -> Path:
    """`examples/plan.toml` with its files, in a folder of its own."""
    shutil.copytree(EXAMPLES / "plan", tmp_path / "plan")
    return Path(shutil.copy(EXAMPLES / "plan.toml", tmp_path))


def planned(config: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["plan", str(config), *IN_MEMORY, *map(str, words)])


def test_the_ways_and_what_speaks_against_them_stand_on_the_terminal(example: Path) -> None:
    told = planned(example).stdout
    rows = re.findall(r"^  ([* ]) (VWAP|TWAP|POV|IS|RFQ) +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ ", told, re.MULTILINE)
    assert rows == [("*", "VWAP"), (" ", "TWAP"), (" ", "POV"), (" ", "IS"), (" ", "RFQ")]
    for line in (
        "floor: the floor of 77000 USD",
        "deadline: 2026-05-02 06:26 UTC",
        "footprint: ",
        "fees: ",
        "caps hit: ",
    ):
        assert f"\n  {line}" in told
    assert "when the window of BTC ends: what is left is sold on at the mean pace" in told
    assert "calibrated 2026-05-01, assumed for the sandbox" in told


def test_what_is_printed_is_the_name_of_what_is_written(example: Path, tmp_path: Path) -> None:
    told = planned(example, "--out", tmp_path / "new" / "folder").stdout
    paper = (tmp_path / "new" / "folder" / "plan.json").read_bytes()
    assert told.splitlines()[-1] == f"plan {sha256_hex(paper)}"
    assert sha256_hex(paper) in (tmp_path / "new" / "folder" / "plan.html").read_text()


def test_the_page_needs_nothing_but_itself(example: Path, tmp_path: Path) -> None:
    planned(example, "--out", tmp_path / "out")
    page = (tmp_path / "out" / "plan.html").read_text()
    assert re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", page) == []
    specs = json.loads(re.findall(r"^const charts = (\[.*\]);$", page, re.MULTILINE)[0])
    assert len(specs) == page.count('class="chart"') == 5
    assert all("$schema" not in spec and "url" not in json.dumps(spec) for spec in specs)
    assert "<h2>Rules chosen in the config</h2>" in page


def test_two_plans_of_the_same_are_the_same_to_the_byte(example: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        planned(example, "--out", tmp_path / name)
    for file in ("plan.json", "plan.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_name_that_ends_in_json_is_the_paper_alone(example: Path, tmp_path: Path) -> None:
    planned(example, "--out", tmp_path / "paper.json")
    assert (tmp_path / "paper.json").is_file()
    assert list(tmp_path.glob("*.html")) == []


def test_a_script_is_told_the_hash_and_what_to_expect(example: Path, tmp_path: Path) -> None:
    told = json.loads(planned(example, "--json", "--out", tmp_path / "out").stdout)
    paper = (tmp_path / "out" / "plan.json").read_bytes()
    assert told["plan"] == sha256_hex(paper)
    assert told["prospect"] == json.loads(paper)["prospect"]


def test_hours_in_which_the_plan_sells_are_marked_on_the_map(example: Path) -> None:
    """From 02:36 to 05:36 UTC; at osl 3.15 coins are traded from two o'clock on, and a ninth of them may be ours."""
    told = planned(example).stdout
    assert "heat map: BTC that others trade in an hour, median by venue; hours of UTC\n" in told
    row = re.search(r"^ +osl, all days +(.*)$", told, re.MULTILINE)
    assert row is not None
    assert row[1].split()[1:7] == ["3.8", "3.15*", "4*", "4.7*", "6.2*", "9.75"]
    assert re.search(r"^ +allowed +0.417 +0.422 +0.35 ", told, re.MULTILINE)
    assert "osl, all days: osl.csv, 6 days from 2026-04-26 to 2026-05-01" in told


def test_the_map_and_the_leak_check_stand_in_what_people_sign(example: Path, tmp_path: Path) -> None:
    planned(example, "--out", tmp_path / "out")
    leg = json.loads((tmp_path / "out" / "plan.json").read_bytes())["prospect"]["legs"][0]
    assert [(row["venue"], row["volumes"][:7]) for row in leg["heat"]["rows"]] == [
        ("hashkey", "00 4.35"),
        ("osl", "00 3.75"),
    ]
    assert [each["name"] for each in leg["leak"]["findings"]] == ["coin at the venues already"]


def test_tranches_that_a_plan_will_cause_are_looked_at_before_it_is_approved(example: Path, tmp_path: Path) -> None:
    """A twentieth of a coin at the least, twenty times and more: whoever sees three of them knows the next."""
    custody = '[custody]\nkind = "sandbox"\ntranche_min = { BTC = "0.05" }\n\n[tactic]'
    example.write_text(example.read_text().replace("[tactic]", custody))
    told = planned(example, "--out", tmp_path / "out").stdout
    assert re.search(
        r"^  leak check: \d+ tranches foretold, .* 2 BTC in all; as though each arrived", told, re.MULTILINE
    )
    assert re.search(r"^    warn: sizes that repeat: \d+ of \d+ are alike to 3 digits: 0.05 BTC$", told, re.MULTILINE)
    page = (tmp_path / "out" / "plan.html").read_text()
    assert "<h3>What a watcher of the chain can learn</h3>" in page
    assert page.count('class="chart"') == 6


@pytest.mark.parametrize(
    ("custody", "jitter", "expected"),
    [
        (
            'slices_ahead = 3\ntranche_min = { BTC = "0.05" }',
            'time_jitter = "30%"',
            (
                "36",
                "warn: sizes that repeat: 22 of 36",
                "warn: round sizes: 22 of 36",
                "note: r 0.26",
                "6 of 36",
                "16.11",
            ),
        ),
        (
            'slices_ahead = 3\ntranche_min = { BTC = "0.0371" }',
            'time_jitter = "30%"',
            (
                "37",
                "note: sizes that repeat: 11 of 37",
                "fine: round sizes: 0 of 37",
                "warn: r 0.18",
                "6 of 37",
                "14.82",
            ),
        ),
        (
            "slices_ahead = 1",
            'time_jitter = "90%"\nsize_jitter = "2%"',
            (
                "62",
                "fine: sizes that repeat: no size",
                "fine: round sizes: 0 of 62",
                "note: r 0.37",
                "52 of 62",
                "9.06",
            ),
        ),
    ],
)
def test_the_guide_s_table_is_what_plans_say(
    example: Path, custody: str, jitter: str, expected: tuple[str, ...]
) -> None:
    """`docs/guides/plan.md`, row by row: deposits, repeats, round sizes, regular times, together, foreseen."""
    text = example.read_text().replace("[tactic]", f'[custody]\nkind = "sandbox"\n{custody}\n\n[tactic]')
    example.write_text(text.replace('time_jitter = "30%"', jitter))
    told = planned(example).stdout
    count, repeats, rounded, regular, together, foreseen = expected
    level, varies = regular.split(" r ")
    assert f"leak check: {count} tranches foretold" in told
    assert f"    {repeats}" in told
    assert f"    {rounded}" in told
    assert re.search(rf"^    {level} regular times: .* vary by {varies} of that$", told, re.MULTILINE)
    assert f"several at one moment: {together} leave within 1m" in told
    assert f"{foreseen} % of the whole" in told


def test_a_plan_without_bars_has_no_map_and_says_so(tmp_path: Path) -> None:
    assert "  no heat map: no volumes were given\n" in planned(written(tmp_path)).stdout


def test_a_plan_without_data_says_what_it_does_not_know(tmp_path: Path) -> None:
    told = planned(written(tmp_path)).stdout
    assert "not told: impact, its second opinion, frontier and best rate: no [impact] section for the asset" in told
    assert "volume through the day: even (assumed: no bars of an hour or less)" in told
    assert "RFQ: no assumption: not told" in told


def test_every_mistake_in_the_files_is_told_at_once_and_nothing_is_planned(example: Path) -> None:
    """A price below zero in one, and no file where the other should be."""
    bars = example.parent / "plan" / "hashkey.csv"
    bars.write_text(bars.read_text().replace("77600,", "-77600,", 1))
    (example.parent / "plan" / "osl.csv").unlink()
    refused = planned(example)
    assert refused.exit_code == 2
    assert "prices.BTC.hashkey: hashkey.csv, row 2: open is -77600" in refused.stderr
    assert "prices.BTC.osl: " in refused.stderr
    assert "plan " not in refused.stdout


def test_bars_that_make_no_days_are_refused(example: Path) -> None:
    """Cut at half past."""
    bars = example.parent / "plan" / "osl.csv"
    bars.write_text(re.sub(r"T(\d\d):00Z", r"T\1:30Z", bars.read_text()))
    refused = planned(example)
    assert (refused.exit_code, "is not cut at the midnight of UTC" in refused.stderr) == (2, True)


def test_a_file_is_no_folder(example: Path, tmp_path: Path) -> None:
    refused = planned(example, "--out", example)
    assert (refused.exit_code, refused.stderr.startswith("--out: ")) == (2, True)
    assert planned(example, "--out", tmp_path / "nowhere" / "plan.json").exit_code == 2


def other(*_: Any) -> Prospect:
    """What people were shown, by prices that have moved since."""
    return Prospect(as_of="2026-05-02T02:00:00.000000Z", legs=())


def test_a_run_takes_over_what_people_were_shown(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices have moved between the plan and the run: what was approved is still what is run."""
    with monkeypatch.context() as before:
        before.setattr(forecasting, "prospect", other)
        office.proposes()
    office.approves("wang", "chen")
    ran = office.runs()
    assert ran.exit_code == 0, ran.output
    name = sha256_hex(office.plan.read_bytes())
    assert office.book().docket.papers[name].taken == f"{CASE}.1"


def test_another_prospect_is_another_paper_and_the_one_that_is_agreed_on_is_used(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.proposes()
    first = sha256_hex(office.plan.read_bytes())
    office.approves("wang", "chen")
    monkeypatch.setattr(forecasting, "prospect", other)
    office.proposes()
    second = sha256_hex(office.plan.read_bytes())
    assert first != second
    assert office.runs().exit_code == 0
    papers = office.book().docket.papers
    assert (papers[first].taken, papers[second].taken) == (f"{CASE}.1", None)


def test_what_differs_is_told_without_what_was_shown(office: Office) -> None:
    """A run has no prospect of its own, so that is no difference."""
    office.proposes()
    office.approves("wang", "chen")
    office.config.write_text(office.config.read_text() + "# \n")
    refused = office.runs()
    assert (refused.exit_code, "config_sha256 was " in refused.stderr) == (2, True)
    assert "prospect" not in refused.stderr


def test_a_paper_that_says_more_than_this_code_writes_is_not_taken_for_the_plan(office: Office) -> None:
    """Somebody adds a field to plan.json: it is another paper, and no run's."""
    told = office.does("plan", office.config, *REHEARSED, "--out", office.plan)
    odd = json.loads(office.plan.read_bytes()) | {"remark": "harmless"}
    office.plan.write_text(json.dumps(odd))
    office.does("propose", office.plan, "--case", CASE, "--as", "li", "--reason", "first tranche")
    office.approves("wang", "chen")
    assert office.runs().exit_code == 2
    assert told.splitlines()[-1].startswith("plan ")


def test_the_prospect_is_all_that_may_differ(office: Office) -> None:
    """The same paper with one digit changed elsewhere is no plan of any run, whatever its prospect."""
    import msgspec

    office.does("plan", office.config, *REHEARSED, "--out", office.plan)
    paper = msgspec.json.decode(office.plan.read_bytes(), type=PlanPaper)
    office.plan.write_text(replace(paper, config_sha256="0" * 64).text)
    office.does("propose", office.plan, "--case", CASE, "--as", "li", "--reason", "first tranche")
    office.approves("wang", "chen")
    assert office.runs().exit_code == 2


def test_prices_of_what_is_not_entrusted_are_a_mistake(example: Path) -> None:
    """And those of what is entrusted are read by every plan, whether or not a floor rests on them."""
    example.write_text(example.read_text().replace("[prices.BTC]", "[prices.ETH]"))
    refused = planned(example)
    assert (refused.exit_code, "prices.ETH: is not entrusted; those are: BTC" in refused.stderr) == (2, True)
