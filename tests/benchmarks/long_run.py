"""A journal as long as one likes, as a real run writes it: the demonstration's plan, stretched over more slices.

The core takes every turn for real, and its rows go through the real store. Only the exchange is a script: each order is
answered, reported, filled and reported again within a quarter of a second, in an order drawn by seed.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from engine.cli.starting import understand
from engine.compose.methods import methods
from engine.compose.planning import planned
from engine.core.evolve import evolve
from engine.core.state import opened
from engine.core.turn import turn
from engine.events import Entry, Opened, Restarted, TapeSealed, kind
from engine.journal.store import SqliteStore
from engine.kernel import codec
from engine.kernel.chance import below
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import RunId, TradeId, VenueOrderId
from engine.kernel.money import EXACT, ZERO, Amount, Asset, times
from engine.mandate.terms import Deadline
from engine.market.facts import Level
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.plan import LegPlan, Plan
from venues.sandbox.listings import START
from venues.sandbox.venue import CAPABILITIES as SANDBOX

SLICE = Span(30 * SECOND)
PER_SLICE = Decimal("0.02679")
FEE = Decimal("0.0029")
SEAL_EVERY = Span(300 * SECOND)
ROWS_A_SLICE = 13
"""Fewer than a slice really has, so that the plan outlasts the rows that are asked for."""
BOOKS = 512
BTC = Asset("BTC")
Moves = tuple[tuple[Asset, Decimal], ...]


def write(path: Path, rows: int, config: Path) -> int:
    """Write a journal of at least `rows` rows that ends at the end of a turn, and return how many it has."""
    first = stretched(config, max(60, rows // ROWS_A_SLICE))
    store = SqliteStore.create(path)
    at = first.at
    for entries in turns(first):
        at = Instant(max(at, getattr(entries[0], "at", at)))
        store.append(at, at, [(kind(entry), codec.encode(entry)) for entry in entries], urgent=False)
        if store.seq >= rows:
            break
    store.close()
    if store.failure:
        raise OSError(store.failure)
    return store.seq


def stretched(config: Path, slices: int) -> Opened:
    """The first row of the demonstration, had it been ordered to sell for so many slices."""
    request = understand(config, venue=None, sandbox=True, in_process=True, synthetic=True)
    plan, understood = asyncio.run(planned(request)).prepared.plan, request.config
    units, window = times(PER_SLICE, Decimal(slices)), Span(SLICE * slices)
    deadline = Deadline(after=Span(window + 10 * SLICE))
    holdings = tuple(replace(holding, entrusted=units, released=units) for holding in understood.terms.holdings)
    legs = tuple(_longer(leg, units, window, slices) for leg in plan.legs)
    return Opened(
        at=START,
        run=RunId(f"{understood.terms.case}.1"),
        case=understood.terms.case,
        environment=understood.environment,
        config_sha256=understood.sha256,
        code="benchmark",
        terms=replace(understood.terms, holdings=holdings, deadline=deadline),
        plan=Plan(legs=legs, deadline=deadline),
        limits=understood.limits,
        licences=understood.licences,
        capabilities={plan.legs[0].instruments[0].venue: SANDBOX},
        balances={plan.legs[0].instruments[0].venue: (r.Balance(BTC, units, ZERO),)},
        seed=7,
    )


def _longer(leg: LegPlan, units: Decimal, window: Span, slices: int) -> LegPlan:
    parameters = dict(leg.schedule.parameters)
    if "slices" in parameters:
        parameters |= {"slices": str(slices), "size_jitter": "0"}
    recipe = replace(leg.schedule, parameters=parameters)
    return replace(leg, quantity=units if leg.sell == BTC else ZERO, window=window, schedule=recipe)


def turns(first: Opened) -> Iterator[list[Entry]]:
    """The rows of the run, turn by turn, for as long as anybody asks."""
    state, made, script = opened(first), methods(first.plan, first.at), Script(first)
    yield [first]
    inbox: list[tuple[Instant, int, e.Event | Restarted]] = []
    count, sealed_at = 0, first.at
    fresh: list[e.Event | Restarted] = [
        Restarted(first.at, 1, first.code),
        e.StreamChanged(first.at, script.venue, up=True),
    ]
    while not state.finished:
        for event in fresh:
            count += 1
            heapq.heappush(inbox, (Instant(event.at), count, event))
        fresh = []
        wake = state.wakes[0] if state.wakes else None
        if wake is not None and (not inbox or wake <= inbox[0][0]):
            event = e.Due(Instant(max(wake, state.at)), script.views(Instant(max(wake, state.at))))
        else:
            event = heapq.heappop(inbox)[2]
        commands = turn(state, event, made)
        yield [event, *commands]
        for command in commands:
            fresh.extend(script.answers(command, state.at))
        if state.at - sealed_at >= SEAL_EVERY:
            sealed = TapeSealed(state.at, f"tape/{count:06d}.parquet", "e" * 64, 1800, sealed_at, state.at)
            evolve(state, sealed)
            sealed_at = state.at
            yield [sealed]


class Script:
    """An exchange that fills every order at once, and keeps the books that its surveys show."""

    def __init__(self, first: Opened) -> None:
        coin, stable = (leg.instruments[0] for leg in first.plan.legs)
        self.venue = coin.venue
        self._totals = {b.asset: b.total for b in first.balances[self.venue]}
        self._books = {
            coin.symbol: [_book(Decimal("78000.00") + 3 * (i % 99), Decimal(1), -5, i) for i in range(BOOKS)],
            stable.symbol: [_book(Decimal("0.9999"), Decimal("0.0001"), -2, i) for i in range(BOOKS)],
        }
        self._coming: deque[tuple[r.Fill, Moves]] = deque()
        self._booked: deque[r.Fill] = deque()
        self._orders = self._views = 0

    def views(self, at: Instant) -> tuple[MarketView, ...]:
        """Ten levels a side of both pairs, and a volume in which ours is a tenth."""
        self._views += 1
        made = []
        for symbol, books in self._books.items():
            bids, asks = books[self._views * 37 % BOOKS]
            mid = EXACT.divide(bids[0].price + asks[0].price, Decimal(2))
            volume = times(Decimal("0.13579"), Decimal(self._views))
            made.append(MarketView(self.venue, symbol, at, at, at, bids, asks, mid, volume, self._views, live=True))
        return tuple(made)

    def answers(self, command: c.Command, at: Instant) -> list[e.Event]:
        """What comes of a command, and when. An order is settled before anyone would have to look it up."""
        match command:
            case c.Place(approved=approved):
                return self._sold(approved.order, at)
            case c.Survey(since=since):
                return [self._survey(since, Instant(at + 40 * MILLISECOND))]
            case _:
                return []

    def _sold(self, order: ChildOrder, at: Instant) -> list[e.Event]:
        self._orders += 1
        first = below(7, "answer", self._orders, 100)
        answered = Instant(at + (40 + first) * MILLISECOND)
        told = Instant(at + (60 + below(7, "stream", self._orders, 100)) * MILLISECOND)
        whole = self._report(order, r.OrderStatus.FILLED, order.quantity, told)
        parts = [order.quantity]
        if first < 25 and order.sell == BTC:
            half = order.quantity.quantize(Decimal("0.0001"), "ROUND_FLOOR") / 2
            parts = [half, order.quantity - half]
        events: list[e.Event] = [e.Reported(told, self._report(order, r.OrderStatus.WORKING, ZERO, told))]
        for number, quantity in enumerate(parts):
            fill = self._fill(order, quantity, Instant(told + 1 + number), number)
            events.append(e.Filled(fill.at, fill))
        events.append(e.Reported(Instant(told + 9), whole))
        events.append(e.Placed(answered, order.client_id, r.Done(whole, r.Wire("a" * 64, "b" * 64))))
        return events

    def _report(self, order: ChildOrder, status: r.OrderStatus, filled: Decimal, at: Instant) -> r.OrderReport:
        name, number = order.client_id, VenueOrderId(f"{START + self._orders}")
        return r.OrderReport(order.venue, order.symbol, name, number, status, order.quantity, order.price, filled, at)

    def _fill(self, order: ChildOrder, quantity: Decimal, at: Instant, number: int) -> r.Fill:
        quote = times(quantity, order.price)
        fee = times(quote, FEE)
        fill = r.Fill(
            venue=order.venue,
            symbol=order.symbol,
            client_id=order.client_id,
            venue_order_id=VenueOrderId(f"{START + self._orders}"),
            trade_id=TradeId(f"{START + self._orders}{number}"),
            quantity=quantity,
            price=order.price,
            fee=Amount(fee, order.buy),
            maker=False,
            at=at,
            ticket=f"{START - self._orders}",
        )
        self._coming.append((fill, ((order.sell, -quantity), (order.buy, quote - fee))))
        return fill

    def _survey(self, since: Instant, at: Instant) -> e.Surveyed:
        while self._coming and self._coming[0][0].at <= at:
            fill, moves = self._coming.popleft()
            self._booked.append(fill)
            for asset, units in moves:
                self._totals[asset] = EXACT.add(self._totals.get(asset, ZERO), units)
        while self._booked and self._booked[0].at < since:
            self._booked.popleft()
        balances = tuple(r.Balance(asset, units, ZERO) for asset, units in self._totals.items())
        return e.Surveyed(at, self.venue, r.Survey(self.venue, since, (), tuple(self._booked), balances))


def _book(mid: Decimal, step: Decimal, places: int, seed: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Ten levels either side of `mid`; a level holds up to ten million of the asset's smallest units here."""
    sides = []
    for side, sign in (("bid", -1), ("ask", 1)):
        sizes = [Decimal(100_000 + below(seed, side, level, 9_900_000)).scaleb(places) for level in range(10)]
        sides.append(tuple(Level(mid + sign * (level + 1) * step, size) for level, size in enumerate(sizes)))
    return sides[0], sides[1]
