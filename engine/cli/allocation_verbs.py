"""`steelyard allocate`: its options. What it does is in `allocating`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import Home, answering, app
from engine.cli.case_verbs import CaseName
from engine.cli.deciding import Environment, PeopleFile
from engine.kernel.errors import ExitCode


@app.command()
@answering
def allocate(
    case: CaseName,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="An ended run; by default all that have ended and sold.")
    ] = None,
    basis: Annotated[str | None, typer.Option("--by", metavar="lots", help="By what was sold of each lot.")] = None,
    shares: Annotated[
        Path | None, typer.Option("--shares", metavar="FILE", help="By the portfolios in a file of shares (TOML).")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="HASH", help="End an allocation that stands, by its first digits.")
    ] = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="HASH", help="One that was proposed or entered, whole.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write allocation.csv and allocation.json there.")
    ] = None,
    propose: Annotated[bool, typer.Option("--propose", help="Ask for its approval in the case's book.")] = False,
    by: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Whose key signs; without it nothing is written.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; nothing is decided without a reason.")] = "",
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Divide what runs sold among lots or portfolios, at one average price; or undo that.

    First with --propose; then approvers agree; then with the same words and without it, which enters what they agreed
    to, to the byte. Who: a trader, approver, compliance or officer; as many approvers as the policy says, none of them
    who proposed. Needs: runs that have ended with nothing unknown, and that no allocation divides already. Without
    --as it only shows the table.
    """
    from engine.cli.allocating import Wish
    from engine.cli.allocating import allocate as answer
    from engine.kernel.ids import CaseId

    return answer(
        Wish(
            case=CaseId(case),
            run=run,
            basis=basis,
            shares=shares,
            undo=undo,
            show=show,
            out=out,
            propose=propose,
            by=by,
            reason=reason,
            environment=environment,
            people=people,
            home=home,
        )
    )
