"""A case for people and for scripts: the table of numbers with its sums, lots, deposit, holds, runs and doubts."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.cli.allocationview import as_lines
from engine.kernel.clock import iso
from engine.kernel.money import Asset, plain, trimmed
from engine.mandate.case import (
    Allotted,
    Case,
    CaseRun,
    Deposit,
    amounts,
    attribution,
    deposited,
    open_runs,
    outstanding,
    proceeds,
    standing,
)
from engine.mandate.lots import Lot, Portion
from engine.mandate.numbers import Numbers, Use, doubts, numbers
from engine.reports.allocations import standing as standing_of


def as_text(case: Case, uses: Sequence[Use], environment: str) -> list[str]:
    """Plain lines."""
    return [
        f"{case.case} ({environment}) of {case.authority}, paper {case.document_sha256[:16]}, row {case.seq}",
        *_stops(case),
        "",
        *_numbers(numbers(case, uses)),
        "",
        *_lots(case),
        "",
        *_money(case),
        *_runs(case),
        *as_lines(case),
        *(f"doubt: {doubt}" for doubt in doubts(case, uses)),
    ]


def as_data(case: Case, uses: Sequence[Use], environment: str) -> dict[str, Any]:
    """The same as JSON can hold it; quantities are decimal strings, instants ISO 8601 UTC."""
    state = standing(case)
    return {
        "schema": 1,
        "case": case.case,
        "environment": environment,
        "authority": case.authority,
        "document_sha256": case.document_sha256,
        "row": case.seq,
        "held": state.held,
        "suspended": state.suspended,
        "assets": {
            asset: _strings({"entrusted": n.entrusted, **n.places, "released": n.released, "sellable": n.sellable})
            for asset, n in numbers(case, uses).items()
        },
        "lots": list(map(_lot_data, case.lots.values())),
        "deposit": _strings(deposited(case)),
        "deposits": list(map(_deposit_data, case.deposits)),
        "proceeds": _strings(proceeds(case)),
        "received": _strings(case.received),
        "outstanding": _strings(outstanding(case)),
        "runs": [_run_data(run, attribution(case)[run.run]) for run in case.runs.values()],
        "allocations": list(map(_allocation_data, case.allocations)),
        "doubts": doubts(case, uses),
    }


def _lot_data(lot: Lot) -> dict[str, Any]:
    units = {
        "at_entry": lot.at_entry,
        "entrusted": lot.quantity,
        "released": lot.released,
        "granted": lot.granted,
        "sold": lot.sold,
        "unknown": lot.unknown,
        "returned": lot.returned,
        "residue": lot.left,
    }
    about = {"lot": lot.lot, "asset": lot.asset, "place": lot.place, "stage": str(lot.stage)}
    return {**about, "documents": list(lot.documents), **_strings(units)}


def _deposit_data(deposit: Deposit) -> dict[str, Any]:
    return {
        "at": iso(deposit.mark.at),
        "by": deposit.mark.by,
        "amount": trimmed(deposit.amount),
        "currency": deposit.currency,
        "form": str(deposit.form) if deposit.form else "returned",
        "document_sha256": deposit.mark.document_sha256,
    }


def _run_data(run: CaseRun, portions: Sequence[Portion]) -> dict[str, Any]:
    lots = [
        {"lot": p.lot, "asset": p.asset, **_strings({"granted": p.granted, "sold": p.sold, "unknown": p.unknown})}
        for p in portions
    ]
    return {"run": run.run, "status": run.status, "lots": lots, "proceeds": _strings(run.proceeds)}


def _allocation_data(each: Allotted) -> dict[str, Any]:
    """In short; `steelyard allocate CASE --show HASH --out DIR` writes the whole."""
    return {
        "allocation": each.sha256,
        "standing": standing_of(each),
        "row": each.mark.seq,
        "by": each.mark.by,
        "reason": each.mark.reason,
        "undone": None if each.undone is None else str(each.undone),
        "basis": str(each.paper.basis),
        "runs": [taken.run for taken in each.paper.runs],
        "payments": [
            {"party": p.party, "currency": p.currency, "amount": plain(p.amount)} for p in each.paper.payments
        ],
    }


def _stops(case: Case) -> Iterator[str]:
    for mark in case.holds:
        yield f"HELD {mark} (paper {mark.document_sha256[:16]}): nothing of it moves"
    if case.suspension is not None:
        yield f"SUSPENDED {case.suspension}: nothing of it is sold"


def _numbers(table: Mapping[Asset, Numbers]) -> Iterator[str]:
    """One column an asset; the places, their sum, and what may be sold."""
    columns = list(table.values())
    names = list(columns[0].places) if columns else []
    rows = [["", *table]]
    rows += [[name.replace("_", " "), *(trimmed(n.places[name]) for n in columns)] for name in names]
    rows += [["= entrusted", *(trimmed(n.entrusted) for n in columns)]]
    rows += [["released", *(trimmed(n.released) for n in columns)]]
    rows += [["may be sold in all", *(trimmed(n.sellable) for n in columns)]]
    yield from aligned(rows) if columns else ["no lot was entered"]
    for asset, n in table.items():
        yield f"{asset}: {trimmed(n.entrusted)} entrusted = {n.sum}"


def _lots(case: Case) -> Iterator[str]:
    head = ["lot", "asset", "entrusted", "released", "sold", "returned", "stage", "place"]
    rows = [
        [lot.lot, lot.asset, *map(trimmed, (lot.quantity, lot.released, lot.sold, lot.returned)), lot.stage, lot.place]
        for lot in case.lots.values()
    ]
    return iter(aligned([head, *rows]) if rows else [])


def _money(case: Case) -> Iterator[str]:
    yield f"deposit: {amounts(deposited(case))}"
    for deposit in case.deposits:
        what = f"put up as {deposit.form}" if deposit.form else "given back"
        yield f"  {trimmed(deposit.amount)} {deposit.currency} {what} {deposit.mark}"
    yield f"proceeds of ended runs: {amounts(proceeds(case))}; received: {amounts(case.received)}"
    yield f"on its way to the authority: {amounts(outstanding(case))}"


def _runs(case: Case) -> Iterator[str]:
    going_on = {run.run for run in open_runs(case)}
    for run in case.runs.values():
        verb = "holds" if run.run in going_on else "sold"
        parts = ", ".join(
            f"{trimmed(p.granted if run.run in going_on else p.sold)} {p.asset} of lot {p.lot}"
            + (f" ({trimmed(p.unknown)} unknown)" if p.unknown else "")
            for p in run.portions
        )
        yield f"run {run.run} ({run.status or 'open'}) {verb} {parts or 'nothing'}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: columns to the right, but the first."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _strings(values: Mapping[Any, Decimal]) -> dict[str, str]:
    return {str(name): trimmed(value) for name, value in values.items()}
