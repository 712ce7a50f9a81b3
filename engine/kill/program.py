"""`steelyard-kill --keys FILE JOURNAL…`: halt marker, cancels, readings, verdict, record; in that order.

Exit 0: every venue confirmed flat. 3: at least one is not. 2: the input was wrong, and nothing was done.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine import VERSION
from engine.kill import marker
from engine.kill.desks import DESKS
from engine.kill.journal import read
from engine.kill.keyfile import load
from engine.kill.line import Call, Line
from engine.kill.marker import utc
from engine.kill.mistakes import BadInput
from engine.kill.plan import Case, Errand, cases, errands
from engine.kill.sweep import ROUNDS, Left, Standing, after, sweep, unreached

DONE, BAD_INPUT, UNRESOLVED = 0, 2, 3
SETTLE_S: Final = 5.0
"""What a running engine is given to see the marker, and to put on record that it sends nothing more."""
_LOOK_S: Final = 0.1
_AT_WORK: Final = "an engine is at work there and does not say that it has halted; end its process, then call again"


class Outcome(NamedTuple):
    """What was done and found."""

    began_ns: int
    halted_ns: int
    standings: list[Standing]
    calls: list[Call]
    warnings: list[str]
    """What keeps a confirmed venue from being the whole truth."""
    ended_ns: int

    @property
    def code(self) -> int:
        confirmed = all(standing.confirmed for standing in self.standings) and not self.warnings
        return DONE if confirmed else UNRESOLVED


def main(words: Sequence[str] | None = None) -> int:
    """The entry point; the exit code."""
    asked = _parser().parse_args(words)
    try:
        keys = load(asked.keys)
        found = cases(asked.journal, asked.run)
        todo = errands(found, keys)
    except BadInput as error:
        sys.stderr.write("".join(f"{mistake}\n" for mistake in error.mistakes))
        return BAD_INPUT
    outcome = kill(found, keys, todo, reason=asked.reason, rounds=max(1, asked.rounds))
    record = shown(found, outcome)
    for folder in dict.fromkeys(case.folder for case in found):
        try:
            marker.write_record(folder, outcome.began_ns, record)
        except OSError as error:
            sys.stderr.write(f"{folder}: the record can't be written: {error.strerror}\n")
    _say(found, outcome, record, as_json=asked.json)
    return outcome.code


def kill(found: list[Case], keys: Any, todo: list[Errand], *, reason: str, rounds: int = ROUNDS) -> Outcome:
    """The marker first; then sweep after sweep, until nobody sends any more and the last sweep began after that."""
    began = time.time_ns()
    folders = list(dict.fromkeys(case.folder for case in found))
    warnings = [why for folder in folders if (why := marker.raise_halt(folder, reason))]
    halted = time.time_ns()
    standings: dict[tuple[str, str], Standing] = {}
    calls: list[Call] = []
    until = time.monotonic() + SETTLE_S
    while True:
        last, quiet, dealt = time.monotonic() > until, not any(map(_goes_on, found)), _live(found)
        for where, standing in _once(todo, calls, rounds).items():
            standings[where] = after(standings[where], standing) if where in standings else standing
        found = _settled(found, dealt, until)
        if last or (quiet and _live(found) <= dealt):
            break
        todo = errands(found, keys)
    warnings += [f"{case.folder}: {_AT_WORK}" for case in found if _goes_on(case)]
    warnings += [f"{order}: was sent meanwhile; call this again" for order in sorted(_live(found) - dealt)]
    return Outcome(began, halted, list(standings.values()), calls, warnings, time.time_ns())


def _settled(found: list[Case], dealt: set[str], until: float) -> list[Case]:
    """The journals again: once every engine has halted, or has sent something more, or was given its time."""
    while True:
        found = [_again(case) for case in found]
        if not any(map(_goes_on, found)) or not _live(found) <= dealt or time.monotonic() > until:
            return found
        time.sleep(_LOOK_S)


def _goes_on(case: Case) -> bool:
    """Is a process at work on it that has not put a halt on record?"""
    return marker.engine_runs(case.folder) and not case.journal.told.halted


def _live(found: list[Case]) -> set[str]:
    return {order.client_id for case in found for order in case.journal.told.live}


def _again(case: Case) -> Case:
    try:
        return case._replace(journal=read(case.journal.path))
    except BadInput:  # it was readable a moment ago: what was read then still counts
        return case


def _once(todo: list[Errand], calls: list[Call], rounds: int) -> dict[tuple[str, str], Standing]:
    """All venues at the same time: none waits for another that does not answer."""
    with ThreadPoolExecutor(max_workers=max(1, len(todo))) as pool:
        ended = list(pool.map(lambda errand: _one(errand, rounds), todo))
    for _, made in ended:
        calls += made
    return {(e.task.venue, e.place.root if e.place else e.why): s for e, (s, _) in zip(todo, ended, strict=True)}


def _one(errand: Errand, rounds: int) -> tuple[Standing, list[Call]]:
    if errand.place is None:
        return unreached(errand.task, errand.why), []
    line = Line(errand.task.venue, errand.place.root)
    try:
        standing = sweep(errand.task, DESKS[errand.place.adapter](errand.place.keys, line), rounds=rounds)
    except Exception as error:  # noqa: BLE001 - a bug at one venue: the others are emptied all the same
        standing = unreached(errand.task, f"{type(error).__name__} in this program")
    finally:
        line.close()
    return standing, line.calls


def shown(found: list[Case], outcome: Outcome) -> dict[str, Any]:
    """The record: what was done, when, and what is known in the end."""
    return {
        "steelyard_kill": VERSION,
        "began": utc(outcome.began_ns),
        "halt_written": utc(outcome.halted_ns),
        "ended": utc(outcome.ended_ns),
        "exit_code": outcome.code,
        "journals": [
            {
                "path": str(case.journal.path),
                "live": [order.client_id for order in case.journal.told.live],
                "torn": case.journal.torn,
                "origin": case.origin.missing or case.origin.kind,
            }
            for case in found
        ],
        "venues": [_standing(standing) for standing in outcome.standings],
        "warnings": outcome.warnings,
        "calls": [{"at": utc(call.at_ns), **_rest(call)} for call in outcome.calls],
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "venue": standing.venue,
        "state": "CONFIRMED" if standing.confirmed else "UNVERIFIED",
        "why": standing.why,
        "cancels_of": sorted(standing.named),
        "rounds": standing.rounds,
        "may_still_sell": [
            {"asset": one.what, "low": f"{one.low:f}", "high": f"{one.high:f}"} for one in standing.left
        ],
        "last_cancel": utc(standing.last_cancel_ns) if standing.last_cancel_ns else None,
        "read": utc(standing.read_ns) if standing.read_ns else None,
    }


def _rest(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call._asdict().items() if name != "at_ns"}


def _say(found: list[Case], outcome: Outcome, record: dict[str, Any], *, as_json: bool) -> None:
    torn = [
        f"{case.journal.path}: {case.journal.torn}; what can be read is used\n" for case in found if case.journal.torn
    ]
    sys.stderr.write("".join([*torn, *(f"{warning}\n" for warning in outcome.warnings)]))
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
        return
    sys.stdout.write("".join(f"{_line(standing)}\n" for standing in outcome.standings))


def _line(standing: Standing) -> str:
    if standing.confirmed:
        return f"{standing.venue}: CONFIRMED flat, {len(standing.named)} cancelled, read at {utc(standing.read_ns)}"
    may = " and ".join(map(_range, standing.left)) or "nothing that the journal shows"
    return f"{standing.venue}: UNVERIFIED ({standing.why}), may still sell {may}"


def _range(left: Left) -> str:
    return f"{left.low:f} to {left.high:f} {left.what}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="steelyard-kill",
        description="Cancels our own open orders at every venue of these runs, and proves it by reading.",
        epilog="Exit codes: 0 every venue confirmed flat, 3 one is not, 2 bad input and nothing done.",
    )
    parser.add_argument("--keys", type=Path, required=True, metavar="FILE", help="the key file (TOML, mode 0600)")
    parser.add_argument(
        "journal", type=Path, nargs="+", metavar="JOURNAL", help="a journal, or the run folder it is in"
    )
    parser.add_argument("--run", action="append", default=[], help="a run's name, where its journal can't be read")
    parser.add_argument("--reason", default="", help="kept in the marker that stops the engine")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"readings of a venue before it is given up ({ROUNDS})"
    )
    parser.add_argument("--json", action="store_true", help="the record on standard output, for scripts")
    return parser
