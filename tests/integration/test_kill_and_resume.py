"""A real process, really killed: twenty moments of short runs over sockets, against an exchange that lives on.

Whatever the moment, somebody starts steelyard again, and in the end the exchange's own books, the journal, the ledger
and the files that programs follow tell one story, in which everything was sold once.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from engine.kernel import chance
from tests.support.configs import PEG, written
from tests.support.ledgers import held_at_the_venue
from tests.support.processes import Finished, Person, Truth, exchange, fills, summary

pytestmark = pytest.mark.slow

STORIES: Final = range(10)
KILLS: Final = 2
"""In each story; together they are the twenty moments."""
LIVES_S: Final = (5.0, 4.0)
"""The first process is killed at some moment before this, counted from its first word; the second one likewise."""
UNHEARD: Final = (2, 5)
"""In these stories the first moment is counted from the start instead, and may come before anything was begun."""
AT_ONCE: Final = 6
ROOMY: Final[dict[str, Any]] = {"mandate__deadline": "30m", "strategy__window": "2m", "strategy__slices": 12}
"""Six seconds, and time enough afterwards: to prove that one order never was takes twelve within the rate limits."""

FAULTS: Final[list[list[dict[str, object]]]] = [
    [],
    [
        {"at": ["rest.resp", "order.create", 0], "do": "drop"},
        {"at": ["rest.resp", "order.create", 2], "do": "drop"},
        {"channel": "ws.private", "op": "fill", "rate": 0.3, "do": "drop"},
    ],
    [
        {"at": ["rest.resp", "order.create", 1], "do": "status", "status": 502},
        {"at": ["rest.resp", "order.create", 3], "do": "code", "code": "-1007"},
        {"channel": "ws.private", "op": "fill", "rate": 0.3, "do": "dup"},
    ],
    [
        {"at": ["ws.private", "fill", 1], "do": "cut"},
        {"at": ["ws.public", "depth", 30], "do": "cut"},
        {"channel": "ws.private", "op": "*", "rate": 0.2, "do": "reorder", "count": 2, "span": "150ms"},
    ],
    [
        {"at": ["rest.req", "order.create", 1], "do": "late", "span": "700ms"},
        {"at": ["rest.req", "order.create", 3], "do": "drop"},
        {"channel": "rest.req", "op": "*", "rate": 0.03, "do": "status", "status": 429},
    ],
]


class Ending(NamedTuple):
    """What is left when a story is over."""

    last: Finished
    audit: Finished
    run: Path
    truth: Truth
    killed: int


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Future[Ending]]]:
    """All stories, a few at a time: each of them mostly waits."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {seed: pool.submit(_story, tmp_path_factory.mktemp(f"story-{seed}"), seed) for seed in STORIES}
        pool.shutdown(cancel_futures=True)


@pytest.fixture(params=STORIES)
def ending(request: pytest.FixtureRequest, endings: dict[int, Future[Ending]]) -> Ending:
    return endings[request.param].result()


def _story(folder: Path, seed: int) -> Ending:
    """Start, kill, continue in another process, kill, continue to the end."""
    faults = folder / "faults.json"
    faults.write_text(json.dumps({"seed": seed, "rules": FAULTS[seed % len(FAULTS)]}))
    strict = ["--strict-tif"] if seed == 7 else []
    with exchange(folder / "exchange", "--faults", faults, *strict, seed=seed) as venue:
        tactic = PEG if seed % 2 else {"kind": "cross"}
        config, run, killed = written(folder, tactic=tactic, **ROOMY), folder / "run", 0
        for life in range(KILLS + 1):
            person = Person(folder / f"shell-{life}", state=folder / "state").knows(venue)
            born = life > 0 and person.says("status", run).code == 0
            words = ["resume", run] if born else ["run", config, *venue.option, *strict, "--out", run]
            with person.starts(*words, "--plain") as engine:
                if life == KILLS:
                    last = engine.end(150)
                    break
                if life > 0 or seed not in UNHEARD:
                    engine.wait_for("SHORT-1.1 in" if life == 0 else "running:")
                time.sleep(LIVES_S[life] * chance.draw(seed, "kill", life))
                killed += not engine.over
                engine.kill()
        return Ending(last, person.says("audit", run), run, venue.truth(), killed)


def test_what_was_sold_is_what_the_exchange_says_was_traded(ending: Ending) -> None:
    """0.2 BTC were mandated; what is not sold is residue, and nothing is sold twice."""
    assert ending.last.code == 0, ending.last
    coin, stable = summary(ending.run)["legs"]
    assert Decimal(coin["sold"]) == ending.truth.sold("BTCUSDT") == Decimal("0.2")
    assert Decimal(stable["sold"]) == ending.truth.sold("USDTUSD")
    for leg in (coin, stable):
        assert Decimal(leg["sold"]) + Decimal(leg["residue"]) == Decimal(leg["mandated"])
    assert (summary(ending.run)["unknown"], summary(ending.run)["differences"]) == (0, 0)


def test_the_ledger_holds_what_the_exchange_holds(ending: Ending) -> None:
    assert held_at_the_venue(ending.run) == {asset: units for asset, units in ending.truth.held.items() if units}


def test_each_trade_is_told_once_in_the_file_that_programs_follow(ending: Ending) -> None:
    assert sorted(line["trade_id"] for line in fills(ending.run)) == ending.truth.trade_ids


def test_nothing_is_left_standing_at_the_exchange(ending: Ending) -> None:
    assert ending.truth.open == []


def test_the_journal_of_all_processes_together_is_decided_again_alike(ending: Ending) -> None:
    assert ending.audit.code == 0, ending.audit


def test_twenty_processes_were_killed_while_they_lived(endings: dict[int, Future[Ending]]) -> None:
    assert sum(endings[seed].result().killed for seed in STORIES) == len(STORIES) * KILLS == 20
