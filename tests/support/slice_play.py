"""One slice played by a tactic: the real core on our side, one tiny order book and its mischief on the other.

A minute of market time in which 2.5 BTC are to be sold. Every second the book moves, buyers come, delayed news arrive
and a decision is due. The venue's own account is kept apart from ours, so that a specification can ask what really
stood in the book and was really sold, whatever we were told. All chance is drawn by name from a seed.
"""

from collections import deque
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.core.pursuing import Method
from engine.kernel import chance
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO, total
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import ChildOrder, TimeInForce
from engine.orders.strategy import Tactic
from engine.planning.plan import Recipe
from tests.support import builders as b
from tests.support.by_hand import Commands, Run, only

SLICE: Final = Decimal("2.5")
LENGTH: Final = 60
"""Seconds."""
LOT: Final = b.COIN.lot
CENT: Final = b.COIN.tick
WIDE: Final = {
    "order_notional_max": Decimal(100_000),
    "minute_notional_max": Decimal(1_000_000),
    "minute_orders_max": 1000,
}


class Mischief(Struct, frozen=True):
    """How often, as fractions of one, a venue does what one would rather not see."""

    unanswered: float = 0.15
    """A call ends in nothing; half of these orders never arrived."""
    refused: float = 0.05
    silent: float = 0.3
    """An execution is told only some seconds later."""
    crossed: float = 0.4
    """A cancel comes after some more was sold."""
    deaf: float = 0.2
    """A cancel or a look-up brings nothing."""


USUAL: Final = Mischief()
CROSS: Final = Recipe("cross")
KIND: Final = Mischief(0, 0, 0, 0, 0)


class Standing(Struct):
    """An order as the venue has it."""

    order: ChildOrder
    left: Decimal
    fills: list[r.Fill]
    open: bool = True


