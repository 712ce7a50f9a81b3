"""A dealer who quotes on request, over the accounts of one exchange. Pure but for the money that a deal moves.

The model, and all there is to it. A quote is the mid of the book, or of two books where the assets share no pair, made
worse by a drawn spread; it stands for a drawn time, and can be taken once. The dealer refuses by chance, and what is
too small or too large. Taking a quote moves both assets at once and costs no fee. All of it is mock: no venue says how
its dealers price. Draws are counted by the quotes asked for, so the same questions in the same order hear the same.

A quote lives in the time of those who hold it (wall); a deal stands in the statement in market time.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Final

from msgspec import Struct, field

from engine.kernel import chance
from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.money import times
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Mode, Rejection
from venues.sandbox.records import EPOCH

FIAT_STEP: Final = Decimal("0.01")
CRYPTO_STEP: Final = Decimal("0.00000001")
FIAT: Final = frozenset({"USD", "HKD", "EUR", "GBP", "CNH", "SGD"})
_STABLE: Final = ("USDT", "USDC")
_BP: Final = 10_000
_HUNDREDTH_BP: Final = 100 * _BP


def _worth(dollars: int) -> dict[str, Decimal]:
    """About so many US dollars, in the assets that deals are counted in."""
    return {"USD": Decimal(dollars), "USDT": Decimal(dollars), "USDC": Decimal(dollars), "HKD": Decimal(8 * dollars)}


class DealerTerms(Struct, frozen=True, kw_only=True):
    """How a dealer quotes. Spreads are hundredths of a basis point off the mid, both ends included."""

    spread_min: int = 500
    spread_max: int = 2_000
    validity_min: Span = Span(5 * SECOND)
    validity_max: Span = Span(8 * SECOND)
    refusals: float = 0.0
    """The chance that a quote is refused without a reason."""
    least: Mapping[str, Decimal] = field(default_factory=lambda: _worth(10))
    most: Mapping[str, Decimal] = field(default_factory=lambda: _worth(2_000_000))
    """What a deal must at least and may at most be worth, by the asset that it is counted in."""


class DealerReason(StrEnum):
    """Why no quote is given."""

    BAD_AMOUNT = "bad_amount"
    """Neither or both of the amounts, or one that is no positive number."""
    UNSUPPORTED = "unsupported"
    """These two assets are not dealt in."""
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NO_MARKET = "no_market"
    """A book that the price is made from has only one side."""
    UNWILLING = "unwilling"
    CLOSED = "closed"
    """The exchange is in another mode than normal."""


class DealerRefusal(Struct, frozen=True):
    """No quote."""

    reason: DealerReason
    detail: str = ""


class DealerQuote(Struct, frozen=True):
    """A firm price for one deal: the account gives `sell_units` of `sell` and gets `buy_units` of `buy`."""

    id: str
    account: str
    sell: str
    buy: str
    sell_units: Decimal
    buy_units: Decimal
    asked_sell: bool
    """The client named what it sells; otherwise what it buys."""
    made_at: Instant
    expires_at: Instant
    """From this moment on it cannot be taken."""


class Taking(StrEnum):
    """How an attempt to take a quote ended."""

    DEALT = "dealt"
    EXPIRED = "expired"
    UNKNOWN_ID = "unknown_id"
    """Never made, or made for another account."""
    ALREADY = "already"
    """It was taken before; the earlier deal stands."""
    INSUFFICIENT = "insufficient"
    """The account has not got it; the quote stands until it expires."""
    CLOSED = "closed"


class Deal(Struct, frozen=True):
    """A quote that was taken, or one that somebody tried to take without having the money."""

    id: str
    quote: DealerQuote
    at: Instant
    """Market time."""
    done: bool


class Taken(Struct, frozen=True):
    """The end of one attempt, with the deal that there is, whenever it was made."""

    how: Taking
    deal: Deal | None = None


class Dealer:
    """One venue's dealer. `show_id` gives ids their venue's form; a dialect may set it before the first quote."""

    def __init__(self, exchange: Exchange, *, seed: int, venue: str, terms: DealerTerms | None = None) -> None:
        self.terms = terms or DealerTerms()
        self.show_id: Callable[[str], str] = str
        self._exchange, self._seed, self._venue = exchange, seed, venue
        self._asked = 0
        self._quotes: dict[str, DealerQuote] = {}
        self._deals: dict[str, list[Deal]] = {}
        self._done: dict[str, Deal] = {}

    def quote(
        self,
        account: str,
        sell: str,
        buy: str,
        at: Instant,
        *,
        sell_units: Decimal | None = None,
        buy_units: Decimal | None = None,
    ) -> DealerQuote | DealerRefusal:
        """A firm price for exactly one of the two amounts; the other one is rounded to the dealer's favour."""
        self._asked += 1
        refusal = self._refused(sell_units, buy_units)
        if refusal is not None:
            return refusal
        rate = self._rate(sell, buy)
        if isinstance(rate, DealerRefusal):
            return rate
        rate *= Fraction(_HUNDREDTH_BP - self._between("spread", self.terms.spread_min, self.terms.spread_max))
        rate /= _HUNDREDTH_BP
        if sell_units is not None:
            given, got = sell_units, _whole(Fraction(sell_units) * rate, buy, up=False)
        else:
            assert buy_units is not None, "one of the two was given"
            given, got = _whole(Fraction(buy_units) / rate, sell, up=True), buy_units
        if (size := self._unsized({sell: given, buy: got})) is not None:
            return size
        if chance.draw(self._seed, f"dealer {self._venue} refusal", self._asked) < self.terms.refusals:
            return DealerRefusal(DealerReason.UNWILLING)
        lasts = self._between("validity", self.terms.validity_min, self.terms.validity_max)
        named = sha256(f"{self._seed}|dealer {self._venue}|{self._asked}".encode()).hexdigest()[:32]
        made = DealerQuote(
            self.show_id(named), account, sell, buy, given, got, sell_units is not None, at, Instant(at + lasts)
        )
        self._quotes[made.id] = made
        return made

    def accept(self, account: str, quote_id: str, at: Instant) -> Taken:
        """Take a quote, once. Asked again it says `ALREADY`, before it says that the quote has expired."""
        quote = self.find(account, quote_id)
        if quote is None:
            return Taken(Taking.UNKNOWN_ID)
        if (before := self._done.get(quote_id)) is not None:
            return Taken(Taking.ALREADY, before)
        if at >= quote.expires_at:
            return Taken(Taking.EXPIRED)
        if self._exchange.mode is not Mode.NORMAL:
            return Taken(Taking.CLOSED)
        moved = self._exchange.deal(account, quote.sell, quote.buy, quote.sell_units, quote.buy_units, quote_id)
        done = not isinstance(moved, Rejection)
        number = len(self._deals.setdefault(account, []))
        named = moved.id if not isinstance(moved, Rejection) else f"{quote_id}-{number}"
        deal = Deal(named, quote, self._exchange.now, done)
        self._deals[account].append(deal)
        if done:
            self._done[quote_id] = deal
        return Taken(Taking.DEALT if done else Taking.INSUFFICIENT, deal)

    def find(self, account: str, quote_id: str) -> DealerQuote | None:
        """A quote that was made for this account, whatever became of it."""
        quote = self._quotes.get(quote_id)
        return quote if quote is not None and quote.account == account else None

    def history(self, account: str, since: Instant = EPOCH) -> list[Deal]:
        """Deals at or after `since` in market time, oldest first; attempts without the money among them."""
        return [deal for deal in self._deals.get(account, ()) if deal.at >= since]

    def _refused(self, sell_units: Decimal | None, buy_units: Decimal | None) -> DealerRefusal | None:
        if self._exchange.mode is not Mode.NORMAL:
            return DealerRefusal(DealerReason.CLOSED)
        given = [units for units in (sell_units, buy_units) if units is not None]
        if len(given) != 1 or not given[0].is_finite() or given[0] <= 0:
            return DealerRefusal(DealerReason.BAD_AMOUNT)
        return None

    def _rate(self, sell: str, buy: str) -> Fraction | DealerRefusal:
        """Units of `buy` for one of `sell` at mid, through a stablecoin where they share no pair."""
        ways = [((sell, buy),), *(((sell, stable), (stable, buy)) for stable in _STABLE)]
        for way in ways:
            pairs = [self._pair(*step) for step in way]
            if all(pairs):
                rate = Fraction(1)
                for pair in pairs:
                    assert pair is not None, "looked at above"
                    symbol, turned = pair
                    depth = self._exchange.depth(symbol, 1)
                    if not depth.bids or not depth.asks:
                        return DealerRefusal(DealerReason.NO_MARKET, symbol)
                    mid = (Fraction(depth.bids[0][0]) + Fraction(depth.asks[0][0])) / 2
                    rate *= 1 / mid if turned else mid
                return rate
        return DealerRefusal(DealerReason.UNSUPPORTED, f"{sell} for {buy}")

    def _pair(self, sell: str, buy: str) -> tuple[str, bool] | None:
        """The pair of two assets, and whether its quote is the one that is sold."""
        for listing in self._exchange.listings.values():
            if {listing.base, listing.quote} == {sell, buy}:
                return listing.symbol, listing.quote == sell
        return None

    def _unsized(self, legs: Mapping[str, Decimal]) -> DealerRefusal | None:
        for asset, units in legs.items():
            least, most = self.terms.least.get(asset), self.terms.most.get(asset)
            if least is not None and units < least:
                return DealerRefusal(DealerReason.TOO_SMALL, f"{units} {asset} below {least}")
            if most is not None and units > most:
                return DealerRefusal(DealerReason.TOO_LARGE, f"{units} {asset} above {most}")
        if any(units <= 0 for units in legs.values()):
            return DealerRefusal(DealerReason.TOO_SMALL)
        return None

    def _between(self, what: str, least: int, most: int) -> int:
        return least + chance.below(self._seed, f"dealer {self._venue} {what}", self._asked, most - least + 1)


def _whole(units: Fraction, asset: str, *, up: bool) -> Decimal:
    """Whole steps of the asset, rounded the way the dealer likes."""
    step = FIAT_STEP if asset in FIAT else CRYPTO_STEP
    steps = units / Fraction(step)
    return times(
        step, Decimal(-(-steps.numerator // steps.denominator) if up else steps.numerator // steps.denominator)
    )
