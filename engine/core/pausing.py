"""The pause of a restless market: nothing volatile is sold while its price runs or its spread gapes.

One price a minute is kept, so that journals of months are read back quickly; whether to wait is asked at every
decision, of the prices that were kept and the books of that moment. A market that nobody can see is neither restless
nor calm: it begins no pause and ends none.
"""

from collections.abc import Iterator

from engine.core.state import NEVER, Calm, State
from engine.kernel.clock import Instant
from engine.market.consolidated import Consolidated, consolidated
from engine.market.reference import fresh
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.planning.plan import LegPlan
from engine.risk.calm import PauseRules, Pulse, known, pulse, restless


def sampled(state: State, at: Instant) -> None:
    """Keep the minute's price of every volatile leg that is open. Changes the state: for `evolve` alone."""
    rules = state.limits.pause
    if rules is None:
        return
    for plan in _volatile(state):
        calm = state.calms.setdefault(plan.id, Calm())
        while calm.prices and calm.prices[0][0] < at - rules.over:
            calm.prices.popleft()
        found = _pulse(state, plan, rules, at)
        if restless(found, rules) or not known(found, rules):
            calm.restless_at = at
        if found.price is not None:
            calm.prices.append((at, found.price))


def turns(state: State) -> Iterator[c.MarketPause]:
    """Legs that begin to wait, and legs that go on."""
    rules = state.limits.pause
    if rules is None:
        return
    for plan in _volatile(state):
        calm, found = state.calms.get(plan.id, Calm()), _pulse(state, plan, rules, state.at)
        why = restless(found, rules)
        if why and not calm.restless:
            yield _row(plan, found, why, waits=True)
        elif calm.restless and not why and known(found, rules) and state.at - calm.restless_at >= rules.calm:
            yield _row(plan, found, "both bounds were kept long enough", waits=False)


def turned(state: State, entry: c.MarketPause) -> None:
    """The leg waits, or goes on."""
    calm = state.calms.setdefault(entry.leg, Calm())
    calm.restless = entry.why if entry.waits else ""
    calm.restless_at = state.at if entry.waits else NEVER


def waits(state: State, plan: LegPlan) -> str:
    """Why the leg waits for its market to calm down; empty while it does not."""
    calm = state.calms.get(plan.id)
    return f"its market is restless: {calm.restless}" if calm is not None and calm.restless else ""


def _row(plan: LegPlan, found: Pulse, why: str, *, waits: bool) -> c.MarketPause:
    return c.MarketPause(
        leg=plan.id, waits=waits, price=found.price, move=found.move, spread_bp=found.spread_bp, why=why
    )


def _volatile(state: State) -> Iterator[LegPlan]:
    return (plan for plan in state.plan.legs if not plan.to_fiat and not state.legs[plan.id].closed)


def _pulse(state: State, plan: LegPlan, rules: PauseRules, at: Instant) -> Pulse:
    """How restless the leg's market is at `at`, by its last books."""
    own = [view for pair in plan.pairs if (view := state.views.get(pair)) is not None]
    name = f"{plan.sell}/{plan.buy}"
    shown: list[MarketView] = [*own, *(view for view in state.views.values() if view.pair == name)]
    price = consolidated(shown, at, state.limits.reference)
    calm = state.calms.get(plan.id)
    earlier = [p for when, p in calm.prices if when >= at - rules.over] if calm is not None else []
    believed = [view for view in own if fresh(view, at, state.limits.reference) is not None]
    spreads = [(view.spread, view.mid) for view in believed]
    return pulse(
        price.price if isinstance(price, Consolidated) else None,
        earlier,
        [(spread, mid) for spread, mid in spreads if spread is not None and mid is not None],
    )
