"""Can what runs sold be divided so, given all that the book says? And does what was divided still rest on the book?

Asked before anybody signs, and again of every row that is read. The paper's arithmetic is done anew each time and the
book's own numbers are held against it, so a paper that was made up counts for nothing, whoever agreed to it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Final

from engine.kernel.ids import LotId, RunId
from engine.kernel.money import EXACT, ZERO, Asset, decimals
from engine.mandate.allocation import Allocation, AllocationPaper, Basis, Share, Undoing, awarded, payable
from engine.mandate.case import Allotted, Case, CaseRun, amounts
from engine.mandate.statements import Allocated, AllocationUndone

_PARTY: Final = re.compile(r"\w[\w._-]{0,63}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_DIGITS_MAX: Final = 24
"""Before the point and after it: so many digits has the product of a quantity and a price at the most."""


def standing(case: Case) -> list[Allotted]:
    """The allocations that were not undone."""
    return [each for each in case.allocations if each.undone is None]


def against(case: Case, fact: Allocated | AllocationUndone) -> str | None:
    """Why a paper that was proposed can't be carried out; `None` when it can. Whether it is agreed on is not asked."""
    paper = case.papers.get(fact.paper_sha256)
    if paper is None:
        return f"nobody has proposed an allocation {fact.paper_sha256[:12]}…, nor to undo one"
    if isinstance(fact, Allocated) is not isinstance(paper, Allocation):
        return f"the paper {fact.paper_sha256[:12]}… asks for something else"
    return objection(case, paper)


def objection(case: Case, paper: AllocationPaper) -> str | None:
    """Why the case can't be divided so, or why that can't be undone, in words; `None` when it can."""
    if paper.case != case.case:
        return f"it speaks of case {paper.case}"
    if case.holds:
        return f"the case is held {case.holds[0]}; nothing moves until the hold is lifted"
    if isinstance(paper, Undoing):
        names = {each.sha256 for each in standing(case)}
        return None if paper.allocation_sha256 in names else f"no allocation {paper.allocation_sha256[:12]}… stands"
    runs = [taken.run for taken in paper.runs]
    return next(chain(gaps(case, runs), _malformed(paper), _foreign(case, paper), _miscounted(paper)), None)


def gaps(case: Case, runs: Collection[RunId]) -> list[str]:
    """Everything that keeps what these runs sold from being divided, in sentences."""
    said = [] if runs else ["no run is named"]
    if len(set(runs)) < len(runs):
        said.append("a run is named twice")
    for name in dict.fromkeys(runs):
        run = case.runs.get(name)
        said += [f"run {name} is not in the book"] if run is None else _open_ends(run)
        said += [
            f"what run {name} sold is divided by allocation {each.sha256[:12]}…, {each.mark}; undo it first"
            for each in standing(case)
            if name in {taken.run for taken in each.paper.runs}
        ]
    return said


def lot_shares(case: Case, runs: Collection[RunId]) -> tuple[Share, ...]:
    """What was sold of each lot by these runs, as the book attributes it; a lot's asset is its own."""
    sums: dict[tuple[Asset, LotId], Decimal] = {}
    for run in (case.runs[name] for name in runs):
        for portion in run.portions:
            key = (portion.asset, portion.lot)
            sums[key] = EXACT.add(sums.get(key, ZERO), portion.sold)
    return tuple(Share(party=lot, asset=asset, parts=sold) for (asset, lot), sold in sorted(sums.items()) if sold)


def sold_by(case: Case, runs: Collection[RunId]) -> dict[Asset, Decimal]:
    """What these runs sold of each seized asset, by the book."""
    sums: dict[Asset, Decimal] = {}
    for portion in (portion for name in runs for portion in case.runs[name].portions):
        sums[portion.asset] = EXACT.add(sums.get(portion.asset, ZERO), portion.sold)
    return {asset: sold for asset, sold in sums.items() if sold}


def doubts(case: Case) -> list[str]:
    """Allocations that stand and no longer rest on what the book says: a run can be known better later."""
    return [
        f"allocation {each.sha256[:12]}… (row {each.mark.seq}) rests on other numbers than the book has now: {why}; "
        "undo it, and divide anew"
        for each in standing(case)
        for why in list(_other_numbers(case, each.paper))[:1]
    ]


