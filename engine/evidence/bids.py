"""The quotes of a run: every question to a desk, every answer, and what became of it, the losing ones included."""

from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, VenueName
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import quotes
from engine.orders.comparison import in_words
from engine.orders.reports import Dealt, NoDeal, NoWord, Quote, Quoted, QuoteRequest, Refused, Transient, Unknown

Bidding = c.AskQuote | c.AcceptQuote | c.LookDeal | e.QuoteCame | e.AcceptanceCame | e.DealSeen


class Bid(Struct, frozen=True, kw_only=True):
    """One question to one desk, and what came of it."""

    number: int
    leg: LegId
    venue: VenueName
    request: QuoteRequest
    asked_at: Instant
    came_at: Instant | None = None
    answer: Quoted | None = None
    until: Instant | None = None
    """Until when the quote could be taken, in market time; when the answer came, where it was none."""
    fate: str = ""
    """`taken`, `dealt`, `no deal`, `unknown`, `not taken` or `withheld: …`; empty while nothing was done with it."""

    @property
    def words(self) -> str:
        """What became of it, in words."""
        match self.answer:
            case None:
                return "no answer"
            case Quote():
                return self.fate or "left for another"
            case Refused(code=code, reason=reason):
                return f"refused: {code} {reason}".strip()
            case Transient(reason=reason):
                return f"no quote: {reason}"
            case _ as never:
                assert_never(never)


class Bids:
    """All bids, gathered row by row."""

    def __init__(self) -> None:
        self._bids: dict[int, Bid] = {}
        self._quotes: dict[str, int] = {}

    def take(self, at: Instant, entry: Bidding) -> tuple[str, str] | None:
        """Read one row; what a reader of the timeline should know of it, if anything."""
        match entry:
            case c.AskQuote(number, leg, venue, request):
                self._bids[number] = Bid(number=number, leg=leg, venue=venue, request=request, asked_at=at)
                return None
            case e.QuoteCame(at=came, number=number, answer=answer, until=until):
                if (bid := self._bids.get(number)) is not None:
                    self._bids[number] = replace(bid, came_at=came, answer=answer, until=until)
                return None
            case c.AcceptQuote(quote, approved, comparison):
                self._quotes[approved.order.client_id] = approved.order.slice - quotes.FIRST
                self._befell(approved.order.client_id, "taken")
                what = f"{quote.quantity} {quote.sell} for {quote.proceeds} {quote.buy} on {quote.venue}"
                against = f"; {in_words(comparison)}" if comparison is not None else ""
                return "quote taken", f"{what}, {quote.quote_id}{against}"
            case e.AcceptanceCame(client_id=name, outcome=outcome):
                return self._accepted(name, outcome)
            case e.DealSeen(client_id=name, answer=found):
                return self._seen(name, found)
            case c.LookDeal():
                return None
            case _ as never:
                assert_never(never)

    def withheld(self, entry: c.Withheld) -> None:
        """An order was withheld; where it stood for a quote, that quote was."""
        number = entry.order.slice - quotes.FIRST
        if (bid := self._bids.get(number)) is not None:
            self._bids[number] = replace(bid, fate=f"withheld: {'; '.join(map(str, entry.denied))}")

    def of(self, leg: LegId) -> tuple[Bid, ...]:
        """Those of one leg, in the order asked."""
        return tuple(bid for bid in self._bids.values() if bid.leg == leg)

    def _accepted(self, name: str, outcome: Dealt | Refused | Transient | Unknown) -> tuple[str, str]:
        match outcome:
            case Dealt(deal):
                self._befell(name, "dealt")
                return "dealt", f"{deal.quantity} {deal.sell} for {deal.proceeds} {deal.buy} on {deal.venue}"
            case Unknown(reason):
                self._befell(name, "unknown")
                return "no answer", f"whether the quote of {name} was dealt is not known: {reason}"
            case Refused(reason=reason) | Transient(reason=reason):
                self._befell(name, "not taken")
                return "quote not taken", f"{name}: {reason}"
            case _ as never:
                assert_never(never)

    def _seen(self, name: str, answer: Dealt | NoDeal | NoWord) -> tuple[str, str]:
        match answer:
            case Dealt(deal):
                self._befell(name, "dealt")
                return "dealt", f"{deal.quantity} {deal.sell} for {deal.proceeds} {deal.buy}, by the venue's records"
            case NoDeal():
                self._befell(name, "no deal")
                return "no deal", f"the venue's records show no deal for {name}"
            case NoWord(reason):
                return "look-up failed", f"{name}: {reason}"
            case _ as never:
                assert_never(never)

    def _befell(self, name: str, fate: str) -> None:
        number = self._quotes.get(name)
        if number is not None and number in self._bids:
            self._bids[number] = replace(self._bids[number], fate=fate)
