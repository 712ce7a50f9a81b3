"""What a run leaves open, and what to type for each of it: the closing lines after exit 3, and after a halt.

A frozen quantity is named with its order and venue, because somebody has to answer for it, and nothing here guesses
what became of it.
"""

from collections.abc import Iterator
from typing import Final

from engine.alarms import flat
from engine.core.state import State
from engine.kernel.money import trimmed
from engine.orders.order import Order, OrderState

SIGNED: Final = "--as NAME --reason TEXT"
STATES: Final = {
    OrderState.SENT: "sent, and no answer was waited for",
    OrderState.OPEN: "last seen standing",
    OrderState.UNKNOWN: "nobody knows whether it exists",
    OrderState.CLOSING: "it ended, and a fill of it is still missing",
}


def lines(state: State, *, gone: bool = False) -> Iterator[str]:
    """Everything open, each with its command; nothing while a run goes on or where nothing is open.

    With `gone` its exchange ended with it, so that nobody can be asked any more.
    """
    signed = bool(state.opened.approvals) and not gone
    if state.closed == "unresolved":
        yield from _frozen(state, signed=signed)
        yield from _differences(state, signed=signed)
        yield from _unread(state)
        yield from _asking(state, gone=gone)
    elif state.closed == "halted" and signed:
        run = state.opened.run
        yield f"to go on after the halt: steelyard go-on {run} {SIGNED}"
        yield f"  and once {_approvers(state)}: steelyard resume {run}"


def _frozen(state: State, *, signed: bool) -> Iterator[str]:
    for name, order in state.live.items():
        child = order.child
        yield (
            f"frozen: {trimmed(order.committed)} {child.sell} at {child.venue} in order {name}: {STATES[order.state]}; "
            f"{trimmed(order.filled)} of {trimmed(child.quantity)} known as sold"
        )
        if signed:
            yield from _by_paper(state, order)


def _by_paper(state: State, order: Order) -> Iterator[str]:
    run, child = state.opened.run, order.child
    if order.state in (OrderState.UNKNOWN, OrderState.CLOSING):
        yield f"  with a paper of {child.venue}: steelyard settle-unknown {run} {child.client_id} --filled Q"
        yield f"    --price P --fee X:{child.buy} --document FILE {SIGNED}"
        yield f"    (Q is all that it ever sold; where that is {trimmed(order.filled)}, without --price and --fee)"


def _differences(state: State, *, signed: bool) -> Iterator[str]:
    run = state.opened.run
    for venue, standing in state.venues.items():
        for difference in standing.differences:
            more = "more" if difference.delta > 0 else "less"
            units = f"{trimmed(abs(difference.delta))} {difference.asset}"
            yield f"open: {venue} shows {units} {more} than our ledger holds there"
            if signed:
                what = f"--venue {venue} --asset {difference.asset} --delta {trimmed(difference.delta)}"
                yield f"  with a paper that explains it: steelyard explain-difference {run} {what}"
                yield f"    --document FILE {SIGNED}"


def _unread(state: State) -> Iterator[str]:
    """A venue of which nothing else was said, and that is not proven flat either."""
    named = {order.child.venue for order in state.live.values()}
    for venue, standing in state.venues.items():
        if venue not in named and not standing.differences and not flat(state, venue):
            yield f"open: {venue} was not read after the last order there"


def _asking(state: State, *, gone: bool) -> Iterator[str]:
    run = state.opened.run
    if gone:
        yield "its sandbox is gone: what is frozen counts as taken, and nobody can be asked"
        return
    yield f"where a venue may be back, ask it first: steelyard resume {run}"
    if state.opened.approvals:
        yield f"a paper counts once {_approvers(state)}; then: steelyard resume {run}"


def _approvers(state: State) -> str:
    need = state.opened.approvals
    return "an approver has agreed" if need == 1 else f"{need} approvers have agreed"
