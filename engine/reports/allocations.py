"""An allocation for other programs and for a court: `allocation.csv`, `allocation.json` (docs/formats/allocation.md).

Numbers are plain decimals without trailing zeros. Each row names the fills that it rests on by their count and digest.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from engine.kernel.clock import iso
from engine.kernel.money import Asset, plain, trimmed
from engine.mandate.allocation import RULE, Allocation, Award, Basis, Step, below_a_cent
from engine.mandate.case import Allotted, Mark

CSV: Final = "allocation.csv"
JSON: Final = "allocation.json"
COLUMNS: Final = (
    "allocation", "standing", "runs", "kind", "party", "what", "asset", "sell", "buy", "units", "average_price",
    "average_price_exact", "proceeds", "fees", "net", "left", "paid_out", "fills", "fills_sha256",
)  # fmt: skip
_HARMFUL: Final = ("=", "+", "-", "@")


def standing(entered: Allotted | None) -> str:
    """`draft` until it is entered, then `stands` or `undone`."""
    return "draft" if entered is None else "stands" if entered.undone is None else "undone"


def kind(paper: Allocation) -> str:
    """What a party of it is."""
    return "lot" if paper.basis is Basis.LOTS else "portfolio"


def allocation_csv(paper: Allocation, entered: Allotted | None) -> str:
    """A row for each party and step, then one for each payment."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(paper, entered))
    return text.getvalue()


def _rows(paper: Allocation, entered: Allotted | None) -> Iterator[Sequence[object]]:
    head = (paper.sha256, standing(entered), " ".join(taken.run for taken in paper.runs), kind(paper))
    for award in paper.awards:
        step = paper.step(award)
        yield (
            *head, _harmless(award.party), "sale" if award.sell == award.origin else "conversion", award.origin,
            award.sell, award.buy, trimmed(award.quantity), trimmed(step.price), step.fraction,
            trimmed(award.proceeds), _amounts(award.fees), trimmed(award.net), trimmed(award.left), "", step.fills,
            step.fills_sha256,
        )  # fmt: skip
    for payment in paper.payments:
        steps = [step for step in paper.steps if step.buy == payment.currency]
        yield (
            *head, _harmless(payment.party), "payment", "", "", payment.currency, "", "", "", "", "", "", "",
            plain(payment.amount), sum(step.fills for step in steps), " ".join(step.fills_sha256 for step in steps),
        )  # fmt: skip


def allocation_json(paper: Allocation, entered: Allotted | None, environment: str) -> str:
    """The same with the rule, the shares, and the steps that are divided; schema 1."""
    data = {
        "schema": 1,
        "allocation": paper.sha256,
        "case": paper.case,
        "environment": environment,
        "standing": standing(entered),
        "entered": _mark(entered.mark if entered else None),
        "undone": _mark(entered.undone if entered else None),
        "basis": str(paper.basis),
        "shares_sha256": paper.shares_sha256,
        "runs": [{"run": taken.run, "rows": taken.rows, "head": taken.head} for taken in paper.runs],
        "rule": RULE,
        "shares": [{"party": s.party, "asset": s.asset, "parts": trimmed(s.parts)} for s in paper.shares],
        "steps": list(map(_step, paper.steps)),
        "awards": [_award(paper, award) for award in paper.awards],
        "payments": [{kind(paper): p.party, "currency": p.currency, "amount": plain(p.amount)} for p in paper.payments],
        "below_a_cent": _strings(below_a_cent(paper)),
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _step(step: Step) -> dict[str, Any]:
    units = {"quantity": step.quantity, "entrusted": step.entrusted, "proceeds": step.proceeds, "net": step.net}
    return {"sell": step.sell, "buy": step.buy, **_strings(units), "fees": _strings(step.fees), **_rests_on(step)}


def _award(paper: Allocation, award: Award) -> dict[str, Any]:
    units = {"units": award.quantity, "proceeds": award.proceeds, "net": award.net, "left": award.left}
    about = {kind(paper): award.party, "asset": award.origin, "sell": award.sell, "buy": award.buy}
    return {**about, **_strings(units), "fees": _strings(award.fees), **_rests_on(paper.step(award))}


def _rests_on(step: Step) -> dict[str, Any]:
    price = {"average_price": trimmed(step.price), "average_price_exact": step.fraction}
    return {**price, "fills": step.fills, "fills_sha256": step.fills_sha256}


def _mark(mark: Mark | None) -> dict[str, Any] | None:
    return None if mark is None else {"row": mark.seq, "at": iso(mark.at), "by": mark.by, "reason": mark.reason}


def _strings(units: Mapping[Any, Decimal]) -> dict[str, str]:
    return {str(name): trimmed(value) for name, value in units.items()}


def _amounts(units: Mapping[Asset, Decimal]) -> str:
    return "; ".join(f"{trimmed(fee)} {asset}" for asset, fee in units.items() if fee)


def _harmless(text: str) -> str:
    """A name may not become a formula in the spreadsheet of whoever opens the file."""
    return "'" + text if text[:1] in _HARMFUL else text
