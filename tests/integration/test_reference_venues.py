"""OSL for reference beside a sale on HashKey: its prices are recorded and count, and the sale needs it for nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from engine.cli import app
from engine.compose.products import entries
from engine.drivers.tape import read_counts
from engine.events import Entry, Opened, Restarted, TapeSealed
from engine.kernel.ids import VenueName
from engine.orders.commands import Place
from engine.orders.events import Due
from tests.support.configs import written
from tests.support.processes import Engine, Exchange, Person, exchange, fills, summary
from venues.sandbox.venue import InProcessMarket

RUN: Final = "SHORT-1.1"
HASHKEY, OSL = VenueName("hashkey"), VenueName("osl")
BESIDE: Final[dict[str, Any]] = {
    "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl", "use": "reference"}}
}
KRAKEN: Final = {"adapter": "generic", "use": "reference", "options": {"exchange": "kraken"}}
ALONE: Final[dict[str, Any]] = {"venues": {"hashkey": {"adapter": "hashkey"}}}
LONGER: Final[dict[str, Any]] = {"strategy__window": "3m", "mandate__deadline": "12m"}
VIRTUAL: Final = ("--sandbox", "--in-process", "--synthetic", "--seed", "7", "--out", "run")


class Desk:
    """Two exchanges, somebody who has keys to one of them, and the run that he has started."""

    def __init__(self, person: Person, engine: Engine, venues: Exchange) -> None:
        self.person, self.engine, self.venues = person, engine, venues
        self.folder = person.folder / "run"

    def dues(self) -> list[Due]:
        """What decisions were shown."""
        return [entry for entry in rows(self.folder) if isinstance(entry, Due)]


@contextmanager
def opened(folder: Path, *, dark: bool = False, **changes: Any) -> Iterator[Desk]:
    """The run is under way; OSL may be dark already when it starts."""
    with exchange(folder / "exchange", "--dialect", "hashkey", "--dialect", "osl") as venues:
        person = Person(folder / "shell").knows(venues)
        for word in ("KEY", "SECRET"):
            del person.env[f"STEELYARD_SANDBOX_OSL_{word}"]
        if dark:
            venues.set_mode("osl", "dark")
        config = written(person.folder, **BESIDE, **changes)
        with person.starts("run", config, *venues.option, "--out", "run", "--plain") as engine:
            engine.wait_for("hashkey: private stream up")
            yield Desk(person, engine, venues)


def rows(run: Path) -> list[Entry]:
    return [entry for _, entry in entries(run / "journal.sqlite")]


def shown(due: Due, venue: VenueName) -> list[str]:
    """The pairs of one venue whose prices can be relied on."""
    return [view.symbol for view in due.views if view.venue == venue and view.live]


def without_osl(entry: Entry) -> Entry:
    """The row as it would stand there if nobody had looked at OSL."""
    if isinstance(entry, Due):
        return replace(entry, views=tuple(view for view in entry.views if view.venue != OSL))
    if isinstance(entry, Opened):
        rules = replace(entry.limits.reference, sources=())
        return replace(entry, config_sha256="", limits=replace(entry.limits, reference=rules))
    return entry


def rehearsed(folder: Path, **changes: Any) -> Path:
    """The folder of a run in virtual time, which came to its end and is decided again alike."""
    person = Person(folder)
    ended = person.says("run", written(folder, **changes), *VIRTUAL)
    assert ended.code == 0, ended
    assert person.says("audit", "run").code == 0
    return folder / "run"


def test_every_order_is_held_against_the_median_of_the_venues_that_are_seen(tmp_path: Path) -> None:
    run = rehearsed(tmp_path, **BESIDE)
    checks = [check for e in rows(run) if isinstance(e, Place) for check in e.approved.checks]
    assert {check.bound for check in checks if check.limit == "reference"} == {"median of 2: hashkey, osl"}


def test_a_reference_that_is_not_among_the_sources_changes_views_and_tape_and_nothing_else(tmp_path: Path) -> None:
    """The same orders, the same fills, the same money: no decision and no figure takes OSL into account."""
    only = {**BESIDE, "reference": {"sources": ["hashkey"]}}
    beside, alone = (rehearsed(tmp_path / name, **use) for name, use in (("beside", only), ("alone", ALONE)))
    told, plain = ([e for e in rows(run) if not isinstance(e, TapeSealed)] for run in (beside, alone))
    assert [without_osl(entry) for entry in told] == [without_osl(entry) for entry in plain]
    dues = [entry for entry in told if isinstance(entry, Due)]
    assert all(shown(due, OSL) == ["BTCUSDT", "USDTUSD"] for due in dues)
    for name in ("fills.jsonl", "fills.csv", "orders.csv", "ledger.beancount"):
        assert (beside / name).read_bytes() == (alone / name).read_bytes(), name
    assert summary(beside)["legs"] == summary(alone)["legs"]


def test_the_report_says_how_much_of_each_reference_was_recorded(tmp_path: Path) -> None:
    """One is beside HashKey in the hall; of the other the hall knows nothing."""
    run = rehearsed(tmp_path, venues={**BESIDE["venues"], "kraken": KRAKEN})
    counts = read_counts(run)
    assert counts[OSL, "book"] > 0
    page = (run / "report.html").read_text()
    assert f"osl, {counts[OSL, 'book']:,} books and {counts[OSL, 'print']:,} trades" in page
    assert "kraken, 0 books and 0 trades" in page


def test_a_plan_names_the_references_and_says_which_of_them_would_be_left_out(tmp_path: Path) -> None:
    config = written(tmp_path, venues={**BESIDE["venues"], "kraken": KRAKEN})
    planned = Person(tmp_path).says("plan", config, "--sandbox", "--in-process", "--synthetic")
    assert planned.code == 0, planned
    assert "osl: for reference only: BTCUSDT, USDTUSD" in planned.out
    assert "kraken: for reference only, and left out: " in planned.out


def test_a_sale_that_no_price_could_ever_allow_is_neither_planned_nor_begun(tmp_path: Path) -> None:
    """Two have to agree, and nobody speaks for Kraken in the sandbox. OSL in its place lists both pairs."""
    config = written(tmp_path, venues={**ALONE["venues"], "kraken": KRAKEN}, reference={"quorum": 2})
    for words in (("plan", config, *VIRTUAL[:-2]), ("run", config, *VIRTUAL)):
        refused = Person(tmp_path).says(*words)
        assert (refused.code, len(refused.mistakes)) == (2, 2), refused
        assert refused.mistakes[0].startswith(
            "reference.quorum: BTC/USDT has 1 of the 2 sources needed: hashkey. kraken is left out: no exchange"
        )
    assert not (tmp_path / "run").exists()
    planned = Person(tmp_path).says("plan", written(tmp_path, **BESIDE, reference={"quorum": 2}), *VIRTUAL[:-2])
    assert (planned.code, "sources needed" in planned.out) == (0, False), planned


def test_a_plan_that_is_made_while_a_venue_rests_says_what_its_sale_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InProcessMarket, "drain", lambda *_: [])
    planned = CliRunner().invoke(app, ["plan", str(written(tmp_path)), "--sandbox", "--in-process", "--synthetic"])
    assert planned.exit_code == 0, planned.output
    said = "warning: BTC/USDT has 0 of the 1 sources needed. hashkey shows no book. None of it is sold before"
    assert said in planned.output


@pytest.mark.slow
def test_our_own_sandbox_serves_the_dialects_of_references_too(tmp_path: Path) -> None:
    """HashKey through ccxt is one of them, at the same exchange as HashKey itself."""
    ccxt = {"adapter": "generic", "use": "reference", "options": {"exchange": "hashkey"}}
    config = written(tmp_path, venues={**BESIDE["venues"], "again": ccxt})
    ended = Person(tmp_path).says("run", config, "--sandbox", "--synthetic", "--speed", "20", "--out", "run", "--plain")
    assert ended.code == 0, ended
    for name in ("osl", "again"):
        assert f"{name}: for reference only: BTCUSDT, USDTUSD" in ended.out
        assert read_counts(tmp_path / "run")[VenueName(name), "book"] > 0


def test_where_a_reference_is_has_to_be_said_like_the_others_and_no_key_is_wanted_for_it(tmp_path: Path) -> None:
    person = Person(tmp_path)
    refused = person.says("run", written(tmp_path, **BESIDE), "--venue", "hashkey=http://127.0.0.1:9", "--out", "run")
    assert refused.code == 2
    assert any(line.startswith("venues.osl: environment is sandbox") for line in refused.mistakes), refused
    assert "OSL_KEY" not in refused.err


def test_a_reference_that_goes_dark_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, **LONGER) as desk:
        desk.person.sees(RUN, lambda s: Decimal(s["legs"][0]["sold"]) > 0)
        desk.venues.set_mode("osl", "dark")
        desk.engine.wait_for("osl: prices of BTCUSDT for reference are lost")
        ended = desk.engine.end(90)
        truths = desk.venues.truths()
    assert (ended.code, summary(desk.folder)["status"]) == (0, "done"), ended
    assert truths["hashkey"].sold("BTCUSDT") == Decimal("0.2")
    assert truths["osl"].orders == []
    assert {fill["venue"] for fill in fills(desk.folder)} == {"hashkey"}
    seen = [bool(shown(due, OSL)) for due in desk.dues()]
    assert (True in seen, seen[-1]) == (True, False)
    assert "reference_lost" in (desk.folder / "engine.log").read_text()


def test_a_reference_that_is_dark_from_the_start_is_a_line_and_not_a_mistake(tmp_path: Path) -> None:
    with opened(tmp_path, dark=True) as desk:
        ended = desk.engine.end(90)
    assert ended.code == 0, ended
    assert "osl: for reference only, and left out: " in ended.out
    assert "osl, 0 books and 0 trades" in (desk.folder / "report.html").read_text()
    assert all(view.venue == HASHKEY for due in desk.dues() for view in due.views)


@pytest.mark.slow
def test_a_run_whose_price_waits_for_a_silent_venue_begins_and_says_so(tmp_path: Path) -> None:
    with opened(tmp_path, dark=True, reference={"quorum": 2}, **LONGER) as desk:
        desk.engine.wait_for("warning: BTC/USDT has 1 of the 2 sources needed: hashkey. osl is silent")
        desk.venues.set_mode("osl", "normal")


@pytest.mark.slow
def test_a_run_that_is_continued_looks_at_its_references_again(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.person.sees(RUN, lambda s: Decimal(s["legs"][0]["sold"]) > 0)
        desk.engine.kill()
        origin = json.loads((desk.folder / "origin.json").read_bytes())
        assert {name: there["reference"] for name, there in origin["venues"].items()} == {HASHKEY: False, OSL: True}
        ended = desk.person.says("resume", "run", "--plain")
    assert ended.code == 0, ended
    assert "osl: for reference only: BTCUSDT, USDTUSD" in ended.out
    told = rows(desk.folder)
    again = max(place for place, entry in enumerate(told) if isinstance(entry, Restarted))
    assert any(shown(entry, OSL) for entry in told[again:] if isinstance(entry, Due))
