"""The kill-switch drill: both ways of stopping, played in the sandbox, timed, and judged by the exchanges' own books.

First the engine is asked to halt. Then, in a second run, the engine is killed where it stands and `steelyard-kill` is
called with a key file and the journal. The result is kept: a switch that nobody has pressed is a hope.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine import VERSION
from engine.compose.drill_stage import Failed, Stage, staged, wait_for
from engine.drivers.folder import HALT_FILE, write_whole
from engine.journal import reading
from engine.kernel.clock import MILLISECOND, Instant, iso, parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName

FORMAT: Final = 1
DRILLS: Final = "drills"
VENUES: Final = ("hashkey", "osl")
"""Those whose words `steelyard-kill` speaks."""
LIMIT_MS: Final = 30_000
"""From the order to the last confirmation; a drill that takes longer has failed."""


class Act(Struct, frozen=True, kw_only=True):
    """One way of stopping, as it went. Times are in milliseconds of wall time from the moment of the order."""

    way: str
    """`halt`, asked of the running engine, or `kill`, after its process was killed."""
    rested: dict[str, int] = {}
    """Orders of ours that stood at each venue when the order was given."""
    to_halt_ms: int | None = None
    """Until it was on record that nothing new is sent: a row of the journal, or the marker."""
    to_last_cancel_ms: int | None = None
    to_confirmed_ms: int | None = None
    left: dict[str, int] = {}
    """Open orders afterwards, by the exchange's own books."""
    trades: int = 0
    exit_code: int | None = None
    record: dict[str, Any] = {}
    """What `steelyard-kill` wrote down."""
    wrong: tuple[str, ...] = ()
    """What speaks against it; empty when it passed."""


class Drill(Struct, frozen=True, kw_only=True):
    """One drill: the evidence that is kept."""

    format: int = FORMAT
    began: str
    code: str
    seed: int
    venues: tuple[str, ...]
    acts: tuple[Act, ...]
    passed: bool


def mistakes(venues: Sequence[str]) -> list[Mistake]:
    """What speaks against these venues."""
    found = [
        Mistake("--venues", f"{name!r} is not drilled; {', '.join(VENUES)} are")
        for name in venues
        if name not in VENUES
    ]
    if not venues or len(set(venues)) < len(venues):
        found.append(Mistake("--venues", "at least one, and none twice"))
    return found


def play(venues: Sequence[str], seed: int, say: Callable[[str], None] = lambda _: None) -> Drill:
    """Both acts, each on a stage of its own that is taken down again; `BadInput` for venues that can't be drilled."""
    if wrong := mistakes(venues):
        raise BadInput(wrong)
    began, acts = time.time_ns(), []
    with TemporaryDirectory(prefix="steelyard-drill-") as folder:
        for way, act in (("halt", _halt), ("kill", _kill)):
            say(f"{way}: setting the stage")
            try:
                with staged(Path(folder) / way, [VenueName(name) for name in venues], seed) as stage:
                    acts.append(act(stage, stage.until_resting()))
            except Failed as failed:
                acts.append(Act(way=way, wrong=(str(failed),)))
            say(line(acts[-1]))
    passed = not any(act.wrong for act in acts)
    return Drill(
        began=iso(Instant(began)), code=VERSION, seed=seed, venues=tuple(venues), acts=tuple(acts), passed=passed
    )


def keep(drill: Drill, home: Path) -> Path:
    """Store the result and a short text beside it; the path of the result."""
    folder = home / DRILLS
    folder.mkdir(parents=True, exist_ok=True)
    stem = "drill-" + drill.began[:19].replace("-", "").replace(":", "") + "Z"
    path, number = folder / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.json"
    write_whole(path, written(drill))
    write_whole(path.with_suffix(".txt"), text(drill).encode())
    return path


def written(drill: Drill) -> bytes:
    """The result as JSON."""
    return msgspec.json.format(msgspec.json.encode(drill), indent=1) + b"\n"


def past(home: Path) -> list[tuple[Path, Drill | None]]:
    """All drills that were kept, oldest first; `None` for one that can't be read."""
    return [(path, _read(path)) for path in sorted((home / DRILLS).glob("drill-*.json"), key=lambda path: path.stem)]


def text(drill: Drill) -> str:
    """The record for people."""
    verdict = "PASSED" if drill.passed else "FAILED"
    head = f"Kill-switch drill of {drill.began}: {verdict}"
    about = f"steelyard {drill.code}, seed {drill.seed}, sandboxes of {', '.join(drill.venues)}"
    return "\n".join([head, about, *map(line, drill.acts)]) + "\n"


