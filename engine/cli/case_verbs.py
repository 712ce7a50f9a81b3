"""`steelyard case …`: its verbs and their options. Each says in its help who may and what it needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import Home, answering, app
from engine.cli.deciding import By, Environment, PeopleFile, Reason
from engine.kernel.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.casework import Speaker

case = typer.Typer(
    name="case",
    help="A case's book: lots, releases, holds, deposit and receipts, each said and signed by one person.",
    epilog="Everything but show and verify signs with a personal key and needs the signed people file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(case)

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="The authority's number of the case.")]
LotName = Annotated[str, typer.Argument(metavar="LOT", help="The lot's name, unique within the case.")]
Quantity = Annotated[str, typer.Argument(metavar="QUANTITY", help="Units of the lot's asset, exactly.")]
Paper = Annotated[
    Path, typer.Option("--document", metavar="FILE", help="The paper that says so; only its SHA-256 is kept.")
]
Papers = Annotated[
    list[Path] | None, typer.Option("--document", metavar="FILE", help="A paper that came with it; again for more.")
]
Stages = "early (volatile coin may go before the judgment), judged (all may), waiting or return (nothing may)"


@case.command("open")
@answering
def open_case(
    name: CaseName,
    authority: Annotated[str, typer.Option(help="Who entrusts it.")],
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Begin a case's book with its entrustment. Who: an officer. Needs: the authority's letter."""
    from engine.cli.casework import tell
    from engine.mandate.statements import CaseOpened

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: CaseOpened(authority=authority, document_sha256=typed.document(document)),
    )


@case.command()
@answering
def lot(
    name: CaseName,
    lot: LotName,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="BTC, USDT …")],
    quantity: Quantity,
    place: Annotated[str, typer.Option(help="Where it lies: the custodian's name.")],
    stage: Annotated[str, typer.Option(help=Stages)],
    by: By,
    reason: Reason,
    document: Papers = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Enter a seized parcel that was handed over. Who: an officer. Needs: its papers, where there are any."""
    from engine.cli.casework import tell
    from engine.kernel.ids import LotId
    from engine.kernel.money import Asset
    from engine.mandate.statements import LotEntered, Stage

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: LotEntered(
            lot=LotId(lot),
            asset=Asset(asset),
            quantity=typed.amount("QUANTITY", quantity),
            place=place,
            stage=typed.word("--stage", stage, Stage),
            documents=tuple(map(typed.document, document or ())),
        ),
    )


@case.command()
@answering
def stage(
    name: CaseName,
    lot: LotName,
    stage: Annotated[str, typer.Argument(metavar="STAGE", help=Stages)],
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Set how far the law lets a lot go. Who: an officer. Needs: the order; no run may hold coin that has to wait."""
    from engine.cli.casework import tell
    from engine.kernel.ids import LotId
    from engine.mandate.statements import Stage, StageSet

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: StageSet(
            lot=LotId(lot), stage=typed.word("STAGE", stage, Stage), document_sha256=typed.document(document)
        ),
    )


@case.command()
@answering
def scope(
    name: CaseName,
    lot: LotName,
    quantity: Quantity,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Amend how much of a lot is entrusted in all. Who: an officer. Needs: the amended letter; 0 takes the lot out."""
    from engine.cli.casework import tell
    from engine.kernel.ids import LotId
    from engine.mandate.statements import ScopeAmended

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: ScopeAmended(
            lot=LotId(lot), quantity=typed.amount("QUANTITY", quantity), document_sha256=typed.document(document)
        ),
    )


@case.command()
@answering
def release(
    name: CaseName,
    lot: LotName,
    quantity: Quantity,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Let so much more of a lot be sold. Who: an officer. Needs: the release; the lot's stage has to permit a sale."""
    from engine.cli.casework import tell
    from engine.kernel.ids import LotId
    from engine.mandate.statements import Released

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: Released(
            lot=LotId(lot), quantity=typed.amount("QUANTITY", quantity), document_sha256=typed.document(document)
        ),
    )


@case.command("return")
@answering
def give_back(
    name: CaseName,
    lot: LotName,
    quantity: Quantity,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Record that so much of a lot was given back in kind. Who: an officer. Needs: the receipt."""
    from engine.cli.casework import tell
    from engine.kernel.ids import LotId
    from engine.mandate.statements import Returned

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: Returned(
            lot=LotId(lot), quantity=typed.amount("QUANTITY", quantity), document_sha256=typed.document(document)
        ),
    )


@case.command()
@answering
def show(
    name: CaseName,
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    environment: Environment = "sandbox",
    home: Home = None,
) -> ExitCode:
    """Print where every unit of the case is, its lots, deposit and holds; exit 3 when something does not fit.

    Who: anybody who can read the state folder. Needs: no key. It checks the chain; `case verify` the signatures too.
    """
    from engine.cli.casework import show as answer
    from engine.kernel.ids import CaseId

    return answer(CaseId(name), environment, home, as_json=json)


@case.command()
@answering
def verify(
    name: CaseName, environment: Environment = "sandbox", people: PeopleFile = None, home: Home = None
) -> ExitCode:
    """Check a book: its chain, every signature, its witness, and that its numbers add up; exit 4 when it is damaged.

    Who: anybody who can read the state folder. Needs: the signed people file.
    """
    from engine.cli.casework import verify as answer
    from engine.kernel.ids import CaseId

    return answer(CaseId(name), environment, home, people)


def speaker(name: str, by: str, reason: str, environment: str, people: Path | None, home: Path | None) -> "Speaker":
    """Who says it, of which case, and where the book lies."""
    from engine.cli.casework import Speaker
    from engine.kernel.ids import CaseId

    return Speaker(case=CaseId(name), by=by, reason=reason, environment=environment, home=home, people=people)
