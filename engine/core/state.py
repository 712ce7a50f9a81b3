"""The state of a run: a fold over its journal, and nothing else.

`State` is changed in place by `evolve` alone, so that a million rows fold in seconds; whoever else holds one must treat
it as read-only. Two folds over the same rows give equal states.
"""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engine.events import Instructed, Opened
from engine.kernel.clock import Instant
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, LegId, RunTag, Symbol, VenueName, run_tag
from engine.kernel.money import ZERO, Asset
from engine.ledger import posting
from engine.ledger.balances import Balances
from engine.mandate.floors import FloorVersion
from engine.mandate.instructions import By, Scope
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Terms
from engine.market.flow import Flow
from engine.market.view import MarketView
from engine.orders.condition import Stage
from engine.orders.leg import Leg
from engine.orders.order import Order
from engine.orders.quotes import Ask
from engine.orders.reports import Mode, Quote
from engine.orders.tranche import Tranche, TrancheId
from engine.planning.pace import Stretch
from engine.planning.plan import LegPlan, Plan
from engine.reconcile.compare import Difference
from engine.risk.caps import Account
from engine.risk.limits import Limits
from engine.risk.stable import PegSeen
from engine.science.stable import Guard

NEVER: Final = Instant(0)
Pair = tuple[VenueName, Symbol]
"""By the names that venues give them."""


@dataclass(slots=True)
class Shipment:
    """A tranche on its way."""

    tranche: Tranche
    sent: bool = False
    """It has left custody, by the custodian's word."""
    asking: bool = True
    """A request or a question is under way."""
    unheard: bool = False
    """The custodian does not know it, or the request's answer was lost: it is asked again under the same id."""
    doubtful: bool = False
    """Some request for it may have been heard, whatever was said of a later one."""
    looked: bool = False
    """The custodian was asked about it since, and knew nothing."""


@dataclass(slots=True)
class Peg:
    """A stablecoin as its guard has seen it, minute by minute."""

    guard: Guard
    seen: PegSeen = field(default_factory=lambda: PegSeen(None, 0))
    """In the last minute that was sampled."""
    blind: int = 0
    """Minutes in a row without a price."""
    calm: int = 0
    """Minutes in a row that speak for going on."""
    stopped: str = ""
    """Why no more of it is made; empty while it may be."""
    told: int = 0
    """The level that stands in the journal."""

    @property
    def level(self) -> int:
        """0 calm, 1 told, 2 stopped; a stop outlasts the statistic's own level by the minutes of calm."""
        return 2 if self.stopped else self.guard.level


@dataclass(slots=True)
class Calm:
    """What a leg's market has done of late."""

    prices: deque[tuple[Instant, Decimal]] = field(default_factory=deque)
    """One a minute, no further back than the rule looks."""
    restless: str = ""
    """Why the leg waits; empty while it does not."""
    restless_at: Instant = NEVER
    """When the market was last seen to be so, or was not seen."""


@dataclass(slots=True)
class Watch:
    """What a conditional leg waits for, as it was last seen."""

    stage: Stage = Stage.WAITS
    since: Instant = NEVER
    """From when on the price is where it has to be, without a break."""
    met: int | None = None
    """The last slice that may be sold for it."""
    why: str = ""
    bound: Decimal | None = None
    """Where the price has to be, in the asset bought, as it stood in the first row."""


@dataclass(slots=True)
class FloorStanding:
    """A floor by average as it was last set, or why it could not be."""

    version: FloorVersion | None = None
    lack: str = ""
    """Why the last attempt gave none; empty when it did."""
    day: str = ""
    """The local day of the last attempt."""


