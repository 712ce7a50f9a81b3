"""Leg one in a bank's hours: it stops so long before each cut-off that the stablecoin can still become fiat."""

from collections.abc import Iterator

from msgspec.structs import replace

from engine.kernel.clock import DAY, Span
from engine.mandate.hours import Hours, Window

WEEK = range(7)


def before_cutoffs(hours: Hours, bank: Hours, tail: Span) -> Hours:
    """`hours` as far as the bank is open and stays open for another `tail`. Both are in the same local time.

    Every closing of the bank is a cut-off, a midnight too; on its holidays it has no hours at all.
    """
    assert hours.offset == bank.offset
    open_days: dict[tuple[int, int], list[int]] = {}
    for weekday in WEEK:
        for piece in _common(hours, bank, tail, weekday):
            open_days.setdefault(piece, []).append(weekday)
    return replace(
        hours,
        windows=tuple(
            Window(days=tuple(days), opens=Span(opens), closes=Span(closes))
            for (opens, closes), days in sorted(open_days.items())
        ),
        closed_days=tuple(sorted({*hours.closed_days, *bank.closed_days})),
        covers_until=min(hours.covers_until, bank.covers_until),
    )


def _common(hours: Hours, bank: Hours, tail: Span, weekday: int) -> Iterator[tuple[int, int]]:
    for ours in hours.windows:
        for theirs in bank.windows:
            opens, closes = max(ours.opens, theirs.opens), min(ours.closes, theirs.closes - tail, DAY)
            if weekday in ours.days and weekday in theirs.days and opens < closes:
                yield opens, closes
