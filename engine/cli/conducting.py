"""`conduct`: what a run's own conduct came to, and where it stood in one book together with other runs of this desk."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine.cli import Home, answering, app
from engine.kernel.clock import MINUTE, Span, iso, parse_span, show_span
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import RunId
from engine.kernel.money import plain, trimmed

if TYPE_CHECKING:  # no other command pays for the import of all that is journaled
    from engine.evidence.conduct import Conduct
    from engine.evidence.selftrade import Meeting

SHOWN: Final = 20
"""So many meetings are told; they are counted all the same."""
NEAR_MAX: Final = Span(MINUTE)
"""Orders further apart did not stand together; and each would be told beside all others of the day."""


@app.command()
@answering
def conduct(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs by their names, or by their folders.")],
    near: Annotated[str, typer.Option(help="Orders this close in time count as having stood together.")] = "0s",
    home: Home = None,
) -> ExitCode:
    """Show each run's measures that are over their bounds, and where runs rested in one book at the same time.

    Who: anybody. Needs: the journals and tapes of all; nothing is written. Runs of one case follow one another, and
    two cases never share an account; name the runs of several cases or accounts to see them beside one another.
    """
    from engine.cli.finding import run_folder
    from engine.compose import products
    from engine.evidence.conduct import of_run
    from engine.evidence.selftrade import meeting
    from engine.evidence.stood import Stood, in_books

    mistakes, folders = list[Mistake](), list[Path]()
    apart = _span(near, mistakes)
    for name in runs:
        try:
            folders.append(run_folder(name, home).absolute())
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    orders, known = list[Stood](), set[RunId]()
    for folder in dict.fromkeys(folders):
        story = products.story(folder)
        if (run := story.opened.run) in known:
            raise BadInput([Mistake(str(folder), f"is run {run}, which was named already")])
        known.add(run)
        orders += in_books(story)
        for line in told(run, of_run(story), open_=story.closed is None):
            typer.echo(line)
    for line in met(meeting(orders, near=apart), len(known)):
        typer.echo(line)
    return ExitCode.DONE


def told(run: RunId, found: "Conduct", *, open_: bool = False) -> Iterator[str]:
    """How many measures there are of each verdict, and then those that are over."""
    from engine.evidence.measure import Verdict

    counts = ", ".join(f"{found.count(verdict)} {verdict.value}" for verdict in Verdict)
    yield f"{run}{' (not closed; so far)' if open_ else ''}: {counts}"
    for each in found.measures:
        if each.verdict is Verdict.OVER and each.value is not None:
            where = " ".join(filter(None, (each.leg and f"leg {each.leg}", each.venue, each.asset))) or "the run"
            detail = f"; {each.detail}" if each.detail else ""
            yield f"  over: {each.what.value}, {where}: {trimmed(each.value)}, at most {plain(each.bound)}{detail}"


def met(meetings: "list[Meeting]", runs: int) -> Iterator[str]:
    """Each stretch in which orders of two runs stood in one book; nothing of one run alone."""
    if runs < 2:
        return
    yield f"{len(meetings)} stretches in which orders of two or more runs stood in one book"
    for each in meetings[:SHOWN]:
        venue, symbol = each.book
        yield f"  {venue} {symbol}, {iso(each.begins)} to {iso(each.ends)}"
        for run, name, price in each.orders:
            yield f"    {run}  {name}  at {plain(price)}"
    if len(meetings) > SHOWN:
        yield f"  and {len(meetings) - SHOWN} more"


def _span(text: str, mistakes: list[Mistake]) -> Span:
    try:
        near = parse_span(text)
    except ValueError as error:
        mistakes.append(Mistake("--near", str(error)))
        return Span(0)
    if near > NEAR_MAX:
        mistakes.append(Mistake("--near", f"{text} is more than {show_span(NEAR_MAX)}"))
    return near