def summary(drill: Drill) -> str:
    """A drill in a line."""
    slowest = max((act.to_confirmed_ms or 0 for act in drill.acts), default=0)
    verdict = "passed" if drill.passed else "FAILED"
    about = f"steelyard {drill.code}, seed {drill.seed}, {', '.join(drill.venues)}"
    return f"{drill.began[:19]}Z {verdict}, confirmed within {slowest} ms; {about}"


def line(act: Act) -> str:
    """One act in a line, and one for each thing that was wrong."""
    times = (("halted", act.to_halt_ms), ("last cancel", act.to_last_cancel_ms), ("confirmed", act.to_confirmed_ms))
    took = ", ".join(f"{what} after {ms} ms" for what, ms in times if ms is not None)
    rested = ", ".join(f"{count} at {name}" for name, count in act.rested.items()) or "none"
    left = sum(act.left.values())
    said = (
        f"{act.way}: {'FAILED' if act.wrong else 'passed'}; orders resting: {rested}; {took or 'no times'}; {left} left"
    )
    return "\n".join([said, *(f"  {why}" for why in act.wrong)])


def _halt(stage: Stage, rested: dict[str, int]) -> Act:
    """`steelyard halt`: the engine cancels, reads, and says per venue whether it is flat."""
    ordered = time.time_ns()
    if stage.ask("halt") is None:
        raise Failed("the engine did not answer on its socket")
    wait_for(lambda: stage.engine.poll() is not None, lambda: "the engine did not end after its halt")
    walls: dict[str, int] = {row.kind: row.wall for row in reading.read(stage.run.journal)}  # the last of each kind
    act = _judged(stage, "halt", rested, ordered, walls.get("asked"), walls.get("cancelled"), walls.get("finish"))
    return _with(act, exit_code=stage.engine.returncode, expected=1)


def _kill(stage: Stage, rested: dict[str, int]) -> Act:
    """SIGKILL, and `steelyard-kill` with no more than a key file and the journal."""
    stage.engine.kill()
    stage.engine.wait()
    keys, ordered = stage.key_file(), time.time_ns()
    command = [sys.executable, "-m", "engine.kill", "--json", "--keys", str(keys), str(stage.run.journal)]
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        command, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    try:
        record: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Failed(f"steelyard-kill said nothing: {done.stderr.decode(errors='replace')[-400:]}") from None
    cancelled = [venue["last_cancel"] for venue in record["venues"]]
    read = [venue["read"] for venue in record["venues"]]
    act = _judged(stage, "kill", rested, ordered, _wall(record["halt_written"]), _last(cancelled), _last(read))
    if not (stage.run.path / HALT_FILE).exists():
        act = replace(act, wrong=(*act.wrong, "no marker was left for the engine"))
    return _with(replace(act, record=dict(record)), exit_code=done.returncode, expected=0)


def _judged(stage: Stage, way: str, rested: dict[str, int], ordered: int, *walls: int | None) -> Act:
    """What the exchanges' own books say, and how long it took."""
    halted, cancelled, confirmed = (None if wall is None else max(0, wall - ordered) // MILLISECOND for wall in walls)
    left = {name: len(orders) for name, orders in stage.books.open_orders().items()}
    trades = stage.books.trades()
    wrong = [f"{count} orders still stand at {name}" for name, count in left.items() if count]
    if trades:
        wrong.append(f"{trades} trades happened above a market that never came")
    names = ("the halt", "a cancel", "the confirmation")
    lacking = [name for name, ms in zip(names, (halted, cancelled, confirmed), strict=True) if ms is None]
    wrong += [f"{name} is not on record" for name in lacking]
    if confirmed is not None and confirmed > LIMIT_MS:
        wrong.append(f"it took {Decimal(confirmed) / 1000} s, and {LIMIT_MS // 1000} s is the limit")
    return Act(
        way=way, rested=rested, to_halt_ms=halted, to_last_cancel_ms=cancelled, to_confirmed_ms=confirmed, left=left,
        trades=trades, wrong=tuple(wrong),
    )  # fmt: skip


def _with(act: Act, *, exit_code: int, expected: int) -> Act:
    wrong = act.wrong if exit_code == expected else (*act.wrong, f"exit code {exit_code}, and {expected} was due")
    return replace(act, exit_code=exit_code, wrong=wrong)


def _last(times: Sequence[str | None]) -> int | None:
    """The latest, if every venue has one."""
    return max(map(_wall, times), default=None) if all(times) else None  # type: ignore[arg-type]


def _wall(text: str) -> int:
    return parse_instant(text.replace("Z", "+00:00"))


def _read(path: Path) -> Drill | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Drill)
    except (OSError, msgspec.DecodeError):
        return None