class SlicePlay:
    """`played()` runs the slice; the most that was ever exposed, on either side's books, is kept."""

    def __init__(self, tactic: Tactic, seed: int, mischief: Mischief = USUAL, recipe: Recipe = CROSS) -> None:
        methods = b.methods()
        methods[b.ONE] = Method(methods[b.ONE].schedule, tactic)
        plan = b.plan(b.leg_one(tactic=recipe), b.leg_two())
        self.run = Run(b.opened(plan=plan, limits=b.limits(**WIDE)), methods).ready()
        self.seed, self.mischief, self.draws = seed, mischief, 0
        self.mid = Decimal(100)
        self.bids: tuple[Level, ...] = ()
        self.asks: tuple[Level, ...] = ()
        self.there: dict[ClientOrderId, Standing] = {}
        self.work: deque[c.Command] = deque()
        self.news: list[tuple[int, r.Fill]] = []
        """Executions that we have not heard of, and the second in which we do."""
        self.second = 0
        self.orders: list[ChildOrder] = []
        self.exposed, self.believed, self.together = ZERO, ZERO, 0

    def played(self) -> "SlicePlay":
        for self.second in range(LENGTH):
            self._market()
            self._buyers()
            for when, fill in [late for late in self.news if late[0] <= self.second]:
                self.news.remove((when, fill))
                self._do(self.run.told(fill))
            self._show()
            self._do(self.run.due_at(Instant(b.START + self.second * SECOND)))
            for _ in range(len(self.work)):
                self._perform(self.work.popleft())
        return self

    @property
    def sold(self) -> Decimal:
        """By the venue's own account."""
        return total(fill.quantity for one in self.there.values() for fill in one.fills)

    def _lucky(self, share: float) -> bool:
        self.draws += 1
        return chance.draw(self.seed, "play", self.draws) < share

    def _part(self, whole: Decimal) -> Decimal:
        """Some of it, in lots; now and then all."""
        self.draws += 1
        return min(whole, b.COIN.sellable(whole * chance.below(self.seed, "part", self.draws, 13) / 10))

    def _market(self) -> None:
        """The mid walks by some cents; sizes are drawn anew."""
        self.draws += 1
        self.mid += CENT * (chance.below(self.seed, "walk", self.draws, 5) - 2)
        sizes = [Decimal(1 + chance.below(self.seed, f"size {n}", self.draws, 3000)) * LOT for n in range(4)]
        self.bids = (Level(self.mid - 3 * CENT, sizes[0]), Level(self.mid - 10 * CENT, sizes[1] + 2))
        self.asks = (Level(self.mid + 3 * CENT, sizes[2]), Level(self.mid + 10 * CENT, sizes[3]))

    def _buyers(self) -> None:
        """Bids that have come to our offers take them; now and then somebody buys at the best offer."""
        for one in [s for s in self.there.values() if s.open]:
            if one.order.price <= self.bids[0].price:
                self._trade(one, one.left)
            elif one.order.price <= self.asks[0].price and self._lucky(0.12):
                self._trade(one, self._part(one.left))

    def _show(self) -> None:
        """The book as it is published: theirs and ours, the cheapest offer first."""
        ours = [Level(one.order.price, one.left) for one in self.there.values() if one.open]
        sizes: dict[Decimal, Decimal] = {}
        for level in sorted((*self.asks, *ours), key=lambda level: level.price):
            sizes[level.price] = sizes.get(level.price, ZERO) + level.size
        asks = tuple(Level(price, size) for price, size in sizes.items())
        self.run.books[b.VENUE, b.BTCUSDT] = b.view(bids=self.bids, asks=asks, last=self.mid)

    def _trade(self, one: Standing, units: Decimal) -> None:
        if units <= ZERO:
            return
        fill = self.run.execution(one.order, str(units))
        one.fills.append(fill)
        one.left -= units
        one.open = one.left > ZERO
        if self._lucky(self.mischief.silent):
            self.news.append((self.second + 1 + self.draws % 5, fill))
        else:
            self._do(self.run.told(fill))
        if not one.open:
            self._do(self.run.feed(e.Reported(self.run.now, self._report(one))))

    def _report(self, one: Standing) -> r.OrderReport:
        done = total(fill.quantity for fill in one.fills)
        ended = r.OrderStatus.CANCELLED if one.left else r.OrderStatus.FILLED
        return b.report(r.OrderStatus.WORKING if one.open else ended, str(done), one.order, self.run.now)

    def _do(self, commands: Commands) -> None:
        """What the core wants is kept for later; what may be sold in all is looked at each time."""
        assert not only(c.Halt, commands), commands
        self.work.extend(commands)
        leg = self.run.state.legs[b.ONE]
        self.believed = max(self.believed, leg.sold + self.run.state.committed_of(b.BTC))
        live = [one.left for one in self.there.values() if one.open]
        self.exposed = max(self.exposed, self.sold + total(live))
        self.together = max(self.together, len(live))

    def _perform(self, command: c.Command) -> None:
        match command:
            case c.Place() if command.approved.order.leg == b.TWO:
                self._do(self.run.sold(command.approved.order))
            case c.Place():
                self._place(command.approved.order)
            case c.Cancel():
                self._cancel(command.client_id)
            case c.Lookup():
                self._look(command.client_id)
            case _:
                pass

    def _place(self, order: ChildOrder) -> None:
        self.orders.append(order)
        lost = self._lucky(self.mischief.unanswered)
        if lost and self._lucky(0.5):
            self._do(self.run.unanswered(order))
            return
        would_trade = order.tif is TimeInForce.POST_ONLY and order.price <= self.bids[0].price
        if not lost and (would_trade or self._lucky(self.mischief.refused)):
            self._do(self.run.answer(order, r.Refused("-1", "no")))
            return
        one = self.there[order.client_id] = Standing(order, order.quantity, [])
        self._do(self.run.unanswered(order) if lost else self.run.answer(order, r.Done()))
        if order.tif is TimeInForce.IOC:
            bid = total(level.size for level in self.bids if level.price >= order.price)
            self._trade(one, min(one.left, bid) if self._lucky(0.7) else self._part(min(one.left, bid)))
            self._end(one)

    def _cancel(self, name: ClientOrderId) -> None:
        one = self.there.get(name)
        if self._lucky(self.mischief.deaf):
            self._do(self.run.feed(e.Cancelled(self.run.now, name, r.Unknown("timeout"))))
            return
        if one is not None and one.open and self._lucky(self.mischief.crossed):
            self._trade(one, self._part(one.left))
        self._do(self.run.feed(e.Cancelled(self.run.now, name, r.Done())))
        if one is not None:
            self._end(one)

    def _end(self, one: Standing) -> None:
        if one.open:
            one.open = False
            self._do(self.run.feed(e.Reported(self.run.now, self._report(one))))

    def _look(self, name: ClientOrderId) -> None:
        one = self.there.get(name)
        order = self.run.state.order(name)
        if order is None or self._lucky(self.mischief.deaf):
            self._do(self.run.looked_up(order.child if order else b.child(), r.NoWord("timeout")))
        elif one is None:
            self._do(self.run.not_found(order.child))
        else:
            self._do(self.run.looked_up(one.order, r.Found(self._report(one), tuple(one.fills))))
