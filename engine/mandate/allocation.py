"""Who gets what of a sale: the fills of one run, or of several, divided among parties at one average price.

A party is a lot of the case, or a portfolio that people named (a defendant's, an authority's sub-account). An
`Allocation` is a paper: it holds what was sold, the shares, and the result, so that whoever signs it sees all three.
`awarded` gives the same result to anybody who works it out again. What the shares should be is not decided here.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.kernel import codec
from engine.kernel.apportion import apportion
from engine.kernel.ids import CaseId, RunId
from engine.kernel.money import EXACT, ZERO, Asset, AssetClass, decimals, down_to, ratio, total, trimmed
from engine.mandate.assets import KNOWN

RULE: Final = (
    "All fills of the runs named are taken together: each asset has one average price, and so has each stablecoin.",
    "Units of an asset are divided by the shares, what its sale brought by these units, each fee by what that came to.",
    "Of the stablecoin that was sold on, what was seized as such counts first, as it does in the case's book; the rest "
    "is divided by what each party's coin brought, net of fees. The fiat is divided by the stablecoin that each party"
    "'s part came to, and its fees as before. What was brought and not sold on is left to whoever's coin brought it.",
    "What can be paid out is the sum of all fiat, net, in whole cents, divided by each party's net; what is below a "
    "cent is named.",
    "Every division is by largest remainder, in the smallest unit or in the last digit of the numbers where that is "
    "finer; of equal remainders the first name is served first. A net is proceeds less fees, and no division.",
)
"""The rule in words, sentence by sentence."""
PRICE_PLACES: Final = 8


class Basis(StrEnum):
    """Where the shares come from."""

    LOTS = "lots"
    """The case's book: what was sold of each lot."""
    SHARES = "shares"
    """A file that people wrote."""


class Taken(Struct, frozen=True, kw_only=True):
    """One run whose fills are allocated, and the end of its journal: nothing was added to it since."""

    run: RunId
    rows: int
    head: str


class Share(Struct, frozen=True, kw_only=True):
    """So many parts of an asset are this party's."""

    party: str
    asset: Asset
    parts: Decimal


class Step(Struct, frozen=True, kw_only=True):
    """All that the runs sold of one asset for one other, their fills taken together."""

    sell: Asset
    buy: Asset
    quantity: Decimal
    entrusted: Decimal
    """Of `quantity`, what was seized as such; the rest was brought by other steps."""
    proceeds: Decimal
    """Before fees."""
    fees: Mapping[Asset, Decimal]
    fills: int
    fills_sha256: str
    """Of the lines of its fills, as `evidence.takings` writes them."""

    @property
    def price(self) -> Decimal:
        """The average, before fees, rounded for reading."""
        return ratio(self.proceeds, self.quantity, PRICE_PLACES)

    @property
    def fraction(self) -> str:
        """The average exactly: what was brought over what was sold."""
        return f"{trimmed(self.proceeds)}/{trimmed(self.quantity)}"

    @property
    def net(self) -> Decimal:
        return EXACT.subtract(self.proceeds, self.fees.get(self.buy, ZERO))


class Award(Struct, frozen=True, kw_only=True):
    """One party's part of one step."""

    party: str
    origin: Asset
    """What was seized: a stablecoin is sold on for whoever's coin brought it."""
    sell: Asset
    buy: Asset
    quantity: Decimal
    proceeds: Decimal
    fees: Mapping[Asset, Decimal]
    left: Decimal = ZERO
    """Of the stablecoin that this part brought, net, what was not sold on."""

    @property
    def net(self) -> Decimal:
        return EXACT.subtract(self.proceeds, self.fees.get(self.buy, ZERO))


class Payment(Struct, frozen=True, kw_only=True):
    """Whole cents of one currency for one party."""

    party: str
    currency: Asset
    amount: Decimal


class Allocation(Struct, frozen=True, kw_only=True, tag_field="paper", tag="allocation"):
    """What is signed."""

    schema: int = 1
    case: CaseId
    number: int
    """So many papers about allocations had been proposed before; the same wish may come again after it was undone."""
    basis: Basis
    shares_sha256: str
    """Of the file with the shares; empty where the case's book has them."""
    runs: tuple[Taken, ...]
    shares: tuple[Share, ...]
    steps: tuple[Step, ...]
    awards: tuple[Award, ...]
    payments: tuple[Payment, ...]

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return codec.encode(self).decode()

    @property
    def sha256(self) -> str:
        """The name by which people approve it."""
        return codec.sha256_hex(self.text.encode())

    def step(self, award: Award) -> Step:
        """The step that an award is a part of."""
        return next(step for step in self.steps if (step.sell, step.buy) == (award.sell, award.buy))


class Undoing(Struct, frozen=True, kw_only=True, tag_field="paper", tag="undo_allocation"):
    """The wish that an allocation no longer stands. Its reason is that of whoever signs."""

    schema: int = 1
    case: CaseId
    number: int
    allocation_sha256: str

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return codec.encode(self).decode()

    @property
    def sha256(self) -> str:
        """The name by which people approve it."""
        return codec.sha256_hex(self.text.encode())


AllocationPaper = Allocation | Undoing
_PAPERS: Final[msgspec.json.Decoder[AllocationPaper]] = msgspec.json.Decoder(AllocationPaper)
KINDS: Final = tuple(str(paper.__struct_config__.tag) for paper in (Allocation, Undoing))
"""What people call these papers."""


def kind_of(paper: AllocationPaper) -> str:
    """What people call it."""
    return str(paper.__struct_config__.tag)


