"""HashKey's Market Place: a request that many dealers see, and with them everybody who reads the public stream.

Here one dealer answers, at once and again whenever somebody looks and the last quote has lapsed. Taking a quote moves
the money at once; a delayed request only says `processing` for two more days of market time. Two paths, the row of
the history and the pairs' bounds are mock, as are all error codes. Times are seconds.
"""

from decimal import Decimal
from typing import Any, Final

from engine.kernel.clock import SECOND, Instant
from engine.kernel.money import plain
from venues.sandbox import dialect, hashkey_asked
from venues.sandbox.dealer import DealerQuote
from venues.sandbox.dialect import Refusal, Wire
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.hashkey_offices import Request
from venues.sandbox.hashkey_rfq import asked_amount, dealt
from venues.sandbox.hashkey_rows import millis, prices

LIFE_S, LIFE_MIN_S, LIFE_MAX_S = 1_800, 600, 3_600
_MODES: Final = ("real-time", "delayed")


def pairs(desk: Desk, asking: Asking) -> Any:
    """What is dealt in, both ways, with the bounds of what is bought."""
    least, most = desk.dealer.terms.least, desk.dealer.terms.most
    ways = [(one.quote, one.base) for one in desk.exchange.listings.values()]
    return [
        {
            "buyCcy": buy,
            "sellCcy": sell,
            "minAmount": plain(least.get(buy, Decimal(0))),
            "maxAmount": plain(most.get(buy, Decimal(0))),
        }
        for one, other in ways
        for buy, sell in ((one, other), (other, one))
    ]


def create(desk: Desk, asking: Asking) -> Any:
    """Ask in public for quotes on a sale."""
    params, wall = asking.params, desk.clock.wall()
    buy, sell = dialect.required(params, "buyCcy"), dialect.required(params, "sellCcy")
    dialect.required(params, "sellAmount")
    units = asked_amount(asking, "sellAmount")
    mode, life = dialect.required(params, "rfqMode"), dialect.whole(params, "expireSec", LIFE_S)
    if mode not in _MODES or not LIFE_MIN_S <= life <= LIFE_MAX_S or units is None or units <= 0:
        raise Refusal("-1130", "Illegal parameter")
    known = {asset for one in desk.exchange.listings.values() for asset in (one.base, one.quote)}
    if not {buy, sell} <= known or buy == sell:
        raise Refusal("0201", "Instrument not found")
    named = params.get("rfqClOrderId", "")
    if named and any(one.client_id == named for one in desk.market_place.of(asking.account)):
        raise Refusal("-1141", "Duplicate order")
    number = "MP" + str(int(desk.drawn_id("market place")[:15], 16)).zfill(18)
    ends = Instant(wall + life * SECOND)
    request = Request(number, asking.account, named, sell, buy, units, mode, wall, ends)
    desk.market_place.enter(request)
    _refresh(desk, request)
    return {"rfqClOrderId": named, "rfqId": number, "status": "new"}


def accept(desk: Desk, asking: Asking) -> Any:
    """Take a quote or decline it. It is a GET that changes something, as the venue has it."""
    params, wall, market = asking.params, desk.clock.wall(), desk.clock.market()
    request = _found(desk, asking)
    named, action = dialect.required(params, "quoteId"), dialect.required(params, "action")
    if action not in ("accept", "decline"):
        raise Refusal("-1130", "Illegal parameter 'action'")
    if request.quote is None or request.quote.id != named:
        raise Refusal("0211", "Order not found")
    if request.taken_at is not None:
        raise Refusal("-1024", "Duplicate request")
    if request.status(wall, market) != "new":
        raise Refusal("-1149", "Order creation failed: the request has ended")
    if action == "decline":
        request.declined = True
        status = "declined"
    else:
        request.taken_at = dealt(desk.dealer.accept(asking.account, named, wall)).at
        status = "accepted"
    left = max(0, request.expires_at - wall) // SECOND
    return {"quoteId": named, "rfqId": request.id, "status": status, "expiryTime": left}


def history(desk: Desk, asking: Asking) -> Any:
    """The account's requests, newest first, each with the last quote that it got."""
    params, wall, market = asking.params, desk.clock.wall(), desk.clock.market()
    mine = desk.market_place.of(asking.account)
    for one in mine:
        _refresh(desk, one)
    filters = [(name, params[name]) for name in ("rfqId", "quoteId", "rfqClOrderId", "status") if params.get(name)]
    start, end = dialect.whole(params, "startTime", 0), dialect.whole(params, "endTime", 2**43)
    rows = [_row(one, wall, market) for one in reversed(mine) if start <= millis(one.made_at) <= end]
    found = [row for row in rows if all(row[name] == value for name, value in filters)]
    return found[: hashkey_asked.limit(asking, 500, 1_000)]


def _found(desk: Desk, asking: Asking) -> Request:
    wanted = dialect.required(asking.params, "rfqId")
    found = next((one for one in desk.market_place.of(asking.account) if one.id == wanted), None)
    if found is None:
        raise Refusal("0211", "Order not found")
    return found


def _refresh(desk: Desk, one: Request) -> None:
    """Let the dealer quote for a request that waits without a quote that can still be taken."""
    wall = desk.clock.wall()
    lapsed = one.quote is None or wall >= one.quote.expires_at
    if lapsed and one.status(wall, desk.clock.market()) == "new":
        made = desk.dealer.quote(one.account, one.sell, one.buy, wall, sell_units=one.units)
        if isinstance(made, DealerQuote):
            desk.elsewhere.add(made.id)
            desk.market_place.quoted(one, made)


def _row(one: Request, wall: Instant, market: Instant) -> Wire:
    said = prices(one.quote) if one.quote is not None else {"sellPrice": "", "buyAmount": "0"}
    return {
        "rfqId": one.id,
        "rfqClOrderId": one.client_id,
        "quoteId": one.quote.id if one.quote is not None else "",
        "status": one.status(wall, market),
        "rfqMode": one.mode,
        "buyCcy": one.buy,
        "sellCcy": one.sell,
        "buyAmount": said["buyAmount"],
        "sellAmount": plain(one.units),
        "price": said["sellPrice"],
        "createTime": one.made_at // SECOND,
        "expiryTime": one.expires_at // SECOND,
    }
