"""One case of the kit: a rig, sales to send through it, and what is asked of it again and again."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import count
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId, LegId, OrderName, RunId, Symbol, client_order_id, run_tag
from engine.kernel.money import ZERO, times, total
from engine.market.facts import BookSeen, MarketFact
from engine.market.instrument import Instrument
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.reports import Done, Fill, Found, NotFound, OrderReport, Outcome, Refused, Transient, Unknown
from engine.ports import StreamUp, VenueFact
from tests.conformance.rig import Rig

PATIENCE_NAME: Final = "STEELYARD_PATIENCE"
PATIENCE: Final = float(os.environ.get(PATIENCE_NAME, "5"))
"""How long something that has to come may take (seconds)."""
_TAG: Final = run_tag(RunId("conformance"))


class Case:
    """A rig in use."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.venue, self.market, self.instrument = rig.venue, rig.market, rig.instrument
        self.symbol: Symbol = rig.instrument.symbol
        self.price = rig.price
        self.vague: frozenset[str] = frozenset(getattr(rig, "vague", ()))
        self.since: Instant = rig.clock.market()
        self._numbers = count()
        self._heard: list[Heard] = []
        self._answered: dict[ClientOrderId, Decimal] = {}
        """What each order had sold by the answer to it."""

    @property
    def unit(self) -> Decimal:
        """A quantity well above the venue's smallest and well below its largest."""
        return 20 * self.instrument.smallest(self.price)

    def quantity(self, units: int) -> Decimal:
        """So many times `unit`."""
        return units * self.unit

    def client_id(self) -> ClientOrderId:
        """An id that no order of this case has had."""
        return client_order_id(OrderName(_TAG, LegId("1"), next(self._numbers), 0, 0))

    def sale(self, units: int = 1, *, of: Instrument | None = None, **changed: Any) -> Approved:
        """A sale of `units` at the rig's price, which rests unless somebody bids; `changed` are fields of the order."""
        pair = of or self.instrument
        values: dict[str, Any] = {
            "client_id": self.client_id(),
            "leg": LegId("1"),
            "slice": 0,
            "attempt": 0,
            "venue": self.venue.name,
            "symbol": pair.symbol,
            "sell": pair.base,
            "buy": pair.quote,
            "quantity": units * 20 * pair.smallest(self.price),
            "price": self.price,
            "tif": TimeInForce.GTC,
            "decided_at": self.rig.clock.market(),
        }
        return Approved(ChildOrder(**{**values, **changed}), ())

    async def place(self, approved: Approved) -> Outcome:
        """Send it."""
        outcome = await self.venue.place(approved)
        if isinstance(outcome, Done) and outcome.report is not None:
            self._answered[approved.order.client_id] = outcome.report.filled
        return outcome

    async def rest(self, units: int = 1, **changed: Any) -> ClientOrderId:
        """An order that rests; its id."""
        sale = self.sale(units, **changed)
        outcome = await self.place(sale)
        assert isinstance(outcome, Done), outcome
        standing = await self.standing(sale.order.client_id)
        assert standing is not None
        assert standing.open
        return sale.order.client_id

    async def sell(self, units: int = 1, **changed: Any) -> ClientOrderId:
        """An order that a bid takes whole; its id."""
        sale = self.sale(units, **changed)
        await self.rig.bid(sale.order.price, sale.order.quantity)
        outcome = await self.place(sale)
        assert isinstance(outcome, Done), outcome
        return sale.order.client_id

    async def cancel(self, client_id: ClientOrderId) -> Outcome:
        """Ask for it."""
        return await self.venue.cancel(self.symbol, client_id)

    async def found(self, client_id: ClientOrderId) -> Found:
        """What a look-up finds; the case fails when it finds nothing."""
        answer = await self.venue.lookup(self.symbol, client_id, self.since)
        assert isinstance(answer, Found), answer
        return answer

    async def absent(self, client_id: ClientOrderId) -> NotFound:
        """A complete round that found nothing; the case fails when it found something or was not complete."""
        answer = await self.venue.lookup(self.symbol, client_id, self.since)
        assert isinstance(answer, NotFound), answer
        return answer

    async def standing(self, client_id: ClientOrderId) -> Any:
        """The order as the exchange keeps it; `None` when it has none. Two of one id are a failure."""
        rows = [row for row in (await self.rig.truth()).orders if row.client_id == client_id]
        assert len(rows) <= 1, f"the exchange has {len(rows)} orders {client_id}"
        return rows[0] if rows else None

    async def sold(self, client_id: ClientOrderId) -> list[Any]:
        """The order's executions as the exchange keeps them."""
        return [row for row in (await self.rig.truth()).trades if row.client_id == client_id]

    async def never_came(self, approved: Approved, outcome: Outcome) -> None:
        """The sale was turned down, and the exchange has no such order."""
        self.is_refusal(outcome)
        assert await self.standing(approved.order.client_id) is None

    def is_refusal(self, outcome: Outcome) -> None:
        """The outcome says no, or that nobody knows where the adapter can't tell; never that it was done."""
        said_no = (Refused, Transient, Unknown) if "refusals" in self.vague else Refused
        assert isinstance(outcome, said_no), outcome

    async def told(self, heard: "Heard", client_id: ClientOrderId, quantity: Decimal) -> tuple[Fill, ...]:
        """Wait until the stream has told that the order sold so much; its executions.

        They are the stream's own, or, where it tells quantities only, those that a look-up then finds. What the answer
        to the order said is then not told again.
        """
        if "fills" in self.vague:
            before = self._answered.get(client_id, ZERO)
            await heard.until(lambda: quantity <= max(before, *(r.filled for r in heard.reports(client_id)), ZERO))
            return (await self.found(client_id)).fills
        await heard.until(lambda: summed(heard.distinct(client_id)) >= quantity)
        return tuple(heard.fills(client_id))

    def listening(self) -> "Heard":
        """Everything that the private stream tells from here on; used as a context."""
        heard = Heard(self.venue)
        self._heard.append(heard)
        return heard

    async def shown(self, fits: Callable[[BookSeen], bool]) -> BookSeen:
        """The next book of our pair that fits."""
        async for fact in self.watched():
            if isinstance(fact, BookSeen) and fact.symbol == self.symbol and fits(fact):
                return fact
        raise AssertionError("unreachable")

    async def watched(self) -> Any:
        """Market facts as they come; `TimeoutError` when they don't."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for fact in self.market.drain(self.rig.clock.market()):
                    yield fact
                await asyncio.sleep(0.005)

    async def aclose(self) -> None:
        """Stop listening."""
        for heard in self._heard:
            await heard.stop()


class Heard:
    """What the private stream has told so far, in order."""

    def __init__(self, venue: Any) -> None:
        self.facts: list[VenueFact] = []
        self._venue, self._more = venue, asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Heard":
        self._task = asyncio.create_task(self._listen())
        await self.until(lambda: any(isinstance(fact, StreamUp) for fact in self.facts))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _listen(self) -> None:
        async for fact in self._venue.facts():
            self.facts.append(fact)
            self._more.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Listen until this holds; `AssertionError` with all that was told when it does not come to hold."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():
                    self._more.clear()
                    assert self._task is not None
                    told = asyncio.create_task(self._more.wait())
                    done, _ = await asyncio.wait({told, self._task}, return_when=asyncio.FIRST_COMPLETED)
                    told.cancel()
                    if self._task in done:
                        self._task.result()
                        raise AssertionError(f"the stream came to an end: {self.facts}")
        except TimeoutError:
            raise AssertionError(f"nothing of the kind was told; {len(self.facts)} facts: {self.facts[-5:]}") from None

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def fills(self, client_id: str | None = None) -> list[Fill]:
        """Every execution told so far, of one order or of all."""
        return [f for f in self.facts if isinstance(f, Fill) and client_id in (None, f.client_id)]

    def distinct(self, client_id: str) -> list[Fill]:
        """The order's executions told so far, by order and trade id."""
        return list({(f.venue_order_id, f.trade_id): f for f in self.fills(client_id)}.values())

    def reports(self, client_id: str | None = None) -> list[OrderReport]:
        """Every report of an order told so far, of one order or of all."""
        return [f for f in self.facts if isinstance(f, OrderReport) and client_id in (None, f.client_id)]

    def kinds(self, *among: type) -> list[type]:
        """The kinds of the facts told so far that are among these."""
        return [type(fact) for fact in self.facts if isinstance(fact, among)]


def summed(fills: list[Fill] | tuple[Fill, ...]) -> Decimal:
    """What the executions sold together."""
    return total(fill.quantity for fill in fills)


def told_as_kept(fills: list[Fill] | tuple[Fill, ...], kept: list[Any]) -> None:
    """The executions that we were told are the exchange's own, to the last digit and each once."""
    told = sorted((f.client_id, f.quantity, f.price, f.fee.units, f.fee.asset, f.maker) for f in fills)
    true = sorted((t.client_id, t.quantity, t.price, t.fee, t.fee_asset, t.maker) for t in kept)
    assert told == true
    assert len({(f.venue_order_id, f.trade_id) for f in fills}) == len(fills), "one execution was told twice"


def numbers(value: Any) -> Iterator[Any]:
    """Every number in a value of the port, however deep, bools left out."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from numbers(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        yield value


def proceeds(kept: list[Any]) -> Decimal:
    """What the exchange paid for these executions, fees taken off."""
    return total(times(row.quantity, row.price) - row.fee for row in kept)


def facts_of(facts: list[MarketFact], kind: type) -> list[Any]:
    """Those of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]
