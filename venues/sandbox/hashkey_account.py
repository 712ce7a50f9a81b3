"""HashKey's endpoints about an account: balances, its parts, fees, the statement, transfers, and stream keys.

A client has a trading account, and beside it one for custody and one for fiat. The last two open when money is first
moved to them; the exchange keeps them under names of their own. Which statement types and fields there are is known
from the venue's page for trades only: those of all other rows are mock.
"""

from decimal import Decimal
from typing import Any, Final

from engine.kernel.clock import DAY, HOUR, Instant, of_millis
from engine.kernel.money import ZERO, exact, plain
from venues.sandbox import dialect, hashkey_asked, hashkey_chains, hashkey_listed, hashkey_rows
from venues.sandbox.dialect import Refusal, Wire
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.hashkey_rows import account_id, millis
from venues.sandbox.model import Entry, Rejection, StatementRow

LISTEN_KEY_LIFE: Final = HOUR
PARTS: Final = (("", 1, "Main Trading Account"), ("/custody", 5, "Custody Account"), ("/fiat", 6, "Fiat Account"))
"""What follows the client's name, the type, and the label of each part."""
FLOW_DAYS_MAX: Final = {"trade": (14, 7)}
"""How many days back a type reaches, and how many one call may span; others reach back thirty."""
_FLOWS: Final = {
    "trade": (Entry.TRADE, Entry.DEAL),
    "deposit": (Entry.DEPOSIT,),
    "fiatDeposit": (Entry.DEPOSIT,),
    "withdraw": (Entry.WITHDRAW,),
    "fiatWithdraw": (Entry.WITHDRAW,),
    "transfer": (Entry.TRANSFER,),
    "reversal": (),
    "refund": (),
}


def balances(desk: Desk, asking: Asking) -> Any:
    """All assets of the trading account, or of the part that `accountId` names."""
    name = part(asking, asking.params.get("accountId", ""))
    return {
        "balances": [hashkey_rows.balance(row) for row in desk.exchange.balances(name)],
        "userId": account_id(f"user of {asking.account}"),
    }


def parts(_: Desk, asking: Asking) -> Any:
    """The accounts of this client."""
    return [
        {"accountId": account_id(asking.account + tail), "accountLabel": label, "accountType": kind, "accountIndex": 0}
        for tail, kind, label in PARTS
    ]


def part(asking: Asking, number: str) -> str:
    """The exchange's name for the part of this id; the trading account when none is given."""
    known = {account_id(asking.account + tail): asking.account + tail for tail, _, _ in PARTS}
    if number and number not in known:
        raise Refusal("0104", "The accountId defined is not permissible")
    return known[number] if number else asking.account


def fees(desk: Desk, asking: Asking) -> Any:
    """The account's tier, which is the lowest, and what trading costs on each pair."""
    since = Instant(desk.clock.market() - 30 * DAY)
    volume = sum(
        (abs(row.quote_change) for row in desk.exchange.flow(asking.account, since, kinds=(Entry.TRADE,))), ZERO
    )
    return {
        "code": 0,
        "vipLevel": "0",
        "tradeVol30Day": plain(volume),
        "totalAssetBal": "0",
        "data": [hashkey_listed.fee_tier(listing) for listing in desk.exchange.listings.values()],
        "updateTimestamp": str(millis(desk.clock.wall())),
    }


def statement(desk: Desk, asking: Asking) -> Any:
    """What came and went, by type: Hong Kong's edition, with `type` as text."""
    kind = dialect.required(asking.params, "type")
    if kind not in _FLOWS:
        raise Refusal("-2026", "Invalid type")
    since, until = _period(desk, asking, kind)
    name = part(asking, asking.params.get("accountId", ""))
    after = dialect.whole(asking.params, "beginId", 0)
    named = asking.params.get("clientOrderId", "")
    rows = [
        row
        for row in desk.exchange.flow(name, since, until, _FLOWS[kind])
        if int(row.id) > after and named in ("", row.reference) and _is_of(kind, row)
    ]
    return [_line(kind, row) for row in rows[: hashkey_asked.limit(asking, 200, 500)]]


