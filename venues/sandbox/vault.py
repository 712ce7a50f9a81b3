"""Who holds what: every movement of money of an exchange goes through here, and leaves its rows behind.

Nothing is created or lost: what accounts hold, what other people gained (`outside`) and what the house earned
(`fees`) always add up to what the accounts began with. Whether something may happen is decided elsewhere.
"""

from collections.abc import Mapping
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, plain, times, up_to
from venues.sandbox.accounts import Account, Held
from venues.sandbox.model import (
    BalancesChanged,
    Entry,
    OrderChanged,
    PrivateEvent,
    PublicTrade,
    Reason,
    Rejection,
    Side,
    StatementRow,
    Status,
    TradeRow,
)


class Vault:
    """The accounts, the two pots beside them, and the private news of all of them."""

    def __init__(self, balances: Mapping[str, Mapping[str, Decimal]], last_id: int) -> None:
        self.accounts = {name: Account(assets) for name, assets in balances.items()}
        self.outside: dict[str, Decimal] = {}
        self.fees: dict[str, Decimal] = {}
        self.events: list[PrivateEvent] = []
        self.last_id = last_id
        self._remembers = False

    def next_id(self) -> str:
        """An id above all before it."""
        self.last_id += 1
        return str(self.last_id)

    def remember(self, at: Instant) -> None:
        """From here on keep how orders and balances looked after each change, so that the past can be read."""
        self._remembers = True
        for account in self.accounts.values():
            account.past += [(at, row) for row in account.rows(account.purses)]
            for order in account.orders:
                order.past.append(order.row())

    # Orders

    def open(self, order: Held) -> Rejection | None:
        """Reserve what an order needs and enter it; nothing happens when that is not there."""
        asset, units = order.locked
        account = self.accounts[order.account]
        if account.free(asset) < units or asset not in account.purses:
            return Rejection(Reason.INSUFFICIENT, f"{plain(units)} {asset} needed")
        self.last_id = order.number
        account.by_client[order.request.client_id] = account.open[order.number] = order
        account.orders.append(order)
        _move(account, asset, -units, units)
        self._tell(order, order.created_at, None)
        return None

    def fill(self, order: Held, public: PublicTrade, *, maker: bool) -> None:
        """One execution of one account's order; its last one ends the order."""
        listing, request, account = order.pair.listing, order.request, self.accounts[order.account]
        quote = times(public.price, public.quantity)
        complete = order.filled + public.quantity == order.fitted.goal
        fee = up_to(times(quote, listing.maker_fee if maker else listing.taker_fee), listing.fee_step)
        if complete and listing.fee_min is not None:
            fee = max(fee, listing.fee_min - order.fee_paid)
        if request.side is Side.SELL:
            # Rounded up, but never beyond what there was to take it from; only the minimum reaches for more.
            fee = min(fee, quote if listing.fee_min is None else quote + account.free(listing.quote))
            _move(account, listing.base, ZERO, -public.quantity)
            _move(account, listing.quote, quote - fee, ZERO)
            sign = 1
        else:
            fee = min(fee, order.fee_left)
            order.fee_left -= fee
            reserved = order.reserved_for(public.quantity, quote)
            _move(account, listing.quote, reserved - quote, -reserved - fee)
            _move(account, listing.base, public.quantity, ZERO)
            sign = -1
        self._to_others(listing.base, sign * public.quantity)
        self._to_others(listing.quote, -sign * quote)
        self.fees[listing.quote] = self.fees.get(listing.quote, ZERO) + fee
        order.filled += public.quantity
        order.quote_filled += quote
        order.fee_paid += fee
        row = TradeRow(
            self.next_id(), public.trade_id, str(order.number), order.account, listing.symbol, request.client_id,
            request.side, public.quantity, public.price, quote, fee, listing.quote, maker, public.at,
        )  # fmt: skip
        account.trades.append(row)
        self._state(
            order.account, row.trade_id, Entry.TRADE, public.at, (listing.base, -sign * public.quantity),
            (listing.quote, sign * quote), fee, request.client_id,
        )  # fmt: skip
        if complete:
            self.end(order, Status.FILLED, public.at, row)
        else:
            order.status, order.updated_at = Status.PARTIALLY_FILLED, public.at
            self._tell(order, public.at, row)

    def end(self, order: Held, status: Status, at: Instant, trade: TradeRow | None = None) -> None:
        """The order can trade no more; what it still reserved is free."""
        account = self.accounts[order.account]
        asset, units = order.locked
        _move(account, asset, units, -units)
        order.fee_left = ZERO
        order.status, order.updated_at, order.resting = status, at, None
        del account.open[order.number]
        self._tell(order, at, trade)

    # Money without orders

    def deposit(self, account: str, asset: str, units: Decimal, reference: str, at: Instant) -> StatementRow:
        """Money comes in from outside; whoever had none has an account from here on."""
        self.accounts.setdefault(account, Account({}))
        return self._come_and_go(account, Entry.DEPOSIT, asset, units, reference, at)

    def withdraw(
        self, account: str, asset: str, units: Decimal, reference: str, at: Instant
    ) -> StatementRow | Rejection:
        """Free money leaves for outside."""
        if self._lacks(account, asset, units):
            return Rejection(Reason.INSUFFICIENT, f"{plain(units)} {asset} needed")
        return self._come_and_go(account, Entry.WITHDRAW, asset, -units, reference, at)

    def transfer(
        self, source: str, target: str, asset: str, units: Decimal, reference: str, at: Instant
    ) -> StatementRow | Rejection:
        """Free money goes to another account of this exchange; the row is the sender's."""
        if target not in self.accounts or target == source or self._lacks(source, asset, units):
            return Rejection(Reason.INSUFFICIENT, f"{plain(units)} {asset} from {source} to {target}")
        row = self._come_and_go(source, Entry.TRANSFER, asset, -units, reference, at)
        self._come_and_go(target, Entry.TRANSFER, asset, units, reference, at)
        return row

    def deal(
        self, account: str, sold: tuple[str, Decimal], bought: tuple[str, Decimal], reference: str, at: Instant
    ) -> StatementRow | Rejection:
        """One asset for another with a dealer, at once and without a fee."""
        if self._lacks(account, *sold):
            return Rejection(Reason.INSUFFICIENT, f"{plain(sold[1])} {sold[0]} needed")
        holder = self.accounts[account]
        _move(holder, sold[0], -sold[1], ZERO)
        _move(holder, bought[0], bought[1], ZERO)
        self._to_others(sold[0], sold[1])
        self._to_others(bought[0], -bought[1])
        return self._state(account, self.next_id(), Entry.DEAL, at, (sold[0], -sold[1]), bought, ZERO, reference)

    def _lacks(self, account: str, asset: str, units: Decimal) -> bool:
        holder = self.accounts.get(account)
        return holder is None or not units.is_finite() or units <= 0 or holder.free(asset) < units

    def _come_and_go(
        self, account: str, kind: Entry, asset: str, change: Decimal, reference: str, at: Instant
    ) -> StatementRow:
        _move(self.accounts[account], asset, change, ZERO)
        if kind is not Entry.TRANSFER:
            self._to_others(asset, -change)
        return self._state(account, self.next_id(), kind, at, (asset, change), None, ZERO, reference)

    def _to_others(self, asset: str, units: Decimal) -> None:
        self.outside[asset] = self.outside.get(asset, ZERO) + units

    # What is told

    def show_balances(self, at: Instant) -> None:
        """One event an account for all that one operation touched."""
        for name, account in self.accounts.items():
            if account.touched:
                rows = account.rows(account.touched)
                self.events.append(BalancesChanged(at, name, rows))
                if self._remembers:
                    account.past += [(at, row) for row in rows]
                account.touched = {}

    def _tell(self, order: Held, at: Instant, trade: TradeRow | None) -> None:
        row = order.row()
        self.events.append(OrderChanged(at, row, trade))
        if self._remembers:
            order.past.append(row)

    def _state(
        self,
        account: str,
        named: str,
        kind: Entry,
        at: Instant,
        base: tuple[str, Decimal],
        quote: tuple[str, Decimal] | None,
        fee: Decimal,
        reference: str,
    ) -> StatementRow:
        holder = self.accounts[account]
        held = holder.purses[quote[0]].held if quote else ZERO
        row = StatementRow(
            named, account, kind, at, *base, holder.purses[base[0]].held, *(quote or ("", ZERO)), held, fee, reference
        )
        holder.statement.append(row)
        return row


def _move(account: Account, asset: str, free: Decimal, locked: Decimal) -> None:
    purse = account.purse(asset)
    purse.free += free
    purse.locked += locked
    assert purse.free >= 0 <= purse.locked, f"{asset} overdrawn"
