"""`status`, `pause`, `resume`, `halt`: talking to a running engine, or looking after a run that none carries on."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typer

from engine.cli.finding import entered, run_folder
from engine.compose.methods import methods
from engine.core.state import State
from engine.drivers import control, recovery
from engine.drivers.folder import ORIGIN, RunFolder
from engine.drivers.register import Entered
from engine.journal import reading
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.reports import openings
from engine.status import status

BY: Final = "steelyard"
HALT_PATIENCE_S: Final = 120.0
ENDED: Final = ("done", "short", "halted", "unresolved")


def show(name: str, home: Path | None, *, as_json: bool) -> ExitCode:
    """The status from the engine, or from the journal when no process carries the run on."""
    shown = _asked(name, home, "status")
    running, left = shown is not None, list[str]()
    if shown is None:
        folder = run_folder(name, home)
        state = recovery.fold(reading.read(folder / reading.FILE))
        left = _left_open(folder, state)
        schedules = {leg: m.schedule for leg, m in methods(state.plan, state.opened.at).items()}
        shown = status(state, schedules)
    if as_json:
        typer.echo(json.dumps({**shown, "running": running}))
        return ExitCode.DONE
    typer.echo(f"{shown['run']}: {shown['phase']}" + ("" if running or shown["phase"] in ENDED else ", and no process"))
    if shown["reason"]:
        typer.echo(f"  {shown['reason']}")
    for leg in shown["legs"]:
        line = f"  {leg['sell']}>{leg['buy']}: sold {leg['sold']} of {leg['total']}, working {leg['working']}"
        why = leg["residue_reason"] or leg["hindrance"]
        typer.echo(line + (f", average {leg['average']}" if leg["average"] else "") + (f" ({why})" if why else ""))
    for alarm in shown["alarms"]:
        typer.echo(f"  alarm {alarm['cause']}: {alarm['text']}")
    _say_flat(shown)
    for line in left:
        typer.echo(line)
    return ExitCode.DONE


def ask(name: str, home: Path | None, wish: str) -> ExitCode:
    """Pass a wish on to the engine; exit 2 when there is none."""
    if _asked(name, home, wish) is None:
        what = "no process carries this run on; orders may still stand: `steelyard halt` cancels and verifies"
        raise BadInput([Mistake(name, what)])
    typer.echo(f"{wish} asked of {name}")
    return ExitCode.DONE


def resume(name: str, home: Path | None, *, plain: bool) -> ExitCode:
    """Tell a paused engine to go on, or continue where a dead one stopped."""
    if _asked(name, home, "resume") is not None:
        typer.echo(f"{name} goes on")
        return ExitCode.DONE
    return _continue(*entered(name, home), plain=plain, halt=False)


def halt(name: str, home: Path | None) -> ExitCode:
    """Halt, and wait until every venue is confirmed flat or can't be."""
    shown = _asked(name, home, "halt")
    if shown is None:
        return _continue(*entered(name, home), plain=True, halt=True)
    from engine.compose.running import EXITS

    until = time.monotonic() + HALT_PATIENCE_S
    while time.monotonic() < until:
        latest = _asked(name, home, "status")
        if latest is None:
            break
        shown = latest
        time.sleep(0.2)
    folder = run_folder(name, home)
    state = recovery.fold(reading.read(folder / reading.FILE))
    shown = status(state)
    _say_flat(shown)
    for line in _left_open(folder, state):
        typer.echo(line)
    return EXITS.get(shown["phase"], ExitCode.UNRESOLVED)


def _continue(found: Entered, home: Path, *, plain: bool, halt: bool) -> ExitCode:
    from engine.cli.starting import events_loop, screen_for
    from engine.compose import running
    from engine.drivers import telemetry

    telemetry.quiet()
    screen = screen_for(plain=plain)
    try:
        code = events_loop(running.resume(found, home, screen, halt=halt))
    finally:
        screen.close()
    if halt:
        _say_flat(status(recovery.fold(reading.read(Path(found.folder) / reading.FILE))))
    return code


def _asked(name: str, home: Path | None, do: str) -> dict[str, Any] | None:
    """The engine's answer; `None` when no process carries the run on."""
    try:
        found, where = entered(name, home)
    except BadInput:
        if do == "status":
            return None  # a folder that is on no register can still be read
        raise
    return control.call(control.address(where, found.run), do, f"{BY} {do}")


def _left_open(folder: Path, state: State) -> list[str]:
    """What is open after the run, and what to type for it."""
    here = RunFolder(folder)
    gone = (folder / ORIGIN).exists() and here.origin().kind in ("own", "virtual")
    return list(openings.lines(state, gone=gone))


def _say_flat(shown: Mapping[str, Any]) -> None:
    for venue, standing in shown["venues"].items():
        typer.echo(f"  {venue}: {standing['flat']}")
