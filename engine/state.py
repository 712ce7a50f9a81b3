"""The state of a run: a fold over its journal, and nothing else.

`State` is changed in place by `evolve` alone, so that a million rows fold in seconds; whoever else holds one must treat
it as read-only. Two folds over the same rows give equal states.
"""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engine.events import Opened
from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, LegId, RunTag, Symbol, VenueName, run_tag
from engine.kernel.money import ZERO, Asset
from engine.ledger import posting
from engine.ledger.balances import Balances
from engine.market.view import MarketView
from engine.orders.leg import Leg
from engine.orders.order import Order
from engine.orders.reports import Mode
from engine.planning.plan import LegPlan
from engine.reconcile.compare import Difference

NEVER: Final = Instant(0)


@dataclass(slots=True)
class Standing:
    """One venue account as we stand with it."""

    up: bool = False
    """The private stream is connected."""
    surveyed: bool = False
    """The account was read since the stream came up: with `up`, it is continuous."""
    surveying: bool = False
    covering: bool = False
    """The stream has been up without a break since the last survey was asked for: its answer puts us in step."""
    failed: bool = False
    """The last survey could not be read."""
    asked_at: Instant = NEVER
    """When the last survey was asked for."""
    surveyed_at: Instant = NEVER
    differences: tuple[Difference, ...] = ()
    changed_at: Instant = NEVER
    """When an order there last changed."""
    shunned_until: Instant = NEVER
    """The venue turned us away without doing anything; until then others are asked first."""
    repeats: int = 0
    """Surveys in a row that showed the same differences while nothing was moving."""
    mode: Mode = Mode.NORMAL
    refused: str = ""
    """Why the venue turns all of us away."""

    @property
    def continuous(self) -> bool:
        return self.up and self.surveyed


@dataclass(slots=True)
class State:
    """Everything that the core knows."""

    opened: Opened
    tag: RunTag
    at: Instant
    deadline: Instant
    epoch: int = 1
    legs: dict[LegId, Leg] = field(default_factory=dict)
    legs_at: dict[tuple[VenueName, Symbol], list[Leg]] = field(default_factory=dict)
    """Which of them sell a pair."""
    live: dict[ClientOrderId, Order] = field(default_factory=dict)
    ended: dict[ClientOrderId, Order] = field(default_factory=dict)
    venues: dict[VenueName, Standing] = field(default_factory=dict)
    views: dict[tuple[VenueName, Symbol], MarketView] = field(default_factory=dict)
    seen_volume: dict[tuple[VenueName, Symbol], Decimal] = field(default_factory=dict)
    ledger: Balances = field(default_factory=Balances)
    wakes: list[Instant] = field(default_factory=list)
    due_at: Instant = NEVER
    sent: deque[tuple[Instant, LegId, Decimal]] = field(default_factory=deque)
    """Orders of the last minute and their notionals."""
    failed_looks: set[ClientOrderId] = field(default_factory=set)
    paused: bool = False
    halted: str = ""
    halted_at: Instant = NEVER
    conflict: str = ""
    """What could not be; a halt follows in the same turn."""
    finished: str = ""
    closed: str = ""
    began_at: Instant = NEVER
    """When this process took the run over."""
    changed_at: Instant = NEVER
    """When an order last changed."""

    def deadline_of(self, plan: LegPlan) -> Instant:
        """When the leg has to stop."""
        return Instant(self.deadline - plan.tail)

    @property
    def stopped(self) -> str:
        """Why nothing new may be sent anywhere; empty when it may."""
        return self.closed or self.finished or self.halted or self.conflict

    def order(self, client_id: ClientOrderId) -> Order | None:
        return self.live.get(client_id) or self.ended.get(client_id)

    def plan_of(self, leg: LegId) -> LegPlan:
        return self.opened.plan.leg(leg)

    def committed(self, venue: VenueName, asset: Asset, besides: ClientOrderId | None = None) -> Decimal:
        """What live orders may still take of `asset` from the account at `venue`."""
        return sum(
            (
                order.committed
                for name, order in self.live.items()
                if order.child.venue == venue and order.child.sell == asset and name != besides
            ),
            ZERO,
        )

    def committed_of(self, asset: Asset) -> Decimal:
        """What live orders may still take of `asset`, wherever it is."""
        return sum((order.committed for order in self.live.values() if order.child.sell == asset), ZERO)

    def working(self, leg: LegId, besides: ClientOrderId | None = None) -> Decimal:
        """What live orders of the leg may still sell, unknown ones included."""
        orders = (order for name, order in self.live.items() if name != besides and order.child.leg == leg)
        return sum((order.committed for order in orders), ZERO)

    def wake(self, at: Instant) -> None:
        if at not in self.wakes:
            insort(self.wakes, at)


def opened(entry: Opened) -> State:
    """The state that the first row of a journal makes."""
    state = State(opened=entry, tag=run_tag(entry.run), at=entry.at, deadline=entry.plan.ends(entry.at))
    for leg in entry.plan.legs:
        state.legs[leg.id] = Leg(leg.id, leg.quantity)
        for pair in leg.pairs:
            state.legs_at.setdefault(pair, []).append(state.legs[leg.id])
    for venue, balances in entry.balances.items():
        state.venues[venue] = Standing()
        state.ledger.post(posting.opening(entry.at, venue, balances))
    return state
