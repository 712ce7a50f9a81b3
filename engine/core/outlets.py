"""A venue as the router sees it: its book, its rules, its fees, and how much may go there."""

from decimal import Decimal

from engine.core.state import State
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.routing.curve import Outlet


def outlet(state: State, instrument: Instrument, view: MarketView, lowest: Decimal, room: Decimal) -> Outlet:
    """Of `instrument`'s venue, for a sale at `lowest` or better of no more than `room`."""
    capabilities = state.opened.capabilities[instrument.venue].at(state.at, instrument)
    return Outlet(
        venue=instrument.venue,
        bids=view.bids,
        lowest=lowest,
        room=room,
        lot=instrument.lot,
        quantity_min=instrument.quantity_min,
        notional_min=instrument.notional_min,
        fee_rate=capabilities.taker_fee,
        fee_min=capabilities.fee_min,
        shunned=state.venues[instrument.venue].shunned_until > state.at,
    )
