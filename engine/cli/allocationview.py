"""An allocation for people: what was sold at which average price, who gets what of it, and where it stands."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.kernel.money import Asset, plain, trimmed
from engine.mandate.allocation import Allocation, Step, below_a_cent
from engine.mandate.case import Allotted, Case, amounts
from engine.reports.allocations import kind, standing


def as_table(paper: Allocation, entered: Allotted | None) -> Iterator[str]:
    """The whole paper in plain lines."""
    from engine.cli.caseview import aligned

    runs = ", ".join(taken.run for taken in paper.runs)
    yield f"allocation {paper.sha256} ({standing(entered)}) of case {paper.case}, by {paper.basis}: {runs}"
    for step in paper.steps:
        yield from _step(step)
    rows = [[kind(paper), "of", "sold", "proceeds", "fees", "net", "left"]]
    for award in paper.awards:
        sold, left = f"{trimmed(award.quantity)} {award.sell}", f"{trimmed(award.left)} {award.buy}"
        units = [sold, f"{trimmed(award.proceeds)} {award.buy}", amounts(award.fees), f"{trimmed(award.net)}"]
        rows.append([award.party, award.origin, *units, left if award.left else ""])
    yield from aligned(rows)
    yield f"to be paid out: {_paid(paper)}{_rest(below_a_cent(paper))}"


def as_lines(case: Case) -> Iterator[str]:
    """The allocations of a case, the undone ones too, a line or two each."""
    for each in case.allocations:
        runs = ", ".join(taken.run for taken in each.paper.runs)
        name = f"allocation {each.sha256[:12]} (row {each.mark.seq}) of {runs}, by {each.paper.basis}"
        if each.undone is None:
            yield f"{name}, stands {each.mark}"
            yield f"  to be paid out: {_paid(each.paper)}"
        else:
            yield f"{name}, entered {each.mark}"
            yield f"  undone {each.undone}"


def _step(step: Step) -> Iterator[str]:
    price = f"{trimmed(step.price)} {step.buy} on average, before fees (exactly {step.fraction})"
    yield f"{trimmed(step.quantity)} {step.sell} for {trimmed(step.proceeds)} {step.buy}: {price}"
    yield f"  fees {amounts(step.fees)}; {step.fills} fills, sha256 {step.fills_sha256}"


def _paid(paper: Allocation) -> str:
    return ", ".join(f"{p.party} {plain(p.amount)} {p.currency}" for p in paper.payments) or "nothing"


def _rest(left: Mapping[Asset, Decimal]) -> str:
    return f"; {amounts(left)} below a cent" if any(left.values()) else ""
