"""The exchange: accounts, filters, fees and ids around the books, played forward over other people's orders.

It is the truth that tests compare everything else with. It reads no clock and draws no chance: the same calls in the
same order give the same rows, byte for byte. Other people have unlimited funds and pay no fee. An order never trades
with one of its own account: the walk stops there and the remainder of the incoming order expires.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import Decimal
from heapq import merge
from operator import attrgetter
from typing import Any, Final

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, plain, times, up_to
from venues.sandbox.accounts import Account, Held
from venues.sandbox.flow import Act, Flow, FlowAction
from venues.sandbox.matching import Match, Resting
from venues.sandbox.model import (
    BalanceRow,
    BalancesChanged,
    Depth,
    Kind,
    Listing,
    OrderChanged,
    OrderRequest,
    OrderRow,
    PrivateEvent,
    PublicTrade,
    Reason,
    Rejection,
    Side,
    Status,
    TradeRow,
)
from venues.sandbox.pair import Pair

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
EPOCH: Final = Instant(0)
_IDS_FROM: Final = 10**18
_AT, _CREATED, _TRADE_ID = attrgetter("at"), attrgetter("created_at"), attrgetter("trade_id")


class Exchange:
    """Listed pairs, accounts and other people, from `start` on. Books already stand at `start`."""

    def __init__(
        self,
        listings: Sequence[Listing],
        balances: Mapping[str, Mapping[str, Decimal]],
        flows: Sequence[Flow],
        *,
        start: Instant,
        strict_tif: bool = False,
    ) -> None:
        self.now = start
        self.listings: Mapping[str, Listing] = {listing.symbol: listing for listing in listings}
        self.strict_tif = strict_tif
        self._pairs = {listing.symbol: Pair(listing, start) for listing in listings}
        self._accounts = {name: Account(assets) for name, assets in balances.items()}
        self._flows = {flow.symbol: flow for flow in flows}
        if missing := self._flows.keys() - self._pairs.keys():
            raise ValueError(f"flows for pairs that are not listed: {sorted(missing)}")
        self._orders: dict[int, Held] = {}
        # Milliseconds of the start and a counter behind them: nineteen digits in our century.
        self._last_id = max(_IDS_FROM, start // 1_000_000 * 1_000_000)
        self._outside: dict[str, Decimal] = {}
        self._fees: dict[str, Decimal] = {}
        self._private: list[PrivateEvent] = []
        self._public: list[PublicTrade] = []
        self.advance(start)

    # What time brings

    def advance(self, to: Instant) -> None:
        """Play other people's orders up to `to`; an instant that has passed already changes nothing."""
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
            arrival = book.arrive(Resting(action.bid, action.ticks, action.lots, action.key), action.patient)
            matches = arrival.matches
            pair.counts["evicted"] += arrival.evicted
            pair.counts["refused"] += not (arrival.stands or matches)
        elif action.act is Act.TAKE:
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
            self._show_balances()

    # What clients ask

    def place(self, account: str, request: OrderRequest) -> OrderRow | Rejection:
        """Accept an order and match it; the row is its state after that."""
        pair, client = self._pairs.get(request.symbol), self._accounts.get(account)
        if pair is None:
            return Rejection(Reason.UNKNOWN_SYMBOL, request.symbol)
        if not self.listings[request.symbol].trading:
            return Rejection(Reason.HALTED, request.symbol)
        if not CLIENT_ID.fullmatch(request.client_id):
            return Rejection(Reason.BAD_ID, request.client_id)
        if self.strict_tif and request.kind in (Kind.IOC, Kind.FOK):
            return Rejection(Reason.TIF_NOT_SUPPORTED, request.kind)
        fitted = pair.fit(request)
        if isinstance(fitted, Rejection):
            return fitted
        if client is None:
            return Rejection(Reason.INSUFFICIENT, f"{account} holds nothing")
        if request.client_id in client.by_client:
            return Rejection(Reason.DUPLICATE_ID, request.client_id)
        order = Held(self._last_id + 1, account, pair, request, *fitted, self.now)
        asset, units = order.locked
        if (purse := client.purses.get(asset)) is None or purse.free < units:
            return Rejection(Reason.INSUFFICIENT, f"{plain(units)} {asset} needed")
        self._next_id()
        self._orders[order.number] = client.by_client[request.client_id] = client.open[order.number] = order
        client.orders.append(order)
        self._move(client, asset, -units, units)
        self._tell(order, None)
        self._match(order, pair)
        self._show_balances()
        return order.row()

    def _match(self, order: Held, pair: Pair) -> None:
        book, kind, bid = pair.book, order.request.kind, order.request.side is Side.BUY
        if kind is Kind.MAKER and book.crosses(bid, order.ticks):
            self._end(order, Status.REJECTED)
            return
        if kind is Kind.FOK and not book.fillable(bid, order.ticks, order.lots, order.account):
            self._end(order, Status.CANCELED)
            return
        version = book.version
        taken = book.take(bid, order.ticks, order.lots, order.account)
        for match in taken.matches:
            self._trade(pair, match, bid, order)
        if taken.matches and (flow := self._flows.get(order.request.symbol)) is not None:
            flow.felt(self.now, not bid, order.lots - taken.left)
        if taken.left and (taken.met_self or kind is Kind.IOC):
            self._end(order, Status.PARTIALLY_CANCELED if order.filled else Status.CANCELED)
        elif taken.left:
            order.resting = Resting(bid, order.ticks, taken.left, order.number, order.account)
            book.rest(order.resting)
        if book.version != version:
            pair.changed_at = self.now

    def cancel(
        self, account: str, *, client_id: str | None = None, order_id: str | None = None
    ) -> OrderRow | Rejection:
        """End an open order; the row is its last state."""
        order = self._find(account, client_id, order_id)
        if order is None:
            return Rejection(Reason.NOT_FOUND, client_id or order_id or "")
        if order.status.ended:
            filled = order.status is Status.FILLED
            return Rejection(Reason.ALREADY_FILLED if filled else Reason.ALREADY_CANCELLED, str(order.number))
        assert order.resting is not None, "what is open rests"
        order.pair.book.remove(order.resting)
        order.pair.changed_at = self.now
        self._end(order, Status.PARTIALLY_CANCELED if order.filled else Status.CANCELED)
        self._show_balances()
        return order.row()

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
        self._show_balances()

    # What clients read

    def order(self, account: str, *, client_id: str | None = None, order_id: str | None = None) -> OrderRow | None:
        """One order of the account in any state."""
        order = self._find(account, client_id, order_id)
        return None if order is None else order.row()

    def open_orders(self, account: str, symbol: str | None = None) -> list[OrderRow]:
        """What can still trade, oldest first."""
        client = self._accounts.get(account)
        orders = client.open.values() if client else ()
        return [order.row() for order in orders if symbol is None or order.request.symbol == symbol]

    def orders(
        self, account: str, symbol: str | None = None, since: Instant = EPOCH, limit: int = 500
    ) -> list[OrderRow]:
        """Orders of any state created at or after `since`, oldest first."""
        client = self._accounts.get(account)
        found = client.orders[bisect_left(client.orders, since, key=_CREATED) :] if client else []
        return [order.row() for order in found if symbol is None or order.request.symbol == symbol][:limit]

    def trades(
        self,
        account: str,
        symbol: str | None = None,
        since: Instant = EPOCH,
        client_id: str | None = None,
        limit: int = 500,
        from_id: str | None = None,
    ) -> list[TradeRow]:
        """Executions at or after `since`, from trade `from_id` on (itself included), oldest first."""
        if (client := self._accounts.get(account)) is None:
            return []
        first = bisect_left(client.trades, since, key=_AT)
        if from_id is not None:
            first = max(first, bisect_left(client.trades, from_id, key=_TRADE_ID))
        return [
            row
            for row in client.trades[first:]
            if (symbol is None or row.symbol == symbol) and (client_id is None or row.client_id == client_id)
        ][:limit]

    def balances(self, account: str) -> list[BalanceRow]:
        """Every asset that the account holds or has held, by name."""
        client = self._accounts.get(account)
        return list(client.rows(sorted(client.purses))) if client else []

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """The best `limit` levels of each side; `KeyError` for a pair that is not listed."""
        return self._pairs[symbol].depth(limit)

    def recent_trades(self, symbol: str, limit: int = 100) -> list[PublicTrade]:
        """The last prints of a pair, oldest first."""
        return list(self._pairs[symbol].recent)[-limit:] if limit > 0 else []

    def take_private(self) -> list[PrivateEvent]:
        """All private events of all accounts since the last call, in order."""
        taken, self._private = self._private, []
        return taken

    def take_public(self) -> list[PublicTrade]:
        """All prints of all pairs since the last call, in order."""
        taken, self._public = self._public, []
        return taken

    def stats(self) -> dict[str, dict[str, int]]:
        """Per pair: what stands, and what other people's flow could not do as it was told."""
        return {
            symbol: {
                "levels": len(pair.book.bids.levels) + len(pair.book.asks.levels),
                "others_orders": len(pair.book.others),
                "version": pair.book.version,
                **pair.counts,
            }
            for symbol, pair in self._pairs.items()
        }

    def truth(self) -> dict[str, Any]:
        """Everything that happened to accounts, ready for JSON; decimals are strings.

        `outside` is what other people gained and `fees` what the house did: with all balances they add up to what
        the accounts began with.
        """
        return {
            "now": self.now,
            "accounts": {
                name: {
                    "balances": {row.asset: _json(row) for row in self.balances(name)},
                    "orders": [_json(order.row()) for order in client.orders],
                    "trades": [_json(row) for row in client.trades],
                }
                for name, client in self._accounts.items()
            },
            "outside": {asset: plain(units) for asset, units in sorted(self._outside.items())},
            "fees": {asset: plain(units) for asset, units in sorted(self._fees.items())},
        }

    # Bookkeeping

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _find(self, account: str, client_id: str | None, order_id: str | None) -> Held | None:
        client = self._accounts.get(account)
        if client is None:
            return None
        if client_id is not None:
            return client.by_client.get(client_id)
        order = self._orders.get(int(order_id)) if order_id is not None and order_id.isdecimal() else None
        return order if order is not None and order.account == account else None

    @staticmethod
    def _move(client: Account, asset: str, free: Decimal, locked: Decimal) -> None:
        purse = client.purse(asset)
        purse.free += free
        purse.locked += locked
        assert purse.free >= 0 <= purse.locked, f"{asset} overdrawn"

    def _trade(self, pair: Pair, match: Match, taker_buys: bool, taker: Held | None) -> None:
        """One print, and a private execution for each side that is an account's."""
        maker, listing = match.maker, pair.listing
        price, quantity = times(listing.tick, Decimal(maker.ticks)), times(listing.lot, Decimal(match.lots))
        public = PublicTrade(self._next_id(), listing.symbol, price, quantity, not taker_buys, self.now)
        pair.last = maker.ticks
        pair.recent.append(public)
        self._public.append(public)
        if maker.account:
            self._fill(self._orders[maker.key], public, maker=True)
        if taker is not None:
            self._fill(taker, public, maker=False)

    def _fill(self, order: Held, public: PublicTrade, *, maker: bool) -> None:
        listing, request, client = order.pair.listing, order.request, self._accounts[order.account]
        quote = times(public.price, public.quantity)
        fee = up_to(times(quote, listing.maker_fee if maker else listing.taker_fee), listing.fee_step)
        if request.side is Side.SELL:
            fee = min(fee, quote)  # a fee is rounded up, but never beyond what there was to take it from
            self._move(client, listing.base, ZERO, -public.quantity)
            self._move(client, listing.quote, quote - fee, ZERO)
            sign = 1
        else:
            fee = min(fee, order.fee_left)
            order.fee_left -= fee
            reserved = times(request.price, public.quantity)
            self._move(client, listing.quote, reserved - quote, -reserved - fee)
            self._move(client, listing.base, public.quantity, ZERO)
            sign = -1
        for pot, asset, units in (
            (self._outside, listing.base, sign * public.quantity),
            (self._outside, listing.quote, -sign * quote),
            (self._fees, listing.quote, fee),
        ):
            pot[asset] = pot.get(asset, ZERO) + units
        order.filled += public.quantity
        order.quote_filled += quote
        row = TradeRow(
            self._next_id(), public.trade_id, str(order.number), order.account, listing.symbol, request.client_id,
            request.side, public.quantity, public.price, quote, fee, listing.quote, maker, self.now,
        )  # fmt: skip
        client.trades.append(row)
        if order.filled == request.quantity:
            self._end(order, Status.FILLED, row)
        else:
            order.status, order.updated_at = Status.PARTIALLY_FILLED, self.now
            self._tell(order, row)

    def _end(self, order: Held, status: Status, trade: TradeRow | None = None) -> None:
        client = self._accounts[order.account]
        asset, units = order.locked
        self._move(client, asset, units, -units)
        order.fee_left = ZERO
        order.status, order.updated_at, order.resting = status, self.now, None
        del client.open[order.number]
        self._tell(order, trade)

    def _tell(self, order: Held, trade: TradeRow | None) -> None:
        self._private.append(OrderChanged(self.now, order.row(), trade))

    def _show_balances(self) -> None:
        """One event an account for all that one operation touched."""
        for name, client in self._accounts.items():
            if client.touched:
                self._private.append(BalancesChanged(self.now, name, client.rows(client.touched)))
                client.touched = {}


def _json(row: OrderRow | TradeRow | BalanceRow) -> dict[str, Any]:
    values = ((name, getattr(row, name)) for name in row.__struct_fields__)
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values}