@dataclass(slots=True)
class FloorBlock:
    """A stretch during which a leg's floor was above all that was paid."""

    since: Instant
    number: int
    """Of the leg's, from 1."""
    over: bool = False


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
    doubted: bool = False
    """A difference stood here when people let a halted run go on; nothing is sent before it is gone."""
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
    plan: Plan
    """As amended; the one that was approved at the start stands in `opened`."""
    terms: Terms
    limits: Limits
    case: CaseStanding
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
    flows: dict[Pair, Flow] = field(default_factory=dict)
    """What is traded of each pair that was ever shown."""
    dark_from: Instant = NEVER
    """When the process before this one looked last; from then until `began_at` nobody saw what was traded."""
    ledger: Balances = field(default_factory=Balances)
    wakes: list[Instant] = field(default_factory=list)
    due_at: Instant = NEVER
    sent: deque[tuple[Instant, LegId, Decimal]] = field(default_factory=deque)
    """Orders of the last minute and their notionals."""
    accounts: dict[tuple[VenueName, Asset], Account] = field(default_factory=dict)
    """Where there are caps, what was sold for each asset: per venue, and under no name on all of them."""
    failed_looks: set[ClientOrderId] = field(default_factory=set)
    stops: dict[tuple[Scope, str], str] = field(default_factory=dict)
    """What somebody stopped, and who."""
    amended: tuple[str, ...] = ()
    """The papers that amended the plan, the oldest first."""
    stretches: dict[LegId, tuple[Stretch, ...]] = field(default_factory=dict)
    """How amendments changed a leg's pace, the oldest first; in open time since the start."""
    finishing: By | None = None
    heard: int = 0
    """The last row of the case's book that was taken in."""
    pending: list[tuple[Instructed, tuple[Denied, ...]]] = field(default_factory=list)
    """What people asked for and the core has yet to answer, with what speaks against it."""
    documents: set[tuple[VenueName, str]] = field(default_factory=set)
    """The papers behind them."""
    papers: set[str] = field(default_factory=set)
    """Every paper that was heard, followed or not."""
    tickets: set[tuple[VenueName, str]] = field(default_factory=set)
    """Deals struck by voice that were booked."""
    asks: dict[tuple[LegId, VenueName], Ask] = field(default_factory=dict)
    """The last question to each desk."""
    questions: int = 0
    """So many were ever asked."""
    taken: dict[ClientOrderId, Quote] = field(default_factory=dict)
    """Quotes that were ever taken, by the orders that stand for them."""
    shipments: dict[TrancheId, Shipment] = field(default_factory=dict)
    """Tranches that were asked for, until the venue shows them or the custodian turns them down."""
    shipped: int = 0
    """So many were ever asked for."""
    turned_down: dict[tuple[VenueName, Asset], Instant] = field(default_factory=dict)
    """When the custodian last turned a tranche down."""
    minute: int = -1
    """Of market time since 1970, the last for which the guards took a sample."""
    pegs: dict[Asset, Peg] = field(default_factory=dict)
    """Stablecoins that open legs make."""
    calms: dict[LegId, Calm] = field(default_factory=dict)
    """Legs whose market is looked at for its calm."""
    watches: dict[LegId, Watch] = field(default_factory=dict)
    """Of legs that wait for a price."""
    floors: dict[Asset, FloorStanding] = field(default_factory=dict)
    """Of assets whose floor is an average."""
    quoted: dict[tuple[LegId, VenueName], tuple[Instant, Quote]] = field(default_factory=dict)
    """The last quote of each desk, and when it was asked for."""
    blocks: dict[LegId, FloorBlock] = field(default_factory=dict)
    """The last stretch in which a leg's floor kept it from selling."""
    paused: bool = False
    halted: str = ""
    halted_at: Instant = NEVER
    conflict: str = ""
    """What could not be; a halt follows in the same turn."""
    recorded: str = ""
    """The last of these that stands in the journal as a halt."""
    looking: str = ""
    """Why the run, which had ended, is open only to be looked at; empty where it may sell."""
    spent: bool = False
    """What it left was granted to a later run: it never sells again."""
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
        return self.plan.leg(leg)

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
    state = State(
        opened=entry,
        plan=entry.plan,
        terms=entry.terms,
        limits=entry.limits,
        case=entry.standing,
        tag=run_tag(entry.run),
        at=entry.at,
        deadline=entry.plan.ends(entry.at),
        heard=entry.standing.book_seq,
    )
    for leg in entry.plan.legs:
        state.legs[leg.id] = Leg(leg.id, leg.quantity, fed=bool(leg.fed_by))
        for pair in leg.pairs:
            state.legs_at.setdefault(pair, []).append(state.legs[leg.id])
    if entry.custody is not None:
        state.ledger.post(posting.in_custody(entry.at, entry.custody.holdings))
    for venue, balances in entry.balances.items():
        state.venues[venue] = Standing()
        state.ledger.post(posting.opening(entry.at, venue, balances))
    return state
