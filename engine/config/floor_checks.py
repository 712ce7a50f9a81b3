"""Mistakes in floors. What no public rule settles has no default: each lacking key is named.

Which days, whose zone, which price of a day, which sources and how they are joined, what becomes of a day that is
missing, whether fees count: two readers of one sentence may answer each of these in two ways, and the money differs.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from engine.config.calendars import CALENDARS
from engine.config.floor_schema import FloorSection
from engine.config.programmes import parse_days, parse_offset
from engine.config.schema import AssetSection, ConfigFile
from engine.config.words import parse_deadline, percent
from engine.kernel.clock import HOUR, Span, parse_span
from engine.kernel.errors import Mistake
from engine.mandate.terms import FloorFees, FloorKind, FloorScope, Without
from engine.market.averages import Calendar, Missing
from engine.market.daily import Kind
from engine.orders.quotes import NUMBER_MAX

MEDIAN: Final = "median"
"""How the sources of a day are joined; there is no other way yet."""
COMMON: Final = ("currency", "scope", "fees", "kind")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    FloorKind.FIXED: ("price",),
    FloorKind.AVERAGE: (
        "share", "days", "calendar", "offset", "value", "sources", "sources_min", "join", "coverage_min", "missing",
        "without", "fees",
    ),
    FloorKind.QUOTE: ("share", "desks", "age", "every", "fees"),
}  # fmt: skip
"""What each kind has to say."""
SOMETIMES: Final[Mapping[str, tuple[str, str]]] = {
    "days_min": ("missing", Missing.SHORTEN),
    "days_back_max": ("missing", Missing.EXTEND),
    "weekdays_off": ("calendar", Calendar.TRADING),
    "calendars": ("calendar", Calendar.TRADING),
}
"""What an average has to say as well, and where."""
DAYS_MAX: Final = 400
_OFFSET_MAX: Final = Span(14 * HOUR)


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with floors, and with the files of prices that they rest on."""
    for index, asset in enumerate(file.mandate.assets):
        if asset.floor is not None:
            yield from _floor(file, asset, asset.floor, f"mandate.assets[{index}].floor")
    entrusted = [asset.asset for asset in file.mandate.assets]
    for name, sources in file.prices.items():
        if name not in entrusted:
            yield Mistake(f"prices.{name}", f"is not entrusted; those are: {', '.join(sorted(entrusted))}")
        for source, path in sources.items():
            if not path.strip():
                yield Mistake(f"prices.{name}.{source}", "is empty: a file relative to this one")


def _floor(file: ConfigFile, asset: AssetSection, section: FloorSection, where: str) -> Iterator[Mistake]:
    kinds = [kind.value for kind in FloorKind]
    if section.kind not in kinds:
        yield Mistake(f"{where}.kind", f"{section.kind!r} is none of: {', '.join(kinds)}")
        return
    yield from _keys(section, where)
    yield from _words(section, where)
    hops = [hop.split(">") for hop in file.path.hops]
    bought = [buy for sell, buy in hops if sell == asset.asset]
    allowed = tuple(dict.fromkeys((*bought, file.path.settlement)))
    if section.kind == FloorKind.QUOTE:
        allowed = tuple(bought)
    if section.currency not in allowed:
        yield Mistake(f"{where}.currency", f"{section.currency} is not what it is sold for: {' or '.join(allowed)}")
    if section.share is not None and not 0 < percent(section.share) <= 2:
        yield Mistake(f"{where}.share", "lies above 0% and is at most 200%")
    if section.price is not None and section.price <= 0:
        yield Mistake(f"{where}.price", "has to be above zero")
    if section.kind == FloorKind.AVERAGE:
        yield from _average(file, asset, section, where)
    if section.kind == FloorKind.QUOTE:
        yield from _quote(file, section, where)


