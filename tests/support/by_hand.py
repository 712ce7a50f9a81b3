"""A run whose events are fed by hand, with venues that keep honest books: what the core answers is looked at.

Every event comes a millisecond after the one before. Whatever a core turns is kept as rows, so that any specification
can also ask whether the fold of the rows is the state.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.structs import replace

from engine.core.evolve import evolve
from engine.core.pursuing import Method
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.core.turn import turn
from engine.events import COMMANDS, EVENTS, CaseChanged, Entry, Opened, Restarted, Turning
from engine.kernel.clock import MILLISECOND, SECOND, Instant
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import ZERO, Amount, Asset
from engine.mandate.instructions import Instruction
from engine.mandate.standing import CaseStanding
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from tests.support import builders as b

Commands = list[c.Command]
C = TypeVar("C", bound=c.Command)


class Run:
    """One run by hand. `ready()` begins it, brings the stream up and answers the surveys that this asks for."""

    def __init__(self, first: Opened | None = None, methods: Mapping[LegId, Method] | None = None) -> None:
        self.opened = first or b.opened()
        self.methods = methods or b.methods()
        self.state: State = state_of(self.opened)
        self.rows: list[Entry] = [self.opened]
        self.now = self.opened.at
        pairs = dict.fromkeys(pair for leg in self.opened.plan.legs for pair in leg.pairs)
        self.books: dict[tuple[VenueName, Symbol], MarketView] = {
            (venue, symbol): b.view(symbol, venue=venue) for venue, symbol in pairs
        }
        self.totals: dict[tuple[VenueName, Asset], Decimal] = {
            (venue, x.asset): x.total for venue, held in self.opened.balances.items() for x in held
        }
        self.trades = 0

    def feed(self, event: Turning) -> Commands:
        """One turn; time moves on by a millisecond."""
        commands = turn(self.state, event, self.methods)
        self.rows += [event, *commands]
        self.now = Instant(max(self.now, self.state.at) + MILLISECOND)
        return commands

    def ready(self) -> "Run":
        self.restart(1)
        for venue in self.opened.balances:
            self.survey(venue=venue)
            self.stream(up=True, venue=venue)
            self.survey(venue=venue)
        return self

    def restart(self, epoch: int) -> Commands:
        return self.feed(Restarted(self.now, epoch, "test"))

    def stream(self, *, up: bool, venue: VenueName = b.VENUE) -> Commands:
        return self.feed(e.StreamChanged(self.now, venue, up))

    def survey(
        self,
        open_orders: Sequence[r.OrderReport] = (),
        fills: Sequence[r.Fill] = (),
        venue: VenueName = b.VENUE,
        **off: str,
    ) -> Commands:
        """The account as the venue keeps it; `off` adds to the total of an asset what nobody can explain."""
        totals = {asset: self.totals.get((venue, asset), ZERO) for asset in (b.BTC, b.USDT, b.USD)}
        balances = tuple(r.Balance(a, units + Decimal(off.get(a, "0")), ZERO) for a, units in totals.items())
        seen = r.Survey(venue, self.opened.at, tuple(open_orders), tuple(fills), balances)
        return self.feed(e.Surveyed(self.now, venue, seen))

    def price(self, bid: str, ask: str, symbol: Symbol = b.BTCUSDT, venue: VenueName = b.VENUE, **changes: Any) -> None:
        """What the book shows from now on."""
        self.books[venue, symbol] = b.book(symbol, bid, ask, venue=venue, **changes)

    def due(self, when: str) -> Commands:
        """A decision at this time of the day, with fresh books."""
        return self.due_at(b.at(when))

    def due_at(self, when: Instant) -> Commands:
        """A decision on any day, with fresh books."""
        self.now = max(self.now, when)
        views = tuple(replace(v, at=self.now, book_at=self.now, seen_at=self.now) for v in self.books.values())
        return self.feed(e.Due(self.now, views))

    def answer(self, order: ChildOrder, outcome: r.Outcome) -> Commands:
        return self.feed(e.Placed(self.now, order.client_id, outcome))

    def unanswered(self, order: ChildOrder) -> Commands:
        return self.answer(order, r.Unknown("timeout"))

    def report(self, order: ChildOrder, status: r.OrderStatus, filled: str) -> Commands:
        return self.feed(e.Reported(self.now, b.report(status, filled, order, self.now)))

    def execution(self, order: ChildOrder, quantity: str, price: str | None = None, fee: str = "0") -> r.Fill:
        """An execution, booked by the venue; nobody has told us yet."""
        self.trades += 1
        paid = Decimal(price) if price else order.price
        fill = b.fill(f"t{self.trades}", quantity, order, price=paid, fee=Amount(Decimal(fee), order.buy), at=self.now)
        self._add(order.venue, order.sell, -fill.quantity)
        self._add(order.venue, order.buy, fill.quantity * paid - fill.fee.units)
        return fill

    def _add(self, venue: VenueName, asset: Asset, units: Decimal) -> None:
        self.totals[venue, asset] = self.totals.get((venue, asset), ZERO) + units

    def told(self, fill: r.Fill) -> Commands:
        return self.feed(e.Filled(self.now, fill))

    def fill(self, order: ChildOrder, quantity: str, price: str | None = None, fee: str = "0") -> Commands:
        """An execution, told at once by the stream."""
        return self.told(self.execution(order, quantity, price, fee))

    def sold(self, order: ChildOrder, price: str | None = None, fee: str = "0") -> Commands:
        """Accepted, filled whole, and seen to have ended."""
        self.answer(order, r.Done())
        self.fill(order, str(order.quantity), price, fee)
        return self.report(order, r.OrderStatus.FILLED, str(order.quantity))

    def expired(self, order: ChildOrder, filled: str = "0") -> Commands:
        """Accepted, and ended by the venue with no more than `filled`."""
        self.answer(order, r.Done())
        return self.report(order, r.OrderStatus.CANCELLED, filled)

    def looked_up(self, order: ChildOrder, answer: r.Answer) -> Commands:
        return self.feed(e.LookedUp(self.now, order.client_id, answer))

    def not_found(self, order: ChildOrder, locked: str = "0") -> Commands:
        balances = (r.Balance(order.sell, self.totals.get((order.venue, order.sell), ZERO), Decimal(locked)),)
        return self.looked_up(order, r.NotFound(balances, ("e" * 64,)))

    def asked(self, wish: e.Wish) -> Commands:
        return self.feed(e.Asked(self.now, wish, "operator"))

    def people(self, instruction: Instruction, **changes: Any) -> Commands:
        """What li asks and wang and chen agreed to."""
        return self.feed(b.instructed(instruction, self.now, book_seq=self.state.heard + 1, **changes))

    def case(self, **standing: Any) -> Commands:
        """The case stands like this from now on."""
        return self.feed(CaseChanged(self.now, CaseStanding(**standing, book_seq=self.state.heard + 1)))

    def later(self, seconds: int) -> None:
        self.now = Instant(self.now + seconds * SECOND)

    def sent(self) -> list[ClientOrderId]:
        """The ids of all that was ever sent."""
        return [row.approved.order.client_id for row in self.rows if isinstance(row, c.Place)]


def only(kind: type[C], commands: Commands) -> list[C]:
    """The commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]


def placed(commands: Commands) -> list[ChildOrder]:
    """The orders that are to be sent."""
    return [command.approved.order for command in only(c.Place, commands)]


def again(run: Run) -> list[list[Entry]]:
    """Every turn of the run, decided anew by somebody who has only its rows."""
    state, turns = state_of(run.opened), list[list[Entry]]()
    for row in run.rows[1:]:
        if isinstance(row, EVENTS):
            turns.append([row, *turn(state, row, run.methods)])
        elif not isinstance(row, COMMANDS):
            evolve(state, row)
    return turns


def turned(run: Run) -> list[list[Entry]]:
    """Every turn of the run as it was: an event, and the commands that it caused."""
    turns = list[list[Entry]]()
    for row in run.rows[1:]:
        if isinstance(row, EVENTS):
            turns.append([row])
        elif isinstance(row, COMMANDS):
            turns[-1].append(row)
    return turns
