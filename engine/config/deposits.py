"""`[deposit]`: what is wrong with it, and what it means."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from engine.config.schema import ConfigFile, DepositSection, RateSection
from engine.config.words import percent
from engine.kernel.clock import Instant, Span, parse_instant, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.money import Asset
from engine.mandate.assets import KNOWN
from engine.mandate.deposit import DepositRule, FixedRate, Valuation


class Outlook(Struct, frozen=True, kw_only=True):
    """What is assumed for the chance that cover breaks before the money arrives."""

    volatility: Decimal | None
    """A year's, as a fraction; `None` where nobody said."""
    receipt: Span
    """From the last sale until the authority has the money."""


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with the section, each with its place."""
    section = file.deposit
    if section is None:
        return
    if not file.people:
        yield Mistake("deposit", "needs people: only the book of the case says what was put up, and they write it")
    ratio, limit = percent(section.ratio), percent(section.limit)
    if limit <= 0:
        yield Mistake("deposit.limit", "has to be above 0%")
    if ratio < limit:
        yield Mistake("deposit.ratio", f"{section.ratio} is below the limit of {section.limit}, so it would never bind")
    if section.valuation not in set(Valuation):
        yield Mistake("deposit.valuation", f"{section.valuation!r} is none of: {', '.join(Valuation)}")
    elif section.valuation != Valuation.CURRENT:
        for asset in file.mandate.assets:
            if asset.asset not in section.rates:
                yield Mistake(f"deposit.rates.{asset.asset}", f"is missing: {section.valuation} prices are fixed ones")
    for name, rate in section.rates.items():
        yield from _rate(f"deposit.rates.{name}", name, rate, file.path.settlement)


def _rate(where: str, name: str, rate: RateSection, settlement: str) -> Iterator[Mistake]:
    if Asset(name) not in KNOWN:
        yield Mistake(where, f"{name} is not known; known: {', '.join(KNOWN)}")
    if name == settlement:
        yield Mistake(where, f"{name} is what everything is settled in; it is worth itself")
    if rate.worth <= 0:
        yield Mistake(f"{where}.worth", "has to be above zero")
    try:
        _day(rate.day)
    except ValueError:
        yield Mistake(f"{where}.day", f"{rate.day!r} is not a day: 2026-11-20")


def rule(section: DepositSection | None, settlement: Asset) -> DepositRule | None:
    """The rule by which cover is counted; `None` where no deposit is asked for."""
    if section is None:
        return None
    return DepositRule(
        currency=settlement,
        ratio=percent(section.ratio),
        limit=percent(section.limit),
        valuation=Valuation(section.valuation),
        rates={
            Asset(name): FixedRate(worth=rate.worth, source=rate.source, day=_day(rate.day))
            for name, rate in section.rates.items()
        },
    )


def outlook(section: DepositSection | None) -> Outlook | None:
    """What the plan may assume of the days until the money is there."""
    if section is None:
        return None
    volatility = percent(section.volatility) if section.volatility is not None else None
    return Outlook(volatility=volatility, receipt=parse_span(section.receipt))


def _day(text: str) -> Instant:
    return parse_instant(f"{text}T00:00:00+08:00")