def _keys(section: FloorSection, where: str) -> Iterator[Mistake]:
    """Every key that is lacking, and every one that belongs to another kind."""
    wanted = [*KEYS[section.kind]]
    if section.scope in (FloorScope.SLICE, FloorScope.AVERAGE) and "fees" not in wanted:
        wanted.append("fees")
    if section.kind == FloorKind.AVERAGE:
        wanted += [key for key, (other, value) in SOMETIMES.items() if getattr(section, other) == value]
    given = [name for name in section.__struct_fields__ if getattr(section, name) not in (None, ())]
    for key in wanted:
        if key not in given and not (key == "calendars" and section.calendars is not None):
            yield Mistake(f"{where}.{key}", f"is missing: a floor of kind {section.kind!r} leaves nothing open")
    for key in given:
        if key not in (*COMMON, *wanted):
            what = SOMETIMES.get(key)
            goes = f"{what[0]} = {str(what[1])!r}" if what and section.kind == FloorKind.AVERAGE else "another kind"
            yield Mistake(f"{where}.{key}", f"goes with {goes}")


def _words(section: FloorSection, where: str) -> Iterator[Mistake]:
    choices: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("scope", tuple(FloorScope)),
        ("fees", tuple(FloorFees)),
        ("calendar", tuple(Calendar)),
        ("value", tuple(Kind)),
        ("join", (MEDIAN,)),
        ("missing", tuple(Missing)),
        ("without", tuple(Without)),
    )
    for key, known in choices:
        if (word := getattr(section, key)) is not None and word not in known:
            yield Mistake(f"{where}.{key}", f"{word!r} is none of: {', '.join(known)}")


def _average(file: ConfigFile, asset: AssetSection, section: FloorSection, where: str) -> Iterator[Mistake]:
    if section.offset is not None and abs(parse_offset(section.offset)) > _OFFSET_MAX:
        yield Mistake(f"{where}.offset", f"{section.offset}: no place is further than 14 hours from UTC")
    if section.coverage_min is not None and not 0 < percent(section.coverage_min) <= 1:
        yield Mistake(f"{where}.coverage_min", "lies above 0% and is at most 100%")
    for key in ("days", "days_back_max"):
        if (count := getattr(section, key)) is not None and count > DAYS_MAX:
            yield Mistake(f"{where}.{key}", f"{count} is more than {DAYS_MAX}")
    days = section.days or DAYS_MAX
    if section.days_min is not None and section.days_min > days:
        yield Mistake(f"{where}.days_min", f"{section.days_min} is more than days, {days}")
    if section.days_back_max is not None and section.days is not None and section.days_back_max < section.days:
        yield Mistake(f"{where}.days_back_max", f"{section.days_back_max} is less than days, {section.days}")
    if len(set(section.sources)) < len(section.sources):
        yield Mistake(f"{where}.sources", "names one twice")
    if section.sources_min is not None and section.sources_min > len(section.sources):
        yield Mistake(f"{where}.sources_min", f"{section.sources_min} is more than there are sources")
    there = file.prices.get(asset.asset, {})
    for name in section.sources:
        if name not in there:
            yield Mistake(f"prices.{asset.asset}.{name}", f"is missing: the file of source {name}")
    for index, name in enumerate(section.calendars or ()):
        if name not in CALENDARS:
            yield Mistake(f"{where}.calendars[{index}]", f"{name!r} is none of: {', '.join(CALENDARS)}")
    if section.weekdays_off is not None:
        try:
            off = parse_days(section.weekdays_off)
        except ValueError as error:
            yield Mistake(f"{where}.weekdays_off", str(error))
            return
        if len(off) == 7:
            yield Mistake(f"{where}.weekdays_off", "leaves no day of the week")


def _quote(file: ConfigFile, section: FloorSection, where: str) -> Iterator[Mistake]:
    if section.desks is not None and section.desks > len(file.mandate.venues):
        yield Mistake(f"{where}.desks", f"{section.desks} is more than there are venues: {len(file.mandate.venues)}")
    if section.age is None or section.every is None:
        return
    age, every = parse_span(section.age), parse_span(section.every)
    if every <= 0:
        yield Mistake(f"{where}.every", "has to be above zero")
        return
    if age <= every:
        yield Mistake(f"{where}.age", f"{section.age} is not longer than every, {section.every}: none would last")
    deadline = parse_deadline(file.mandate.deadline)
    if isinstance(deadline, str) or deadline.after is None:
        return
    asked = deadline.after // every * len(file.mandate.venues)
    if asked > NUMBER_MAX:
        yield Mistake(f"{where}.every", f"{asked} questions until the deadline; a run asks {NUMBER_MAX} at most")
