"""Verbs by which people decide: their keys, proposals, approvals. Each says in its help who may and what it needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import Home, answering, app
from engine.kernel.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.papers import Desk

key = typer.Typer(
    name="key",
    help="Personal keys: one for each person, encrypted with a passphrase that only they know.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(key)

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="The person's name, as people.toml has it.")]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Whose key signs.")]
Reason = Annotated[str, typer.Option(help="Why; nothing is decided without a reason.")]
Environment = Annotated[str, typer.Option(help="sandbox or production: each has books of its own.")]
PeopleFile = Annotated[
    Path | None, typer.Option(help="The signed people file.", envvar="STEELYARD_PEOPLE", metavar="FILE")
]
InCase = Annotated[str | None, typer.Option(help="The case; by default the one whose book holds the paper.")]
PaperName = Annotated[str, typer.Argument(metavar="PAPER", help="The file itself, or the hash that the inbox shows.")]


@key.command("new")
@answering
def key_new(name: KeyName) -> ExitCode:
    """Make a key of one's own, and print the lines that people.toml needs.

    Who: anybody, for themselves. Needs: a passphrase of at least 8 characters, typed twice, or from the variable
    STEELYARD_PASSPHRASE or the keyring (service steelyard, name passphrase-NAME). The file lies in STEELYARD_KEYS, or
    in ~/.config/steelyard/keys, and is never replaced.
    """
    from engine.cli.signing import new as answer

    return answer(name)


@key.command("show")
@answering
def key_show(name: KeyName) -> ExitCode:
    """Print the lines that people.toml needs for a key. Who: its owner. Needs: its passphrase."""
    from engine.cli.signing import show as answer

    return answer(name)


@key.command("sign")
@answering
def key_sign(file: Annotated[Path, typer.Argument(help="What is signed, to the byte.")], by: By) -> ExitCode:
    """Sign a file into FILE.sig: a people file, or a licence register.

    Who: whoever's public key the hosts trust for such files (STEELYARD_PEOPLE_KEY, STEELYARD_LICENCE_KEY). Needs:
    their passphrase.
    """
    from engine.cli.signing import sign as answer

    return answer(file, by)


@app.command()
@answering
def propose(
    file: Annotated[Path, typer.Argument(help="The paper (JSON); it is kept to the byte.")],
    case: Annotated[str, typer.Option(help="The case that it is about.")],
    by: By,
    reason: Reason,
    kind: Annotated[str, typer.Option(help="What the paper is: plan, amend, finish, ticket, release, lift …")] = "plan",
    run: Annotated[str | None, typer.Option(help="The run that it is meant for; none for a plan.")] = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Ask for approval of a paper.

    Who: a trader, approver, compliance or officer; who proposes may not approve. Needs: their key, and a reason. A
    proposal waits as long as the policy in people.toml lets it. One that was refused or used can't be proposed again.
    """
    from engine.cli.papers import propose as answer

    return answer(_desk(by, reason, environment, home, people), file, kind, run, case)


@app.command()
@answering
def approve(
    paper: PaperName,
    by: By,
    reason: Reason,
    expires: Annotated[str | None, typer.Option(help="How long it is good, as 4h; as the policy by default.")] = None,
    case: InCase = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Sign the hash of a paper: this plan, and no other byte.

    Who: an approver (for a release or a lift an officer as well) who has never proposed this paper; the policy in
    people.toml says how many of them it takes. Needs: their key, and a reason. What does not count is recorded as
    what it was, and ends with exit code 2.
    """
    from engine.cli.papers import approve as answer

    return answer(_desk(by, reason, environment, home, people), paper, case, expires)


@app.command()
@answering
def refuse(
    paper: PaperName,
    by: By,
    reason: Reason,
    case: InCase = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Say no to a paper, for good: another one has to be proposed.

    Who: an approver (for a release or a lift an officer as well); one is enough. Needs: their key, and a reason.
    """
    from engine.cli.papers import refuse as answer

    return answer(_desk(by, reason, environment, home, people), paper, case)


@app.command()
@answering
def withdraw(
    paper: PaperName,
    by: By,
    reason: Reason,
    case: InCase = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Take back one's own proposal, or one's own approval, as long as it was not used.

    Who: whoever proposed or approved it. Needs: their key, and a reason.
    """
    from engine.cli.papers import withdraw as answer

    return answer(_desk(by, reason, environment, home, people), paper, case)


@app.command()
@answering
def inbox(
    case: Annotated[str, typer.Argument(help="The case.")],
    show: Annotated[str | None, typer.Option(metavar="HASH", help="One paper whole, as it would be signed.")] = None,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """List the papers that wait: what, by whom, with how many approvals, and how long still.

    Who: everybody. Needs: the people file, to count by; no key.
    """
    from engine.cli.papers import inbox as answer
    from engine.cli.saying import everybody

    return answer(case, environment, home, everybody(people), show)


def _desk(by: str, reason: str, environment: str, home: Path | None, people: Path | None) -> "Desk":
    from engine.cli.papers import Desk

    return Desk(by=by, reason=reason, environment=environment, home=home, people=people)
