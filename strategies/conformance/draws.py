"""Questions drawn from a seed: where a leg may stand, what a book may look like, what may rest in it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar

from engine.kernel import chance
from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import ZERO, Asset, times
from engine.market.facts import Level
from engine.market.instrument import Instrument
from engine.market.traded import Traded
from engine.market.view import MarketView
from engine.orders.order import ChildOrder, Order, TimeInForce
from engine.orders.strategy import Fees, Progress, Want

T = TypeVar("T")
START: Final = Instant(1_777_600_000 * SECOND)
"""When the legs and slices of all questions begin."""
LOT: Final = Decimal("0.001")
VENUE: Final = VenueName("somewhere")
BTC, USDT, PAIR = Asset("BTC"), Asset("USDT"), Symbol("BTCUSDT")
BASE: Final = Decimal(60)
"""Prices lie some hundred ticks above it."""


def _pair(tick: str, lot: str, least: str, most: str, least_value: str, most_value: str) -> Instrument:
    return Instrument(
        venue=VENUE,
        symbol=PAIR,
        base=BTC,
        quote=USDT,
        tick=Decimal(tick),
        lot=Decimal(lot),
        quantity_min=Decimal(least),
        quantity_max=Decimal(most),
        notional_min=Decimal(least_value),
        notional_max=Decimal(most_value),
    )


PAIRS: Final = (
    _pair("0.01", "0.001", "0.01", "1000", "5", "100000"),
    _pair("0.5", "0.00001", "0.00001", "1000", "10", "100000"),
    _pair("1", "0.1", "0.3", "6", "5", "500"),
)
"""A usual one, one that counts finely, and one that takes neither little nor much."""


class Draws:
    """One number after the other; the same ones for the same seed and purpose."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._seed, self._purpose, self._count = seed, purpose, 0

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        self._count += 1
        return chance.below(self._seed, self._purpose, self._count, bound)

    def between(self, least: int, most: int) -> int:
        """Both included."""
        return least + self.below(most - least + 1)

    def one_of(self, some: Sequence[T]) -> T:
        """Any of them."""
        return some[self.below(len(some))]

    def units(self, step: str, most: int) -> Decimal:
        """One to `most` times `step`."""
        return Decimal(step) * self.between(1, most)


def progress(draws: Draws, window: Span) -> Progress:
    """Any place of a leg: before its window, within it and after it; with looks at volume that are still to come."""
    whole = draws.one_of([draws.units("0.000001", 10**6), draws.units("0.001", 10**8), draws.units("1", 10**6)])
    sold = times(whole, Decimal(draws.between(0, 100))).scaleb(-2)
    return Progress(
        total=whole,
        sold=sold,
        closing=draws.one_of([True, False]),
        oldest=draws.one_of([None, START]),
        at=Instant(START + draws.one_of([draws.below(window), draws.between(-window // 4, 3 * window)])),
        lot=LOT,
        traded=traded(draws, window),
        before=times(sold, Decimal(draws.between(0, 4))) / 4,
    )


def traded(draws: Draws, window: Span) -> Traded:
    """Looks over twice the window: steady ones, as a run takes them, or a few at any time; much or little is traded.

    Where looks are few, a schedule by volumes does what it does without them; where they are steady, it reacts.
    """
    phase = draws.below(window // 45)
    steady = [phase + i * window // 45 for i in range(90)]
    when = draws.one_of([steady, sorted({draws.below(2 * window) for _ in range(draws.below(41))})])
    volume, seen, most = ZERO, [], draws.one_of([2_000, 40_000, 10_000_000])
    for _ in when:
        volume += draws.one_of([ZERO, draws.units("0.001", most), draws.units("0.001", most)])
        seen.append(volume)
    return Traded([Instant(START + after) for after in when], seen)


def want(draws: Draws) -> Want:
    """Any question that the core may ask: whole lots that the venue takes at the floor, the floor on the tick."""
    pair = draws.one_of(PAIRS)
    floor = _price(draws, pair)
    wanted = min(pair.sellable(draws.units("0.001", 12_000)), pair.largest(floor))
    return Want(
        quantity=draws.one_of([wanted, wanted, wanted, ZERO]),
        floor=floor,
        at=START,
        until=Instant(START + draws.between(1, 2 * MINUTE)),
        view=_view(draws, pair),
        instrument=pair,
        resting=draws.one_of([None, _resting(draws, pair)]),
        fees=Fees(maker=draws.one_of([Decimal("-0.0001"), ZERO, Decimal("0.001")]), taker=Decimal("0.001")),
        flow=draws.one_of([ZERO, Decimal("0.003"), Decimal(7)]),
        slice=draws.below(10),
        attempt=draws.between(1, 50),
        met=draws.one_of([True, False]),
    )


def _price(draws: Draws, pair: Instrument, least: int = 160, most: int = 240) -> Decimal:
    return BASE + draws.between(least, most) * pair.tick


def _view(draws: Draws, pair: Instrument) -> MarketView:
    """Up to four levels a side: either may be empty, and the two may touch or cross."""
    bids = {_price(draws, pair, most=202) for _ in range(draws.below(5))}
    asks = {_price(draws, pair, least=200) for _ in range(draws.below(5))}
    return MarketView(
        venue=VENUE,
        symbol=PAIR,
        at=START,
        book_at=START,
        seen_at=START,
        bids=tuple(Level(price, draws.units("0.001", 20_000)) for price in sorted(bids, reverse=True)),
        asks=tuple(Level(price, draws.units("0.001", 20_000)) for price in sorted(asks)),
        last=draws.one_of([None, _price(draws, pair)]),
        live=True,
    )


def _resting(draws: Draws, pair: Instrument) -> Order:
    """An order of ours that waits, perhaps filled in part, sent within the last minute."""
    units = pair.lot * draws.between(1, 5000)
    child = ChildOrder(
        client_id=ClientOrderId("resting"),
        leg=LegId("1"),
        slice=0,
        attempt=1,
        venue=VENUE,
        symbol=PAIR,
        sell=BTC,
        buy=USDT,
        quantity=units,
        price=_price(draws, pair),
        tif=TimeInForce.POST_ONLY,
        decided_at=Instant(START - draws.between(0, 60) * SECOND),
    )
    return Order(child, filled=draws.one_of([ZERO, pair.sellable(units / 2)]))
