"""The fold of entries into balances. Per asset the sum over all accounts is zero after every entry."""

from collections.abc import Mapping
from decimal import Decimal

from engine.kernel.money import EXACT, ZERO, Asset
from engine.ledger.accounts import Account, Key
from engine.ledger.posting import Entry


class Balances:
    """What every account holds, per asset."""

    def __init__(self) -> None:
        self._units: dict[Key, Decimal] = {}

    def post(self, entry: Entry) -> None:
        """Apply one entry."""
        for posting in entry.postings:
            key = (posting.account, posting.asset)
            self._units[key] = EXACT.add(self._units.get(key, ZERO), posting.units)

    def of(self, account: Account, asset: Asset) -> Decimal:
        """Units of `asset` on `account`."""
        return self._units.get((account, asset), ZERO)

    def assets(self, account: Account) -> dict[Asset, Decimal]:
        """All that `account` holds or held."""
        return {asset: units for (name, asset), units in self._units.items() if name == account}

    def trial(self) -> Mapping[Asset, Decimal]:
        """Per asset the sum over all accounts: zero everywhere, or a posting rule is wrong."""
        sums: dict[Asset, Decimal] = {}
        for (_, asset), units in self._units.items():
            sums[asset] = EXACT.add(sums.get(asset, ZERO), units)
        return sums
