"""What a desk types in a week, played line by line against two venues of a sandbox that outlives every process."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from engine.drivers import control
from engine.kernel.ids import RunId
from tests.integration.test_two_venues import unknown
from tests.scenarios import scripts
from tests.support.processes import ROOT, Exchange, Person, exchange, summary

HERE: Final = ROOT / "tests" / "scenarios"
WEEK: Final = HERE / "a_traders_week.md"
VOICE: Final = HERE / "a_deal_by_voice.md"
DRILL: Final = HERE / "a_fire_drill.md"
DEALER: Final = HERE / "a_dealers_afternoon.md"
FEELING: Final = HERE / "a_bad_feeling.md"
STEERING: Final = {
    *("amend", "stop", "go-on", "finish", "ticket", "settle-unknown", "explain-difference", "approve", "refuse"),
    *("run --rehearse", "finish --by sweep", "finish --by rfq", "steelyard-kill"),
    *("withdraw", "inbox", "pause", "resume", "halt", "drill", "plan", "run", "status", "report", "audit"),
}
"""What a desk can type to a run, and must be able to read here once."""
DARK: Final = HERE / "a_venue_goes_dark.md"
SALE: Final = "## Wednesday: the sale, and a hand on the wheel"
STILL_DARK: Final = "## Wednesday: OSL is still dark"
BACK: Final = "## Thursday: OSL is back"
GOES_ON: Final = "## Thursday: people agree to go on"
RUN: Final = RunId("PSB-7.1")
LOST: Final = {"rules": [{"at": ["rest.resp", "order.create", 2], "do": "drop", "venue": "osl"}]}
"""OSL sells its third order, and the answer never comes."""


class Desk:
    """A folder with nothing in it but the shell, and two venues that hold the coin of the case."""

    def __init__(self, shell: scripts.Shell, venues: Exchange, home: Path) -> None:
        self.shell, self.venues, self._home = shell, venues, home
        self.run = shell.folder / "week"
        self._over = threading.Event()

    def plays(self, path: Path, since: str = "", until: str = "") -> None:
        for step in scripts.read(path, since, until):
            self.shell.play(step)

    @property
    def sold(self) -> Decimal:
        """By the venues' own books."""
        return sum((truth.sold("BTCUSDT") for truth in self.venues.truths().values()), Decimal(0))

    @contextmanager
    def cut(self, venue: str) -> Iterator[None]:
        """Somebody waits for an order of which nobody knows, and pulls the venue's plug at that moment."""
        waiting = threading.Thread(target=self._cut, args=(venue,))
        waiting.start()
        try:
            yield
        finally:
            self._over.set()
            waiting.join()

    def _cut(self, venue: str) -> None:
        address = control.address(self._home, RUN)
        while not self._over.wait(0.02):
            shown = control.call(address, "status", "a test")
            if shown is not None and unknown(shown):
                self.venues.set_mode(venue, "dark")
                return


@contextmanager
def desk(folder: Path, faults: dict[str, Any]) -> Iterator[Desk]:
    (folder / "faults.json").write_text(json.dumps(faults))
    words = ("--dialect", "hashkey", "--dialect", "osl", "--faults", folder / "faults.json")
    balances = ("--balance", "osl:BTC=0.2", "--balance", "hashkey:BTC=0.2")
    with exchange(folder / "exchange", *words, *balances, balance="ETH=0", speed="30") as venues:
        person = Person(folder / "desk").knows(venues)
        own = {
            "STEELYARD_KEYS": str(folder / "keys"),
            "STEELYARD_WITNESS": str(folder / "witness"),
            "STEELYARD_PASSPHRASE": "correct horse",
            "venues": " ".join(venues.option),
            "public": venues.option[1].partition("=")[2],
        }
        shell = scripts.Shell(person.folder, person.env | own, venues.set_mode)
        try:
            yield Desk(shell, venues, person.home)
        finally:
            shell.close()


def test_a_traders_week_goes_as_it_is_written(tmp_path: Path) -> None:
    with desk(tmp_path, {"rules": []}) as here:
        here.plays(WEEK)
        assert here.sold == Decimal("0.2")


@pytest.mark.slow
def test_a_lost_answer_a_dark_venue_and_a_halt_end_well_once_the_venue_is_back(tmp_path: Path) -> None:
    """The late fill counts once, nothing is sold without two approvers, and each cause is told once."""
    with desk(tmp_path, LOST) as here:
        here.plays(WEEK, until=SALE)
        with here.cut("osl"):
            here.plays(DARK, until=STILL_DARK)
        told = [json.loads(line) for line in (here.shell.folder / "heard.jsonl").read_text().splitlines()]
        raised = Counter((each["cause"], each["key"]) for each in told if each["what"] == "raised")
        assert set(raised.values()) == {1}, raised
        here.plays(DARK, since=STILL_DARK, until=BACK)
        frozen = Decimal(here.shell.env["frozen"])
        before = Decimal(summary(here.run)["legs"][0]["sold"])
        here.plays(DARK, since=BACK, until=GOES_ON)
        after = Decimal(summary(here.run)["legs"][0]["sold"])
        assert after == before + frozen == here.sold
        here.plays(DARK, since=GOES_ON)
        assert here.sold == Decimal("0.2")


@pytest.mark.slow
def test_a_deal_that_a_venue_never_booked_is_explained_by_its_letter(tmp_path: Path) -> None:
    with desk(tmp_path, {"rules": []}) as here:
        here.plays(WEEK, until=SALE)
        here.plays(VOICE)


@pytest.mark.slow
def test_the_rest_is_sold_by_firm_quotes(tmp_path: Path) -> None:
    with desk(tmp_path, {"rules": []}) as here:
        here.plays(WEEK, until=SALE)
        here.plays(DEALER)
        assert here.sold < Decimal("0.2")


@pytest.mark.slow
def test_whoever_does_not_trust_the_engine_stops_it_without_it(tmp_path: Path) -> None:
    with desk(tmp_path, {"rules": []}) as here:
        here.plays(WEEK, until=SALE)
        here.plays(FEELING)
        assert all(not truth.open for truth in here.venues.truths().values())


@pytest.mark.slow
def test_the_fire_drill_goes_as_it_is_written(tmp_path: Path) -> None:
    person = Person(tmp_path / "desk")
    shell = scripts.Shell(person.folder, person.env, lambda venue, mode: None)
    for step in scripts.read(DRILL):
        shell.play(step)


def test_every_command_of_the_desk_is_typed_on_some_day() -> None:
    typed = {verb for path in (WEEK, DARK, VOICE, DRILL, DEALER, FEELING) for verb in scripts.verbs(path)}
    assert typed >= STEERING
