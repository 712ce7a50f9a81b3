"""Verbs that change a run which has begun. Each says in its help who may and what it needs.

Nothing is sent to the engine from here: a verb writes into the case's book, and the engine follows the book.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import Home, RunName, answering, app
from engine.cli.deciding import By, PeopleFile, Reason
from engine.kernel.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.steering import Hand

Document = Annotated[Path, typer.Option("--document", metavar="FILE", help="The proof; only its SHA-256 is kept.")]
VenueOption = Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="A venue of the run.")]
AssetOption = Annotated[str | None, typer.Option("--asset", metavar="ASSET", help="An asset that the run sells.")]
Fee = Annotated[str | None, typer.Option(metavar="X:ASSET", help="What the venue kept, as 1.5:USDT; none by default.")]


@app.command()
@answering
def amend(
    run: RunName,
    by: By,
    reason: Reason,
    end: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Another deadline: an instant, or a length of time from now.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="X", help="Sell what is left X times as fast as planned: 0.5, 2.")
    ] = None,
    floor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ASSET=PRICE:CURRENCY[:SCOPE[:FEES]]",
            help="Another floor; ASSET=90% of the average or quote that it is taken from; ASSET=none; repeatable.",
        ),
    ] = None,
    participation: Annotated[
        list[str] | None, typer.Option(metavar="ASSET=25%", help="Another cap on our share, or ASSET=none; repeatable.")
    ] = None,
    venues: Annotated[
        str | None, typer.Option(metavar="A,B", help="Sell on these alone, of those that the run began with.")
    ] = None,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Other terms for a run that goes on: its end, pace, floors, caps, venues. Old and new are shown side by side.

    Who: a trader, approver, compliance or officer asks; as many approvers as the policy says agree. Needs: a key, a
    reason. What is not named stays. An amendment holds for the plan that the run has now: after another one, ask anew.
    """
    from engine.cli.instructing import Terms
    from engine.cli.steering import amend as answer

    return answer(_hand(run, by, reason, people, home), Terms(end, rate, floor or [], participation or [], venues))


@app.command()
@answering
def stop(
    run: RunName,
    by: By,
    reason: Reason,
    venue: VenueOption = None,
    asset: AssetOption = None,
    child: Annotated[str | None, typer.Option(metavar="ID", help="One order, by its client order id.")] = None,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Nothing new at a venue or of an asset, and what rests there is cancelled; or one order alone. Works at once.

    Who: anybody with a role, alone. Needs: a key, a reason. To go on takes approvers: `steelyard go-on`. The whole run
    is stopped by `pause` or `halt`.
    """
    from engine.cli.steering import stop as answer

    return answer(_hand(run, by, reason, people, home), venue, asset, child)


@app.command("go-on")
@answering
def go_on(
    run: RunName,
    by: By,
    reason: Reason,
    venue: VenueOption = None,
    asset: AssetOption = None,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Go on where somebody stopped: at a venue, with an asset, or (with neither) with the whole run after a halt.

    Who: a trader, approver, compliance or officer asks; as many approvers as the policy says agree. Needs: a key, a
    reason. A run that has halted and ended is continued by `steelyard resume` once they have agreed.
    """
    from engine.cli.steering import go_on as answer

    return answer(_hand(run, by, reason, people, home), venue, asset)


@app.command()
@answering
def finish(
    run: RunName,
    how: Annotated[
        str,
        typer.Option("--by", metavar="rfq|sweep", help="sweep: all that is left is wanted now; rfq: ask the desks."),
    ],
    by: By,
    reason: Reason,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Bring a run to its end now. Floor, collar and every limit hold as before.

    Who: a trader, approver, compliance or officer asks; as many approvers as the policy says agree. Needs: a key, a
    reason.
    """
    from engine.cli.instructing import finishing
    from engine.cli.steering import ask

    return ask(_hand(run, by, reason, people, home), lambda state, typed: finishing(how, typed))


@app.command()
@answering
def ticket(
    run: RunName,
    number: Annotated[str, typer.Option("--ticket", metavar="NO", help="The desk's own number for the deal.")],
    venue: Annotated[str, typer.Option(metavar="VENUE", help="Where it settles: a venue of the run.")],
    sell: Annotated[str, typer.Option(metavar="ASSET")],
    buy: Annotated[str, typer.Option(metavar="ASSET")],
    quantity: Annotated[str, typer.Option(metavar="Q", help="Units that were sold.")],
    price: Annotated[str, typer.Option(metavar="P", help="Of one unit, before the fee.")],
    counterparty: Annotated[str, typer.Option(metavar="NAME", help="Whose desk it was.")],
    dealt_at: Annotated[str, typer.Option(metavar="INSTANT", help="When it was struck, with its zone.")],
    document: Document,
    by: By,
    reason: Reason,
    fee: Fee = None,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Book a deal that was struck by voice with a licensed venue's desk. The gate judges it as it judges an order.

    Who: one types it, a trader, approver, compliance or officer; others confirm it, as many approvers as the policy
    says. Needs: a key, a reason, the desk's confirmation as a file. A deal is booked once, by its number.
    """
    from engine.cli.instructing import Deal
    from engine.cli.steering import ask

    deal = Deal(number, venue, sell, buy, quantity, price, fee, counterparty, dealt_at, document)
    return ask(_hand(run, by, reason, people, home), lambda state, typed: deal.ticket(typed))


@app.command("settle-unknown")
@answering
def settle_unknown(
    run: RunName,
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The order, as the closing lines name it.")],
    filled: Annotated[str, typer.Option(metavar="Q", help="All that the order ever sold, by the paper.")],
    document: Document,
    by: By,
    reason: Reason,
    price: Annotated[
        str | None,
        typer.Option(metavar="P", help="Of one unit of what was not known before; none where nothing is new."),
    ] = None,
    fee: Fee = None,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Say by a paper what became of an order whose venue can't tell; its frozen quantity is free or sold then.

    Who: a trader, approver, compliance or officer asks; as many approvers as the policy says agree. Needs: a key, a
    reason, the venue's written statement. Where the venue may come back, `steelyard resume` asks it instead.
    """
    from engine.cli.instructing import settled
    from engine.cli.steering import ask

    return ask(
        _hand(run, by, reason, people, home),
        lambda state, typed: settled(client_id, filled, price, fee, document, typed),
    )


@app.command("explain-difference")
@answering
def explain_difference(
    run: RunName,
    venue: Annotated[str, typer.Option(metavar="VENUE")],
    asset: Annotated[str, typer.Option(metavar="ASSET")],
    delta: Annotated[str, typer.Option(metavar="D", help="What the venue shows less what our ledger holds.")],
    document: Document,
    by: By,
    reason: Reason,
    people: PeopleFile = None,
    home: Home = None,
) -> ExitCode:
    """Say by a paper why an account holds more or less than our ledger; it is booked under that paper's name.

    Who: a trader, approver, compliance or officer asks; as many approvers as the policy says agree. Needs: a key, a
    reason, a paper that explains it (a transfer slip, the venue's statement).
    """
    from engine.cli.instructing import explained
    from engine.cli.steering import ask

    return ask(
        _hand(run, by, reason, people, home), lambda state, typed: explained(venue, asset, delta, document, typed)
    )


def _hand(run: str, by: str, reason: str, people: Path | None, home: Path | None) -> "Hand":
    from engine.cli.steering import Hand

    return Hand(run=run, by=by, reason=reason, people=people, home=home)
