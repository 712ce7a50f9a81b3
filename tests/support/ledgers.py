"""The exported ledger as Beancount reads it: the judge of it is a program that we did not write."""

import warnings
from decimal import Decimal
from pathlib import Path


def loaded(run: Path) -> tuple[list, list]:
    """Entries of the ledger in a run folder, and Beancount's complaints."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from beancount import loader

        entries, errors, _ = loader.load_string((run / "ledger.beancount").read_text())
    return entries, errors


def sums(run: Path) -> dict[str, dict[str, Decimal]]:
    """Per account and currency, all postings added up."""
    totals: dict[str, dict[str, Decimal]] = {}
    for entry in loaded(run)[0]:
        for posting in getattr(entry, "postings", ()):
            account = totals.setdefault(posting.account, {})
            units = posting.units
            account[units.currency] = account.get(units.currency, Decimal(0)) + units.number
    return totals


def held_at_the_venue(run: Path) -> dict[str, Decimal]:
    """What the ledger leaves on the venue account, without what is nothing."""
    return {asset: units for asset, units in sums(run)["Assets:Venue:Hashkey"].items() if units}


def trial_balance(run: Path) -> dict[str, Decimal]:
    """Per currency, the sum over all accounts."""
    balance: dict[str, Decimal] = {}
    for account in sums(run).values():
        for asset, units in account.items():
            balance[asset] = balance.get(asset, Decimal(0)) + units
    return balance
