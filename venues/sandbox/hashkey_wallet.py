"""HashKey's endpoints for coins that come and go: deposit addresses, deposits, withdrawals and their limits.

A withdrawal leaves at once and has arrived; the network's fee is taken beside the amount. How a second factor would
travel is not known, so none is asked for. Chains, addresses and limits stand in `hashkey_chains`.
"""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from engine.kernel.clock import DAY, Instant, of_millis
from engine.kernel.money import ZERO, plain
from venues.sandbox import dialect, hashkey_asked, hashkey_chains
from venues.sandbox.dialect import Refusal, Wire
from venues.sandbox.hashkey_account import amount
from venues.sandbox.hashkey_chains import Chain
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.hashkey_offices import Withdrawal
from venues.sandbox.hashkey_rows import account_id, millis
from venues.sandbox.model import Entry, Rejection


def deposit_address(desk: Desk, asking: Asking) -> Any:
    """Where a coin is to be sent, so that it arrives on this account."""
    coin, chain = _coin_and_chain(desk, asking)
    return {
        "canDeposit": True,
        "address": hashkey_chains.deposit_address(asking.account, coin),
        "addressExt": "",
        "minQuantity": plain(chain.deposit_min),
        "needAddressTag": False,
        "requiredConfirmTimes": chain.confirmations,
        "canWithdrawConfirmTimes": 2 * chain.confirmations,
        "coinType": chain.token,
    }


def deposits(desk: Desk, asking: Asking) -> Any:
    """Coins that arrived, newest first; the last day of them where no time is given."""
    since, until = _period(desk, asking)
    wanted = asking.params.get("coin", "")
    rows = [
        row
        for row in desk.exchange.flow(asking.account, since, until, (Entry.DEPOSIT,))
        if row.base in hashkey_chains.CHAINS and wanted in ("", row.base) and row.base_change > 0
    ]
    return [
        {
            "time": str(millis(row.at)),
            "coin": row.base,
            "coinName": row.base,
            "address": hashkey_chains.deposit_address(row.account, row.base),
            "quantity": plain(row.base_change),
            "status": 4,
            "statusCode": "4",
            "txId": _transaction(row.id),
        }
        for row in reversed(rows)
    ][: hashkey_asked.limit(asking, 50, 200)]


def withdraw(desk: Desk, asking: Asking) -> Any:
    """Send coins to an address on the list."""
    params = asking.params
    coin, chain = _coin_and_chain(desk, asking)
    units, address = amount(params.get("quantity", "")), dialect.required(params, "address")
    named = params.get("clientOrderId", "")
    earlier = desk.wallet.of(asking.account)
    if named and any(one.client_id == named for one in earlier):
        raise Refusal("-4013", "Withdraw repeatly")
    _admissible(coin, chain, address, units)
    now = desk.clock.market()
    today = sum((one.quantity for one in earlier if one.coin == coin and one.at > now - DAY), ZERO)
    if today + units > chain.daily_max:
        raise Refusal("-1166", "Withdrawal amount exceeds the daily limit")
    number = "W" + str(int(desk.drawn_id("withdrawal")[:15], 16))
    done = desk.exchange.withdraw(asking.account, coin, units + chain.fee, number)
    if isinstance(done, Rejection):
        raise dialect.refusal(done.reason, done.detail)
    desk.wallet.enter(Withdrawal(number, asking.account, coin, address, units, chain.fee, named, done.at))
    return {"success": True, "id": "0", "orderId": number, "accountId": account_id(asking.account)}


def withdrawals(desk: Desk, asking: Asking) -> Any:
    """Coins that left, newest first; the last day of them where no time is given."""
    since, until = _period(desk, asking)
    wanted = asking.params.get("coin", "")
    rows = [one for one in desk.wallet.of(asking.account) if since <= one.at <= until and wanted in ("", one.coin)]
    return [_told(one) for one in reversed(rows)][: hashkey_asked.limit(asking, 50, 200)]


def _admissible(coin: str, chain: Chain, address: str, units: Decimal) -> None:
    if not hashkey_chains.is_address(coin, address):
        raise Refusal("-1163", "Illegal withdrawal address")
    if units < chain.withdraw_min:
        raise Refusal("-1167", "Withdrawal amount less than the minimum")
    if address == hashkey_chains.UNVERIFIED[coin]:
        raise Refusal("-1179", "Address owner is not true")
    if address != hashkey_chains.WHITELIST[coin]:
        raise Refusal("-1171", "Withdrawal address not in whitelist")


def _coin_and_chain(desk: Desk, asking: Asking) -> tuple[str, Chain]:
    coin = dialect.required(asking.params, "coin")
    if not any(coin in (one.base, one.quote) for one in desk.exchange.listings.values()):
        raise Refusal("-2041", "Token does not exist")
    if coin not in hashkey_chains.CHAINS:
        out = "address" in asking.params
        raise Refusal("-1169", "Withdraw not allowed") if out else Refusal("-1170", "Deposit not allowed")
    chain = hashkey_chains.chain_of(coin, asking.params.get("chainType", ""))
    if chain is None:
        raise Refusal("-4007", "Withdrawal channels are not supported")
    return coin, chain


def _period(desk: Desk, asking: Asking) -> tuple[Instant, Instant]:
    if asking.params.get("startTime"):
        return hashkey_asked.between(asking)
    now = desk.clock.market()
    return Instant(now - DAY), min(hashkey_asked.between(asking)[1], Instant(of_millis(millis(now) + 1)))


def _told(one: Withdrawal) -> Wire:
    return {
        "time": str(millis(one.at)),
        "id": one.id,
        "coin": one.coin,
        "coinId": one.coin,
        "coinName": one.coin,
        "address": one.address,
        "quantity": plain(one.quantity),
        "arriveQuantity": plain(one.quantity),
        "txId": _transaction(one.id),
        "addressUrl": one.address,
        "feeCoinId": one.coin,
        "feeCoinName": one.coin,
        "fee": plain(one.fee),
        "remark": "",
        "platform": "",
    }


def _transaction(number: str) -> str:
    return sha256(f"transaction {number}".encode()).hexdigest()
