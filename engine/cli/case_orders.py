"""Verbs of `steelyard case` that stop it, let it go on, and record its money: holds, deposit, receipts."""

from typing import Annotated

import typer

from engine.cli import Home, answering
from engine.cli.case_verbs import CaseName, Paper, case, speaker
from engine.cli.deciding import By, Environment, PeopleFile, Reason
from engine.kernel.errors import ExitCode

Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="Exactly, to the cent.")]
Currency = Annotated[str, typer.Argument(metavar="CURRENCY", help="USD or HKD.")]


@case.command()
@answering
def suspend(
    name: CaseName,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Sell nothing of the case until it is reopened. Who: anybody with a role, alone."""
    from engine.cli.casework import tell
    from engine.mandate.statements import Suspended

    return tell(speaker(name, by, reason, environment, people, home), lambda _: Suspended())


@case.command()
@answering
def reopen(
    name: CaseName,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """End a suspension. Who: an officer."""
    from engine.cli.casework import tell
    from engine.mandate.statements import Reopened

    return tell(speaker(name, by, reason, environment, people, home), lambda _: Reopened())


@case.command()
@answering
def hold(
    name: CaseName,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """A court's hold: orders stop at once, and nothing moves. Who: anybody with a role, alone. Needs: the order.

    Waits up to 30 seconds until the running engine has noticed it and stands in no venue's book any more, and prints
    both times; exit 3 when that is not proven.
    """
    from engine.cli.casework import hold as answer
    from engine.mandate.statements import Held

    who = speaker(name, by, reason, environment, people, home)
    return answer(who, lambda typed: Held(document_sha256=typed.document(document)))


@case.command()
@answering
def lift(
    name: CaseName,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Lift the oldest hold that stands. Who: an officer. Needs: the court's paper."""
    from engine.cli.casework import tell
    from engine.mandate.statements import Lifted

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: Lifted(document_sha256=typed.document(document)),
    )


@case.command()
@answering
def deposit(
    name: CaseName,
    amount: Amount,
    currency: Currency,
    form: Annotated[str, typer.Option(help="cash or guarantee.")],
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Record a deposit, or a top-up of one. Who: an officer or compliance. Needs: the bank's or guarantor's paper."""
    from engine.cli.casework import tell
    from engine.kernel.money import Asset
    from engine.mandate.statements import DepositPosted, Form

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: DepositPosted(
            amount=typed.amount("AMOUNT", amount),
            currency=Asset(currency),
            form=typed.word("--form", form, Form),
            document_sha256=typed.document(document),
        ),
    )


@case.command("deposit-return")
@answering
def deposit_return(
    name: CaseName,
    amount: Amount,
    currency: Currency,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Give a deposit back, or a part of it. Who: an officer or compliance.

    Needs: the proof of receipt; no run of the case is open, and all proceeds of those that ended were received.
    """
    from engine.cli.casework import tell
    from engine.kernel.money import Asset
    from engine.mandate.statements import DepositReturned

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: DepositReturned(
            amount=typed.amount("AMOUNT", amount), currency=Asset(currency), document_sha256=typed.document(document)
        ),
    )


@case.command()
@answering
def received(
    name: CaseName,
    amount: Amount,
    currency: Currency,
    document: Paper,
    by: By,
    reason: Reason,
    environment: Environment = "sandbox",
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Record what reached the authority of the proceeds. Who: an officer. Needs: the bank's credit advice."""
    from engine.cli.casework import tell
    from engine.kernel.money import Asset
    from engine.mandate.statements import Received

    return tell(
        speaker(name, by, reason, environment, people, home),
        lambda typed: Received(
            amount=typed.amount("AMOUNT", amount), currency=Asset(currency), document_sha256=typed.document(document)
        ),
    )
