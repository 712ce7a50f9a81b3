"""Can this be, given all that the book says so far?

It is asked before somebody signs something, and again of every row that is read. An answer is a reason in words.
Whether the person may say it, and whether the law is right, is not asked here.
"""

import re
from decimal import Decimal
from typing import Final, assert_never

from engine.kernel.ids import LotId
from engine.kernel.money import ZERO, Asset, AssetClass, exact, is_multiple, plain
from engine.mandate import allotting
from engine.mandate.assets import KNOWN
from engine.mandate.case import Case, amounts, deposited, is_fiat, open_runs, outcome, outstanding
from engine.mandate.lots import permits
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    CaseOpened,
    DepositPosted,
    DepositReturned,
    Fact,
    Held,
    Lifted,
    LotEntered,
    Received,
    Released,
    Reopened,
    Returned,
    RunBegan,
    RunEnded,
    ScopeAmended,
    StageSet,
    Suspended,
)

Judged = Fact | RunBegan | RunEnded
_PAPER: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def judge(case: Case, fact: Judged) -> str | None:
    """Why the fact can't be, in words; `None` when it can."""
    if isinstance(fact, CaseOpened):
        return _opened(case, fact)
    if case.case is None:
        return "the case is not open yet: `steelyard case open` comes first"
    paper = getattr(fact, "document_sha256", None)
    if paper is not None and not _PAPER.fullmatch(paper):
        return f"{paper!r} is not the SHA-256 of a document"
    match fact:
        case RunBegan():
            return _began(case, fact)
        case RunEnded():
            return _ended(case, fact)
        case LotEntered():
            return _entered(case, fact)
        case StageSet() | ScopeAmended() | Released() | Returned():
            return _of_a_lot(case, fact)
        case Suspended():
            return f"it is suspended already, {case.suspension}" if case.suspension else None
        case Reopened():
            return None if case.suspension else "it is not suspended"
        case Held():
            return None  # never refused: a second court's hold counts beside the first, and the same paper counts once
        case Lifted():
            return _lifted(case, fact)
        case DepositPosted() | Received():
            return _money(fact.amount, fact.currency)
        case DepositReturned():
            return _money(fact.amount, fact.currency) or _deposit_returned(case, fact)
        case Allocated() | AllocationUndone():
            return allotting.against(case, fact)
    assert_never(fact)


def _opened(case: Case, fact: CaseOpened) -> str | None:
    if case.case is not None:
        return f"the case is open already, entrusted by {case.authority}"
    if not fact.authority.strip():
        return "the authority has no name"
    if not _PAPER.fullmatch(fact.document_sha256):
        return f"{fact.document_sha256!r} is not the SHA-256 of a document"
    return None


def _entered(case: Case, fact: LotEntered) -> str | None:
    if fact.lot in case.lots:
        return f"lot {fact.lot} was entered before"
    if not _NAME.fullmatch(fact.lot):
        return f"{fact.lot!r} is no name for a lot: letters, digits, `.`, `_` and `-`, 64 at the most"
    if not fact.place.strip():
        return "where the lot lies is missing"
    for paper in fact.documents:
        if not _PAPER.fullmatch(paper):
            return f"{paper!r} is not the SHA-256 of a document"
    return _units(fact.quantity, fact.asset)


def _lifted(case: Case, fact: Lifted) -> str | None:
    if not case.holds:
        return "there is no hold to lift"
    if fact.document_sha256 in case.lifted:
        return "this paper has lifted a hold already; each court lifts its own by a paper of its own"
    return None


def _of_a_lot(case: Case, fact: StageSet | ScopeAmended | Released | Returned) -> str | None:
    lot = case.lots.get(fact.lot)
    if lot is None:
        return f"no lot {fact.lot} was entered; there are: {', '.join(case.lots) or 'none'}"
    if isinstance(fact, StageSet):
        return _stage(case, fact)
    emptied = isinstance(fact, ScopeAmended) and fact.quantity == 0  # the lot was taken out of the entrustment
    wrong = None if emptied else _units(fact.quantity, lot.asset)
    if wrong is not None:
        return wrong
    if case.holds and not isinstance(fact, ScopeAmended):
        return f"the case is held {case.holds[0]}; nothing moves until the hold is lifted"
    match fact:
        case ScopeAmended():
            return _scope(case, fact)
        case Released():
            return _released(case, fact)
        case Returned():
            there = lot.custody + lot.left
            if fact.quantity > there:
                return f"{plain(fact.quantity)} is more than the {plain(there)} {lot.asset} of the lot that lie there"
            return None
    assert_never(fact)


def _stage(case: Case, fact: StageSet) -> str | None:
    lot = case.lots[fact.lot]
    if lot.granted and not permits(fact.stage, lot.asset):
        return (
            f"{_holders(case, fact.lot)} granted {plain(lot.granted)} {lot.asset} of the lot and has not ended: "
            "suspend the case or halt the run now, and set the stage once the run has ended"
        )
    return None


