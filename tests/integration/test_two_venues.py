"""One sale over HashKey and OSL at once, over sockets; and one of them dies in the middle.

Each venue's own books say what happened; the run must have said the same, and sold everything once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.kernel.money import total
from tests.support.configs import written
from tests.support.ledgers import sums
from tests.support.processes import Engine, Exchange, Person, Truth, eventually, exchange, fills, sold_out, summary

RUN: Final = "SHORT-1.1"
VENUES: Final[dict[str, Any]] = {
    "mandate__venues": ["hashkey", "osl"],
    "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl"}},
    "mandate__deadline": "30m",
    "path__stable__USDT__age_max": "30m",
    "path__stable__USDT__sweep": "9000",
    "path__stable__USDT__sweep_age": "2m",  # so that the third order of all is still one of coins
    "strategy__window": "4m",
    "strategy__slices": 12,
}
LOST: Final = {"rules": [{"at": ["rest.resp", "order.create", 2], "do": "drop", "venue": "osl"}]}
"""OSL takes its third order, and the answer never comes."""


class Desk:
    """The exchanges, somebody at a shell, and the run that they have started."""

    def __init__(self, person: Person, engine: Engine, venues: Exchange) -> None:
        self.person, self.engine, self.venues = person, engine, venues
        self.folder = person.folder / "run"


@contextmanager
def opened(folder: Path, *balances: str, faults: dict[str, Any] | None = None, **changes: Any) -> Iterator[Desk]:
    folder.mkdir(exist_ok=True)
    words: list[str | Path] = ["--dialect", "hashkey", "--dialect", "osl"]
    for balance in balances:
        words += ["--balance", balance]
    if faults is not None:
        (folder / "faults.json").write_text(json.dumps(faults))
        words += ["--faults", folder / "faults.json"]
    with exchange(folder / "exchange", *words, balance="ETH=0") as venues:
        person = Person(folder / "shell").knows(venues)
        config = written(person.folder, **(VENUES | changes))
        with person.starts("run", config, *venues.option, "--out", "run", "--plain") as engine:
            engine.wait_for("osl: private stream up")
            yield Desk(person, engine, venues)


def unknown(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [order for order in shown["orders_open"] if order["unknown"]]


def sold_at(truths: dict[str, Truth], symbol: str) -> dict[str, Decimal]:
    return {name: truth.sold(symbol) for name, truth in truths.items()}


def agree(desk: Desk, truths: dict[str, Truth]) -> None:
    """Journal, files and ledger tell what each exchange's books tell."""
    told = {(fill["venue"], fill["trade_id"]) for fill in fills(desk.folder)}
    assert told == {(name, trade) for name, truth in truths.items() for trade in truth.trade_ids}
    leg = summary(desk.folder)["legs"][0]
    assert Decimal(leg["sold"]) == sum(sold_at(truths, "BTCUSDT").values())
    ledger = sums(desk.folder)
    for name, truth in truths.items():
        booked = {asset: units for asset, units in ledger[f"Assets:Venue:{name.capitalize()}"].items() if units}
        assert booked == {asset: units for asset, units in truth.held.items() if units}
    assert all(not truth.open for truth in truths.values())


def test_one_config_sells_over_hashkey_and_osl_at_once(tmp_path: Path) -> None:
    """OSL is cheaper and holds half of the coins: they go first there, and then the other half on HashKey."""
    with opened(tmp_path, "osl:BTC=0.1", "hashkey:BTC=0.2") as desk:
        ended = desk.engine.end(90)
        truths = desk.venues.truths()
    assert ended.code == 0, ended
    assert sold_at(truths, "BTCUSDT") == {"hashkey": Decimal("0.1"), "osl": Decimal("0.1")}
    assert summary(desk.folder)["status"] == "done"
    agree(desk, truths)


def test_a_venue_dies_in_the_middle_its_order_stays_frozen_and_the_other_one_finishes(tmp_path: Path) -> None:
    """An order of OSL is unknown when OSL goes dark. HashKey sells the rest; when OSL is back, the order is found."""
    with opened(tmp_path, "osl:BTC=0.2", "hashkey:BTC=0.2", faults=LOST) as desk:
        shown = desk.person.sees(RUN, lambda s: bool(unknown(s)))
        desk.venues.set_mode("osl", "dark")
        frozen = unknown(shown)[0]
        assert (frozen["venue"], frozen["leg"]) == ("osl", "1")
        rest = Decimal("0.2") - Decimal(frozen["quantity"])
        shown = desk.person.sees(RUN, lambda s: Decimal(s["legs"][0]["sold"]) >= rest, within=60)
        assert frozen["client_id"] in [order["client_id"] for order in unknown(shown)]  # a sweep there may be as well
        assert Decimal(shown["legs"][0]["sold"]) == rest
        assert (shown["phase"], shown["venues"]["osl"]["flat"]) == ("running", "unverified")
        assert sold_at(desk.venues.truths(), "BTCUSDT")["hashkey"] > 0
        desk.venues.set_mode("osl", "normal")
        ended = desk.engine.end(90)
        truths = desk.venues.truths()
    assert ended.code == 0, ended
    assert sold_out(desk.folder, total(sold_at(truths, "BTCUSDT").values()), Decimal("0.2"))
    agree(desk, truths)


def test_a_venue_that_never_comes_back_leaves_its_quantity_named_and_unresolved(tmp_path: Path) -> None:
    short = {"mandate__deadline": "6m", "limits__unknown_patience": "30s"}
    with opened(tmp_path, "osl:BTC=0.2", "hashkey:BTC=0.2", faults=LOST, **short) as desk:
        frozen = unknown(desk.person.sees(RUN, lambda s: bool(unknown(s))))[0]
        desk.venues.set_mode("osl", "dark")
        ended = desk.engine.end(90)
        truths = desk.venues.truths()
    result = summary(desk.folder)
    assert (ended.code, result["status"]) == (3, "unresolved"), ended
    assert result["unknown"] > 0  # proceeds that lay there may have been on their way too
    leg = result["legs"][0]
    assert Decimal(leg["residue"]) == Decimal(frozen["quantity"])
    assert sum(sold_at(truths, "BTCUSDT").values()) <= Decimal("0.2")
    again = desk.person.says("run", "config.toml", "--sandbox", "--out", "again")
    assert again.code == 2
    assert f"unknown {frozen['quantity']}" in again.err


def test_a_killed_run_is_continued_while_one_venue_is_dark(tmp_path: Path) -> None:
    """HashKey alone answers the new process, and sells; OSL joins when it is back, and all is accounted for."""
    with opened(tmp_path, "osl:BTC=0.2", "hashkey:BTC=0.2") as desk:
        desk.person.sees(RUN, lambda s: Decimal(s["legs"][0]["sold"]) > 0)
        desk.engine.kill()
        desk.venues.set_mode("osl", "dark")
        with desk.person.starts("resume", RUN, "--plain") as again:
            again.wait_for("hashkey: private stream up")
            desk.person.sees(RUN, lambda s: s["venues"]["hashkey"]["stream"] == "up", within=40)
            sold = sold_at(desk.venues.truths(), "BTCUSDT")["hashkey"]
            eventually(lambda: sold_at(desk.venues.truths(), "BTCUSDT")["hashkey"] > sold, 40, lambda: again.said)
            desk.venues.set_mode("osl", "normal")
            ended = again.end(120)
        truths = desk.venues.truths()
    assert ended.code == 0, ended
    assert sold_out(desk.folder, total(sold_at(truths, "BTCUSDT").values()), Decimal("0.2"))
    agree(desk, truths)
