"""The account beside its orders: tiers, statement, and money that moves in, out and across.

Reads bring typed rows or raise `Unread`. What moves money is sent once; after `Unknown` the lists of transfers,
deposits and withdrawals are read, and nothing is sent again. A withdrawal's `id` is "0" here: its name is `orderId`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, Instant
from engine.kernel.ids import ClientOrderId, Symbol
from engine.kernel.money import Asset, plain
from engine.orders.reports import Refused, Transient, Unknown, Wire
from venues.hashkey import outcomes, routes
from venues.hashkey.calls import Calls
from venues.hashkey.routes import Route
from venues.hashkey.signing import Pairs
from venues.hashkey.wire import Id, Odd, exactly, instant, number, parsed

REFUSALS: Final = outcomes.NOT_PLACED | frozenset(
    {"-1165", "-1166", "-1167", "-1168", "-1169", "-1170", "-1171", "-1179", *(f"-{n}" for n in range(4001, 4013))}
)
"""Withdrawals and transfers turned down; -4013, a repetition, is not among them: the first one happened."""
ROWS: Final = 200
ACCOUNT_TYPES: Final = {1: "spot", 3: "futures", 5: "custody", 6: "fiat"}
DEPOSIT_STATES: Final = {
    **dict.fromkeys((1, 2, 5), "pending"),
    **dict.fromkeys((4, 6), "credited"),
    **dict.fromkeys((3, 7, 9, 10), "failed"),
    8: "cancelled",
}

T = TypeVar("T")


class SubAccount(Struct, frozen=True):
    """One account of the client: spot trading, custody, fiat, or a kind that we have no word for."""

    id: str
    label: str
    kind: str


class PairFee(Struct, frozen=True):
    """What a sale in one pair costs us, as fractions of the quote amount, and in which currency."""

    symbol: Symbol
    maker: Decimal
    taker: Decimal
    currency: Asset


class FeeTier(Struct, frozen=True):
    """Our tier, and what it means for each pair."""

    level: str
    volume_30d: Decimal
    pairs: tuple[PairFee, ...]


class DepositAddress(Struct, frozen=True, rename="camel"):
    """Where an asset may be sent to on one chain."""

    address: str
    can_deposit: bool
    min_quantity: Decimal
    required_confirm_times: int
    address_ext: str = ""
    need_address_tag: bool = False

    def __post_init__(self) -> None:
        number(self.min_quantity)


class Deposit(Struct, frozen=True):
    """Coins on their way to us, or arrived; `state` is pending, credited, failed, cancelled or unknown."""

    at: Instant
    asset: Asset
    quantity: Decimal
    address: str
    state: str
    tx: str


class Withdrawal(Struct, frozen=True):
    """Coins that left, or are to leave."""

    id: str
    at: Instant
    asset: Asset
    quantity: Decimal
    arrives: Decimal
    fee: Decimal
    fee_asset: Asset
    address: str
    tx: str


class Moved(Struct, frozen=True):
    """The venue took the instruction; whether it is through is for its lists to say."""

    id: str
    wire: Wire = Wire()


Movement = Moved | Refused | Transient | Unknown


class _TypeRow(Struct, rename="camel"):
    account_id: Id
    account_type: int
    account_label: str = ""


class _FeeRow(Struct, rename="camel"):
    symbol: str
    actual_maker_rate: Decimal
    actual_taker_rate: Decimal
    sell_taker_fee_currency: str = ""


class _Vip(Struct, rename={"vip_level": "vipLevel", "volume": "tradeVol30Day"}):
    code: Id
    vip_level: str
    volume: Decimal
    data: list[_FeeRow]


class _DepositRow(Struct, rename="camel"):
    time: int
    coin: str
    quantity: Decimal
    status: int
    address: str = ""
    tx_id: str = ""


class _WithdrawalRow(Struct, rename="camel"):
    time: int
    id: str
    coin: str
    quantity: Decimal
    arrive_quantity: Decimal
    fee: Decimal
    fee_coin_id: str
    address: str = ""
    tx_id: str = ""


class _MovedRow(Struct, rename="camel"):
    success: bool
    order_id: Id = ""


class Account:
    """The account side of one key."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def accounts(self) -> list[SubAccount]:
        """Every account that the key sees."""
        return await self._read(_accounts, routes.ACCOUNTS)

    async def fees(self) -> FeeTier:
        """What trading costs us now; the least per order (USD 1.99) is not in it and stands in the capabilities."""
        return await self._read(_tier, routes.FEES)

    async def deposit_address(self, asset: Asset, chain: str) -> DepositAddress:
        """Where `asset` may be sent to; the chain is always named, since the venue's default is another."""
        return await self._read(_address, routes.DEPOSIT_ADDRESS, [("coin", asset), ("chainType", chain)])

    async def deposits(self, since: Instant, until: Instant) -> list[Deposit]:
        """Deposits in that time; `Unread` when the list may have been cut."""
        return await self._read(_deposits, routes.DEPOSITS, _window(since, until))

    async def withdrawals(self, since: Instant, until: Instant) -> list[Withdrawal]:
        """Withdrawals in that time; `Unread` when the list may have been cut."""
        return await self._read(_withdrawals, routes.WITHDRAWALS, _window(since, until))

    async def transfer(
        self, client_id: ClientOrderId, asset: Asset, quantity: Decimal, *, source: str, target: str
    ) -> Movement:
        """Move between accounts of the same client."""
        pairs = [
            ("coin", asset),
            ("quantity", plain(quantity)),
            ("fromAccountId", source),
            ("toAccountId", target),
            ("clientOrderId", client_id),
        ]
        return await self._move(routes.TRANSFER, pairs, quantity)

    async def withdraw(
        self, client_id: ClientOrderId, asset: Asset, quantity: Decimal, *, chain: str, address: str, tag: str = ""
    ) -> Movement:
        """Send coins to an address that the venue has on its whitelist."""
        pairs = [("coin", asset), ("address", address), *([("addressExt", tag)] if tag else [])]
        pairs += [("quantity", plain(quantity)), ("chainType", chain), ("clientOrderId", client_id)]
        return await self._move(routes.WITHDRAW, pairs, quantity)

    async def withdraw_fiat(
        self, client_id: ClientOrderId, asset: Asset, amount: Decimal, *, bank_account: str
    ) -> Movement:
        """Pay out to a registered bank account. Sandbox only: the real way is not in any document that we have."""
        pairs = [("coin", asset), ("amount", plain(amount)), ("bankAccountId", bank_account)]
        return await self._move(routes.FIAT_WITHDRAW, [*pairs, ("clientOrderId", client_id)], amount)

    async def _read(self, parse: Callable[[bytes], T], route: Route, pairs: Pairs = ()) -> T:
        found, _ = await self._calls.ask(parse, route, pairs)
        return found

    async def _move(self, route: Route, pairs: Pairs, quantity: Decimal) -> Movement:
        if quantity <= 0:
            return Refused("unsendable", f"{quantity} is not moved anywhere")
        return await self._calls.write(route, pairs, moved)


