"""`steelyard-kill` against real sockets: an engine is really killed, and its orders still stand at two exchanges.

What counts is what the exchanges' own books show afterwards, never what the program says of itself.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from engine.drivers.folder import HALT_FILE
from engine.journal import reading
from tests.support.configs import written
from tests.support.killing import RESTING, Killed, keys_of, kills, sells_by_hand
from tests.support.processes import Engine, Exchange, Person, eventually, exchange

RUN: Final = "SHORT-1.1"
BY_HAND: Final = "by-hand-1"


class Scene:
    """The exchanges, the folder of the dead run, and the key file."""

    def __init__(self, venues: Exchange, person: Person, keys: Path) -> None:
        self.venues, self.person, self.keys = venues, person, keys
        self.run = person.folder / "run"

    def kills(self, *words: str | Path) -> Killed:
        return kills(self.keys, *(words or (self.run,)))

    def standing(self) -> dict[str, list[str]]:
        """Client ids of all open orders, by the exchanges' own books."""
        return {name: [order["client_id"] for order in truth.open] for name, truth in self.venues.truths().items()}

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_bytes()) for path in sorted(self.run.glob("kill-*.json"))]


@contextmanager
def resting(folder: Path) -> Iterator[tuple[Engine, Scene]]:
    """An engine at work, with an order of 0.2 BTC resting at each of two venues."""
    words = ["--dialect", "hashkey", "--dialect", "osl"]
    words += ["--balance", "osl:BTC=0.2", "--balance", "hashkey:BTC=0.2", "--balance", "hashkey:ETH=1"]
    with exchange(folder / "exchange", *words, balance="osl:ETH=0", speed="5") as venues:
        person = Person(folder / "shell").knows(venues)
        config = written(person.folder, **RESTING)
        with person.starts("run", config, *venues.option, "--out", "run", "--plain") as engine:
            engine.wait_for("osl: private stream up")
            person.sees(RUN, lambda shown: {order["venue"] for order in shown["orders_open"]} == {"hashkey", "osl"})
            eventually(lambda: all(truth.open for truth in venues.truths().values()), 10.0, lambda: engine.said)
            yield engine, Scene(venues, person, keys_of(venues, folder))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The engine is killed: nothing of it runs any more."""
    with resting(tmp_path) as (engine, opened):
        engine.kill()
        yield opened


def test_an_engine_that_is_at_work_halts_and_what_it_sent_meanwhile_is_cancelled_too(tmp_path: Path) -> None:
    """It looks for the marker four times a second; the program waits for its word, and sweeps once more after that."""
    with resting(tmp_path) as (engine, scene):
        done = scene.kills()
        assert done.code == 0, done
        ended = engine.end()
        assert ended.code == 1, ended
        assert scene.standing() == {"hashkey": [], "osl": []}
        assert all(truth.trades == [] for truth in scene.venues.truths().values())
        assert {venue["state"] for venue in done.venues.values()} == {"CONFIRMED"}


def test_after_a_crash_the_books_hold_nothing_of_ours_and_all_that_is_others(scene: Scene) -> None:
    """Somebody has an order on the same account under the same key; it is not of the run, and stays."""
    sells_by_hand(scene.venues, BY_HAND)
    ours = {name: [one for one in ids if one != BY_HAND] for name, ids in scene.standing().items()}
    assert all(ours.values())
    done = scene.kills()
    assert done.code == 0, done
    assert {name: venue["state"] for name, venue in done.venues.items()} == dict.fromkeys(ours, "CONFIRMED")
    assert scene.standing() == {"hashkey": [BY_HAND], "osl": []}
    assert (scene.run / HALT_FILE).exists()
    [record] = scene.records()
    assert record == done.record
    assert record["halt_written"] <= min(call["at"] for call in record["calls"])
    assert [call["what"] for call in record["calls"] if call["venue"] == "osl"][:2] == ["cancel", "open orders"]
    secrets = [account["secret"] for venue in scene.venues.ready["venues"].values() for account in venue["accounts"]]
    assert not any(secret in json.dumps(record) + done.out + done.err for secret in secrets)
    again = scene.kills()
    assert (again.code, len(scene.records())) == (0, 2)


def test_a_dark_venue_is_unverified_with_its_quantity_and_confirmed_when_it_is_back(scene: Scene) -> None:
    scene.venues.set_mode("osl", "dark")
    done = scene.kills("--rounds", "2", scene.run)
    assert done.code == 3, done
    assert done.venues["hashkey"]["state"] == "CONFIRMED"
    assert done.venues["osl"]["state"] == "UNVERIFIED"
    [left] = done.venues["osl"]["may_still_sell"]
    assert (left["asset"], Decimal(left["low"]), Decimal(left["high"])) == ("BTC", Decimal(0), Decimal("0.2"))
    scene.venues.set_mode("osl", "normal")
    assert [bool(ids) for ids in scene.standing().values()] == [False, True]
    assert scene.kills().code == 0
    assert scene.standing() == {"hashkey": [], "osl": []}
    accounted = scene.person.says("halt", RUN)
    assert accounted.code == 1, accounted
    assert "hashkey: confirmed" in accounted.out
    assert "osl: confirmed" in accounted.out


def test_with_a_torn_journal_what_stands_is_found_by_how_its_id_begins(scene: Scene, tmp_path: Path) -> None:
    """The log beside it is gone, and with it the rows that sent the orders; both are cancelled all the same."""
    torn = tmp_path / "torn"
    torn.mkdir()
    for name in (reading.FILE, "origin.json"):
        shutil.copyfile(scene.run / name, torn / name)
    done = kills(scene.keys, "--run", RUN, torn)
    assert done.code == 0, done
    assert "log that belongs beside it is missing" in done.err
    assert scene.standing() == {"hashkey": [], "osl": []}
