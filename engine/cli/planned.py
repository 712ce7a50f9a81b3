"""A plan in words: what is sold where and how, in which hours, how much a day, and how likely the deposit holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cli import prospects
from engine.forecast.rules import rules
from engine.kernel.clock import show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import down_to, plain
from engine.mandate.floors import amount, manner, rules_in_words

if TYPE_CHECKING:
    from engine.compose.approving import PlanPaper
    from engine.compose.planning import Planned
    from engine.compose.preparing import Prepared
    from engine.planning.plan import LegPlan, Recipe

JSON: Final = ".json"
SHOWN: Final = 200
"""Longer parameters are told by their digest."""


def refuse(out: Path) -> None:
    """`BadInput` for a place where nothing could be written."""
    if out.suffix == JSON and not out.is_dir():
        if not out.absolute().parent.is_dir():
            raise BadInput([Mistake("--out", f"{out.absolute().parent} is no folder")])
    elif out.exists() and not out.is_dir():
        raise BadInput([Mistake("--out", f"{out} is a file, and no folder")])


def written(found: "Planned", out: Path) -> Iterator[str]:
    """The paper, and where a folder is named its page; yields what was written."""
    from engine.drivers.folder import write_whole
    from engine.reports.planpage import render

    paper = found.paper
    alone = out.suffix == JSON and not out.is_dir()
    if not alone:
        out.mkdir(parents=True, exist_ok=True)
    path = out if alone else out / "plan.json"
    write_whole(path, paper.text.encode())
    yield f"{path}: what people sign"
    if alone or paper.prospect is None:
        return
    shown = render(
        paper.prospect,
        case=paper.case,
        run=paper.run,
        sha256=paper.sha256,
        rules=rules(paper.plan, paper.limits),
        sandbox=paper.environment == "sandbox",
    )
    write_whole(out / "plan.html", shown.encode())
    yield f"{out / 'plan.html'}: the same for eyes, offline"


def as_json(paper: "PlanPaper") -> str:
    """The hash, and what to expect."""
    from engine.kernel.codec import encode

    return encode({"plan": paper.sha256, "run": paper.run, "prospect": paper.prospect}).decode()


def lines(found: "Planned") -> Iterator[str]:
    """Everything that somebody should have read before they propose or approve it."""
    yield from _listed(found.prepared)
    for leg in found.prepared.plan.legs:
        yield from _leg(leg)
    for name, words in rules(found.paper.plan, found.paper.limits):
        yield f"{name}: {words}"
    if (prospect := found.paper.prospect) is not None:
        yield from (f"{name}: {words}" for name, words in prospect.deposit)
        yield from prospects.lines(prospect)
    policy = found.paper.policy
    if policy.approvals:
        yield f"approvals: {policy.approvals}, of others than who proposes; good for {show_span(policy.lasts)}"
    else:
        yield "approvals: none, since the config names no people; only a sandbox may do without"


def _listed(prepared: "Prepared") -> Iterator[str]:
    for hop in prepared.hops:
        for instrument in hop.listed:
            mock = " (mock: the real venue is not known to list it)" if instrument.mock else ""
            yield f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} on {instrument.venue} as {instrument.symbol}{mock}"
        for name in hop.missing:
            yield f"{hop.asset}: {hop.edge.sell}>{hop.edge.buy} is not listed on {name}"
    yield from map(str, prepared.references)
    yield from prepared.doubts
    yield from prepared.fees


def _leg(leg: "LegPlan") -> Iterator[str]:
    source = f", and all that leg {', '.join(leg.fed_by)} brings" if leg.fed_by else ""
    yield (
        f"leg {leg.id}: sell {plain(leg.quantity)} {leg.sell}{source} for {leg.buy} "
        f"on {' and '.join(i.venue for i in leg.instruments)}, "
        f"{leg.schedule.name} with {leg.tactic.name} over {show_span(leg.window)}"
    )
    for recipe in (leg.schedule, leg.tactic):
        if recipe.parameters:
            yield f"  {recipe.name}: {_parameters(recipe)}"
    if leg.floor is not None:
        yield f"  floor {amount(leg.floor)}, {manner(leg.floor)}"
        if leg.floor.average is not None:
            yield f"    {rules_in_words(leg.floor.average)}"
    rest = leg.quantity - down_to(leg.quantity, leg.lot)
    if rest:
        yield f"leg {leg.id}: {plain(rest)} {leg.sell} is finer than the lot and will be left as residue"


def _parameters(recipe: "Recipe") -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in recipe.parameters.items() if value)


def _short(value: str) -> str:
    """A learned model is in the plan to the last number, and here by its digest."""
    return value if len(value) <= SHOWN else f"of {len(value)} characters, SHA-256 {sha256_hex(value.encode())}"