def moved(status: int, body: bytes, wire: Wire) -> Movement:
    """How an instruction to move money ended."""
    if status != 200:
        return outcomes.complained(status, body, wire, refusals=REFUSALS)
    try:
        row = parsed(body, _MovedRow)
    except Odd as odd:
        return Unknown(str(odd), wire)
    if not row.success or not str(row.order_id).strip("0"):
        return Unknown("the answer is no success, or names nothing that can be followed", wire)
    return Moved(str(row.order_id), wire)


def _window(since: Instant, until: Instant) -> Pairs:
    return [("startTime", str(since // MILLISECOND)), ("endTime", str(until // MILLISECOND)), ("limit", str(ROWS))]


def _address(raw: bytes) -> DepositAddress:
    return parsed(raw, DepositAddress)


def _accounts(raw: bytes) -> list[SubAccount]:
    rows = parsed(raw, list[_TypeRow])
    return [
        SubAccount(str(row.account_id), row.account_label, ACCOUNT_TYPES.get(row.account_type, str(row.account_type)))
        for row in rows
    ]


def _tier(raw: bytes) -> FeeTier:
    tier = parsed(raw, _Vip)
    if str(tier.code).strip("0"):
        raise Odd(f"the fee tier comes with code {str(tier.code)[:20]}")
    pairs = [
        PairFee(
            Symbol(row.symbol),
            exactly(row.actual_maker_rate),  # below nothing where makers are paid
            exactly(row.actual_taker_rate),
            Asset(row.sell_taker_fee_currency),
        )
        for row in tier.data
    ]
    return FeeTier(tier.vip_level, number(tier.volume), tuple(pairs))


def _deposits(raw: bytes) -> list[Deposit]:
    rows = _whole(parsed(raw, list[_DepositRow]))
    return [
        Deposit(
            at=instant(row.time),
            asset=Asset(row.coin),
            quantity=number(row.quantity),
            address=row.address,
            state=DEPOSIT_STATES.get(row.status, "unknown"),
            tx=row.tx_id,
        )
        for row in rows
    ]


def _withdrawals(raw: bytes) -> list[Withdrawal]:
    rows = _whole(parsed(raw, list[_WithdrawalRow]))
    return [
        Withdrawal(
            id=row.id,
            at=instant(row.time),
            asset=Asset(row.coin),
            quantity=number(row.quantity),
            arrives=number(row.arrive_quantity),
            fee=number(row.fee),
            fee_asset=Asset(row.fee_coin_id),
            address=row.address,
            tx=row.tx_id,
        )
        for row in rows
    ]


def _whole(rows: list[T]) -> list[T]:
    if len(rows) >= ROWS:
        raise Odd(f"the list is full at {len(rows)} rows and may have been cut")
    return rows
