"""An exchange in memory whose other people are a venue's public feed: what a rehearsal sells on. No order leaves it.

A sale takes what the public book shows at its limit or better. The real book does not feel that, and goes on showing
what we took; so what was taken from a level stays taken until the public book shows less there. The same liquidity is
never sold into twice. An order that rests is filled by public prints alone: behind the queue that stood there when it
came, or when a print went past its price. A print that a book already reflects shortens no queue.

Nothing here moves the market, and what the feed does not show does not exist.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol
from engine.kernel.money import times
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.orders.reports import Capabilities
from venues.sandbox.accounts import Held
from venues.sandbox.exchange import Exchange
from venues.sandbox.matching import Ladder, Match, Resting
from venues.sandbox.model import Listing, PublicTrade
from venues.sandbox.pair import Pair

Public = Callable[[Instant], Iterable[MarketFact]]
"""What the public feed has told up to an instant, each fact once."""
_NEVER: Final = Instant(0)


class Mirror(Exchange):
    """One venue's pairs, as its public feed shows them and as our own orders have left them."""

    def __init__(
        self,
        listings: Sequence[Listing],
        balances: Mapping[str, Mapping[str, Decimal]],
        public: Public,
        *,
        start: Instant,
    ) -> None:
        """A pair is halted while its feed is lost."""
        self._public_feed = public
        self._books: dict[Symbol, BookSeen] = {}
        self._taken: dict[str, dict[int, int]] = {listing.symbol: {} for listing in listings}
        self._lost: list[FeedDown] = []
        self._dark: set[Symbol] = set()
        self._keys = 0
        super().__init__(listings, balances, [], start=start)

    def advance(self, to: Instant) -> None:
        """Take in what the feed has told up to `to`."""
        for fact in self._public_feed(to):
            self.tell(fact)
        super().advance(to)

    def tell(self, fact: MarketFact) -> None:
        """One public fact; of a pair that is not listed here, none."""
        pair = self._pairs.get(fact.symbol)
        if pair is None:
            return
        self.now = max(self.now, fact.seen_at)
        match fact:
            case BookSeen():
                self._books[fact.symbol] = fact
                self._mirror(pair, fact)
                if fact.symbol in self._dark:
                    self._dark.remove(fact.symbol)
                    self.resume(fact.symbol)
            case Print():
                self._pass(pair, fact)
            case FeedDown():
                self._lost.append(fact)
                if self._books.pop(fact.symbol, None) is not None:
                    self._dark.add(fact.symbol)
                    self.halt(fact.symbol)

    def seen(self, symbol: Symbol) -> BookSeen | None:
        """The public book as it was told last; `None` while there is none that can be relied on."""
        return self._books.get(symbol)

    def take_lost(self) -> list[FeedDown]:
        """Every loss of the feed since the last call."""
        taken, self._lost = self._lost, []
        return taken

    # Books

    def _mirror(self, pair: Pair, fact: BookSeen) -> None:
        """What others let stand becomes what the public book shows, less what we have taken of it."""
        taken = self._taken[pair.listing.symbol]
        bids = _in_lots(pair.listing, fact.bids)
        self._forget(taken, bids)
        ours = next((level.ticks for level in pair.book.asks if any(order.account for order in level)), None)
        for ticks in list(bids):
            bids[ticks] -= taken.get(ticks, 0)
            if ours is not None and ticks >= ours:
                del bids[ticks]  # it would meet our resting order, which only a print may fill
        asks = _in_lots(pair.listing, fact.asks)
        self._level_out(pair, pair.book.bids, bids, None)
        # Beyond the dearest ask that is shown nobody knows who stands; whoever was ahead of us there stays ahead.
        self._level_out(pair, pair.book.asks, asks, max(asks, default=None))
        pair.changed_at = max(pair.changed_at, fact.changed_at)

    @staticmethod
    def _forget(taken: dict[int, int], shown: Mapping[int, int]) -> None:
        """Where the public book shows less than we took, the rest was taken by others, and what comes back is new."""
        for ticks in list(taken):
            if shown and ticks < min(shown):
                continue  # below the last level that is shown, so nobody knows
            taken[ticks] = min(taken[ticks], shown.get(ticks, 0))
            if not taken[ticks]:
                del taken[ticks]

    def _level_out(self, pair: Pair, side: Ladder, wanted: dict[int, int], last: int | None) -> None:
        """Others leave from behind and come behind all who stand, so that nobody overtakes us by a guess."""
        book, bid = pair.book, side.sign > 0
        for level in list(side):
            others = [order for order in level if not order.account]
            missing = wanted.pop(level.ticks, 0) - sum(order.lots for order in others)
            if missing > 0:
                wanted[level.ticks] = missing
            elif last is None or level.ticks <= last:
                for order in reversed(others):
                    gone = min(order.lots, -missing)
                    missing += gone
                    if gone:
                        book.lessen(order, gone)
        for ticks, lots in wanted.items():
            if lots > 0:
                self._keys += 1
                book.rest(Resting(bid, ticks, lots, self._keys))

    # Prints

    def _pass(self, pair: Pair, fact: Print) -> None:
        """Somebody took at this price: those ahead at it, then ours; and ours at every better price."""
        listing, book = pair.listing, pair.book
        side = book.bids if fact.buyer_is_maker else book.asks
        ticks = int(fact.price / listing.tick)
        seen = self._books.get(fact.symbol)
        new = fact.at > (seen.changed_at if seen is not None else _NEVER)
        left = int(fact.quantity / listing.lot)
        ours = 0
        for level in [level for level in side if side.sign * level.ticks >= side.sign * ticks]:
            passed = level.ticks != ticks
            for order in level:
                if order.account and (passed or new):
                    part = min(left, order.lots)
                    left, ours = left - part, ours + part
                    self._fill(pair, order, part)
                elif not order.account and new:
                    part = order.lots if passed else min(left, order.lots)
                    left -= 0 if passed else part
                    if part:
                        book.lessen(order, part)
        self._publish(pair, fact, ours, ticks)
        if ours:
            self._vault.show_balances(self.now)
            pair.changed_at = self.now

    def _fill(self, pair: Pair, order: Resting, lots: int) -> None:
        if lots:
            match, buys = Match(order, lots), not order.bid
            pair.book.lessen(order, lots)
            self._trade(pair, match, buys, None)

    def _publish(self, pair: Pair, fact: Print, ours: int, ticks: int) -> None:
        """The print itself, less what of it our orders were: volume is counted once."""
        pair.last = ticks
        rest = fact.quantity - times(pair.listing.lot, Decimal(ours))
        if rest > 0:
            public = PublicTrade(fact.trade_id, fact.symbol, fact.price, rest, fact.buyer_is_maker, fact.at)
            pair.recent.append(public)
            self._public.append(public)

    def _trade(self, pair: Pair, match: Match, taker_buys: bool, taker: Held | None) -> None:
        """Remember what our own sales took, for the public book goes on showing it."""
        if taker is not None and not match.maker.account:
            taken = self._taken[pair.listing.symbol]
            taken[match.maker.ticks] = taken.get(match.maker.ticks, 0) + match.lots
        super()._trade(pair, match, taker_buys, taker)


def listing(instrument: Instrument, capabilities: Capabilities, fee_step: Decimal) -> Listing:
    """A pair of the venue on the venue's own terms, with the fees of our tier."""
    return Listing(
        symbol=instrument.symbol,
        base=instrument.base,
        quote=instrument.quote,
        tick=instrument.tick,
        lot=instrument.lot,
        quantity_min=instrument.quantity_min,
        quantity_max=instrument.quantity_max,
        notional_min=instrument.notional_min,
        notional_max=instrument.notional_max,
        maker_fee=capabilities.maker_fee,
        taker_fee=capabilities.taker_fee,
        fee_step=fee_step,
        trading=instrument.trading,
        mock=instrument.mock,
        band=instrument.band,
        fee_min=capabilities.fee_min or None,
    )


def _in_lots(listing: Listing, levels: Iterable[Level]) -> dict[int, int]:
    """Lots by ticks, best first; a part of a lot is left out."""
    found: dict[int, int] = {}
    for level in levels:
        ticks = int(level.price / listing.tick)
        found[ticks] = found.get(ticks, 0) + int(level.size / listing.lot)
    return found
