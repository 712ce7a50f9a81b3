"""The instant quote: ask, accept once, and let the venue's own history say what became of it.

Accepting carries no id of ours, so the quote's id is the only handle. An acceptance whose answer is lost is looked for
in the history; another quote is never accepted in its place. The answer to an acceptance names an order and not what
was dealt, so the history decides there as well.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, plain
from engine.orders.reports import (
    Acceptance,
    Deal,
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
    Wire,
)
from venues.hashkey import mock, outcomes, routes
from venues.hashkey.calls import Calls, Unread
from venues.hashkey.wire import Id, Odd, counts_millis, moment, number, parsed

ROUNDING: Final = Span(SECOND)
"""By which a quote may end sooner or later than its times say, where they are whole seconds."""
MARGIN: Final = Span(250 * MILLISECOND)
"""By which we let a quote end before the venue does, where its times are exact."""
ROWS: Final = 1000
PAGES_MAX: Final = 50

_PENDING: Final = frozenset({"New", "Processing"})
_DONE, _FAILED = "Successful", "Failed"


class _QuoteRow(Struct, rename="camel"):
    quote_id: str
    buy_ccy: str
    sell_ccy: str
    buy_amount: Decimal
    sell_amount: Decimal
    quote_created_time: int
    quote_expiry_time: int


class _Executed(Struct, rename="camel"):
    quote_id: str
    rfq_order_id: str


class Row(Struct, frozen=True, rename="camel"):
    """One line of the RFQ history, as the venue writes it."""

    quote_id: str
    rfq_order_id: Id
    status: str
    buy_ccy: str
    sell_ccy: str
    buy_amount: Decimal
    sell_amount: Decimal
    transact_time: int = 0
    submit_time: int = 0


class Rfq:
    """The quote side of one account."""

    def __init__(self, name: VenueName, calls: Calls, *, settled: Span) -> None:
        """`settled`: how long after its end a quote may still show up as dealt (wall time)."""
        self._name, self._calls, self._settled = name, calls, settled
        self._accepted: set[str] = set()

    async def quote(self, request: QuoteRequest) -> Quoted:
        """Ask for a firm price of `request.quantity`; whatever is not a quote of just that binds nobody."""
        pairs = [("buyCcy", request.buy), ("sellCcy", request.sell), ("sellAmount", plain(request.quantity))]

        def judge(status: int, body: bytes, wire: Wire) -> Quoted | Unknown:
            if status != 200:
                return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
            try:
                return self._firm(request, body, wire)
            except Odd as odd:
                return Transient(str(odd), Span(SECOND), wire)

        quoted = await self._calls.write(routes.RFQ_QUOTE, pairs, judge)
        return Transient(quoted.reason, wire=quoted.wire) if isinstance(quoted, Unknown) else quoted

    async def accept(self, quote: Quote) -> Acceptance:
        """Take the quote, once in the life of this process; afterwards only `deal` can tell."""
        if quote.quote_id in self._accepted:
            return Unknown("this quote was sent for acceptance before; its history decides")
        if self._calls.clock.wall() >= quote.expires_at:
            return Refused("expired", "the quote ended before it could be accepted")

        def judge(status: int, body: bytes, wire: Wire) -> Refused | Transient | Unknown:
            if status != 200:
                return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
            try:
                answer = parsed(body, _Executed)
            except Odd as odd:
                return Unknown(str(odd), wire)
            if answer.quote_id != quote.quote_id:
                return Unknown(f"the answer speaks of quote {answer.quote_id[:40]}", wire)
            return Unknown(f"taken as {answer.rfq_order_id[:40]}, not yet shown as settled", wire)

        self._accepted.add(quote.quote_id)
        taken = await self._calls.write(routes.RFQ_EXECUTE, [("quoteId", quote.quote_id)], judge, urgent=True)
        if not isinstance(taken, Unknown):
            if isinstance(taken, Transient):
                self._accepted.discard(quote.quote_id)  # certainly not done: it may be taken while it lasts
            return taken
        answer = await self.deal(quote)
        return Dealt(answer.deal, taken.wire) if isinstance(answer, Dealt) else taken

    async def deal(self, quote: Quote) -> DealAnswer:
        """What became of a quote; `NoDeal` once its time is over and a complete history does not show it as dealt."""
        # Before the reading: a deal that comes while we read is then not proven absent.
        over = self._calls.clock.wall() >= quote.expires_at + 2 * ROUNDING + self._settled
        try:
            row, digests = await self._row(quote.quote_id)
            if row is not None and row.status == _DONE:
                return Dealt(self._deal(quote, row), Wire(answer=digests[-1]))
        except (Unread, ValueError) as error:
            return NoWord(self._calls.redact(str(error)))
        except Exception as error:  # noqa: BLE001 - a question that failed, however it failed, proves nothing
            return NoWord(f"the look-up failed: {type(error).__name__}")
        if row is not None and row.status == _FAILED:
            return NoDeal(tuple(digests))
        if row is not None:
            known = row.status if row.status in _PENDING else f"in the unknown state {row.status[:40]!r}"
            return NoWord(f"the venue shows the quote as {known}")
        return NoDeal(tuple(digests)) if over else NoWord("not in the venue's history, and it may still come")

    def _firm(self, request: QuoteRequest, body: bytes, wire: Wire) -> Quote:
        row = parsed(body, _QuoteRow)
        if (row.sell_ccy, row.buy_ccy, row.sell_amount) != (request.sell, request.buy, request.quantity):
            raise Odd(f"the quote is for {row.sell_amount} {row.sell_ccy} to {row.buy_ccy}")
        lasts = moment(row.quote_expiry_time) - moment(row.quote_created_time)
        if not row.quote_id or number(row.buy_amount) == 0 or lasts <= 0:
            raise Odd("the quote lacks its id, its price or its time")
        margin = MARGIN if counts_millis(row.quote_expiry_time) else ROUNDING
        return Quote(
            venue=self._name,
            quote_id=row.quote_id,
            sell=request.sell,
            buy=request.buy,
            quantity=request.quantity,
            proceeds=number(row.buy_amount),
            expires_at=Instant(self._calls.clock.wall() + lasts - margin),
            wire=wire,
        )

    async def _row(self, quote_id: str) -> tuple[Row | None, list[str]]:
        """The history's line for the quote, after as many pages as it takes; `Unread` when they don't end."""
        digests: list[str] = []
        for page in range(mock.RFQ_FIRST_PAGE, mock.RFQ_FIRST_PAGE + PAGES_MAX):
            pairs = [("page", str(page)), ("limit", str(ROWS))]
            rows, digest = await self._calls.ask(_rows, routes.RFQ_HISTORY, pairs, urgent=True)
            digests.append(digest)
            found = [row for row in rows if row.quote_id == quote_id]
            if found:
                return next((row for row in found if row.status == _DONE), found[0]), digests
            if len(rows) < ROWS:
                return None, digests
        raise Unread(f"the RFQ history goes on after {PAGES_MAX} pages")

    def _deal(self, quote: Quote, row: Row) -> Deal:
        if (row.sell_ccy, row.buy_ccy) != (quote.sell, quote.buy):
            raise Odd(f"quote {quote.quote_id} was dealt as {row.sell_ccy} to {row.buy_ccy}")
        return Deal(
            venue=self._name,
            quote_id=quote.quote_id,
            deal_id=str(row.rfq_order_id),
            sell=Asset(row.sell_ccy),
            buy=Asset(row.buy_ccy),
            quantity=number(row.sell_amount),
            proceeds=number(row.buy_amount),
            at=moment(row.transact_time or row.submit_time),
        )


def _rows(raw: bytes) -> list[Row]:
    return parsed(raw, list[Row])