def read(text: str) -> AllocationPaper | None:
    """The paper; `None` when the text is none of these, and is not for us."""
    try:
        return _PAPERS.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def awarded(steps: Sequence[Step], shares: Iterable[Share]) -> tuple[Award, ...]:
    """Every party's part of every step, by the `RULE`; the parts add up to the steps exactly.

    `ValueError` in words where a step can't be divided: nobody has a share, or more stablecoin was sold than there was.
    """
    parts = {(share.asset, share.party): share.parts for share in shares}
    coins = [step for step in steps if not _is_fiat(step.buy)]
    brought = sorted((award for step in coins for award in _sold(step, parts)), key=_whose)
    used: dict[tuple[str, Asset], Decimal] = {}
    later: list[Award] = []
    for step in steps:
        if _is_fiat(step.buy):
            part = _used(step, [award for award in brought if award.buy == step.sell])
            seized = [((party, step.sell), units) for party, units in _by_shares(step.sell, step.entrusted, parts)]
            later += _awards(step, sorted([*part.items(), *seized]))
            used |= part
    first = [replace(award, left=EXACT.subtract(award.net, used.get(_whose(award), ZERO))) for award in brought]
    return tuple(sorted([*first, *later], key=lambda award: (*_whose(award), _is_fiat(award.buy))))


def payable(awards: Iterable[Award]) -> tuple[Payment, ...]:
    """Per currency the whole cents of all net fiat, divided by each party's net; zero where fees took it all."""
    nets: dict[Asset, dict[str, Decimal]] = {}
    for award in awards:
        if _is_fiat(award.buy):
            sums = nets.setdefault(award.buy, {})
            sums[award.party] = EXACT.add(sums.get(award.party, ZERO), award.net)
    payments = []
    for currency in sorted(nets):
        unit = KNOWN[currency].unit
        parties = sorted(nets[currency])
        weights = [max(ZERO, nets[currency][party]) for party in parties]
        whole = down_to(max(ZERO, total(nets[currency].values())), unit)
        cents = apportion(whole, weights, decimals(unit))
        payments += [Payment(party=p, currency=currency, amount=c) for p, c in zip(parties, cents, strict=True)]
    return tuple(payments)


def below_a_cent(allocation: Allocation) -> dict[Asset, Decimal]:
    """Per currency what is left of the net fiat when every payment is made."""
    left: dict[Asset, Decimal] = {}
    for step in allocation.steps:
        if _is_fiat(step.buy):
            left[step.buy] = EXACT.add(left.get(step.buy, ZERO), step.net)
    for payment in allocation.payments:
        left[payment.currency] = EXACT.subtract(left[payment.currency], payment.amount)
    return left


def _sold(step: Step, parts: Mapping[tuple[Asset, str], Decimal]) -> list[Award]:
    """A step that sells what was seized, and nothing else."""
    units = _by_shares(step.sell, step.entrusted, parts)
    if step.quantity != step.entrusted:
        book = f"by the case's book {trimmed(step.entrusted)}"
        raise ValueError(f"{trimmed(step.quantity)} {step.sell} were sold by the fills, and {book}")
    return _awards(step, [((party, step.sell), quantity) for party, quantity in units])


def _used(step: Step, brought: Sequence[Award]) -> dict[tuple[str, Asset], Decimal]:
    """Of what each party's coin brought, so much was sold on in this step."""
    rest, nets = EXACT.subtract(step.quantity, step.entrusted), [max(ZERO, award.net) for award in brought]
    if not 0 <= rest <= total(nets):
        there = f"{trimmed(step.entrusted)} seized and {trimmed(total(nets))} from sales"
        raise ValueError(f"{trimmed(step.quantity)} {step.sell} were sold, and there were {there}")
    places = max([_places(step.sell, rest), *map(decimals, nets)])  # so fine that nobody's part is above what they had
    return {_whose(a): units for a, units in zip(brought, apportion(rest, nets, places), strict=True) if units}


def _awards(step: Step, units: Sequence[tuple[tuple[str, Asset], Decimal]]) -> list[Award]:
    weights = [quantity for _, quantity in units]
    fee = step.fees.get(step.buy, ZERO)
    proceeds = apportion(step.proceeds, weights, _places(step.buy, step.proceeds, fee))
    by = proceeds if any(proceeds) else weights  # and in the same digits: so no part's fee is above what it brought
    fees = {asset: apportion(fee, by, _places(asset, fee, *proceeds)) for asset, fee in step.fees.items()}
    return [
        Award(
            party=party,
            origin=origin,
            sell=step.sell,
            buy=step.buy,
            quantity=quantity,
            proceeds=proceeds[index],
            fees={asset: mine[index] for asset, mine in fees.items()},
        )
        for index, ((party, origin), quantity) in enumerate(units)
    ]


def _by_shares(
    asset: Asset, quantity: Decimal, parts: Mapping[tuple[Asset, str], Decimal]
) -> list[tuple[str, Decimal]]:
    """By name: so a file in another order gives the same."""
    mine = sorted((party, units) for (whose, party), units in parts.items() if whose == asset and units)
    if quantity and not mine:
        raise ValueError(f"{trimmed(quantity)} {asset} were sold, and nobody has a share of {asset}")
    units = apportion(quantity, [weight for _, weight in mine], _places(asset, quantity))
    return [(party, quantity) for (party, _), quantity in zip(mine, units, strict=True)]


def _places(asset: Asset, *units: Decimal) -> int:
    """As many digits as the asset's smallest unit has, or more where one of these needs more."""
    known = KNOWN.get(asset)
    return max([decimals(known.unit) if known is not None else 0, *map(decimals, units)])


def _whose(award: Award) -> tuple[str, Asset]:
    return award.party, award.origin


def _is_fiat(asset: Asset) -> bool:
    known = KNOWN.get(asset)
    return known is not None and known.klass is AssetClass.FIAT
