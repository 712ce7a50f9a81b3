"""A case as its book tells it: what was entrusted, how far it may go, who put up what, what the runs did.

A `Case` is made by `folding` and judged against by `judging`; here it is only read.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, iso
from engine.kernel.ids import CaseId, LotId, PersonName, RunId
from engine.kernel.money import ZERO, Asset, AssetClass, down_to, total, trimmed
from engine.mandate.allocation import Allocation, AllocationPaper
from engine.mandate.assets import KNOWN
from engine.mandate.lots import Lot, Portion, spread
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import Form, RunEnded


class Mark(Struct, frozen=True, kw_only=True):
    """Who said it, when the book took it, and on what paper."""

    seq: int
    at: Instant
    by: PersonName
    reason: str
    document_sha256: str = ""

    def __str__(self) -> str:
        return f"since {iso(self.at)}, by {self.by}: {self.reason}"


class Deposit(Struct, frozen=True, kw_only=True):
    """One posting of the deposit, or its return (then `form` is `None`)."""

    mark: Mark
    amount: Decimal
    currency: Asset
    form: Form | None


class CaseRun(Struct, frozen=True, kw_only=True):
    """What one run was granted, lot by lot, and what it did with it once it has ended."""

    run: RunId
    status: str | None
    """`None` while the book has no end of it."""
    portions: tuple[Portion, ...]
    proceeds: Mapping[Asset, Decimal] = {}


class Allotted(Struct, frozen=True, kw_only=True):
    """An allocation that was entered, and what became of it."""

    sha256: str
    paper: Allocation
    mark: Mark
    undone: Mark | None = None
    """`None` while it stands."""


class Void(Struct, frozen=True, kw_only=True):
    """A row of the book that can't be, given the rows before it. It changes nothing, for no reader of the book."""

    seq: int
    what: str
    why: str


class Case(Struct, frozen=True, kw_only=True):
    """Everything that the book says of the case, up to row `seq`."""

    case: CaseId | None = None
    """`None` until the case is opened."""
    authority: str = ""
    document_sha256: str = ""
    lots: Mapping[LotId, Lot] = {}
    """In the order in which they were entered."""
    holds: tuple[Mark, ...] = ()
    """The courts' holds that stand, oldest first, one for each paper; the case is held while there is one."""
    lifted: tuple[str, ...] = ()
    """The papers by which holds were lifted, each of them one."""
    suspension: Mark | None = None
    deposits: tuple[Deposit, ...] = ()
    received: Mapping[Asset, Decimal] = {}
    runs: Mapping[RunId, CaseRun] = {}
    papers: Mapping[str, AllocationPaper] = {}
    """Every paper about an allocation that was proposed, by its SHA-256; what was decided of it, the docket knows."""
    allocations: tuple[Allotted, ...] = ()
    """In the order in which they were entered, undone ones too."""
    void: tuple[Void, ...] = ()
    seq: int = 0

    def of(self, asset: Asset) -> list[Lot]:
        """The lots of one asset, first entered first."""
        return [lot for lot in self.lots.values() if lot.asset == asset]

    @property
    def assets(self) -> list[Asset]:
        """Every asset that there is a lot of, in the order of entry."""
        return list(dict.fromkeys(lot.asset for lot in self.lots.values()))


def sellable(case: Case) -> dict[Asset, Decimal]:
    """Per asset, what all runs of the case together may sell, what earlier ones sold included.

    The sum over its lots of what was released and not returned, where the stage permits a sale. What runs hold or used
    of a lot whose stage has changed since stays in, or the units of another lot would pay for it.
    """
    return {asset: total(lot.sellable for lot in case.of(asset)) for asset in case.assets}


def attribution(case: Case) -> dict[RunId, tuple[Portion, ...]]:
    """Per run, what it was granted, sold and left unknown of each lot.

    The rule: units are granted from the lots in the order of their entry, each to the end of what may be sold of it;
    sales are attributed to what the run was granted in the same order, to the unit, and then what is unknown. The
    book alone decides, so anybody who has it finds the same; and sums over lots or runs give back what went in.
    """
    return {run.run: run.portions for run in case.runs.values()}


def outcome(run: CaseRun, ended: RunEnded) -> tuple[Portion, ...]:
    """The run's portions once it has ended so; what is not named in its sales was not sold."""
    done = {sale.asset: sale for sale in ended.sales}
    ordered: dict[LotId, Portion] = {}
    for asset in dict.fromkeys(portion.asset for portion in run.portions):
        mine = [portion for portion in run.portions if portion.asset == asset]
        sale = done.get(asset)
        spent = spread(mine, sale.sold if sale else ZERO, sale.unknown if sale else ZERO)
        ordered.update((portion.lot, portion) for portion in spent)
    return tuple(ordered[portion.lot] for portion in run.portions)


def deposited(case: Case) -> dict[Asset, Decimal]:
    """Per currency, what was put up less what was given back."""
    sums: dict[Asset, Decimal] = {}
    for deposit in case.deposits:
        signed = deposit.amount if deposit.form is not None else -deposit.amount
        sums[deposit.currency] = sums.get(deposit.currency, ZERO) + signed
    return sums


def proceeds(case: Case, besides: RunId | None = None) -> dict[Asset, Decimal]:
    """Per asset, what the runs that have ended brought, net of fees; `besides` counts its own and is left out."""
    sums: dict[Asset, Decimal] = {}
    for run in case.runs.values():
        for asset, units in run.proceeds.items():
            sums[asset] = sums.get(asset, ZERO) + (ZERO if run.run == besides else units)
    return sums


def outstanding(case: Case) -> dict[Asset, Decimal]:
    """Per fiat currency, the proceeds of ended runs that have not reached the authority, as far as a bank can pay."""
    short = {asset: units - case.received.get(asset, ZERO) for asset, units in proceeds(case).items() if is_fiat(asset)}
    return _credited(short)


def surplus(case: Case) -> dict[Asset, Decimal]:
    """Per currency, what reached the authority beyond the proceeds of ended runs: it is for people to explain."""
    brought = proceeds(case)
    return _credited({asset: units - brought.get(asset, ZERO) for asset, units in case.received.items()})


def _credited(units: Mapping[Asset, Decimal]) -> dict[Asset, Decimal]:
    """In whole cents, and above zero: venues count finer than banks do, and what is below a cent never arrives."""
    whole = {asset: down_to(amount, KNOWN[asset].unit) for asset, amount in units.items() if amount > 0}
    return {asset: amount for asset, amount in whole.items() if amount}


def open_runs(case: Case) -> list[CaseRun]:
    """The runs whose end is not in the book."""
    return [run for run in case.runs.values() if run.status is None]


def standing(case: Case, run: RunId | None = None) -> CaseStanding:
    """What a running engine has to know of the case; `run` is its own, which may have ended before."""
    return CaseStanding(
        held=f"held {case.holds[0]}" if case.holds else "",
        suspended=f"suspended {case.suspension}" if case.suspension else "",
        deposit=deposited(case),
        received=dict(case.received),
        proceeds_before=proceeds(case, besides=run),
        book_seq=case.seq,
    )


def is_fiat(asset: Asset) -> bool:
    """Is it money that we know?"""
    kind = KNOWN.get(asset)
    return kind is not None and kind.klass is AssetClass.FIAT


def amounts(sums: Mapping[Asset, Decimal]) -> str:
    """`1.5 BTC, 20 USDT`; `nothing` when there is none."""
    return ", ".join(f"{trimmed(units)} {asset}" for asset, units in sums.items() if units) or "nothing"