def _open_ends(run: CaseRun) -> Iterator[str]:
    units: dict[str, dict[Asset, Decimal]] = {"granted": {}, "unknown": {}, "sold": {}}
    for portion in run.portions:
        for name, sums in units.items():
            sums[portion.asset] = EXACT.add(sums.get(portion.asset, ZERO), getattr(portion, name))
    if run.status is None:
        yield f"run {run.run} has not ended and holds {amounts(units['granted'])}"
    elif any(units["unknown"].values()):
        yield f"of run {run.run} {amounts(units['unknown'])} are unknown; that is settled first"
    elif run.status == "unresolved":
        yield f"run {run.run} is unresolved: a balance differs from the ledger; that is explained first"
    elif not any(units["sold"].values()):
        yield f"run {run.run} ({run.status}) sold nothing"


def unsound(paper: Allocation) -> str | None:
    """Why the paper is none, whatever the book says; `None` when its parts are what its steps and shares come to."""
    return next(chain(_malformed(paper), _miscounted(paper)), None)


def _malformed(paper: Allocation) -> Iterator[str]:
    """Nobody may reckon with a paper of which this says something."""
    wrong = [str(number) for number in _numbers(paper) if not _sane(number)]
    if wrong:
        yield f"{wrong[0]} is no quantity that can be divided exactly"
    if len({step.sell for step in paper.steps}) < len(paper.steps):
        yield "one asset is sold in two steps"


def _foreign(case: Case, paper: Allocation) -> Iterator[str]:
    """What in the paper is not what follows from the book."""
    yield from _other_numbers(case, paper)
    yield from _shares(case, paper)


def _miscounted(paper: Allocation) -> Iterator[str]:
    """What in it does not follow from its own steps and shares."""
    try:
        awards = awarded(paper.steps, paper.shares)
    except ValueError as error:
        yield str(error)
        return
    if awards != paper.awards or payable(awards) != paper.payments:
        yield "its parts are not what its own steps and shares come to"


def _other_numbers(case: Case, paper: Allocation) -> Iterator[str]:
    runs = [taken.run for taken in paper.runs]
    seized = {step.sell: step.entrusted for step in paper.steps if step.entrusted}
    yield from _differ("sold", sold_by(case, runs), seized)
    brought: dict[Asset, Decimal] = {}
    for asset, units in ((asset, units) for name in runs for asset, units in case.runs[name].proceeds.items()):
        brought[asset] = EXACT.add(brought.get(asset, ZERO), units)
    told: dict[Asset, Decimal] = {}
    for step in paper.steps:
        _add(told, step.buy, step.net)
        _add(told, step.sell, -EXACT.subtract(step.quantity, step.entrusted))
    yield from _differ("brought, net", brought, {asset: units for asset, units in told.items() if units})


def _differ(what: str, book: Mapping[Asset, Decimal], told: Mapping[Asset, Decimal]) -> Iterator[str]:
    if book != told:
        yield f"{what}: by the book {amounts(book)}, by the fills {amounts(told)}"


def _add(sums: dict[Asset, Decimal], asset: Asset, units: Decimal) -> None:
    sums[asset] = EXACT.add(sums.get(asset, ZERO), units)


def _shares(case: Case, paper: Allocation) -> Iterator[str]:
    if paper.basis is Basis.LOTS:
        if paper.shares != lot_shares(case, [taken.run for taken in paper.runs]):
            yield "its shares are not what was sold of each lot"
        return
    if not _HASH.fullmatch(paper.shares_sha256):
        yield "the file that its shares come from has no SHA-256"
    for share in paper.shares:
        if not _PARTY.fullmatch(share.party):
            yield f"{share.party!r} is no name for a portfolio: letters, digits, `.`, `_` and `-`, 64 at the most"
    if len({(share.party, share.asset) for share in paper.shares}) < len(paper.shares):
        yield "a portfolio has two shares of one asset"


def _numbers(paper: Allocation) -> Iterator[Decimal]:
    for step in paper.steps:
        yield from (step.quantity, step.entrusted, step.proceeds, *(fee.copy_abs() for fee in step.fees.values()))
    for award in paper.awards:
        yield from (award.quantity, award.proceeds, award.left, *(fee.copy_abs() for fee in award.fees.values()))
    yield from (share.parts for share in paper.shares)
    yield from (payment.amount for payment in paper.payments)


def _sane(number: Decimal) -> bool:
    finite = number.is_finite() and number >= 0
    return finite and (not number or (number.adjusted() < _DIGITS_MAX and decimals(number) <= _DIGITS_MAX))
