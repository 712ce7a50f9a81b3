"""Requests for quotes to many dealers. Every one of them is published: pair, side and size, for all to see.

So nothing here leaves unless the config permits it by name. Its ids are not those of the instant quote, and the two
never mix. Accepting is a GET that acts; it is sent once, like every write.
"""

from collections.abc import AsyncGenerator
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import Asset, plain
from engine.orders.reports import Refused, Transient, Unknown, Wire
from venues.hashkey import outcomes, routes
from venues.hashkey.calls import Calls
from venues.hashkey.private import ping, pong
from venues.hashkey.wire import Id, Odd, moment, number, parsed
from venues.stream import Link, Pulse
from venues.transport import Transport

NOT_PERMITTED: Final = Refused("not_permitted", "a Market Place request is public; the config has to permit it by name")
SHORTEST: Final = Span(10 * MINUTE)
LONGEST: Final = Span(60 * MINUTE)
USUAL: Final = Span(30 * MINUTE)
ROWS: Final = 500

RfqMode = Literal["real-time", "delayed"]


class RfqStatus(StrEnum):
    """Where a request stands, in the venue's words."""

    NEW = "new"
    """Open; also again when an accepted quote lapsed before it was confirmed."""
    ACCEPTED = "accepted"
    CONFIRMATION_PENDING = "confirmation-pending"
    PROCESSING = "processing"
    """Funds are locked; settled at once, or up to two days later."""
    SUCCESSFUL = "successful"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    FAILED = "failed"
    MANUAL_ORDER = "manual-order"
    MANUAL_ORDER_CONFIRMATION = "manual-order-confirmation"

    @property
    def ended(self) -> bool:
        """Nothing more will become of it."""
        return self in _ENDED


_ENDED: Final = frozenset(
    {RfqStatus.SUCCESSFUL, RfqStatus.EXPIRED, RfqStatus.CANCELLED, RfqStatus.DECLINED, RfqStatus.FAILED}
)


class Pair(Struct, frozen=True, rename="camel"):
    """What may be asked for, and how much of it."""

    buy_ccy: Asset
    sell_ccy: Asset
    min_amount: Decimal
    max_amount: Decimal

    def __post_init__(self) -> None:
        number(self.min_amount)
        number(self.max_amount)


class Created(Struct, frozen=True):
    """The request stands, and the world knows."""

    rfq_id: str
    client_id: str
    wire: Wire = Wire()


class Taken(Struct, frozen=True):
    """Our word on a quote was received; the history says what became of it."""

    rfq_id: str
    quote_id: str
    status: RfqStatus
    wire: Wire = Wire()


class Request(Struct, frozen=True, rename="camel"):
    """One line of the history."""

    rfq_id: str
    status: RfqStatus
    buy_ccy: Asset
    sell_ccy: Asset
    sell_amount: Decimal
    buy_amount: Decimal = Decimal(0)
    quote_id: str = ""
    rfq_cl_order_id: str = ""

    def __post_init__(self) -> None:
        number(self.sell_amount)
        number(self.buy_amount)


class Offer(Struct, frozen=True):
    """A dealer's quote on a request, as the public topic shows it."""

    rfq_id: str
    quote_id: str
    sell: Asset
    buy: Asset
    quantity: Decimal
    proceeds: Decimal
    expires_at: Instant
    """By the venue's clock."""


class _CreatedRow(Struct, rename="camel"):
    rfq_id: str
    status: RfqStatus
    rfq_cl_order_id: str = ""


class _TakenRow(Struct, rename="camel"):
    rfq_id: str
    quote_id: str
    status: RfqStatus


class _Push(Struct):
    event: str = ""
    data: Raw | UnsetType = UNSET
    ping: int | None = None
    code: Id = 0


class _OfferRow(Struct, rename="camel"):
    rfq_id: str
    quote_id: str
    buy_ccy: Asset
    sell_ccy: Asset
    buy_amount: Decimal
    sell_amount: Decimal
    expire_time: int


