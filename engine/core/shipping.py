"""Coin on its way from the custodian: what a row changes. Only the venue's own balance proves that it has arrived."""

from engine.core.state import Shipment, State
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.ledger import accounts, posting
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports
from engine.orders.tranche import Confirmed, Sent, Tranche, TurnedDown, Unheard


def ask(state: State, entry: c.AskTranche) -> None:
    """It is asked for, perhaps once more."""
    known = state.shipments.get(entry.tranche.id)
    if known is None:
        state.shipped += 1
        known = state.shipments[entry.tranche.id] = Shipment(entry.tranche)
    known.asking, known.unheard, known.looked = True, False, False


def asked(state: State, entry: e.TrancheAsked) -> None:
    """How the request ended; a second one under the same id moves nothing twice, so a lost answer is asked again."""
    shipment = state.shipments.get(entry.tranche)
    if shipment is None:
        return
    shipment.asking = False
    match entry.outcome:
        case reports.Refused() if not shipment.doubtful:
            _gone(state, shipment)
        case reports.Transient() if not shipment.doubtful:
            del state.shipments[entry.tranche]  # certainly never lodged: what is wanted then is asked for anew
        case reports.Transient() | reports.Unknown():
            shipment.unheard = shipment.doubtful = True
        case reports.Done() | reports.Refused():
            shipment.doubtful = True


def look(state: State, entry: c.LookTranche) -> None:
    """Somebody asks how far it is."""
    shipment = state.shipments.get(entry.tranche)
    if shipment is not None:
        shipment.asking = True


def seen(state: State, entry: e.TrancheSeen) -> None:
    """The custodian's word on it."""
    shipment = state.shipments.get(entry.tranche)
    if shipment is None:
        return
    shipment.asking = False
    match entry.state:
        case Sent() | Confirmed():
            _leaves(state, shipment)
        case TurnedDown() if not shipment.sent:
            _gone(state, shipment)
        case TurnedDown():
            state.conflict = (
                state.conflict or f"the custodian says of {entry.tranche} that it was sent, and that it was not"
            )
        case Unheard():
            shipment.unheard = shipment.looked = not shipment.sent
        case _:
            pass


def landings(state: State) -> list[Tranche]:
    """Tranches that a venue's own balance shows: it holds exactly so much more than our ledger says."""
    shown = {
        (venue, difference.asset, difference.delta)
        for venue, standing in state.venues.items()
        for difference in standing.differences
    }
    tranches = [shipment.tranche for shipment in state.shipments.values()]
    return [t for t in tranches if (t.venue, t.asset, t.quantity) in shown]


def landed(state: State, entry: c.Landed) -> None:
    """It is at the venue, whatever the custodian has said of it so far."""
    tranche, standing = entry.tranche, state.venues[entry.tranche.venue]
    _leaves(state, state.shipments.pop(tranche.id))
    there = accounts.TRANSIT, accounts.venue(tranche.venue)
    state.ledger.post(posting.moved(state.at, tranche.asset, tranche.quantity, *there, tranche.id))
    standing.differences = tuple(d for d in standing.differences if d.asset != tranche.asset)
    standing.repeats = 0


def ended(state: State, venue: VenueName, asset: Asset, paper: str) -> None:
    """People explained what came of a tranche: nothing of it is on its way any more."""
    for shipment in list(state.shipments.values()):
        tranche = shipment.tranche
        if shipment.sent and (tranche.venue, tranche.asset) == (venue, asset):
            there = accounts.TRANSIT, accounts.EXPLAINED
            state.ledger.post(posting.moved(state.at, asset, tranche.quantity, *there, paper))
            del state.shipments[tranche.id]


def _leaves(state: State, shipment: Shipment) -> None:
    if not shipment.sent:
        shipment.sent, tranche = True, shipment.tranche
        there = accounts.CUSTODY, accounts.TRANSIT
        state.ledger.post(posting.moved(state.at, tranche.asset, tranche.quantity, *there, tranche.id))


def _gone(state: State, shipment: Shipment) -> None:
    """Certainly nothing moved, and nothing will under this id."""
    tranche = shipment.tranche
    del state.shipments[tranche.id]
    state.turned_down[tranche.venue, tranche.asset] = state.at
