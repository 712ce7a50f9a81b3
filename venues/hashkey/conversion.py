"""Fiat for fiat at the venue's rate: dollars that have to become Hong Kong dollars.

One call a second. A conversion carries no id of ours, so after `Unknown` the balances and the statement decide, and
nothing is converted again before they have.
"""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.money import Asset, plain
from engine.orders.reports import Refused, Transient, Unknown, Wire
from venues.hashkey import outcomes, routes
from venues.hashkey.calls import Calls
from venues.hashkey.rfq import ROUNDING
from venues.hashkey.wire import Id, Odd, moment, number, parsed


class Rate(Struct, frozen=True):
    """What the venue offers for now: `rate` of `buy` for each of `sell`."""

    quote_id: str
    sell: Asset
    buy: Asset
    amount: Decimal
    """Of `sell`."""
    rate: Decimal
    channel: str
    expires_at: Instant
    """Wall time, from receipt, less a margin."""


class Converted(Struct, frozen=True):
    """The venue took the conversion; what was credited is for the balances to say."""

    id: str
    wire: Wire = Wire()


class _RateRow(Struct, rename="camel"):
    quote_id: str
    buy_currency: str
    sell_currency: str
    rate: Decimal
    quote_created_time: int
    quote_expiry_time: int
    channel: str = ""


class _ConvertedRow(Struct, rename="camel"):
    order_id: Id = ""
    success: bool = True
    code: Id = 0


class Conversion:
    """The currency desk for one account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def rate(self, sell: Asset, buy: Asset, amount: Decimal) -> Rate:
        """Ask what `amount` of `sell` brings; `Unread` when the answer could not be had or is for something else."""
        pairs = [("buyCurrency", buy), ("sellCurrency", sell), ("sellAmount", plain(amount))]

        def parse(raw: bytes) -> Rate:
            row = parsed(raw, _RateRow)
            lasts = moment(row.quote_expiry_time) - moment(row.quote_created_time)
            if (row.sell_currency, row.buy_currency) != (sell, buy) or not number(row.rate) or lasts <= 0:
                raise Odd(f"the rate is for {row.sell_currency} to {row.buy_currency}, {row.rate}")
            expires_at = Instant(self._calls.clock.wall() + Span(lasts) - ROUNDING)
            return Rate(row.quote_id, sell, buy, amount, number(row.rate), row.channel, expires_at)

        found, _ = await self._calls.ask(parse, routes.CONVERT_QUOTE, pairs)
        return found

    async def convert(self, rate: Rate) -> Converted | Refused | Transient | Unknown:
        """Convert at that rate, once."""
        if self._calls.clock.wall() >= rate.expires_at:
            return Refused("expired", "the rate ended before it could be taken")
        pairs = [("quoteId", rate.quote_id), ("sellAmount", plain(rate.amount))]
        pairs += [("channel", rate.channel)] if rate.channel else []
        return await self._calls.write(routes.CONVERT, pairs, _converted)


def _converted(status: int, body: bytes, wire: Wire) -> Converted | Refused | Transient | Unknown:
    if status != 200:
        return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
    try:
        row = parsed(body, _ConvertedRow)
    except Odd as odd:
        return Unknown(str(odd), wire)
    if not row.success or str(row.code).strip("0") or not str(row.order_id).strip("0"):
        return Unknown("the answer is no success, or names nothing that can be followed", wire)
    return Converted(str(row.order_id), wire)
