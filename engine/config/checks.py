"""Every mistake of meaning in a config file, each with its place; nothing is built here.

This is the first of three places that check the conversion path. Planning and the gate have their own.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from engine.config import (
    cap_checks,
    conduct_checks,
    custody_checks,
    deposits,
    fees,
    floor_checks,
    footprint_checks,
    guard_checks,
    impacts,
    method_checks,
    notify_checks,
    programme_checks,
    reference_checks,
    rehearsal_checks,
    venue_checks,
)
from engine.config.known import Known
from engine.config.schema import ConfigFile
from engine.config.words import parse_deadline, percent
from engine.kernel.clock import DAY, Instant, Span, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.money import Asset, AssetClass, is_multiple
from engine.mandate.assets import KNOWN

ENVIRONMENTS: Final = ("sandbox", "production")
LONGEST: Final = Span(400 * DAY)


def mistakes(file: ConfigFile, now: Instant, known: Known) -> list[Mistake]:
    """All that is wrong with the file. `now` is the wall clock, for deadlines and licences that have run out."""
    return [
        *_general(file),
        *_assets(file),
        *floor_checks.mistakes(file),
        *_path(file),
        *_times(file, now),
        *programme_checks.mistakes(file),
        *method_checks.mistakes(file, known),
        *venue_checks.mistakes(file, now, known),
        *custody_checks.mistakes(file),
        *deposits.mistakes(file),
        *fees.mistakes(file, now),
        *notify_checks.mistakes(file),
        *rehearsal_checks.mistakes(file),
        *guard_checks.mistakes(file),
        *footprint_checks.mistakes(file),
        *conduct_checks.mistakes(file),
        *cap_checks.mistakes(file),
        *impacts.mistakes(file, now),
        *reference_checks.mistakes(file),
    ]


def _general(file: ConfigFile) -> Iterator[Mistake]:
    if file.schema != 1:
        yield Mistake("schema", f"is {file.schema}; this version reads 1")
    if file.environment not in ENVIRONMENTS:
        yield Mistake("environment", f"{file.environment!r} is neither of: {', '.join(ENVIRONMENTS)}")
    for name in ("collar_bp", "order_notional_max", "minute_notional_max", "outlier_bp_max", "basket_minute_max"):
        if (bound := getattr(file.limits, name)) is not None and bound <= 0:
            yield Mistake(f"limits.{name}", "has to be above zero")
    if file.limits.collar_bp >= 10_000:
        yield Mistake("limits.collar_bp", "10000 bp and more is no collar")


def _assets(file: ConfigFile) -> Iterator[Mistake]:
    if not file.mandate.assets:
        yield Mistake("mandate.assets", "names nothing to sell")
    seen: set[str] = set()
    for index, section in enumerate(file.mandate.assets):
        where = f"mandate.assets[{index}]"
        if section.asset in seen:
            yield Mistake(f"{where}.asset", f"{section.asset} stands here twice")
        seen.add(section.asset)
        kind = KNOWN.get(Asset(section.asset))
        if kind is None:
            yield Mistake(f"{where}.asset", f"{section.asset} is not known; known: {', '.join(KNOWN)}")
            continue
        if kind.klass is AssetClass.FIAT:
            yield Mistake(f"{where}.asset", f"{section.asset} is fiat already")
        for name in ("entrusted", "released"):
            units = getattr(section, name)
            if units <= 0:
                yield Mistake(f"{where}.{name}", "has to be above zero")
            elif not is_multiple(units, kind.unit):
                yield Mistake(
                    f"{where}.{name}", f"{units} is finer than the smallest unit of {section.asset}, {kind.unit}"
                )
        if section.released > section.entrusted:
            yield Mistake(f"{where}.released", f"{section.released} is more than the {section.entrusted} entrusted")
        if section.participation_max is not None and not 0 < percent(section.participation_max) < 1:
            yield Mistake(f"{where}.participation_max", "lies between 0% and 100%, neither included")


def _path(file: ConfigFile) -> Iterator[Mistake]:
    """Every hop goes one class down, and every asset reaches the settlement currency."""
    down = {AssetClass.VOLATILE: AssetClass.STABLE, AssetClass.STABLE: AssetClass.FIAT}
    onward: dict[str, list[str]] = {}
    for index, hop in enumerate(file.path.hops):
        sell, buy = hop.split(">")
        kinds = [KNOWN.get(Asset(name)) for name in (sell, buy)]
        where = f"path.hops[{index}]"
        if kinds[0] is None or kinds[1] is None:
            unknown = [name for name, kind in zip((sell, buy), kinds, strict=True) if kind is None]
            yield Mistake(where, f"{' and '.join(unknown)}: not known; known: {', '.join(KNOWN)}")
        elif down.get(kinds[0].klass) is not kinds[1].klass:
            yield Mistake(
                where,
                f"{hop} goes from {kinds[0].klass} to {kinds[1].klass}; lawful are volatile>stable and stable>fiat",
            )
        else:
            onward.setdefault(sell, []).append(buy)
    settlement = KNOWN.get(Asset(file.path.settlement))
    if settlement is None or settlement.klass is not AssetClass.FIAT:
        yield Mistake("path.settlement", f"{file.path.settlement} is not a fiat currency that we know")
    for section in file.mandate.assets:
        here, steps = section.asset, 0
        while here != file.path.settlement and steps < 3:
            steps += 1
            here = onward.get(here, ["nothing"])[0]
        kind = KNOWN.get(Asset(section.asset))
        if here != file.path.settlement and kind is not None and kind.klass is not AssetClass.FIAT:
            yield Mistake("path.hops", f"no lawful way leads from {section.asset} to {file.path.settlement}")
    for sell, buys in onward.items():
        if len(buys) > 1:
            yield Mistake("path.hops", f"{sell} has more than one way on ({', '.join(buys)}); name one")
    yield from _stables(file, onward)


def _stables(file: ConfigFile, onward: Mapping[str, list[str]]) -> Iterator[Mistake]:
    passed = [sell for sell in onward if KNOWN[Asset(sell)].klass is AssetClass.STABLE]
    for name in passed:
        if name not in file.path.stable:
            yield Mistake(
                f"path.stable.{name}", "is missing: band, inventory and age of every stablecoin are settled first"
            )
    for name, section in file.path.stable.items():
        where = f"path.stable.{name}"
        if name not in passed:
            yield Mistake(where, f"{name} is not sold by any hop")
        for field in ("par", "inventory_max"):
            if getattr(section, field) <= 0:
                yield Mistake(f"{where}.{field}", "has to be above zero")
        if not 0 < section.band_bp < 10_000:
            yield Mistake(f"{where}.band_bp", "lies between 0 and 10000, neither included")
        for field in ("time_jitter", "size_jitter"):
            if percent(getattr(section, field)) >= 1:
                yield Mistake(f"{where}.{field}", "has to be below 100%")
        if section.sweep is not None and section.sweep > section.inventory_max:
            yield Mistake(f"{where}.sweep", f"{section.sweep} is above inventory_max, so it would never be reached")
        if section.sweep_age is not None and parse_span(section.sweep_age) > parse_span(section.age_max):
            yield Mistake(f"{where}.sweep_age", f"{section.sweep_age} is longer than age_max, {section.age_max}")


def _times(file: ConfigFile, now: Instant) -> Iterator[Mistake]:
    deadline = parse_deadline(file.mandate.deadline)
    if isinstance(deadline, str):
        yield Mistake("mandate.deadline", deadline)
        return
    if deadline.at is not None and deadline.at <= now:
        yield Mistake("mandate.deadline", f"{file.mandate.deadline} lies in the past")
        return
    length = deadline.after if deadline.after is not None else Span((deadline.at or now) - now)
    if length > LONGEST:
        yield Mistake("mandate.deadline", f"{file.mandate.deadline} is further away than {LONGEST // DAY} days")
    elif file.programme is None:
        for where, window in programme_checks.windows(file):
            if parse_span(window) + programme_checks.longest_tail(file) > length:
                yield Mistake(where, f"{window} and the tail do not fit before the deadline")
    elif not any(programme_checks.mistakes(file)):
        yield from programme_checks.misfits(file, deadline, now)
