"""What the market is like that is sold into, as far as anybody measured it; each number with its source and its day.

Two sources of numbers: what people calibrated, `[impact.ASSET]`, and bars. Where both speak, costs go by what was
calibrated, since its numbers belong together, and volumes go by the bars. What neither says is not made up: it is
named among what is lacking, and whatever would rest on it is not told.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import fsum, log, sqrt
from statistics import median
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.forecast import words
from engine.forecast.prospect import Figure
from engine.kernel.clock import DAY, HOUR, Instant, Span, show_span
from engine.kernel.ids import VenueName
from engine.kernel.money import plain
from engine.market.bars import Bar
from engine.market.daily import Kind, daily
from engine.market.view import MarketView
from engine.market.volume_model import HOURS, WHOLE
from engine.planning.impact import Impact
from engine.science.slicing import largest_remainder

DAYS: Final = 28
"""So many last whole days are looked at."""
EVEN: Final = tuple(WHOLE // HOURS + (hour < WHOLE % HOURS) for hour in range(HOURS))
"""A day without hours that differ."""


class History(Struct, frozen=True, kw_only=True):
    """The bars of one source; only those that had closed when the plan was made."""

    source: str
    file: str
    sha256: str
    span: Span
    bars: tuple[Bar, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """What one source's bars say."""

    source: str
    file: str
    last: str
    """The last whole day."""
    volumes: tuple[float, ...]
    """Of the last whole days, the latest last; empty where no day is whole."""
    by_hour: tuple[float, ...]
    """Volumes of the hours of the UTC day over these days; empty where bars are longer than an hour."""
    sigma_daily: float | None


class Conditions(Struct, frozen=True, kw_only=True):
    """The market of one leg. Volumes are others', in coins a day."""

    price: float | None
    spread_bp: float | None
    sigma_daily: float | None
    volume_daily: float | None
    curve: tuple[int, ...]
    """Weights of the UTC hours."""
    venues: Mapping[VenueName, float]
    """Of `volume_daily`, each venue's part."""
    factors: tuple[float, ...]
    """Past days' volumes as multiples of their median; empty where there are no bars."""
    figures: tuple[Figure, ...]
    lacking: tuple[str, ...]