def _scope(case: Case, fact: ScopeAmended) -> str | None:
    lot = case.lots[fact.lot]
    fixed = lot.quantity - lot.custody
    if fact.quantity < fixed:
        return f"{plain(fixed)} {lot.asset} of the lot are with a run, sold or returned; the scope can't be less"
    if fact.quantity - lot.returned < lot.released:
        return f"{plain(lot.released)} {lot.asset} of the lot are released; the scope can't be less"
    return None


def _released(case: Case, fact: Released) -> str | None:
    lot = case.lots[fact.lot]
    if not permits(lot.stage, lot.asset):
        return f"the lot's stage is {lot.stage}, and then nothing of {lot.asset} may be sold"
    free = lot.quantity - lot.returned - lot.released
    if fact.quantity > free:
        return (
            f"{plain(fact.quantity)} is more than the {plain(free)} {lot.asset} that can be released: "
            f"{plain(lot.quantity)} entrusted, {plain(lot.returned)} returned, {plain(lot.released)} released before"
        )
    return None


def _deposit_returned(case: Case, fact: DepositReturned) -> str | None:
    there = deposited(case).get(fact.currency, ZERO)
    if fact.amount > there:
        return f"{plain(fact.amount)} is more than the {plain(there)} {fact.currency} of the deposit"
    going_on = open_runs(case)
    if going_on:
        return f"run {going_on[0].run} has not ended; the deposit covers what it sells"
    for lot in case.lots.values():
        if lot.left or lot.unknown:
            what = (
                f"of lot {lot.lot} {plain(lot.left)} {lot.asset} are left unsold and {plain(lot.unknown)} are unknown"
            )
            return f"{what}; the deposit covers them until they are sold, settled or returned in kind"
    unpaid = outstanding(case)
    if unpaid:
        return f"{amounts(unpaid)} of the proceeds have not reached the authority; it is returned on proof of receipt"
    return None


def _began(case: Case, began: RunBegan) -> str | None:
    if began.run in case.runs:
        return f"run {began.run} began before"
    stopped = case.holds[0] if case.holds else case.suspension
    if stopped is not None:
        return f"the case is {'held' if case.holds else 'suspended'} {stopped}"
    granted: set[Asset] = set()
    for grant in began.granted:
        if not _counts(grant.granted) or grant.asset in granted:
            return f"the grant of {grant.asset} to run {began.run} is no quantity, or stands there twice"
        granted.add(grant.asset)
        room = sum((lot.room for lot in case.of(grant.asset)), ZERO)
        if grant.granted > room:
            return f"{plain(grant.granted)} {grant.asset} is more than the {plain(room)} that may be sold"
        wrong = _units(grant.granted, grant.asset) if grant.granted else None
        if wrong is not None:
            return wrong
    return None


def _ended(case: Case, ended: RunEnded) -> str | None:
    run = case.runs.get(ended.run)
    if run is None:
        return f"run {ended.run} never began"
    seen: set[Asset] = set()
    for sale in ended.sales:
        granted = sum((p.granted for p in run.portions if p.asset == sale.asset), ZERO)
        if not _counts(sale.sold) or not _counts(sale.unknown) or sale.asset in seen:
            return f"what run {ended.run} is said to have sold of {sale.asset} is no quantity, or stands there twice"
        seen.add(sale.asset)
        if sale.sold + sale.unknown > granted:
            return (
                f"run {ended.run} is said to have sold {plain(sale.sold)} {sale.asset}, {plain(sale.unknown)} more "
                f"unknown, and was granted {plain(granted)}"
            )
    if not all(map(_counts, ended.proceeds.values())):
        return f"what run {ended.run} is said to have brought is no amount"
    if run.status is None:
        return None
    for before, after in zip(run.portions, outcome(run, ended), strict=True):
        lot = case.lots[after.lot]
        if after.used - before.used > lot.left:
            return (
                f"run {ended.run} is said to have used {plain(after.used)} {lot.asset} of lot {lot.lot}, and "
                f"{plain(before.used)} before; the difference was granted again, or returned, in the meantime"
            )
    return None


def _units(quantity: Decimal, asset: Asset) -> str | None:
    kind = KNOWN.get(asset)
    if kind is None:
        return f"{asset} is not known; known: {', '.join(KNOWN)}"
    if kind.klass is AssetClass.FIAT:
        return f"{asset} is money already, and nothing to sell"
    return _exact(quantity, asset, kind.unit)


def _money(amount: Decimal, currency: Asset) -> str | None:
    if not is_fiat(currency):
        money = ", ".join(kind.asset for kind in KNOWN.values() if kind.klass is AssetClass.FIAT)
        return f"{currency} is not money that we know; known: {money}"
    return _exact(amount, currency, KNOWN[currency].unit)


def _exact(value: Decimal, asset: Asset, unit: Decimal) -> str | None:
    try:
        value = exact(str(value))
    except ValueError as error:
        return str(error)
    if value <= 0:
        return f"{plain(value)} {asset} is not above zero"
    if not is_multiple(value, unit):
        return f"{plain(value)} is finer than the smallest unit of {asset}, {plain(unit)}"
    return None


def _counts(value: Decimal) -> bool:
    return value.is_finite() and value >= 0


def _holders(case: Case, lot: LotId) -> str:
    return " and ".join(
        f"run {run.run} was" for run in open_runs(case) if any(portion.lot == lot for portion in run.portions)
    )
