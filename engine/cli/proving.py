"""`report`, `audit`, `backtest`: what can be said of a run afterwards, or of one that is only imagined."""

from pathlib import Path
from typing import Any

import typer

from engine.cli.finding import run_folder
from engine.compose import products
from engine.compose.methods import methods
from engine.drivers import audit as auditing
from engine.drivers import tape
from engine.events import TapeSealed, decode
from engine.journal import reading
from engine.kernel.errors import Damaged, ExitCode


def report(name: str, home: Path | None, day: str | None = None) -> ExitCode:
    """Everything that is derived from journal and tape, anew; or one local day of it."""
    folder = run_folder(name, home)
    if day is not None:
        products.write_days(folder, [day])
        typer.echo(f"see {folder / 'days' / day / 'report.html'}")
        return ExitCode.DONE
    result = products.write(folder)
    typer.echo(f"{result.run}: {result.status}; {result.fills} fills; see {folder / 'report.html'}")
    return ExitCode.DONE


def audit(name: str, home: Path | None) -> ExitCode:
    """Chain, anchor, tape, and every decision again."""
    folder = run_folder(name, home)
    path = folder / reading.FILE
    audited = auditing.audit(reading.read(path), lambda opened: methods(opened.plan, opened.at))
    auditing.check_anchor(folder, audited)
    seals = (entry for r in reading.read(path) if isinstance(entry := decode(r.payload), TapeSealed))
    if wrong := tape.verify(folder, seals, closed=bool(audited.closed)):
        raise Damaged("; ".join(wrong))
    code = "" if audited.same_code else f"; written by version {audited.written_by}, decided again by another"
    ended = audited.closed or "not closed"
    typer.echo(f"{audited.rows} rows, {audited.turns} turns decided again, all the same; {ended}{code}")
    typer.echo(f"head {audited.head}")
    return ExitCode.DONE


def backtest(config: Path, *, bars: Path | None, since: str | None, **options: Any) -> ExitCode:
    """One simulated run, into one report."""
    from engine.cli.starting import screen_for, understand
    from engine.compose import virtual

    request = understand(config, venue=None, sandbox=True, in_process=True, home=None, **options)
    return virtual.backtest(request, bars, since, screen_for(plain=True))
