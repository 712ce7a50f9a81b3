"""The chart of accounts. Few, because a run moves coin between few places; names are those of the export."""

from functools import cache
from typing import Final, NewType

from engine.kernel.ids import VenueName
from engine.kernel.money import Asset

Account = NewType("Account", str)

MARKET: Final = Account("Equity:Market")
"""The other side of every trade: what was given to buyers, less what they paid."""
ENTRUSTED: Final = Account("Equity:Entrusted")
"""What stood on the venue accounts when the run was opened."""
CUSTODY: Final = Account("Assets:Custody")
"""What lies with the custodian and may be sold."""
TRANSIT: Final = Account("Assets:Transit")
"""Coin that has left custody and that no venue has shown yet."""
EXPLAINED: Final = Account("Equity:Explained")
"""The other side of a difference that people explained by a paper."""


@cache
def venue(name: VenueName) -> Account:
    """Our account at a venue."""
    return Account(f"Assets:Venue:{name.capitalize()}")


@cache
def fees(name: VenueName) -> Account:
    """What a venue kept."""
    return Account(f"Expenses:Fees:{name.capitalize()}")


Key = tuple[Account, Asset]
