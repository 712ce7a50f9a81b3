"""What an exchange shows: every read, as of now or, for a reader who is to hear old news, as of an earlier moment."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from engine.kernel.clock import Instant
from engine.kernel.money import plain
from venues.sandbox.accounts import Held
from venues.sandbox.model import (
    BalanceRow,
    Depth,
    Entry,
    Listing,
    OrderRow,
    PrivateEvent,
    PublicTrade,
    StatementRow,
    TradeRow,
)
from venues.sandbox.pair import Pair
from venues.sandbox.vault import Vault

EPOCH: Final = Instant(0)
FOREVER: Final = Instant(2**63 - 1)
_AT, _CREATED, _TRADE_ID = attrgetter("at"), attrgetter("created_at"), attrgetter("trade_id")


class Records:
    """The reading half of an exchange. Reads never change anything."""

    now: Instant
    listings: Mapping[str, Listing]

    def __init__(self, vault: Vault, pairs: Mapping[str, Pair]) -> None:
        self._vault, self._pairs = vault, pairs
        self._orders: dict[int, Held] = {}
        self._public: list[PublicTrade] = []
        self._seen_at: Instant | None = None

    def remember(self) -> None:
        """Keep what is needed for `seen_at`; only what changes from here on can be read as it was."""
        self._vault.remember(self.now)

    @contextmanager
    def seen_at(self, at: Instant) -> Iterator[None]:
        """Within this, an account's orders, trades, statement and balances read as they stood at `at`."""
        self._seen_at = at
        try:
            yield
        finally:
            self._seen_at = None

    def order(self, account: str, *, client_id: str | None = None, order_id: str | None = None) -> OrderRow | None:
        """One order of the account in any state."""
        order = self._find(account, client_id, order_id)
        return None if order is None else order.row_at(self._seen_at)

    def open_orders(self, account: str, symbol: str | None = None) -> list[OrderRow]:
        """What can still trade, oldest first."""
        client = self._vault.accounts.get(account)
        if client is None:
            return []
        if self._seen_at is not None:
            shown = (order.row_at(self._seen_at) for order in client.orders)
            rows = [row for row in shown if row is not None and not row.status.ended]
        else:
            rows = [order.row() for order in client.open.values()]
        return [row for row in rows if symbol is None or row.symbol == symbol]

    def orders(
        self, account: str, symbol: str | None = None, since: Instant = EPOCH, limit: int = 500
    ) -> list[OrderRow]:
        """Orders of any state created at or after `since`, oldest first."""
        client = self._vault.accounts.get(account)
        found = client.orders[bisect_left(client.orders, since, key=_CREATED) :] if client else []
        shown = (order.row_at(self._seen_at) for order in found if symbol is None or order.request.symbol == symbol)
        return [row for row in shown if row is not None][:limit]

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
        if (client := self._vault.accounts.get(account)) is None:
            return []
        first = bisect_left(client.trades, since, key=_AT)
        if from_id is not None:
            first = max(first, bisect_left(client.trades, from_id, key=_TRADE_ID))
        until = FOREVER if self._seen_at is None else self._seen_at
        return [
            row
            for row in client.trades[first:]
            if (symbol is None or row.symbol == symbol)
            and (client_id is None or row.client_id == client_id)
            and row.at <= until
        ][:limit]

    def flow(
        self, account: str, since: Instant = EPOCH, until: Instant = FOREVER, kinds: Collection[Entry] = tuple(Entry)
    ) -> list[StatementRow]:
        """The account's statement from `since` to `until`, both included, oldest first."""
        client = self._vault.accounts.get(account)
        found = client.statement[bisect_left(client.statement, since, key=_AT) :] if client else []
        last = until if self._seen_at is None else min(until, self._seen_at)
        return [row for row in found if row.at <= last and row.kind in kinds]

    def balances(self, account: str) -> list[BalanceRow]:
        """Every asset that the account holds or has held, by name."""
        client = self._vault.accounts.get(account)
        if client is None:
            return []
        return list(client.rows(sorted(client.purses)) if self._seen_at is None else client.rows_at(self._seen_at))

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """The best `limit` levels of each side; `KeyError` for a pair that is not listed."""
        return self._pairs[symbol].depth(limit)

    def band(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        """Between which prices orders are taken now, if the pair has a band; `KeyError` if it is not listed."""
        return self._pairs[symbol].band()

    def recent_trades(self, symbol: str, limit: int = 100) -> list[PublicTrade]:
        """The last prints of a pair, oldest first."""
        return list(self._pairs[symbol].recent)[-limit:] if limit > 0 else []

    def take_private(self) -> list[PrivateEvent]:
        """All private events of all accounts since the last call, in order."""
        taken, self._vault.events = self._vault.events, []
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
        the accounts began with. `flow` is the statement: what came and went, by trades and otherwise.
        """
        vault = self._vault
        return {
            "now": self.now,
            "accounts": {
                name: {
                    "balances": {row.asset: _json(row) for row in client.rows(sorted(client.purses))},
                    "orders": [_json(order.row()) for order in client.orders],
                    "trades": [_json(row) for row in client.trades],
                    "flow": [_json(row) for row in client.statement],
                }
                for name, client in vault.accounts.items()
            },
            "outside": {asset: plain(units) for asset, units in sorted(vault.outside.items())},
            "fees": {asset: plain(units) for asset, units in sorted(vault.fees.items())},
        }

    def _find(self, account: str, client_id: str | None, order_id: str | None) -> Held | None:
        client = self._vault.accounts.get(account)
        if client is None:
            return None
        if client_id is not None:
            return client.by_client.get(client_id)
        order = self._orders.get(int(order_id)) if order_id is not None and order_id.isdecimal() else None
        return order if order is not None and order.account == account else None


def _json(row: OrderRow | TradeRow | BalanceRow | StatementRow) -> dict[str, Any]:
    values = ((name, getattr(row, name)) for name in row.__struct_fields__)
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values}
