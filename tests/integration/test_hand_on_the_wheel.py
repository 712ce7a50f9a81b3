"""A hand on the wheel of a run that goes on, over sockets: amended, stopped at a venue, gone on, settled by a paper."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from engine.journal import reading
from engine.kernel.money import total, trimmed
from tests.integration.test_two_venues import VENUES, unknown
from tests.support.office import Office, make_keys
from tests.support.processes import Engine, Exchange, Person, eventually, exchange, sold_out, summary

RUN: Final = "SHORT-1.1"
NEVER_HAD: Final = "rest.req"
"""OSL never gets its third order, and we don't know that."""
SOLD: Final = "rest.resp"
"""OSL sells it, and we never hear of that."""
QUICK: Final = {**VENUES, "limits__unknown_patience": "2m", "limits__reconcile_every": "1m"}
"""One survey after a halt, and none under way at its end: a venue that is just being read is not called confirmed."""
LI: Final = ("--as", "li", "--reason", "the market is thin")


class Desk:
    """Two exchanges, the people of the desk, and a run that they have approved and started."""

    def __init__(self, office: Office, person: Person, engine: Engine, venues: Exchange) -> None:
        self.office, self.person, self.engine, self.venues = office, person, engine, venues
        self.run = person.folder / "run"

    def asks(self, *words: str | Path) -> str:
        """The trader asks, and both approvers agree; what the trader was told."""
        said, paper = self.proposes(*words)
        self.office.approves("wang", "chen", paper=paper)
        return said

    def proposes(self, *words: str | Path) -> tuple[str, str]:
        """What the trader was told, and the hash in it."""
        said = self.office.does(*words, *LI)
        name = re.search(r"steelyard approve ([0-9a-f]{64})", said)
        assert name is not None, said
        return said, name[1]

    def heard(self, tag: str) -> None:
        """Until the instruction stands in the journal."""

        def there() -> bool:
            rows = (msgspec.json.decode(row.payload) for row in reading.read(self.run / reading.FILE))
            return any(row["type"] == "instructed" and row["instruction"]["type"] == tag for row in rows)

        eventually(there, 20.0, lambda: f"{tag} in {self.engine.said[-2000:]}{self.engine.complained}")

    def sees(self, true: Any, within: float = 30.0) -> dict[str, Any]:
        return self.person.sees(RUN, true, within)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Approved by two, started, and selling at both; OSL's third order is lost on its way there, or on its way back."""
    where = getattr(request, "param", NEVER_HAD)
    lost = {"rules": [{"at": [where, "order.create", 2], "do": "drop", "venue": "osl"}]}
    (tmp_path / "faults.json").write_text(json.dumps(lost))
    words = ("--dialect", "hashkey", "--dialect", "osl", "--faults", tmp_path / "faults.json")
    balances = ("--balance", "osl:BTC=0.2", "--balance", "hashkey:BTC=0.2")
    with exchange(tmp_path / "exchange", *words, *balances, balance="ETH=0") as venues:
        office = Office(tmp_path / "desk", make_keys(tmp_path / "keys"), **QUICK)
        person = Person(office.folder, state=office.home, variables=office.variables).knows(venues)
        monkeypatch.chdir(office.folder)
        office.opens()
        ask = ("--out", office.plan, "--propose", "--as", "li", "--reason", "first tranche")
        asked = person.says("plan", office.config, *venues.option, *ask)
        assert asked.code == 0, asked
        office.approves("wang", "chen")
        with person.starts("run", office.config, *venues.option, "--out", "run", "--plain") as engine:
            engine.wait_for("osl: private stream up")
            yield Desk(office, person, engine, venues)


