"""HashKey's instant quotes and its conversion of money: a firm price, taken once, and what became of it.

The path that takes a quote, every error code here, and most of what converting money answers are mock. A quote says
its times in seconds, as the venue's example does.
"""

from decimal import Decimal
from typing import Any, Final

from engine.kernel.clock import SECOND
from engine.kernel.money import exact, plain
from venues.sandbox import dialect, hashkey_asked, hashkey_chains
from venues.sandbox.dealer import Deal, DealerQuote, DealerReason, DealerRefusal, Taken, Taking
from venues.sandbox.dialect import Refusal, Wire
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.hashkey_rows import account_id, millis, prices

_NO_QUOTE: Final = {
    DealerReason.BAD_AMOUNT: ("-1130", "Illegal parameter 'amount'"),
    DealerReason.UNSUPPORTED: ("0201", "Instrument not found"),
    DealerReason.TOO_SMALL: ("-1140", "Order amount lower than the minimum"),
    DealerReason.TOO_LARGE: ("-1206", "Order amount greater than the maximum"),
    DealerReason.NO_MARKET: ("-1151", "The trading pair is not open yet"),
    DealerReason.UNWILLING: ("-2010", "New order rejected"),
    DealerReason.CLOSED: ("-2001", "Platform is yet to open trading"),
}
_NOT_TAKEN: Final = {
    Taking.EXPIRED: ("-1149", "Order creation failed: the quote has expired"),
    Taking.UNKNOWN_ID: ("0211", "Order not found"),
    Taking.ALREADY: ("-1024", "Duplicate request"),
    Taking.INSUFFICIENT: ("0401", "Insufficient asset"),
    Taking.CLOSED: ("-2001", "Platform is yet to open trading"),
}


def asked_amount(asking: Asking, name: str) -> Decimal | None:
    """A positive amount, or `None` where it is not given."""
    text = asking.params.get(name, "")
    if not text:
        return None
    try:
        return exact(text)
    except ValueError:
        raise Refusal("-1130", f"Illegal parameter '{name}'") from None


def quoted(made: DealerQuote | DealerRefusal) -> DealerQuote:
    """The quote, or the code for why there is none."""
    if isinstance(made, DealerRefusal):
        code, what = _NO_QUOTE[made.reason]
        raise Refusal(code, f"{what}: {made.detail}" if made.detail else what)
    return made


def dealt(taken: Taken) -> Deal:
    """The deal, or the code for why there is none, or none again."""
    if taken.how is not Taking.DEALT or taken.deal is None:
        raise Refusal(*_NOT_TAKEN[taken.how])
    return taken.deal


def get_quote(desk: Desk, asking: Asking) -> Any:
    """A firm price for what is sold or for what is bought, whichever amount is given."""
    buy, sell = dialect.required(asking.params, "buyCcy"), dialect.required(asking.params, "sellCcy")
    sell_units, buy_units = asked_amount(asking, "sellAmount"), asked_amount(asking, "buyAmount")
    now = desk.clock.wall()
    quote = quoted(desk.dealer.quote(asking.account, sell, buy, now, sell_units=sell_units, buy_units=buy_units))
    said = prices(quote)
    return {
        "quoteId": quote.id,
        "quoteClOrderId": asking.params.get("quoteClOrderId", ""),
        "buyCcy": buy,
        "sellCcy": sell,
        **said,
        "rate": said["sellPrice"],
        "quoteCreatedTime": quote.made_at // SECOND,
        "quoteExpiryTime": quote.expires_at // SECOND,
    }


def execute(desk: Desk, asking: Asking) -> Any:
    """Take a quote. Whoever asks twice is told that it is a repetition; the deal stands in the history."""
    named, now = dialect.required(asking.params, "quoteId"), desk.clock.wall()
    if named in desk.elsewhere:
        raise Refusal(*_NOT_TAKEN[Taking.UNKNOWN_ID])
    deal = dealt(desk.dealer.accept(asking.account, named, now))
    return {
        "quoteId": named,
        "rfqOrderId": f"ORD{deal.id}",
        "rfqClOrderId": "",
        "account": account_id(asking.account),
        "requestTime": millis(now),
        "responseTime": millis(desk.clock.wall()),
    }


def transactions(desk: Desk, asking: Asking) -> Any:
    """Quotes that were taken, newest first, and attempts that failed; page by page."""
    page, limit = dialect.whole(asking.params, "page", 1), hashkey_asked.limit(asking, 100, 1_000)
    wanted = asking.params.get("rfqOrderId", "")
    named = asking.params.get("clientOrderId", "")  # none is ever sent with the taking, so none can be found by one
    deals = [deal for deal in desk.dealer.history(asking.account) if deal.quote.id not in desk.elsewhere]
    rows = [_transaction(deal) for deal in reversed(deals)]
    found = [row for row in rows if wanted in ("", row["rfqOrderId"]) and named in ("", row["clientOrderId"])]
    first = max(0, page - 1) * limit
    return found[first : first + limit]


def _transaction(deal: Deal) -> Wire:
    quote = deal.quote
    return {
        "userId": account_id(f"user of {quote.account}"),
        "quoteId": quote.id,
        "rfqOrderId": f"ORD{deal.id}",
        "clientOrderId": "",
        "status": "Successful" if deal.done else "Failed",
        "buyCcy": quote.buy,
        "sellCcy": quote.sell,
        **prices(quote),
        "transactTime": millis(deal.at),
        "submitTime": millis(deal.at),
    }


def convert_quote(desk: Desk, asking: Asking) -> Any:
    """What so much of one money is worth in another; the channel is what the taking names."""
    buy, sell = dialect.required(asking.params, "buyCurrency"), dialect.required(asking.params, "sellCurrency")
    if not {buy, sell} <= hashkey_chains.FIAT:
        raise Refusal("-4001", "Invalid asset")
    dialect.required(asking.params, "sellAmount")
    units, now = asked_amount(asking, "sellAmount"), desk.clock.wall()
    quote = quoted(desk.dealer.quote(asking.account, sell, buy, now, sell_units=units))
    desk.elsewhere.add(quote.id)
    return {
        "quoteId": quote.id,
        "buyCurrency": buy,
        "sellCurrency": sell,
        "rate": prices(quote)["sellPrice"],
        "quoteCreatedTime": quote.made_at // SECOND,
        "quoteExpiryTime": quote.expires_at // SECOND,
        "channel": _channel(quote.id),
    }


def convert(desk: Desk, asking: Asking) -> Any:
    """Convert what was quoted: the same amount, over the quote's own channel."""
    channel = dialect.required(asking.params, "channel")
    units = asked_amount(asking, "sellAmount")
    quote = desk.dealer.find(asking.account, "RFQ" + channel.removeprefix("CH"))
    if quote is None or units != quote.sell_units:
        raise Refusal("-1130", "Illegal parameter 'channel'")
    deal = dealt(desk.dealer.accept(asking.account, quote.id, desk.clock.wall()))
    return {
        "orderId": f"ORD{deal.id}",
        "quoteId": quote.id,
        "buyCurrency": quote.buy,
        "sellCurrency": quote.sell,
        "buyAmount": plain(quote.buy_units),
        "sellAmount": plain(quote.sell_units),
        "status": "Successful",
        "transactTime": millis(deal.at),
    }


def _channel(named: str) -> str:
    return "CH" + named.removeprefix("RFQ")
