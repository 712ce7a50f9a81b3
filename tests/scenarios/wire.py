"""What reaches the exchanges, judged at the instant when it arrives, by arithmetic that shares nothing with the core.

The quota, the share of volume and the hours are worked out here again, from the exchange's own trades and from the
config's text. What is wrong is written down and not raised, since a driver takes whatever is raised for a lost answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from engine.config import Config
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.mandate.programme import Carry
from engine.orders.order import Approved
from engine.orders.reports import Outcome
from tests.simulation.truth import Truth
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import OrderRequest, OrderRow, PublicTrade, Rejection, Side

HONG_KONG: Final = timezone(timedelta(hours=8))


def local(at: int) -> datetime:
    """The same instant on a clock in Hong Kong."""
    return datetime.fromtimestamp(at // 10**9, HONG_KONG)


def of_day(at: int) -> str:
    """The local date."""
    return local(at).date().isoformat()


class Wire:
    """Looks on at every exchange; `wrong` is what should not have arrived, each with its instant."""

    def __init__(self, truth: Truth, config: Config, exchanges: Mapping[VenueName, Exchange]) -> None:
        self.wrong: list[str] = []
        self.arrivals: Counter[tuple[VenueName, Symbol]] = Counter()
        self.at: list[tuple[Instant, VenueName, Asset, Decimal]] = []
        """Every order that arrived, with its asset and quantity."""
        self.printed: dict[tuple[VenueName, Symbol], Decimal] = {}
        """The volume of each pair by the exchange's own prints."""
        self.shares: dict[Asset, Decimal] = {}
        """The largest share of the volume that an asset's sales ever had, with the order that arrived."""
        self._truth, self._config, self._exchanges = truth, config, exchanges
        for name, exchange in exchanges.items():
            self._listen(name, exchange)

    def sent(self, approved: Approved) -> None:
        """Nothing is judged here: what counts is what arrives."""

    def answered(self, client_id: ClientOrderId, outcome: Outcome) -> None:
        """Nor here."""

    def turned(self, state: object) -> None:
        """Nor here."""

    def arriving(self, venue: VenueName, request: OrderRequest) -> None:
        """Judge one order, before the exchange does."""
        pair = (venue, Symbol(request.symbol))
        base, quote = self._truth.base[pair], self._truth.quote[pair]
        now = self._exchanges[venue].now
        self.arrivals[pair] += 1
        self.at.append((now, venue, base, request.quantity))
        for what in (
            *self._path(request, base, quote),
            *self._hours(now, base),
            *self._quantities(now, base, request.quantity),
        ):
            self.wrong.append(f"{iso(now)} {venue} {request.quantity} {request.symbol}: {what}")

    def arrived(self, venue: VenueName, request: OrderRequest, result: OrderRow | Rejection) -> None:
        """The exchange takes all that the engine sends it."""

    def sold(self, asset: Asset, *, since: int = 0, until: int | None = None) -> Decimal:
        """What was sold of an asset, by the exchanges' own trades, in `[since, until)`."""
        rows = (
            trade.quantity
            for venue, trade in self._truth.all_trades()
            if self._truth.base[venue, Symbol(trade.symbol)] == asset
            and since <= trade.at
            and (until is None or trade.at < until)
        )
        return sum(rows, ZERO)

    def _path(self, request: OrderRequest, base: Asset, quote: Asset) -> Iterable[str]:
        if request.side is not Side.SELL:
            yield "a purchase"
        if (base, quote) not in {(edge.sell, edge.buy) for edge in self._config.terms.edges}:
            yield f"{base} for {quote} is no hop of the mandate"

    def _hours(self, now: Instant, base: Asset) -> Iterable[str]:
        """Coin in trading hours, stablecoin in the bank's."""
        programme = self._config.programme
        if programme is None:
            return
        hours = programme.bank if base == "USDT" else programme.hours
        if hours is None:
            return
        here = local(now)
        since = ((here.hour * 60 + here.minute) * 60 + here.second) * 10**9 + now % 10**9
        open_now = [w for w in hours.windows if here.weekday() in w.days and w.opens <= since < w.closes]
        if not open_now:
            yield f"at {here:%H:%M:%S}, when {base} is not sold"

    def _quantities(self, now: Instant, base: Asset, quantity: Decimal) -> Iterable[str]:
        holding = self._config.terms.holding(base)
        if base == "USDT" or holding is None:
            return
        open_now = self._open(base)
        gone = self.sold(base)
        if gone + open_now + quantity > holding.released:
            yield f"{gone} sold and {open_now} working of {holding.released} released"
        today = self.sold_by_day(base).get(of_day(now), ZERO)
        allowed = self._allowed(now, base, holding.released)
        if allowed is not None and today + open_now + quantity > allowed:
            yield f"{today} sold and {open_now} working of a quota of {allowed} on {of_day(now)}"
        share = holding.participation_max
        volume = sum((n for pair, n in self.printed.items() if self._truth.base[pair] == base), ZERO)
        ours, everybody = gone + open_now + quantity, volume + open_now + quantity
        self.shares[base] = max(self.shares.get(base, ZERO), ours / everybody)
        if share is not None and ours > share * everybody:
            yield f"{gone} sold and {open_now} working of a volume of {volume}"

    def _open(self, base: Asset) -> Decimal:
        rows = (
            row.quantity - row.filled
            for venue in self._exchanges
            for row in self._truth.open_orders(venue)
            if self._truth.base[venue, Symbol(row.symbol)] == base
        )
        return sum(rows, ZERO)

    def sold_by_day(self, base: Asset) -> dict[str, Decimal]:
        """Per local date, by the exchanges' own trades."""
        days: dict[str, Decimal] = {}
        for venue, trade in self._truth.all_trades():
            if self._truth.base[venue, Symbol(trade.symbol)] == base:
                days[of_day(trade.at)] = days.get(of_day(trade.at), ZERO) + trade.quantity
        return days

    def _allowed(self, now: Instant, base: Asset, released: Decimal) -> Decimal | None:
        """The day's quota; what the day before left comes on top where the programme carries it over."""
        programme = self._config.programme
        if programme is None or programme.quota is None:
            return None
        quota = programme.quota * released
        yesterday = (local(now) - timedelta(days=1)).date().isoformat()
        began = min((of_day(at) for at, *_ in self.at), default=of_day(now))
        if programme.carry is not Carry.NEXT or yesterday < began:
            return quota
        return quota + max(ZERO, quota - self.sold_by_day(base).get(yesterday, ZERO))

    def _listen(self, name: VenueName, exchange: Exchange) -> None:
        place, take_public = exchange.place, exchange.take_public

        def watched(account: str, request: OrderRequest) -> OrderRow | Rejection:
            self.arriving(name, request)
            return place(account, request)

        def counted() -> list[PublicTrade]:
            prints = take_public()
            for each in prints:
                pair = (name, Symbol(each.symbol))
                self.printed[pair] = self.printed.get(pair, ZERO) + each.quantity
            return prints

        exchange.place, exchange.take_public = watched, counted  # type: ignore[method-assign]
