"""Each schedule and each tactic sells through the sandbox over HTTP, by a config alone: the one in `examples/`.

What came of it is read from the run's folder: how it ended, its journal, its fills. How much a slice may sell is said
here in numbers, worked out by hand from the example and not by the code that is tried.
"""

import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from engine.journal import reading
from strategies import registry
from tests.support.processes import ROOT, Finished, Person, fills, summary

FOLDER: Final = ROOT / "examples"
TOGETHER: Final = 3
"""Runs at a time: each is two processes that wait more than they work."""
CROSSING: Final = frozenset({"ioc"})
WAITING: Final = frozenset({"post_only", "ioc"})
"""It rests, and crosses what is left before a slice ends."""
OVER: Final = ("filled", "cancelled", "rejected", "expired")


class Promise(NamedTuple):
    """An example, and what can be said of it beforehand."""

    speed: int
    """Market seconds a second. What is signed and paced costs wall time, so the first minutes of market are lost."""
    slices: int
    most: str
    """Of the whole, what a slice of the window may have sold and still offer: twice what can be planned of it."""
    stands: frozenset[str] = CROSSING
    without: tuple[str, ...] = ()
    """Keys of the example that are left out, for another manner of the same tactic."""


EXAMPLES: Final[Mapping[str, Promise]] = {
    "vwap": Promise(30, 10, "0.3334"),
    "dynamic_vwap": Promise(30, 10, "0.4"),
    "pov": Promise(60, 30, "0.08"),
    "shortfall": Promise(60, 20, "0.2"),
    "peg": Promise(30, 5, "0.4", WAITING),
    "peg, by the clock": Promise(30, 5, "0.4", WAITING, without=("urgency", "adverse_bp", "drift_bp")),
    "iceberg": Promise(30, 5, "0.4", WAITING),
    "chase": Promise(30, 5, "0.4", WAITING),
    "snipe": Promise(30, 5, "0.4"),
    "stop": Promise(30, 5, "0.4"),
}
RESTING: Final = ("peg, by the clock", "iceberg", "chase")
"""These rest whatever they see; a peg that weighs crosses where nobody seems to buy."""


class Sale(NamedTuple):
    """A run that has ended."""

    ended: Finished
    audit: Finished
    folder: Path

    @property
    def leg(self) -> dict[str, Any]:
        """That of the coin."""
        leg: dict[str, Any] = summary(self.folder)["legs"][0]
        return leg

    @property
    def fills(self) -> list[dict[str, Any]]:
        return [fill for fill in fills(self.folder) if fill["sell"] == "BTC"]


def example(name: str) -> Path:
    return FOLDER / f"{name.partition(',')[0]}.toml"


def config(name: str, folder: Path) -> Path:
    """The example where it lies, or a copy that lacks some keys."""
    if not EXAMPLES[name].without:
        return example(name)
    kept = [
        line
        for line in example(name).read_text().splitlines(keepends=True)
        if line.partition(" ")[0] not in EXAMPLES[name].without
    ]
    copy = folder / "config.toml"
    copy.write_text("".join(kept))
    return copy


def sold(name: str, folder: Path) -> Sale:
    """Runs the example to its end, and takes every decision again."""
    person = Person(folder)
    words = ("--sandbox", "--speed", str(EXAMPLES[name].speed), "--out", "run", "--plain")
    ended = person.says("run", config(name, folder), *words, within=120)
    return Sale(ended, person.says("audit", "run"), folder / "run")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Sale]]]:
    """All of them, the longest first, a few at a time."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        longest = sorted(EXAMPLES, key=lambda name: -EXAMPLES[name].speed)
        yield {name: pool.submit(sold, name, tmp_path_factory.mktemp(name.replace(", ", "_"))) for name in longest}


@pytest.fixture(params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def sale(name: str, sales: Mapping[str, Future[Sale]]) -> Sale:
    return sales[name].result()


class Slot(msgspec.Struct):
    """An order of the coin's leg, as the journal tells of it."""

    slice: int
    quantity: Decimal
    done: Decimal = Decimal(0)
    ended: bool = False

    @property
    def over(self) -> bool:
        """The venue has said that it ended, or all of it is sold."""
        return self.ended or self.done == self.quantity

    @property
    def exposed(self) -> Decimal:
        """Sold, or still to be sold by it."""
        return self.done if self.over else self.quantity


