"""What every exchange of a world knows of our account: the measure of all that the engine believes."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import OrderRow, TradeRow

_ALL: Final = 1_000_000


class Truth:
    """One account at each exchange. Ids of trades are an exchange's own, so a trade is named with its venue."""

    def __init__(self, exchanges: Mapping[VenueName, Exchange], account: str) -> None:
        self.venues = tuple(exchanges)
        self._exchanges, self._account = exchanges, account
        listed = {(v, Symbol(s)): x for v, exchange in exchanges.items() for s, x in exchange.listings.items()}
        self.base = {pair: Asset(listing.base) for pair, listing in listed.items()}
        self.quote = {pair: Asset(listing.quote) for pair, listing in listed.items()}

    def trades(self, venue: VenueName) -> list[TradeRow]:
        return self._exchanges[venue].trades(self._account, limit=_ALL)

    def all_trades(self) -> Iterator[tuple[VenueName, TradeRow]]:
        """Every execution at every venue."""
        for venue in self.venues:
            for trade in self.trades(venue):
                yield venue, trade

    def orders(self, venue: VenueName) -> list[OrderRow]:
        return self._exchanges[venue].orders(self._account, limit=_ALL)

    def open_orders(self, venue: VenueName) -> list[OrderRow]:
        return self._exchanges[venue].open_orders(self._account)

    def order(self, venue: VenueName, client_id: ClientOrderId) -> OrderRow | None:
        return self._exchanges[venue].order(self._account, client_id=client_id)

    def held(self, venue: VenueName) -> dict[Asset, Decimal]:
        """All that stands there, reserved or not."""
        return {Asset(row.asset): row.free + row.locked for row in self._exchanges[venue].balances(self._account)}

    def came(self, asset: Asset) -> Decimal:
        """What sales have brought of an asset, less their fees."""
        rows = (t.quote - t.fee for v, t in self.all_trades() if self.quote[v, Symbol(t.symbol)] == asset)
        return sum(rows, ZERO)

    def possible(self, asset: Asset, ours: Mapping[ClientOrderId, object]) -> Decimal:
        """What orders of ours have sold of an asset and may still sell."""
        rows = (
            row.filled if row.status.ended else row.quantity
            for venue in self.venues
            for row in self.orders(venue)
            if self.base[venue, Symbol(row.symbol)] == asset and ClientOrderId(row.client_id) in ours
        )
        return sum(rows, ZERO)