def test_a_run_is_amended_stopped_gone_on_and_settled_while_it_goes_on(desk: Desk, tmp_path: Path) -> None:
    """OSL goes dark with an order that nobody knows of; the desk ends the doubt by OSL's own paper."""
    shown = desk.sees(lambda s: bool(unknown(s)))
    frozen, deadline = unknown(shown)[0], shown["deadline"]
    desk.venues.set_mode("osl", "dark")

    said = desk.asks("amend", RUN, "--end", "40m", "--floor", "BTC=1000:USDT", "--rate", "6")
    assert re.search(r"^floor of BTC +none +1000 USDT$", said, re.MULTILINE), said
    assert "a running engine takes it within a second" in said
    desk.heard("amend")
    assert desk.sees(lambda s: s["deadline"] > deadline)["phase"] == "running"

    stopped = desk.office.does("stop", RUN, "--venue", "hashkey", *LI)
    assert "venue hashkey of run SHORT-1.1 is stopped, by li" in stopped
    desk.heard("stop")
    desk.sees(lambda s: "hashkey was stopped by li" in s["legs"][0]["hindrance"])
    held = desk.venues.truths()["hashkey"].sold("BTCUSDT")
    _, paper_of_going_on = desk.proposes("go-on", RUN, "--venue", "hashkey")
    desk.office.approves("wang", paper=paper_of_going_on)
    assert desk.venues.truths()["hashkey"].sold("BTCUSDT") == held, "one of two lets nothing go on"
    desk.office.approves("chen", paper=paper_of_going_on)
    desk.heard("go_on")
    desk.sees(lambda s: "stopped" not in s["legs"][0]["hindrance"])

    paper = tmp_path / "osl.pdf"
    paper.write_bytes(b"we never had it")
    settle = ("settle-unknown", RUN, frozen["client_id"], "--document", paper)
    unpriced = desk.office.says(*settle, "--filled", frozen["quantity"], *LI)
    assert (unpriced.exit_code, unpriced.stderr.startswith("--price: ")) == (2, True)
    desk.asks(*settle, "--filled", "0")
    desk.heard("settle_unknown")
    desk.sees(lambda s: frozen["client_id"] not in [o["client_id"] for o in s["orders_open"]])
    desk.venues.set_mode("osl", "normal")
    ended = desk.engine.end(90)
    assert ended.code == 0, ended
    truths = desk.venues.truths()
    assert sold_out(desk.run, total(truth.sold("BTCUSDT") for truth in truths.values()), Decimal("0.2"))
    assert summary(desk.run)["status"] == "done"
    assert [row.kind for row in reading.read(desk.run / reading.FILE)][:2] == ["opened", "approved"]
    assert desk.person.says("audit", RUN).code == 0


@pytest.mark.slow
def test_after_exit_3_each_open_question_has_its_command_and_the_run_goes_on_by_people_s_word(
    desk: Desk, tmp_path: Path
) -> None:
    """An answer is lost, OSL is cut, the run halted: a quantity is frozen until OSL's paper; two agree to go on."""
    frozen = unknown(desk.sees(lambda s: bool(unknown(s))))[0]
    desk.venues.set_mode("osl", "dark")
    halted = desk.person.says("halt", RUN)
    assert halted.code == 3
    assert "  hashkey: confirmed flat\n  osl: unverified\n" in halted.out
    units = trimmed(Decimal(frozen["quantity"]))
    named = f"frozen: {units} BTC at osl in order {frozen['client_id']}: nobody knows whether it exists"
    settle = f"steelyard settle-unknown {RUN} {frozen['client_id']} --filled Q"
    for line in (named, settle, f"steelyard resume {RUN}"):
        assert line in halted.out
        assert line in desk.engine.end().out
        assert line in desk.person.says("status", RUN).out

    paper = tmp_path / "osl.pdf"
    paper.write_bytes(b"we never had it")
    said = desk.asks("settle-unknown", RUN, frozen["client_id"], "--filled", "0", "--document", paper)
    assert f"`steelyard resume {RUN}` takes it" in said
    desk.asks("go-on", RUN)
    desk.venues.set_mode("osl", "normal")
    resumed = desk.person.says("resume", RUN, "--plain", within=120)
    assert resumed.code == 0, resumed
    assert sold_out(desk.run, total(truth.sold("BTCUSDT") for truth in desk.venues.truths().values()), Decimal("0.2"))
    assert desk.person.says("audit", RUN).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("desk", [SOLD], indirect=True)
def test_when_the_venue_is_back_resume_counts_the_late_fill_once_and_sells_no_more(desk: Desk) -> None:
    """The same, and OSL had sold it. Nobody agreed to go on, so the run looks, and stays halted."""
    frozen = unknown(desk.sees(lambda s: bool(unknown(s))))[0]
    desk.venues.set_mode("osl", "dark")
    assert desk.person.says("halt", RUN).code == 3
    desk.engine.end()
    before = Decimal(summary(desk.run)["legs"][0]["sold"])
    desk.venues.set_mode("osl", "normal")
    resumed = desk.person.says("resume", RUN, "--plain", within=120)
    assert resumed.code == 1, resumed
    assert f"to go on after the halt: steelyard go-on {RUN}" in resumed.out
    after = Decimal(summary(desk.run)["legs"][0]["sold"])
    assert after - before == Decimal(frozen["quantity"])
    assert after == sum(truth.sold("BTCUSDT") for truth in desk.venues.truths().values())
