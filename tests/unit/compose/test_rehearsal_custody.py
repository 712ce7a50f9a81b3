"""In memory the coin begins where the config lets it lie."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.compose.rehearsal import Stage, stage
from engine.compose.request import Request
from engine.config import load
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.money import ZERO, Asset
from engine.orders.reports import Done
from engine.orders.tranche import Confirmed
from tests.conformance_custody.kit import tranche
from tests.support.builders import START as NOW
from tests.support.configs import written
from venues.sandbox.listings import START

BTC = Asset("BTC")


def staged(home: Path, time: list[Instant], **changes: Any) -> Stage:
    path = written(home, **changes)
    request = Request(config=load(path, NOW), config_path=path, sandbox=True, in_process=True, synthetic=True)
    return stage(request, {BTC: Decimal("0.2")}, lambda: time[0])


def held(there: Stage) -> dict[str, Decimal]:
    (counter,) = there.counters.values()
    return {row.asset: row.total for row in counter.balances()}


def play(script: Any, time: list[Instant]) -> Any:
    while True:
        try:
            time[0] = Instant(time[0] + next(script))
        except StopIteration as ended:
            return ended.value


def test_without_custody_the_coin_is_at_the_venue(tmp_path: Path) -> None:
    there = staged(tmp_path, [START])
    assert there.custody is None
    assert held(there) == {"BTC": Decimal("0.2")}


def test_with_custody_a_venue_holds_what_was_asked_for_and_no_more(tmp_path: Path) -> None:
    time = [START]
    there = staged(tmp_path, time, custody={"kind": "sandbox"})
    assert there.custody is not None
    assert held(there) == {"BTC": ZERO}
    asked = tranche(quantity=Decimal("0.05"), asked_at=START)
    assert isinstance(play(there.custody.ask(asked), time), Done)
    time[0] = Instant(time[0] + MINUTE)
    assert isinstance(play(there.custody.look(asked.id), time), Confirmed)
    (counter,) = there.counters.values()
    counter.reach()
    assert held(there) == {"BTC": Decimal("0.05")}
    assert play(there.custody.holdings(), time).holdings == {BTC: Decimal("0.15")}
