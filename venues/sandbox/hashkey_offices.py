"""What HashKey keeps beside its books: withdrawals that left, and requests for quotes with what became of them.

Only kept here, and judged by those who serve the endpoints; nothing here knows a request or moves money.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, SECOND, Instant, Span
from engine.kernel.money import plain
from venues.sandbox.dealer import DealerQuote
from venues.sandbox.dialect import Wire
from venues.sandbox.hashkey_rows import prices

SETTLES_IN: Final = Span(2 * DAY)


class Withdrawal(Struct, frozen=True):
    """One withdrawal that left."""

    id: str
    account: str
    coin: str
    address: str
    quantity: Decimal
    fee: Decimal
    client_id: str
    at: Instant
    """Market time."""


class Wallet:
    """The withdrawals of every account."""

    def __init__(self) -> None:
        self._left: list[Withdrawal] = []

    def enter(self, withdrawal: Withdrawal) -> None:
        """Keep one that has left."""
        self._left.append(withdrawal)

    def of(self, account: str) -> list[Withdrawal]:
        """Those of one account, oldest first."""
        return [one for one in self._left if one.account == account]


class Request(Struct):
    """One request for quotes, with the last quote that it got; how it looks changes with time."""

    id: str
    account: str
    client_id: str
    sell: str
    buy: str
    units: Decimal
    mode: str
    made_at: Instant
    expires_at: Instant
    """Both in wall time."""
    quote: DealerQuote | None = None
    taken_at: Instant | None = None
    """Market time."""
    declined: bool = False

    def status(self, wall: Instant, market: Instant) -> str:
        """The venue's word for where it stands."""
        if self.declined:
            return "declined"
        if self.taken_at is not None:
            waits = self.mode == "delayed" and market - self.taken_at < SETTLES_IN
            return "processing" if waits else "successful"
        return "expired" if wall >= self.expires_at else "new"


class MarketPlace:
    """The requests of every account, and what is told of them in public."""

    def __init__(self) -> None:
        self._requests: dict[str, Request] = {}
        self._news: list[tuple[str, Wire]] = []

    def enter(self, request: Request) -> None:
        """A new request, which everybody hears of: pair, side and size."""
        self._requests[request.id] = request
        said: Wire = {"rfqId": request.id, "buyCcy": request.buy, "sellCcy": request.sell, "buyAmount": "0"}
        said |= {"sellAmount": plain(request.units), "rfqMode": request.mode}
        self._tell("rfqs", "rfqCreated", said | {"expire_time": request.expires_at // SECOND})

    def quoted(self, request: Request, quote: DealerQuote) -> None:
        """A quote for a request, which everybody hears of as well."""
        request.quote = quote
        said: Wire = {"quoteId": quote.id, "rfqId": request.id, "buyCcy": quote.buy, "sellCcy": quote.sell}
        said |= {"buyAmount": plain(quote.buy_units), "sellAmount": plain(quote.sell_units)}
        said |= {"price": prices(quote)["sellPrice"], "expireTime": quote.expires_at // SECOND}
        self._tell("quotes", "quotesCreated", said)

    def of(self, account: str) -> list[Request]:
        """The account's requests, oldest first."""
        return [one for one in self._requests.values() if one.account == account]

    def take_news(self) -> list[tuple[str, Wire]]:
        """Topic and frame of everything told in public since the last call."""
        taken, self._news = self._news, []
        return taken

    def _tell(self, topic: str, event: str, said: Wire) -> None:
        self._news.append((topic, {"event": event, "topic": topic, "data": said}))
