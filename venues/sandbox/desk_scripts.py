"""The dealer of one exchange, asked directly: scripts as in `inprocess`, for those who ask for firm quotes.

Market and wall are one time here, so a quote lives in the same time as the book that it was made from.
"""

from abc import abstractmethod
from collections.abc import Callable, Generator
from typing import Final, TypeVar

from engine.kernel import codec
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import (
    Acceptance,
    DealAnswer,
    Dealt,
    NoDeal,
    NoWord,
    Quote,
    Quoted,
    QuoteRequest,
    Refused,
    Transient,
    Unknown,
)
from engine.orders.reports import Deal as Struck
from venues.sandbox.dealer import Deal, Dealer, DealerRefusal, Taking
from venues.sandbox.faults import Faults
from venues.sandbox.unheard import delays, unanswered, unasked

T = TypeVar("T")
Script = Generator[Span, None, T]

TIMEOUT: Final = Span(2 * SECOND)
"""How long a caller waits for an answer that does not come."""
MARGIN: Final = Span(250 * MILLISECOND)
"""By which we let a quote end before the dealer does."""
NO_DESK: Final = Refused("not_offered", "this venue gives no firm quotes")


class DeskScripts:
    """What a `Counter` says to the dealer, where there is one; it brings the account, the faults and the latency."""

    dealer: Dealer | None = None
    account: str
    name: VenueName
    faults: Faults
    _now: Callable[[], Instant]

    @abstractmethod
    def reach(self) -> None:
        """Let the exchange come to now."""

    @abstractmethod
    def _latency(self) -> Span: ...

    def quote(self, request: QuoteRequest) -> Script[Quoted]:
        """Ask for a firm price. One whose answer is lost binds nobody."""
        if (dealer := self.dealer) is None:
            return NO_DESK
        yield self._latency()
        faults = self.faults.at("rest.req", "rfq.quote")
        if (lost := unasked(faults)) is not None:
            yield TIMEOUT if isinstance(lost, Unknown) else self._latency()
            return Transient(lost.reason)
        yield from delays(faults)
        self.reach()
        made = dealer.quote(self.account, request.sell, request.buy, self._now(), sell_units=request.quantity)
        spoilt = self.faults.at("rest.resp", "rfq.quote")
        yield from delays(spoilt)
        if (unheard := unanswered(spoilt)) is not None:
            yield TIMEOUT
            return Transient(unheard.reason)
        yield self._latency()
        if isinstance(made, DealerRefusal):
            return Refused(made.reason, made.detail)
        ends = Instant(made.expires_at - MARGIN)
        return Quote(self.name, made.id, request.sell, request.buy, made.sell_units, made.buy_units, ends)

    def accept(self, quote: Quote) -> Script[Acceptance]:
        """Take the quote, once."""
        if (dealer := self.dealer) is None:
            return NO_DESK
        yield self._latency()
        faults = self.faults.at("rest.req", "rfq.accept")
        if (lost := unasked(faults)) is not None:
            yield TIMEOUT if isinstance(lost, Unknown) else self._latency()
            return lost
        yield from delays(faults)
        self.reach()
        taken = dealer.accept(self.account, quote.quote_id, self._now())
        spoilt = self.faults.at("rest.resp", "rfq.accept")
        yield from delays(spoilt)
        if (unheard := unanswered(spoilt)) is not None:
            yield TIMEOUT
            return unheard
        yield self._latency()
        if taken.how is Taking.DEALT and taken.deal is not None:
            return Dealt(self._struck(taken.deal))
        if taken.how is Taking.ALREADY:
            return Unknown("the dealer says that this quote was taken before")
        return Refused(taken.how, "the dealer strikes no deal")

    def deal(self, quote: Quote) -> Script[DealAnswer]:
        """What became of it. While it stands its absence proves nothing."""
        if (dealer := self.dealer) is None:
            return NoWord(NO_DESK.reason)
        yield self._latency()
        for channel in ("rest.req", "rest.resp"):
            if (lost := unasked(self.faults.at(channel, "rfq.history"))) is not None:
                yield TIMEOUT
                return NoWord(lost.reason)
        self.reach()
        over = self._now() >= quote.expires_at + 2 * MARGIN
        deals = dealer.history(self.account)
        yield self._latency()
        done = next((deal for deal in deals if deal.done and deal.quote.id == quote.quote_id), None)
        if done is not None:
            return Dealt(self._struck(done))
        if not over:
            return NoWord("not in the dealer's history, and the quote stands")
        return NoDeal((codec.digest([deal.id for deal in deals]),))

    def _struck(self, deal: Deal) -> Struck:
        quote = deal.quote
        sell, buy = Asset(quote.sell), Asset(quote.buy)
        return Struck(self.name, quote.id, deal.id, sell, buy, quote.sell_units, quote.buy_units, deal.at)
