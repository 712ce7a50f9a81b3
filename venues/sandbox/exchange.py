"""The exchange: orders, filters and ids around the books, played forward over other people's orders.

It is the truth that tests compare everything else with. It reads no clock and draws no chance: the same calls in the
same order give the same rows, byte for byte. Other people have unlimited funds and pay no fee. An order never trades
with one of its own account: the walk stops there and the remainder of the incoming order expires.

Nobody trades while a pair is halted or the exchange is in any mode but `NORMAL`. Other people still come and go then,
but whoever would have met an account's order stays away.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush, merge
from operator import attrgetter
from typing import Final, TypeVar

from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.money import times
from venues.sandbox.accounts import Held
from venues.sandbox.flow import Act, Flow, FlowAction
from venues.sandbox.matching import Match, Resting
from venues.sandbox.model import (
    Kind,
    Listing,
    Mode,
    OrderRequest,
    OrderRow,
    PublicTrade,
    Reason,
    Rejection,
    Side,
    StatementRow,
    Status,
)
from venues.sandbox.pair import Pair
from venues.sandbox.records import EPOCH, Records
from venues.sandbox.vault import Vault

__all__ = ["CLIENT_ID", "EPOCH", "Exchange"]

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_IDS_FROM: Final = 10**18
_AT: Final = attrgetter("at")

Row = TypeVar("Row")


class Exchange(Records):
    """Listed pairs, accounts and other people, from `start` on. Books already stand at `start`."""

    def __init__(
        self,
        listings: Sequence[Listing],
        balances: Mapping[str, Mapping[str, Decimal]],
        flows: Sequence[Flow],
        *,
        start: Instant,
        strict_tif: bool = False,
        client_ids: re.Pattern[str] = CLIENT_ID,
    ) -> None:
        self.now = start
        self.mode = Mode.NORMAL
        self.listings = {listing.symbol: listing for listing in listings}
        self.strict_tif = strict_tif
        self._client_ids = client_ids
        self._flows = {flow.symbol: flow for flow in flows}
        pairs = {listing.symbol: Pair(listing, start) for listing in listings}
        if missing := self._flows.keys() - pairs.keys():
            raise ValueError(f"flows for pairs that are not listed: {sorted(missing)}")
        # Milliseconds of the start and a counter behind them: nineteen digits in our century.
        super().__init__(Vault(balances, max(_IDS_FROM, start // 1_000_000 * 1_000_000)), pairs)
        self._expected: list[tuple[Instant, int, Callable[[], object]]] = []
        self._held_up = 0
        self.advance(start)

    # What time brings

    def expect(self, at: Instant, account: str, request: OrderRequest) -> None:
        """A client's order that was held up on its way: it comes at `at`, whoever moves the exchange along by then."""
        self._await(at, partial(self.place, account, request))

    def expect_deposit(self, at: Instant, account: str, asset: str, units: Decimal, reference: str) -> None:
        """Money that is on its way here: it comes at `at`, in any mode of the exchange."""
        self._await(at, partial(self.deposit, account, asset, units, reference))

    def _await(self, at: Instant, arrival: Callable[[], object]) -> None:
        self._held_up += 1
        heappush(self._expected, (at, self._held_up, arrival))

    @property
    def expected_at(self) -> Instant | None:
        """When the next order or money comes that is on its way."""
        return self._expected[0][0] if self._expected else None

    def admit(self) -> None:
        """Let it come; the exchange stands at its instant."""
        _, _, arrival = heappop(self._expected)
        arrival()

    def advance(self, to: Instant) -> None:
        """Play other people's orders up to `to`, and let in what was on its way; a past instant changes nothing."""
        while (at := self.expected_at) is not None and at <= to:
            self._reach(at)
            self.admit()
        self._reach(to)

    def _reach(self, to: Instant) -> None:
        streams = [flow.until(to) for flow in self._flows.values()]
        for action in streams[0] if len(streams) == 1 else merge(*streams, key=_AT):
            self._play(action)
        self.now = max(self.now, to)

    def _play(self, action: FlowAction) -> None:
        pair = self._pairs[action.symbol]
        book, version = pair.book, pair.book.version
        if action.at > self.now:
            self.now = action.at
        matches: list[Match] = []
        if action.act is Act.ADD:
            if self._stands_still(pair) and book.meets_account(action.bid, action.ticks):
                pair.counts["refused"] += 1
                return
            arrival = book.arrive(Resting(action.bid, action.ticks, action.lots, action.key), action.patient)
            matches = arrival.matches
            pair.counts["evicted"] += arrival.evicted
            pair.counts["refused"] += not (arrival.stands or matches)
        elif action.act is Act.TAKE:
            if self._stands_still(pair):
                pair.counts["unfilled_lots"] += action.lots
                return
            taken = book.take(action.bid, action.ticks, action.lots)
            matches = taken.matches
            pair.counts["unfilled_lots"] += taken.left
        elif (resting := book.others.get(action.key)) is not None:
            lots = resting.lots if action.act is Act.LEAVE else resting.lots - action.lots
            if lots > 0:
                book.lessen(resting, lots)
        if book.version != version:
            pair.changed_at = self.now
        if matches:
            for match in matches:
                self._trade(pair, match, action.bid, None)
            self._vault.show_balances(self.now)

    def _stands_still(self, pair: Pair) -> bool:
        return self.mode is not Mode.NORMAL or not pair.listing.trading

    # What the house does

    def halt(self, symbol: str) -> None:
        """No new order and no trade in this pair, until it is resumed; cancels are taken."""
        self._trading(symbol, False)

    def resume(self, symbol: str) -> None:
        """Trade in this pair again."""
        self._trading(symbol, True)

    def _trading(self, symbol: str, trading: bool) -> None:
        pair = self._pairs[symbol]
        pair.listing = replace(pair.listing, trading=trading)
        self.listings = {**self.listings, symbol: pair.listing}

    def sweep(self) -> None:
        """The house cancels every open order of every account, whatever the mode."""
        for client in self._vault.accounts.values():
            for order in list(client.open.values()):
                self._remove(order)
        self._vault.show_balances(self.now)

    # What clients ask

    def place(self, account: str, request: OrderRequest) -> OrderRow | Rejection:
        """Accept an order and match it; the row is its state after that."""
        pair, client = self._pairs.get(request.symbol), self._vault.accounts.get(account)
        if pair is None:
            return Rejection(Reason.UNKNOWN_SYMBOL, request.symbol)
        if not pair.listing.trading:
            return Rejection(Reason.HALTED, request.symbol)
        if (turned_away := self._turned_away(request)) is not None:
            return turned_away
        if not self._client_ids.fullmatch(request.client_id):
            return Rejection(Reason.BAD_ID, request.client_id)
        if self.strict_tif and request.kind in (Kind.IOC, Kind.FOK):
            return Rejection(Reason.TIF_NOT_SUPPORTED, request.kind)
        fitted = pair.fit(request, account)
        if isinstance(fitted, Rejection):
            return fitted
        if client is None:
            return Rejection(Reason.INSUFFICIENT, f"{account} holds nothing")
        if request.client_id in client.by_client:
            return Rejection(Reason.DUPLICATE_ID, request.client_id)
        order = Held(self._vault.last_id + 1, account, pair, request, fitted, self.now)
        if (poor := self._vault.open(order)) is not None:
            return poor
        self._orders[order.number] = order
        self._match(order, pair)
        self._vault.show_balances(self.now)
        return order.row()

    def _turned_away(self, request: OrderRequest) -> Rejection | None:
        """Why no such order is taken in this mode."""
        match self.mode:
            case Mode.NORMAL:
                return None
            case Mode.POST_ONLY:
                return None if request.kind is Kind.MAKER else Rejection(Reason.POST_ONLY, request.kind)
            case Mode.CANCEL_ONLY:
                return Rejection(Reason.CANCEL_ONLY)
            case Mode.HALT:
                return Rejection(Reason.HALTED)
            case Mode.MAINTENANCE:
                return Rejection(Reason.MAINTENANCE)

    def _match(self, order: Held, pair: Pair) -> None:
        book, kind, bid = pair.book, order.request.kind, order.request.side is Side.BUY
        ticks, lots = order.fitted.ticks, order.fitted.lots
        if kind is Kind.MAKER and book.crosses(bid, ticks):
            self._vault.end(order, Status.REJECTED, self.now)
            return
        if kind is Kind.FOK and not book.fillable(bid, ticks, lots, order.account):
            self._vault.end(order, Status.CANCELED, self.now)
            return
        version = book.version
        taken = book.take(bid, ticks, lots, order.account)
        for match in taken.matches:
            self._trade(pair, match, bid, order)
        if taken.matches and (flow := self._flows.get(order.request.symbol)) is not None:
            flow.felt(self.now, not bid, lots - taken.left)
        if kind is Kind.MARKET or (taken.left and (taken.met_self or kind is Kind.IOC)):
            if not order.status.ended:
                self._end_short(order)
        elif taken.left:
            order.resting = Resting(bid, ticks, taken.left, order.number, order.account)
            book.rest(order.resting)
        if book.version != version:
            pair.changed_at = self.now

    def cancel(
        self, account: str, *, client_id: str | None = None, order_id: str | None = None
    ) -> OrderRow | Rejection:
        """End an open order; the row is its last state."""
        if (frozen := self._frozen()) is not None:
            return frozen
        order = self._find(account, client_id, order_id)
        if order is None:
            return Rejection(Reason.NOT_FOUND, client_id or order_id or "")
        if order.status.ended:
            filled = order.status is Status.FILLED
            return Rejection(Reason.ALREADY_FILLED if filled else Reason.ALREADY_CANCELLED, str(order.number))
        self._remove(order)
        self._vault.show_balances(self.now)
        return order.row()

    def cancel_all(
        self, account: str, symbol: str | None = None, side: Side | None = None
    ) -> list[OrderRow] | Rejection:
        """End every open order of the account, or of one pair or side; their last states, oldest first."""
        if (frozen := self._frozen()) is not None:
            return frozen
        client = self._vault.accounts.get(account)
        ended = [
            order
            for order in (client.open.values() if client else ())
            if (symbol is None or order.request.symbol == symbol) and (side is None or order.request.side is side)
        ]
        for order in ended:
            self._remove(order)
        self._vault.show_balances(self.now)
        return [order.row() for order in ended]

    def _frozen(self) -> Rejection | None:
        """Why nothing is cancelled in this mode."""
        if self.mode is Mode.HALT:
            return Rejection(Reason.HALTED)
        return Rejection(Reason.MAINTENANCE) if self.mode is Mode.MAINTENANCE else None

    def _remove(self, order: Held) -> None:
        assert order.resting is not None, "what is open rests"
        order.pair.book.remove(order.resting)
        order.pair.changed_at = self.now
        self._end_short(order)

    def _end_short(self, order: Held) -> None:
        self._vault.end(order, Status.PARTIALLY_CANCELED if order.filled else Status.CANCELED, self.now)

    def hit(self, account: str, client_id: str) -> None:
        """A passer-by takes all that rests of this order, at its price and past any queue; nothing if none rests.

        A market does not do this. It is for faults: a fill that must come just before a cancel.
        """
        order = self._find(account, client_id, None)
        if order is None or (resting := order.resting) is None:
            return
        match = Match(resting, resting.lots)
        order.pair.book.remove(resting)
        order.pair.changed_at = self.now
        self._trade(order.pair, match, not resting.bid, None)
        self._vault.show_balances(self.now)

    # Money without orders; a reference is what the caller knows the movement by

    def deposit(self, account: str, asset: str, units: Decimal, reference: str) -> StatementRow:
        """Money comes in; an account that nobody knows begins with it."""
        return self._moved(self._vault.deposit(account, asset, units, reference, self.now))

    def withdraw(self, account: str, asset: str, units: Decimal, reference: str) -> StatementRow | Rejection:
        """Money leaves; `INSUFFICIENT` when so much is not free."""
        return self._moved(self._vault.withdraw(account, asset, units, reference, self.now))

    def transfer(
        self, source: str, target: str, asset: str, units: Decimal, reference: str
    ) -> StatementRow | Rejection:
        """Money goes to another account here; `INSUFFICIENT` when so much is not free, or there is no such account."""
        return self._moved(self._vault.transfer(source, target, asset, units, reference, self.now))

    def deal(
        self, account: str, sell: str, buy: str, quantity: Decimal, proceeds: Decimal, reference: str
    ) -> StatementRow | Rejection:
        """Sell `quantity` of one asset for `proceeds` of another, past the book; `INSUFFICIENT` if it is not free."""
        return self._moved(self._vault.deal(account, (sell, quantity), (buy, proceeds), reference, self.now))

    def _moved(self, row: Row) -> Row:
        self._vault.show_balances(self.now)
        return row

    def _trade(self, pair: Pair, match: Match, taker_buys: bool, taker: Held | None) -> None:
        """One print, and a private execution for each side that is an account's."""
        maker, listing = match.maker, pair.listing
        price, quantity = times(listing.tick, Decimal(maker.ticks)), times(listing.lot, Decimal(match.lots))
        public = PublicTrade(self._vault.next_id(), listing.symbol, price, quantity, not taker_buys, self.now)
        pair.last = maker.ticks
        pair.recent.append(public)
        self._public.append(public)
        if maker.account:
            self._vault.fill(self._orders[maker.key], public, maker=True)
        if taker is not None:
            self._vault.fill(taker, public, maker=False)
