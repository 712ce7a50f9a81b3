"""What is out of custody and has not reached the authority, and how far the deposit covers it: from the state alone."""

from decimal import Decimal

from engine.core.state import State
from engine.kernel.money import ZERO, Asset, AssetClass, times
from engine.ledger import accounts
from engine.mandate.deposit import Cover, cover
from engine.market.reference import fresh


def cover_of(state: State) -> Cover | None:
    """How the deposit stands now; `None` where none is asked for."""
    rule = state.limits.deposit
    if rule is None:
        return None
    return cover(state.case.deposit, rule, exposed(state), prices(state))


def exposed(state: State) -> dict[Asset, Decimal]:
    """Coin and stablecoin at venues and on their way there, and fiat of this run and those before that nobody received.

    Fiat counts from the sale on, wherever it lies by now, until the authority says that it has it.
    """
    units: dict[Asset, Decimal] = {}
    for asset, kind in state.terms.classes.items():
        if kind is AssetClass.FIAT:
            brought = state.case.proceeds_before.get(asset, ZERO) + _brought(state, asset)
            units[asset] = max(ZERO, brought - state.case.received.get(asset, ZERO))
        else:
            units[asset] = sum((state.ledger.of(accounts.venue(venue), asset) for venue in state.venues), ZERO)
            units[asset] += state.ledger.of(accounts.TRANSIT, asset)
    return units


def _brought(state: State, fiat: Asset) -> Decimal:
    """Of this run, net of the fees that were taken in it."""
    legs = [state.legs[plan.id] for plan in state.plan.legs if plan.buy == fiat]
    return sum((leg.proceeds - leg.fees.get(fiat, ZERO) for leg in legs), ZERO)


def prices(state: State) -> dict[Asset, Decimal]:
    """What a unit of each asset is worth in the settlement currency by fresh mids; what has none is missing."""
    worth: dict[Asset, Decimal] = {state.terms.settlement: Decimal(1)}
    for plan in reversed(state.plan.legs):  # legs that are fed stand behind those that feed them
        onward = worth.get(plan.buy)
        views = (state.views.get(pair) for pair in plan.pairs)
        known = (fresh(view, state.at, state.limits.reference) for view in views)
        mids = [view.mid for view in known if view is not None and view.mid is not None]
        if onward is not None and mids:
            worth[plan.sell] = times(max(mids), onward)
    return worth
