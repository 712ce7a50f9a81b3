"""Rows of a case's book, folded into a `Case`. Whoever has the same rows has the same case.

A row that `judging` refuses is kept as void and changes nothing: two people may each say something true of the same
state of the book, and the second of them be wrong by the time it is written.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import assert_never

import msgspec
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from engine.kernel.ids import LotId
from engine.kernel.money import ZERO, Asset
from engine.mandate import allocation
from engine.mandate import lots as moves
from engine.mandate.allocation import Allocation
from engine.mandate.approvals import Row
from engine.mandate.case import Allotted, Case, CaseRun, Deposit, Mark, Void, outcome
from engine.mandate.judging import judge
from engine.mandate.lots import Lot, Portion
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    BookEntry,
    CaseOpened,
    DepositPosted,
    DepositReturned,
    Fact,
    Held,
    Lifted,
    LotEntered,
    Proposed,
    Received,
    Released,
    Reopened,
    Returned,
    RunBegan,
    RunEnded,
    ScopeAmended,
    Signed,
    StageSet,
    Statement,
    Suspended,
)


def fold(rows: Iterable[Row], case: Case | None = None) -> Case:
    """The case after these rows, from the beginning or from `case` on."""
    case = case if case is not None else Case()
    for seq, wall, entry in rows:
        case = take(case, seq, wall, entry)
    return case


def take(case: Case, seq: int, wall: Instant, entry: BookEntry) -> Case:
    """The case after one more row; `Damaged` when a signed row holds no statement."""
    case = replace(case, seq=seq)
    match entry:
        case Signed():
            return _heard(case, seq, wall, _read(seq, entry))
        case RunBegan() | RunEnded():
            why = judge(case, entry)
            if why is not None:
                return _voided(case, seq, entry, why)
            return _begun(case, entry) if isinstance(entry, RunBegan) else _ended(case, entry)
        case _:  # what the desk declined, used up or noticed is the docket's and the reader's: it moves no unit
            return case


def _heard(case: Case, seq: int, wall: Instant, statement: Statement) -> Case:
    fact = statement.says
    if isinstance(fact, Proposed) and statement.case == case.case:
        return _asked(case, fact)
    if not isinstance(fact, Fact):
        return case
    why = judge(case, fact) if case.case in (None, statement.case) else f"it speaks of case {statement.case}"
    if why is not None:
        return _voided(case, seq, fact, why)
    if isinstance(fact, CaseOpened):
        return replace(case, case=statement.case, authority=fact.authority, document_sha256=fact.document_sha256)
    document = getattr(fact, "document_sha256", "")
    mark = Mark(seq=seq, at=wall, by=statement.by, reason=statement.reason, document_sha256=document)
    return _stated(case, mark, fact)


def _stated(case: Case, mark: Mark, fact: Fact) -> Case:
    match fact:
        case CaseOpened():
            return case
        case LotEntered():
            return _with(case, moves.entered(fact))
        case StageSet() | ScopeAmended() | Released() | Returned():
            return _with(case, _moved(case.lots[fact.lot], fact))
        case Suspended():
            return replace(case, suspension=mark)
        case Reopened():
            return replace(case, suspension=None)
        case Held():
            known = {hold.document_sha256 for hold in case.holds}
            return case if fact.document_sha256 in known else replace(case, holds=(*case.holds, mark))
        case Lifted():
            return replace(case, holds=case.holds[1:], lifted=(*case.lifted, fact.document_sha256))
        case DepositPosted():
            posted = Deposit(mark=mark, amount=fact.amount, currency=fact.currency, form=fact.form)
            return replace(case, deposits=(*case.deposits, posted))
        case DepositReturned():
            given_back = Deposit(mark=mark, amount=fact.amount, currency=fact.currency, form=None)
            return replace(case, deposits=(*case.deposits, given_back))
        case Received():
            return replace(case, received=_added(case.received, fact.currency, fact.amount))
        case Allocated() | AllocationUndone():
            return replace(case, allocations=_allotted(case, mark, fact))
    assert_never(fact)


def _asked(case: Case, proposed: Proposed) -> Case:
    """A paper about an allocation is kept: the row that carries it out only names it.

    One in other bytes than ours has another name than the one that people agree to, and is not for us.
    """
    paper = allocation.read(proposed.paper) if proposed.kind in allocation.KINDS else None
    if paper is None or paper.text != proposed.paper:
        return case
    return replace(case, papers={**case.papers, paper.sha256: paper})


def _allotted(case: Case, mark: Mark, fact: Allocated | AllocationUndone) -> tuple[Allotted, ...]:
    paper = case.papers[fact.paper_sha256]
    if isinstance(paper, Allocation):
        return (*case.allocations, Allotted(sha256=fact.paper_sha256, paper=paper, mark=mark))
    name = paper.allocation_sha256
    return tuple(replace(each, undone=mark) if each.sha256 == name else each for each in case.allocations)


def _moved(lot: Lot, fact: StageSet | ScopeAmended | Released | Returned) -> Lot:
    lot = replace(lot, documents=(*lot.documents, fact.document_sha256))
    match fact:
        case StageSet():
            return replace(lot, stage=fact.stage)
        case ScopeAmended():
            return moves.amended(lot, fact.quantity)
        case Released():
            return replace(lot, released=lot.released + fact.quantity)
        case Returned():
            return moves.given_back(lot, fact.quantity)
    assert_never(fact)


def _begun(case: Case, began: RunBegan) -> Case:
    portions: tuple[Portion, ...] = ()
    for grant in began.granted:
        portions += moves.drawn(case.lots.values(), grant.asset, grant.granted)
    for portion in portions:
        case = _with(case, moves.lent(case.lots[portion.lot], portion.granted))
    run = CaseRun(run=began.run, status=None, portions=portions)
    return replace(case, runs={**case.runs, run.run: run})


def _ended(case: Case, ended: RunEnded) -> Case:
    run = case.runs[ended.run]
    portions = outcome(run, ended)
    for before, after in zip(run.portions, portions, strict=True):
        lot = case.lots[after.lot]
        case = _with(case, moves.settled(lot, after) if run.status is None else moves.corrected(lot, before, after))
    run = replace(run, status=ended.status, portions=portions, proceeds=dict(ended.proceeds))
    return replace(case, runs={**case.runs, run.run: run})


def _read(seq: int, signed: Signed) -> Statement:
    try:
        return signed.read()
    except msgspec.MsgspecError as error:  # the book checks this before it takes a row
        raise Damaged(f"row {seq} of the case's book holds no statement: {error}") from error


def _voided(case: Case, seq: int, entry: Fact | RunBegan | RunEnded, why: str) -> Case:
    return replace(case, void=(*case.void, Void(seq=seq, what=str(entry.__struct_config__.tag), why=why)))


def _with(case: Case, lot: Lot) -> Case:
    lots: dict[LotId, Lot] = {**case.lots, lot.lot: lot}
    return replace(case, lots=lots)


def _added(sums: Mapping[Asset, Decimal], asset: Asset, units: Decimal) -> dict[Asset, Decimal]:
    return {**sums, asset: sums.get(asset, ZERO) + units}
