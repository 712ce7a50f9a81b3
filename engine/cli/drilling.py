"""`drill`: the kill switch is pressed in the sandbox, and what came of it is kept."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import Home, answering, app
from engine.kernel.errors import BadInput, ExitCode, Mistake


@app.command()
@answering
def drill(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result (JSON) here as well.")] = None,
    venues: Annotated[str, typer.Option(help="Which sandboxes, with commas between them.")] = "hashkey,osl",
    seed: Annotated[int, typer.Option(help="Seed of the sandbox.")] = 1,
    past: Annotated[bool, typer.Option("--list", help="Show the drills that were kept, and play none.")] = False,
    home: Home = None,
) -> ExitCode:
    """Press the kill switch in the sandbox, both ways, and keep the result: exit 0 when it passed, 1 when not.

    Who: anybody; no real venue and no running case is touched. An engine with resting orders is asked to halt, another
    is killed and `steelyard-kill` called; the exchanges' own books say what is left.
    """
    return _past(home) if past else _play(venues, seed, out, home)


def _play(venues: str, seed: int, out: Path | None, home: Path | None) -> ExitCode:
    from engine.compose import drill as drills
    from engine.drivers.folder import write_whole

    names = [name.strip() for name in venues.split(",") if name.strip()]
    wrong = drills.mistakes(names)
    if out is not None and not out.absolute().parent.is_dir():
        wrong.append(Mistake("--out", f"{out.absolute().parent} is no folder"))
    if wrong:
        raise BadInput(wrong)
    played = drills.play(names, seed, lambda line: typer.echo(line, err=True))
    if out is not None:
        write_whole(out, drills.written(played))
    path = drills.keep(played, _home(home))
    typer.echo(drills.text(played), nl=False)
    typer.echo(f"kept in {path}")
    return ExitCode.DONE if played.passed else ExitCode.SHORT


def _past(home: Path | None) -> ExitCode:
    from engine.compose import drill as drills

    found = drills.past(_home(home))
    if not found:
        typer.echo(f"no drill is kept in {_home(home) / drills.DRILLS}")
    for path, played in found:
        typer.echo(f"{path.name}: {'can not be read' if played is None else drills.summary(played)}")
    return ExitCode.DONE


def _home(home: Path | None) -> Path:
    from engine.compose.request import default_home

    return home.absolute() if home is not None else default_home()
