"""`check`, `schema`, `plan`, `run`: everything that begins with a config file."""

import os
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from engine.cli.serving import number
from engine.compose import offers
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import plain

if TYPE_CHECKING:
    from engine.cli.proposing import Proposal
    from engine.compose.request import Request

T = TypeVar("T")


def check(path: Path) -> ExitCode:
    """Every mistake, or one line that says there is none."""
    config = offers.read(path, _now())
    assets = ", ".join(f"{plain(h.released)} {h.asset}" for h in config.terms.holdings)
    typer.echo(f"{path}: no mistakes. Case {config.terms.case}: {assets} to {config.terms.settlement}")
    return ExitCode.DONE


def schema() -> ExitCode:
    """JSON schema of the config file."""
    import msgspec

    from engine.config.schema import ConfigFile

    typer.echo(msgspec.json.format(msgspec.json.encode(msgspec.json.schema(ConfigFile)), indent=2).decode())
    return ExitCode.DONE


def understand(
    path: Path, *, venue: list[str] | None, speed: str = "30", faults: Path | None = None, **options: Any
) -> "Request":
    """Config and options together; `BadInput` with the mistakes of both."""
    from engine.compose.request import Request

    mistakes: list[Mistake] = []
    addresses = {}
    for text in venue or ():
        name, _, url = text.partition("=")
        addresses[VenueName(name)] = url
        if not url:
            mistakes.append(Mistake("--venue", f"{text!r} is not NAME=URL"))
    factor = number("--speed", speed, mistakes)
    if faults is not None:
        mistakes += _faults(faults)
    try:
        config = offers.read(path, _now())
    except BadInput as error:
        raise BadInput([*error.mistakes, *mistakes]) from error
    if mistakes:
        raise BadInput(mistakes)
    return Request(config=config, config_path=path, addresses=addresses, speed=factor, faults=faults, **options)


def plan(
    request: "Request", out: Path | None = None, proposal: "Proposal | None" = None, *, as_json: bool = False
) -> ExitCode:
    """The plan and what stands behind it; into a folder and the case's book, where that is asked for."""
    import asyncio

    from engine.cli import planned as told
    from engine.compose.planning import planned

    if out is not None:
        told.refuse(out)
    if proposal is not None:
        proposal.open()
    found = asyncio.run(planned(request))
    if as_json:
        typer.echo(told.as_json(found.paper))
    else:
        for line in told.lines(found):
            typer.echo(line)
    for line in told.written(found, out) if out is not None else ():
        typer.echo(line, err=as_json)
    if not as_json:
        typer.echo(f"plan {found.paper.sha256}")
    if proposal is not None:
        proposal.put("plan", None, found.paper.text)
    return ExitCode.DONE


def proposal(request: "Request", by: str, reason: str) -> "Proposal":
    """Who asks for the approval of a plan; `BadInput` where nobody could give it."""
    from engine.cli.proposing import Proposal

    config, mistakes = request.config, []
    if config.people is None:
        mistakes.append(Mistake("people", "the config names no people file, so nobody can approve its plan"))
    if request.state_folder is None:
        mistakes.append(Mistake("--home", "is needed with --in-process: the case's book lies in a state folder"))
    if not by:
        mistakes.append(Mistake("--as", "is missing: --propose is signed by somebody"))
    if mistakes:
        raise BadInput(mistakes)
    return Proposal(
        case=config.terms.case,
        environment=config.environment,
        home=request.state_folder,
        people=request.people_file,
        by=by,
        reason=reason,
    )


def run(request: "Request", *, plain: bool) -> ExitCode:
    """Carry it out."""
    from engine.drivers import telemetry

    telemetry.quiet()
    screen = screen_for(plain=plain or request.in_process or request.confirms)  # a picture would be drawn over typing
    try:
        if request.rehearse:
            from engine.compose import rehearsing

            return events_loop(rehearsing.run(request, screen))
        if request.in_process:
            from engine.compose import virtual

            return virtual.run(request, screen)
        from engine.compose import running

        return events_loop(running.run(request, screen))
    finally:
        screen.close()


def screen_for(*, plain: bool) -> Any:
    """A picture on a terminal that can show one, plain lines everywhere else."""
    from engine.reports.screen import PlainScreen, RichScreen

    dumb = plain or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb" or "CI" in os.environ
    return PlainScreen() if dumb else RichScreen()


def events_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run under uvloop where there is one."""
    import asyncio

    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def _faults(path: Path) -> list[Mistake]:
    from venues.sandbox.faults import Faults
    from venues.sandbox.faults import load as read

    try:
        Faults(read(path.read_bytes()))
    except OSError as error:
        return [Mistake("--faults", f"{path} can't be read: {error.strerror}")]
    except BadInput as error:
        return list(error.mistakes)
    return []


def _now() -> Instant:
    return Instant(time.time_ns())