def orders(folder: Path) -> Iterator[list[Slot]]:
    """All orders so far, at each that is placed: what is open counts until the venue has said that it is over."""
    known: dict[str, Slot] = {}
    for record in reading.read(folder / reading.FILE):
        row = msgspec.json.decode(record.payload)
        match record.kind:
            case "place" if row["approved"]["order"]["leg"] == "1":
                order = row["approved"]["order"]
                known[order["client_id"]] = Slot(order["slice"], Decimal(order["quantity"]))
                yield list(known.values())
            case "filled" if (slot := known.get(row["fill"]["client_id"])) is not None:
                slot.done += Decimal(row["fill"]["quantity"])
            case "placed" | "cancelled" | "reported" if (report := reported(row)).get("client_id") in known:
                slot = known[report["client_id"]]
                slot.ended = slot.ended or report["status"] in OVER


def reported(row: dict[str, Any]) -> dict[str, Any]:
    """What a venue says of an order, by itself or in an answer; where it refused to take it, that it is over."""
    outcome = row.get("outcome", {})
    refused = {"client_id": row.get("client_id"), "status": "rejected"} if outcome.get("type") == "refused" else {}
    return row.get("report") or outcome.get("report") or refused


def test_every_schedule_and_every_tactic_has_an_example_that_is_run_here() -> None:
    """But for the one that leg two is given: that one sells the stablecoin of each."""
    configs = [tomllib.loads(example(name).read_text()) for name in EXAMPLES]
    assert {config["strategy"]["schedule"] for config in configs} == set(registry.SCHEDULES) - registry.FOR_LEG_TWO
    assert {config["tactic"]["kind"] for config in configs} == set(registry.TACTICS)
    assert all("sweep" in config["path"]["stable"]["USDT"] for config in configs)


def test_all_is_sold_and_every_unit_accounted_for(sale: Sale) -> None:
    assert sale.ended.code == 0, sale.ended
    done = summary(sale.folder)
    assert (done["status"], done["unknown"], done["differences"]) == ("done", 0, 0)
    assert Decimal(sale.leg["sold"]) == Decimal(sale.leg["mandated"])
    assert sum(Decimal(fill["quantity"]) for fill in sale.fills) == Decimal(sale.leg["sold"])
    assert Decimal(done["legs"][1]["residue"]) < Decimal("0.01")


def test_every_decision_is_taken_again_alike(sale: Sale) -> None:
    assert sale.audit.code == 0, sale.audit
    assert "all the same; done" in sale.audit.out


def test_what_a_slice_has_sold_and_still_offers_is_never_more_than_it_may(name: str, sale: Sale) -> None:
    """And of the leg no two orders stand at once, nor is more exposed than there is."""
    promise, whole = EXAMPLES[name], Decimal(sale.leg["mandated"])
    for known in orders(sale.folder):
        assert [slot.over for slot in known].count(False) == 1
        assert sum(slot.exposed for slot in known) <= whole
        last = known[-1].slice
        exposed = sum(slot.exposed for slot in known if slot.slice == last)
        assert exposed <= Decimal(promise.most) * whole or last >= promise.slices, (last, exposed)


def test_orders_stand_as_the_tactic_promises(name: str, sale: Sale) -> None:
    """What waits is post-only and pays the maker's fee; what crosses is immediate and pays the taker's."""
    assert {fill["time_in_force"] for fill in sale.fills} <= EXAMPLES[name].stands
    assert {(fill["time_in_force"], fill["maker"]) for fill in sale.fills} <= {("post_only", True), ("ioc", False)}


@pytest.mark.parametrize("name", RESTING)
def test_some_of_it_is_offered_and_not_crossed(name: str, sale: Sale) -> None:
    asked = [
        msgspec.json.decode(row.payload) for row in reading.read(sale.folder / reading.FILE) if row.kind == "place"
    ]
    assert "post_only" in {row["approved"]["order"]["tif"] for row in asked}