def _period(desk: Desk, asking: Asking, kind: str) -> tuple[Instant, Instant]:
    """What is asked for, unless it is too long or too long ago."""
    back, span = FLOW_DAYS_MAX.get(kind, (30, 30))
    now = desk.clock.market()
    end = min(now, Instant(of_millis(dialect.whole(asking.params, "endTime", millis(now)) + 1) - 1))
    start = of_millis(dialect.whole(asking.params, "startTime", max(0, millis(Instant(end - span * DAY)))))
    if end - start > span * DAY:
        raise Refusal("-2027", f"Exceed maximum time range of {span} days")
    if start < now - back * DAY:
        raise Refusal("-2036", f"We do not support queries for records exceeding {back} days")
    return start, end


def _is_of(kind: str, row: StatementRow) -> bool:
    fiat = row.base in hashkey_chains.FIAT
    return fiat == kind.startswith("fiat") if row.kind in (Entry.DEPOSIT, Entry.WITHDRAW) else True


def _line(kind: str, row: StatementRow) -> Wire:
    said: Wire = {
        "id": row.id,
        "accountId": account_id(row.account),
        "type": kind,
        "clientOrderId": row.reference,
        "remark": "",
        "netBaseAmount": plain(row.base_change),
        "baseCcy": row.base,
        "baseAssetBalance": plain(row.base_held),
        "direction": "in" if row.base_change > 0 else "out",
        "fee": plain(row.fee),
        "feeCcy": row.quote if row.fee else "",
        "created": str(millis(row.at)),
    }
    if kind == "trade":
        said |= {
            "netQuoteAmount": plain(row.quote_change - row.fee),
            "quoteAssetBalance": plain(row.quote_held),
            "quoteCcy": row.quote,
            "direction": "buy" if row.base_change > 0 else "sell",
        }
    return said


def transfer(desk: Desk, asking: Asking) -> Any:
    """Move money between the client's own accounts; the same client id moves nothing twice (mock)."""
    params, exchange = asking.params, desk.exchange
    coin, units = dialect.required(params, "coin"), amount(params.get("quantity", ""))
    source, target = _side(asking, "fromAccountId", "-1172"), _side(asking, "toAccountId", "-1173")
    if source == target:
        raise Refusal("-1174", "Transfer not allowed between the same account")
    named = params.get("clientOrderId", "")
    if named and any(row.reference == named for row in exchange.flow(source, kinds=(Entry.TRANSFER,))):
        raise Refusal("-1024", "Duplicate request")
    if target != asking.account and not exchange.flow(target):
        exchange.deposit(target, coin, ZERO, "opened")
    done = exchange.transfer(source, target, coin, units, named)
    if isinstance(done, Rejection):
        raise dialect.refusal(done.reason, done.detail)
    stamp = millis(desk.clock.wall())
    return {"success": True, "timestamp": stamp, "clientOrderId": named, "orderId": done.id}


def _side(asking: Asking, field: str, code: str) -> str:
    try:
        return part(asking, dialect.required(asking.params, field))
    except Refusal:
        raise Refusal(code, f"Invalid {'from' if field.startswith('from') else 'to'} account id") from None


def amount(text: str) -> Decimal:
    """So much of a coin, or the code for what is wrong with it."""
    if not text:
        raise Refusal("-1165", "Withdrawal amount cannot be null")
    try:
        units = exact(text)
    except ValueError:
        raise Refusal("-1168", "Illegal withdrawal amount") from None
    if units <= 0:
        raise Refusal("-1168", "Illegal withdrawal amount")
    return units


def listen(desk: Desk, asking: Asking) -> Any:
    """A new key for the private stream."""
    now = desk.clock.wall()
    for key in [key for key, (_, ends) in desk.listen_keys.items() if ends <= now]:
        del desk.listen_keys[key]
    key = desk.drawn_id("listen key")
    desk.listen_keys[key] = (asking.account, Instant(now + LISTEN_KEY_LIFE))
    return {"listenKey": key}


def keep_listening(desk: Desk, asking: Asking) -> Any:
    """The key lives another hour from now."""
    key = _own_listen_key(desk, asking)
    desk.listen_keys[key] = (asking.account, Instant(desk.clock.wall() + LISTEN_KEY_LIFE))
    return {}


def stop_listening(desk: Desk, asking: Asking) -> Any:
    """The key ends, and its streams with it."""
    del desk.listen_keys[_own_listen_key(desk, asking)]
    return {}


def _own_listen_key(desk: Desk, asking: Asking) -> str:
    key = dialect.required(asking.params, "listenKey")
    if desk.stream_account(key) != asking.account:
        raise Refusal("-1130", "Illegal parameter 'listenKey'")  # mock: the venue's code is not known
    return key
