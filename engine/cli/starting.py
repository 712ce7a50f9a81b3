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
from engine.kernel.clock import Instant, show_span
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import down_to, plain

if TYPE_CHECKING:
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


def plan(request: "Request") -> ExitCode:
    """The plan and what stands behind it."""
    import asyncio

    from engine.compose.planning import planned

    prepared = asyncio.run(planned(request))
    for hop in prepared.hops:
        for instrument in hop.listed:
            mock = " (mock: the real venue is not known to list it)" if instrument.mock else ""
            typer.echo(
                f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} on {instrument.venue} as {instrument.symbol}{mock}"
            )
        for name in hop.missing:
            typer.echo(f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} is not listed on {name}")
    for seen in prepared.references:
        typer.echo(str(seen))
    for leg in prepared.plan.legs:
        source = f", and all that leg {', '.join(leg.fed_by)} brings" if leg.fed_by else ""
        typer.echo(
            f"leg {leg.id}: sell {plain(leg.quantity)} {leg.sell}{source} for {leg.buy} "
            f"on {' and '.join(i.venue for i in leg.instruments)}, "
            f"{leg.schedule.name} with {leg.tactic.name} over {show_span(leg.window)}"
        )
        rest = leg.quantity - down_to(leg.quantity, leg.lot)
        if rest:
            typer.echo(f"leg {leg.id}: {plain(rest)} {leg.sell} is finer than the lot and will be left as residue")
    typer.echo(f"plan {prepared.plan.digest}")
    return ExitCode.DONE


def run(request: "Request", *, plain: bool) -> ExitCode:
    """Carry it out."""
    from engine.compose import running, virtual
    from engine.drivers import telemetry

    telemetry.quiet()
    screen = screen_for(plain=plain or request.in_process)
    try:
        if request.in_process:
            return virtual.run(request, screen)
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
