"""The rules: one event makes one entry, and an entry that does not balance per asset cannot be made."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import EXACT, ZERO, Asset, times
from engine.ledger import accounts
from engine.ledger.accounts import Account
from engine.orders.reports import Balance, Fill


class Posting(Struct, frozen=True, array_like=True):
    """`units` of `asset` come to `account`; negative, they leave it."""

    account: Account
    asset: Asset
    units: Decimal


class Entry(Struct, frozen=True):
    """What one event moved. Per asset the postings sum to zero, or the entry is not constructed."""

    at: Instant
    text: str
    postings: tuple[Posting, ...]
    reference: str = ""

    def __post_init__(self) -> None:
        sums: dict[Asset, Decimal] = {}
        for posting in self.postings:
            sums[posting.asset] = EXACT.add(sums.get(posting.asset, ZERO), posting.units)
        if any(sums.values()):
            raise ValueError(f"entry does not balance: {sums}")


def opening(at: Instant, name: VenueName, balances: Iterable[Balance]) -> Entry:
    """What the account held when the run was opened."""
    postings = []
    for balance in balances:
        if balance.total:
            postings.append(Posting(accounts.venue(name), balance.asset, balance.total))
            postings.append(Posting(accounts.ENTRUSTED, balance.asset, balance.total.copy_negate()))
    return Entry(at, f"Balances at {name}", tuple(postings))


def sale(fill: Fill, sell: Asset, buy: Asset) -> Entry:
    """One execution: coin to the market, its price from the market, and the fee to the venue."""
    here, proceeds = accounts.venue(fill.venue), times(fill.quantity, fill.price)
    postings = [
        Posting(here, sell, fill.quantity.copy_negate()),
        Posting(accounts.MARKET, sell, fill.quantity),
        Posting(here, buy, proceeds),
        Posting(accounts.MARKET, buy, proceeds.copy_negate()),
    ]
    if fill.fee.units:
        postings.append(Posting(here, fill.fee.asset, fill.fee.units.copy_negate()))
        postings.append(Posting(accounts.fees(fill.venue), fill.fee.asset, fill.fee.units))
    return Entry(fill.at, f"Sale of {sell} for {buy}", tuple(postings), f"{fill.venue_order_id}/{fill.trade_id}")


def in_custody(at: Instant, holdings: Mapping[Asset, Decimal]) -> Entry:
    """What lay with the custodian of what the run may sell."""
    postings = []
    for asset, units in holdings.items():
        if units:
            postings.append(Posting(accounts.CUSTODY, asset, units))
            postings.append(Posting(accounts.ENTRUSTED, asset, units.copy_negate()))
    return Entry(at, "Coin in custody", tuple(postings))


def moved(at: Instant, asset: Asset, units: Decimal, source: Account, target: Account, tranche: str) -> Entry:
    """A tranche is somewhere else than before."""
    steps = (Posting(source, asset, units.copy_negate()), Posting(target, asset, units))
    return Entry(at, f"Tranche from {source.rpartition(':')[2]} to {target.rpartition(':')[2]}", steps, tranche)


def explained(at: Instant, name: VenueName, asset: Asset, delta: Decimal, paper: str) -> Entry:
    """What an account holds beyond our records, by a paper that people signed; negative, what it lacks."""
    moved = (Posting(accounts.venue(name), asset, delta), Posting(accounts.EXPLAINED, asset, delta.copy_negate()))
    return Entry(at, f"Difference at {name}, explained", moved, paper)
