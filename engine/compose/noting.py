"""What the book of a case is told of its runs: that one began and with what, and how it ended."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.core.state import State
from engine.drivers.casebook import CaseBook
from engine.drivers.register import VOID, CaseRegister
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import LegId, RunId
from engine.kernel.money import ZERO, Asset, AssetClass, total
from engine.mandate.approvals import Row
from engine.mandate.case import open_runs
from engine.mandate.folding import fold
from engine.mandate.judging import judge
from engine.mandate.statements import RunBegan, RunEnded, Sold
from engine.orders.order import OrderState
from engine.planning.plan import Plan


def begin(book: CaseBook, run: RunId, granted: Mapping[Asset, Decimal]) -> None:
    """The run may sell so much. `BadInput` where the case can't have granted it: then nothing has been sent."""
    if (why := objection(book.rows(), run, granted)) is not None:
        raise BadInput([Mistake("mandate.case", why)])
    book.note(_began(run, granted))


def objection(rows: Sequence[Row], run: RunId, granted: Mapping[Asset, Decimal]) -> str | None:
    """Why the case can't have granted so much; asked before an approval is used up for it, too."""
    case = fold(rows)
    return judge(case, _began(run, granted)) if case.case is not None else None


def granted_by(plan: Plan) -> dict[Asset, Decimal]:
    """What of the case a run of this plan may sell."""
    granted = dict[Asset, Decimal]()
    for leg in plan.legs:
        _add(granted, leg.sell, leg.quantity)
    return granted


def _began(run: RunId, granted: Mapping[Asset, Decimal]) -> RunBegan:
    sold = tuple(Sold(asset=asset, granted=units, sold=ZERO) for asset, units in granted.items() if units)
    return RunBegan(run=run, granted=sold)


def end(book: CaseBook, state: State) -> None:
    """So the run ended; where it ends once more, knowing more, the last row counts."""
    sales, brought = list[Sold](), dict[Asset, Decimal]()
    for plan in state.opened.plan.legs:
        leg = state.legs[plan.id]
        if plan.quantity:
            gone = min(leg.sold, plan.quantity)
            unknown = min(plan.quantity - gone, _unknown(state, plan.id))
            sales.append(Sold(asset=plan.sell, granted=plan.quantity, sold=gone, unknown=unknown))
        if state.terms.classes[plan.buy] is AssetClass.FIAT:
            _add(brought, plan.buy, leg.proceeds - leg.fees.get(plan.buy, ZERO))
            _add(brought, plan.sell, min(leg.remaining, leg.received))
    proceeds = {asset: units for asset, units in brought.items() if units}
    book.note(RunEnded(run=state.opened.run, status=state.closed, sales=tuple(sales), proceeds=proceeds))


def void(book: CaseBook, register: CaseRegister) -> None:
    """Runs that the book began and the register struck out have ended: nothing can have left them."""
    struck = {run.run for run in register.entered(book.environment, book.case) if run.status == VOID}
    for run in open_runs(fold(book.rows())):
        if run.run in struck:
            book.note(RunEnded(run=run.run, status=VOID, sales=(), proceeds={}))


def _unknown(state: State, leg: LegId) -> Decimal:
    orders = (order for order in state.live.values() if order.child.leg == leg)
    return total(order.committed for order in orders if order.state is OrderState.UNKNOWN)


def _add(sums: dict[Asset, Decimal], asset: Asset, units: Decimal) -> None:
    sums[asset] = sums.get(asset, ZERO) + units
