"""Mistakes in `[[fees.NAME]]`, and what it means.

Whoever copies a venue's notice into a config makes the mistakes that people make with dates: every one of them is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.config.fees_schema import FeeSection
from engine.config.schema import ConfigFile
from engine.config.words import percent
from engine.kernel.clock import Instant, iso, parse_instant
from engine.kernel.errors import Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset, AssetClass
from engine.mandate.assets import KNOWN
from engine.market.fees import FeeRow

DOLLAR: Final = Asset("USD")
"""Every stablecoin that we know is one of these, and venues take it for one when they speak of a minimum."""
Schedules = Mapping[VenueName, tuple[FeeRow, ...]]


def mistakes(file: ConfigFile, now: Instant) -> Iterator[Mistake]:
    """All that is wrong with `[[fees.NAME]]`. `now` is the wall clock, since the first row has to be in force."""
    for name, rows in file.fees.items():
        if name not in file.mandate.venues:
            yield Mistake(f"fees.{name}", f"is not among mandate.venues: {', '.join(file.mandate.venues)}")
        if not rows:
            yield Mistake(f"fees.{name}", "has no row")
        for index, row in enumerate(rows):
            yield from _row(file, f"fees.{name}[{index}]", row)
        yield from _times(name, rows, now)


def _row(file: ConfigFile, where: str, row: FeeSection) -> Iterator[Mistake]:
    for side in ("maker", "taker"):
        if (rate := getattr(row, side)) and percent(rate) >= 1:
            yield Mistake(f"{where}.{side}", f"{rate} would take all that a sale brings, or more")
    for field in ("tier", "source"):
        if not getattr(row, field).strip():
            yield Mistake(f"{where}.{field}", "is empty: the venue's name for the tier, and who says so")
    if row.minimum is not None and row.minimum <= 0:
        yield Mistake(f"{where}.minimum", "has to be above zero; leave it out where there is none")
    if (row.minimum is None) != (row.asset is None):
        lacking = "asset" if row.asset is None else "minimum"
        yield Mistake(f"{where}.{lacking}", "is missing: a minimum is so much of an asset")
    if row.asset is not None and getattr(KNOWN.get(Asset(row.asset)), "klass", None) in (None, AssetClass.VOLATILE):
        yield Mistake(f"{where}.asset", f"{row.asset} is neither fiat nor a stablecoin that we know")
    if row.pair is not None and row.pair not in file.path.hops:
        yield Mistake(f"{where}.pair", f"{row.pair} is not among path.hops: {', '.join(file.path.hops)}")


def _times(name: str, rows: Sequence[FeeSection], now: Instant) -> Iterator[Mistake]:
    """Every series of rows, of one pair or of all, has to be in time order and without an overlap."""
    last: dict[str | None, Instant] = {}
    first: dict[str | None, tuple[str, Instant]] = {}
    for index, row in enumerate(rows):
        where = f"fees.{name}[{index}].from"
        try:
            begins = parse_instant(row.begins)
        except ValueError as error:
            yield Mistake(where, str(error))
            continue
        if (before := last.get(row.pair)) is not None and begins <= before:
            said = "overlaps the row above, which begins then too" if begins == before else "comes before the row above"
            yield Mistake(where, f"{row.begins} {said}")
        last[row.pair] = max(begins, last.get(row.pair, begins))
        first.setdefault(row.pair, (where, begins))
    for pair, (where, begins) in first.items():
        if begins > now and (pair is None or None not in first):
            yield Mistake(where, f"the first row begins at {iso(begins)[:19]}Z, and a run that starts now has no rates")


def schedules(file: ConfigFile) -> dict[VenueName, tuple[FeeRow, ...]]:
    """What `[[fees.NAME]]` means; it has no mistakes."""
    return {VenueName(name): tuple(map(_meant, rows)) for name, rows in file.fees.items()}


def _meant(row: FeeSection) -> FeeRow:
    sell, buy = row.pair.split(">") if row.pair is not None else (None, None)
    return FeeRow(
        since=parse_instant(row.begins),
        tier=row.tier,
        maker=percent(row.maker),
        taker=percent(row.taker),
        minimum=row.minimum or ZERO,
        minimum_in=_reckoned(Asset(row.asset)) if row.asset is not None else (),
        sell=Asset(sell) if sell is not None else None,
        buy=Asset(buy) if buy is not None else None,
        source=row.source,
    )


def _reckoned(asset: Asset) -> tuple[Asset, ...]:
    """The currencies that count for this one: itself, and all dollars where it is one."""
    dollars = [DOLLAR, *(name for name, kind in KNOWN.items() if kind.klass is AssetClass.STABLE)]
    return tuple(sorted(dollars)) if asset in dollars else (asset,)


def too_late(rows: Schedules, at: Instant) -> Iterator[Mistake]:
    """Schedules of which nothing is in force at `at`, in the market's time: a sandbox plays on a day of its own."""
    for name, each in rows.items():
        if all(row.since > at for row in each):
            what = f"no row is in force at {iso(at)[:19]}Z, when the run would begin by its venues' clock"
            yield Mistake(f"fees.{name}", what)