def seen(history: History) -> Seen:
    """Volumes of whole UTC days, how they run through a day, and how far the price moves in one."""
    found = daily(history.source, history.bars, history.span, Span(0), Kind.CLOSE).days
    whole = [(name, of) for name, of in found.items() if of.bars == of.bars_all][-DAYS:]
    names = {name for name, _ in whole}
    by_hour = [0.0] * HOURS
    for bar in history.bars:
        if words.day(bar.at) in names:
            by_hour[bar.at % DAY // HOUR] += float(bar.volume)
    fine = history.span <= HOUR and sum(by_hour) > 0
    return Seen(
        source=history.source,
        file=history.file,
        last=whole[-1][0] if whole else "",
        volumes=tuple(float(of.volume) for _, of in whole),
        by_hour=tuple(by_hour) if fine else (),
        sigma_daily=_sigma(history),
    )


def _sigma(history: History) -> float | None:
    """Root mean square of the logarithms of one close over the one before, of a day; `None` of fewer than two days."""
    since = history.bars[-1].at - DAYS * DAY if history.bars else 0
    bars = [bar for bar in history.bars if bar.at >= since]
    steps = [
        log(later.close / earlier.close) for earlier, later in pairwise(bars) if later.at - earlier.at == history.span
    ]
    if len(steps) * history.span < DAY:
        return None
    return sqrt(fsum(step * step for step in steps) / len(steps) * (DAY / history.span))


def conditions(
    impact: Impact | None,
    histories: Sequence[History],
    views: Sequence[MarketView],
    price: tuple[Decimal, str] | None,
    venues: Sequence[VenueName],
) -> Conditions:
    """All that is known. `price` is the market's as of now, with whose it is; without one the calibrated one counts."""
    past = [seen(history) for history in histories]
    volumed = [each for each in past if each.volumes and median(each.volumes) > 0]
    figures, lacking = list[Figure](), list[str]()
    counted = _counted(volumed, venues)
    volume, parts = _volumes(impact, counted, venues, figures)
    curve = _curve(counted, figures)
    lacking += [f"no whole day in the bars of {each.source} ({each.file})" for each in past if each not in volumed]
    if impact is None:
        lacking.append("impact, its second opinion, frontier and best rate: no [impact] section for the asset")
    if volume is None:
        lacking.append("footprint, participation and what volume allows: neither [impact] nor bars say the volume")
    spread = _spread(impact, views, figures)
    if spread is None:
        lacking.append("half the spread: no book stands and there is no [impact] section")
    sigma = _deviation(impact, past, figures)
    if sigma is None:
        lacking.append("risk of the price, floor and worst case: neither [impact] nor bars say how far it moves")
    return Conditions(
        price=_price(impact, price, figures, lacking),
        spread_bp=spread,
        sigma_daily=sigma,
        volume_daily=volume,
        curve=curve,
        venues=parts,
        factors=tuple(v / median(counted[0].volumes) for v in counted[0].volumes) if counted else (),
        figures=(*figures, *_law(impact), *map(_file, histories)),
        lacking=tuple(lacking),
    )


def _counted(past: Sequence[Seen], venues: Sequence[VenueName]) -> list[Seen]:
    """Whose volumes count: those of our venues; where none of them has bars, the first source's that has."""
    ours = [each for each in past if each.source in venues]
    return ours or list(past[:1])


def _volumes(
    impact: Impact | None, counted: Sequence[Seen], venues: Sequence[VenueName], figures: list[Figure]
) -> tuple[float | None, dict[VenueName, float]]:
    """Of a day, in all and by venue."""
    ours = {each.source: median(each.volumes) for each in counted if each.source in venues}
    if ours:
        for each in counted:
            told = f"median of {len(each.volumes)} whole days until {each.last}, {each.file}"
            figures.append(Figure(f"volume a day at {each.source}", words.number(median(each.volumes)), told))
        unknown = [name for name in venues if name not in ours]
        figures += [
            Figure(f"volume a day at {name}", "0", "assumed: others have bars, it has none") for name in unknown
        ]
        return sum(ours.values()), {name: ours.get(str(name), 0.0) for name in venues}
    if counted:
        each, value = counted[0], median(counted[0].volumes)
        told = f"median of {len(each.volumes)} whole days until {each.last}, {each.source}, {each.file}"
    elif impact is not None:
        value, told = float(impact.volume_daily), _calibrated(impact)
    else:
        return None, {}
    figures.append(Figure("volume a day", words.number(value), told))
    if len(venues) > 1:
        figures.append(Figure("of it each venue", words.number(value / len(venues)), "assumed: equal parts"))
    return value, {name: value / len(venues) for name in venues}


def _curve(counted: Sequence[Seen], figures: list[Figure]) -> tuple[int, ...]:
    hourly = [each for each in counted if each.by_hour]
    if not hourly:
        figures.append(Figure("volume through the day", "even", "assumed: no bars of an hour or less"))
        return EVEN
    sums = [sum(each.by_hour[hour] for each in hourly) for hour in range(HOURS)]
    parts = largest_remainder(Decimal(WHOLE), [Decimal(repr(value)) for value in sums], Decimal(1))
    busiest = max(range(HOURS), key=lambda hour: sums[hour])
    told = f"of {len(hourly[0].volumes)} days until {hourly[0].last}, {', '.join(each.file for each in hourly)}"
    share = words.percent(sums[busiest] / sum(sums))
    figures.append(Figure("volume through the day", f"most at {busiest:02d}:00 UTC, {share} %", told))
    return tuple(map(int, parts))


def _price(
    impact: Impact | None, price: tuple[Decimal, str] | None, figures: list[Figure], lacking: list[str]
) -> float | None:
    if price is not None:
        figures.insert(0, Figure("price", plain(price[0]), price[1]))
        return float(price[0])
    if impact is not None:
        figures.insert(0, Figure("price", plain(impact.price), _calibrated(impact)))
        return float(impact.price)
    lacking.append("all that is money: no price can be believed now, and there is no [impact] section")
    return None


def _spread(impact: Impact | None, views: Sequence[MarketView], figures: list[Figure]) -> float | None:
    """Of the closest book that stands; books of this moment say more than a calibration."""
    closest: tuple[float, str] | None = None
    for view in views:
        if view.spread is not None and view.mid is not None:
            found = (float(view.spread / view.mid * 10_000), f"book of {view.venue}, now")
            closest = min(closest, found) if closest is not None else found
    if closest is None and impact is not None:
        closest = (float(impact.spread_bp), _calibrated(impact))
    if closest is None:
        return None
    figures.append(Figure("spread", f"{words.bp(closest[0])} bp", closest[1]))
    return closest[0]


def _deviation(impact: Impact | None, past: Sequence[Seen], figures: list[Figure]) -> float | None:
    if impact is not None:
        value, told = float(impact.sigma_daily), _calibrated(impact)
    else:
        measured = [(each.sigma_daily, each) for each in past if each.sigma_daily is not None]
        if not measured:
            return None
        value, each = measured[0]
        told = f"closes of the last {DAYS} days, {each.source}, {each.file}"
    figures.append(Figure("sigma a day", f"{words.percent(value)} %", told))
    return value


def _law(impact: Impact | None) -> Iterator[Figure]:
    if impact is None:
        return
    told = _calibrated(impact)
    law = f"{plain(impact.prefactor)} sigma (quantity / {words.number(float(impact.volume_daily))}) ^ "
    yield Figure("impact", f"{law}{plain(impact.exponent)}", told)
    if impact.permanent:
        yield Figure("of it for good", f"{plain(impact.permanent)} of the price a day's volume", told)
    if impact.desk_bp is not None:
        yield Figure("a desk below the mid", f"{plain(impact.desk_bp)} bp", f"assumed: {told}")


def _file(history: History) -> Figure:
    told = f"{history.file}, {len(history.bars)} bars of {show_span(history.span)} looked at"
    return Figure(f"bars of {history.source}", told, f"SHA-256 {history.sha256}")


def _calibrated(impact: Impact) -> str:
    return f"calibrated {impact.calibrated}, {impact.source}"


def closed_by(history: History, at: Instant) -> History:
    """The last `DAYS` days, without bars that had not closed by `at`: a plan looks at nothing that comes after it."""
    rows = [bar for bar in history.bars if bar.at + history.span <= at]
    since = (rows[-1].at // DAY - DAYS) * DAY if rows else 0
    return replace(history, bars=tuple(bar for bar in rows if bar.at >= since))
