"""The chains on which coins come and go at HashKey's sandbox, and the addresses that it knows.

All of it is mock: the names of chains, minima, fees and confirmations are of the venue's kind, and the addresses
belong to nobody. Withdrawals go to addresses on a list that only a person can change; here the list stands below.
"""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Final

from msgspec import Struct

from venues.sandbox.dialect import Wire

FIAT: Final = frozenset({"USD", "HKD", "EUR", "GBP", "CNH", "SGD"})


class Chain(Struct, frozen=True):
    """One way in and out for one coin."""

    name: str
    other_name: str
    """What a widespread client calls it; taken as well."""
    token: str
    deposit_min: Decimal
    withdraw_min: Decimal
    fee: Decimal
    """In the coin, charged beside the amount."""
    daily_max: Decimal
    """The most that one account may withdraw in 24 hours."""
    confirmations: int


_D = Decimal
CHAINS: Final[Mapping[str, Chain]] = {
    "BTC": Chain("Bitcoin", "BTC", "CHAIN_TOKEN", _D("0.0005"), _D("0.002"), _D("0.0002"), _D(50), 3),
    "ETH": Chain("ETH", "ERC20", "CHAIN_TOKEN", _D("0.005"), _D("0.01"), _D("0.002"), _D(1_000), 64),
    "USDT": Chain("ETH", "ERC20", "ERC20_TOKEN", _D(1), _D(10), _D(5), _D(5_000_000), 64),
}
"""By coin; what is not here has no chain and neither comes nor goes."""

WHITELIST: Final = {
    "BTC": "bc1qsandboxcustody0000000000000000000000",
    "ETH": "0x5a4db0c5700d7000000000000000000000000001",
    "USDT": "0x5a4db0c5700d7000000000000000000000000001",
}
"""Where every account of the sandbox may withdraw to."""
UNVERIFIED: Final = {
    "BTC": "bc1qsandboxunproven000000000000000000000",
    "ETH": "0x5a4db0c5700d7000000000000000000000000002",
    "USDT": "0x5a4db0c5700d7000000000000000000000000002",
}
"""On the list as well, but nobody has proved whose they are."""


def chain_of(coin: str, name: str) -> Chain | None:
    """The chain that is meant by this name; without a name, the coin's only one."""
    chain = CHAINS.get(coin)
    return chain if chain is not None and name in ("", chain.name, chain.other_name) else None


def deposit_address(account: str, coin: str) -> str:
    """Where this account's deposits of a coin arrive: always the same."""
    drawn = sha256(f"deposit|{account}|{CHAINS[coin].name}".encode()).hexdigest()
    return f"bc1q{drawn[:38]}" if coin == "BTC" else f"0x{drawn[:40]}"


def is_address(coin: str, address: str) -> bool:
    """Has the text the form of an address on the coin's chain?"""
    if coin == "BTC":
        return address.startswith("bc1q") and len(address) > 14 and address.isalnum() and address.islower()
    try:
        return address.startswith("0x") and len(bytes.fromhex(address[2:])) == 20
    except ValueError:
        return False


def told(coin: str) -> list[Wire]:
    """The chains of a coin as `exchangeInfo` lists them."""
    chain = CHAINS.get(coin)
    if chain is None:
        return []
    return [
        {
            "chainType": chain.name,
            "withdrawFee": str(chain.fee),
            "minWithdrawQuantity": str(chain.withdraw_min),
            "maxWithdrawQuantity": "0",
            "minDepositQuantity": str(chain.deposit_min),
            "allowDeposit": True,
            "allowWithdraw": True,
        }
    ]