class MarketPlace:
    """The Market Place for one account, where it is permitted."""

    def __init__(self, calls: Calls, transport: Transport, *, permitted: bool, pulse: Pulse) -> None:
        self._calls, self._transport, self._pulse = calls, transport, pulse
        self._permitted = permitted

    async def pairs(self) -> list[Pair]:
        """What our kind of client may ask for; `Unread` when it could not be had. This shows nobody anything."""
        pairs, _ = await self._calls.ask(lambda raw: parsed(raw, list[Pair]), routes.MARKET_PLACE_PAIRS)
        return pairs

    async def create(
        self,
        client_id: ClientOrderId,
        sell: Asset,
        buy: Asset,
        quantity: Decimal,
        *,
        mode: RfqMode = "real-time",
        lasts: Span = USUAL,
    ) -> Created | Refused | Transient | Unknown:
        """Publish that `quantity` of `sell` is for sale; after `Unknown` the history is asked, by `client_id`."""
        if not self._permitted:
            return NOT_PERMITTED
        if not SHORTEST <= lasts <= LONGEST or quantity <= 0:
            return Refused("unsendable", "a request lasts 10 to 60 minutes and sells something")
        pairs = [
            ("rfqClOrderId", client_id),
            ("buyCcy", buy),
            ("sellCcy", sell),
            ("sellAmount", plain(quantity)),
            ("rfqMode", mode),
            ("expireSec", str(lasts // SECOND)),
        ]

        def judge(status: int, body: bytes, wire: Wire) -> Created | Refused | Transient | Unknown:
            if status != 200:
                return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
            try:
                row = parsed(body, _CreatedRow)
            except Odd as odd:
                return Unknown(str(odd), wire)
            if row.rfq_cl_order_id not in ("", client_id) or not row.rfq_id or row.status is not RfqStatus.NEW:
                return Unknown("the answer speaks of another request", wire)
            return Created(row.rfq_id, client_id, wire)

        return await self._calls.write(routes.MARKET_PLACE_CREATE, pairs, judge)

    async def accept(
        self, rfq_id: str, quote_id: str, action: Literal["accept", "decline"] = "accept"
    ) -> Taken | Refused | Transient | Unknown:
        """Take a quote, or decline a manual one: one send. After `Unknown` only the history is asked."""
        if not self._permitted:
            return NOT_PERMITTED
        pairs = [("quoteId", quote_id), ("rfqId", rfq_id), ("action", action)]

        def judge(status: int, body: bytes, wire: Wire) -> Taken | Refused | Transient | Unknown:
            if status != 200:
                return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
            try:
                row = parsed(body, _TakenRow)
            except Odd as odd:
                return Unknown(str(odd), wire)
            if (row.rfq_id, row.quote_id) != (rfq_id, quote_id):
                return Unknown("the answer speaks of another quote", wire)
            return Taken(rfq_id, quote_id, row.status, wire)

        return await self._calls.write(routes.MARKET_PLACE_ACCEPT, pairs, judge, urgent=True)

    async def history(self, *, rfq_id: str = "", client_id: str = "") -> list[Request] | Refused:
        """Our requests, or the one asked for; `Unread` when the list could not be had or may have been cut."""
        if not self._permitted:
            return NOT_PERMITTED
        named = [("rfqId", rfq_id)] if rfq_id else []
        named += [("rfqClOrderId", client_id)] if client_id else []
        pairs = [*named, ("limit", str(ROWS))]
        rows, _ = await self._calls.ask(_requests, routes.MARKET_PLACE_HISTORY, pairs, urgent=True)
        return [row for row in rows if rfq_id in ("", row.rfq_id) and client_id in ("", row.rfq_cl_order_id)]

    async def offers(self) -> AsyncGenerator[Offer, None]:
        """Quotes on anybody's requests as they are published, until the socket breaks: `Lost`, or `Odd`."""
        socket = await self._transport.connect(self._calls.endpoints.ws_public)
        link = Link(socket, self._calls.clock, self._pulse, ping)
        try:
            await link.send(msgspec.json.encode({"event": "SUBSCRIBE", "topic": "quotes"}).decode())
            while (raw := await link.next()) is not None:
                push = parsed(raw, _Push)
                if str(push.code).strip("0"):
                    raise Odd(f"the topic reports error {str(push.code)[:20]}")
                if push.ping is not None:
                    await link.send(pong(push.ping))
                if push.event == "quotesCreated" and push.data is not UNSET:
                    yield offer(bytes(push.data))
        finally:
            await link.close()


def offer(raw: bytes) -> Offer:
    """One published quote."""
    row = parsed(raw, _OfferRow)
    return Offer(
        rfq_id=row.rfq_id,
        quote_id=row.quote_id,
        sell=row.sell_ccy,
        buy=row.buy_ccy,
        quantity=number(row.sell_amount),
        proceeds=number(row.buy_amount),
        expires_at=moment(row.expire_time),
    )


def _requests(raw: bytes) -> list[Request]:
    rows = parsed(raw, list[Request])
    if len(rows) >= ROWS:
        raise Odd(f"the history is full at {len(rows)} rows and may have been cut")
    return rows
