"""What was learned of a market's volumes: a day's curve, how surprises fade, and the direct rule's coefficients.

A model is a file that people can read and a plan can carry: whole numbers and exact text, in one canonical form. It
counts in the asset sold and holds for the markets that its bars were of: a surprise is volume against this curve, so
a model of a larger or smaller market than the one that is sold into sees nothing but surprises.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Final

import msgspec
from msgspec import Struct

from engine.kernel import codec
from engine.kernel.clock import DAY, HOUR, SECOND, Instant, Span, parse_span
from engine.kernel.errors import BadInput, Mistake
from engine.science import direct

HOURS: Final = 24
WHOLE: Final = 1_000_000_000
"""What the curve's whole numbers add up to."""
SLICES_MAX: Final = 96
RULES: Final = ("static", "ar1", "direct")


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """The bars that a model was learned from."""

    file: str
    sha256: str
    bar: str
    """A length of time."""
    begins: str
    """The first bar that was used: ISO 8601, UTC."""
    until: str
    """When the last bar that was used closed."""


class Validation(Struct, frozen=True, forbid_unknown_fields=True):
    """Mean absolute VWAP tracking errors in basis points, on the last part of the bars, learned from those before."""

    begins: str
    """Windows from here on; what overlapped them was not learned from."""
    windows: int
    twap_bp: Decimal
    static_bp: Decimal
    ar1_bp: Decimal
    direct_bp: Decimal


class VolumeModel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Volumes of one market for orders of one length, whatever hour they begin at."""

    schema: int
    window: str
    slices: int
    calibrated: str
    """The day on which its bars end."""
    origin: Origin
    days: int
    """So many last days are in the curve."""
    curve: tuple[int, ...]
    """Weights of the hours of a UTC day; weekdays and weekends alike."""
    hour: Decimal
    """The mean volume of an hour, in the asset."""
    centre: Decimal
    """The mean of ln(volume / seasonal volume) of a bin; residuals are counted from here."""
    reach: tuple[Decimal, Decimal]
    """The range of residuals that was learned from; what lies outside is taken for its end."""
    rho: Decimal
    s2: Decimal
    features: tuple[str, ...]
    direct: tuple[tuple[Decimal, ...], ...]
    """Of each slice but the last, the coefficients of the features."""
    validation: Validation
    chosen: str
    """`static` unless one of the others beat it in the validation."""

    @property
    def text(self) -> str:
        """Canonical: what a plan carries."""
        return codec.encode(self).decode()

    @property
    def bin(self) -> Span:
        """The length of a slice."""
        return Span(parse_span(self.window) // self.slices)


def read(raw: bytes | str, where: str) -> VolumeModel:
    """The model, or `BadInput` at `where` with all that is wrong with it."""
    try:
        model = msgspec.json.decode(raw, type=VolumeModel)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput([Mistake(where, f"is no volume model: {error}")]) from error
    if mistakes := [Mistake(where, what) for what in _wrong(model)]:
        raise BadInput(mistakes)
    return model


def _wrong(model: VolumeModel) -> Iterator[str]:
    if model.schema != 1:
        yield f"schema is {model.schema}; this version reads 1"
    if model.features != direct.FEATURES:
        yield f"features are {', '.join(model.features)}; this version has {', '.join(direct.FEATURES)}"
    if model.chosen not in RULES:
        yield f"chosen is {model.chosen!r}, none of: {', '.join(RULES)}"
    if len(model.curve) != HOURS or min(model.curve, default=-1) < 0 or sum(model.curve) != WHOLE:
        yield f"curve wants {HOURS} weights that are not negative and add up to {WHOLE}"
    finite = all(each.is_finite() for each in _numbers(model))
    if not finite:
        yield "holds a number that is not finite"
    elif model.hour <= 0 or model.s2 < 0 or abs(model.rho) > 1 or model.reach[0] > model.reach[1]:
        yield "hour has to be above zero, s2 not below it, rho within 1, and reach a range"
    if not 1 <= model.slices <= SLICES_MAX:
        yield f"slices is {model.slices}, not from 1 to {SLICES_MAX}"
    elif [len(row) for row in model.direct] != [coefficients(index) for index in range(model.slices - 1)]:
        yield "direct wants the coefficients of each slice but the last"
    try:
        if not SECOND * max(model.slices, 1) <= parse_span(model.window) <= DAY:
            yield f"window is {model.window}; a model is of a day at the most, and of slices of a second at the least"
    except ValueError as error:
        yield f"window: {error}"


def coefficients(bin_: int) -> int:
    """How many features bin `bin_` has."""
    return 2 + direct.needed(bin_) + (bin_ > direct.RECENT)


def _numbers(model: VolumeModel) -> Iterator[Decimal]:
    yield from (model.hour, model.centre, *model.reach, model.rho, model.s2)
    for row in model.direct:
        yield from row


def weights(curve: Sequence[int], start: Instant, length: Span, count: int) -> list[int]:
    """The day's curve as it is met by `count` bins of `length` from `start` on: exact, in parts of an hour's weight.

    Divided by `HOUR` it is what the curve gives each bin. A volume within an hour is taken to be even.
    """
    return [_between(curve, Instant(start + i * length), Instant(start + (i + 1) * length)) for i in range(count)]


def expected(curve: Sequence[int], hour: float, begins: Instant, ends: Instant) -> float:
    """The seasonal volume between two instants, where an hour's mean is `hour`."""
    return hour * HOURS * _between(curve, begins, ends) / (WHOLE * HOUR)


def _between(curve: Sequence[int], begins: Instant, ends: Instant) -> int:
    return _run(curve, ends) - _run(curve, begins)


def _run(curve: Sequence[int], at: Instant) -> int:
    """The curve from the epoch, which was a midnight, until `at`."""
    days, within = divmod(at, DAY)
    index, rest = divmod(within, HOUR)
    before = _running(tuple(curve))
    return (days * before[HOURS] + before[index]) * HOUR + curve[index] * rest


@lru_cache(maxsize=64)
def _running(curve: tuple[int, ...]) -> tuple[int, ...]:
    """What the day has had before each hour, and in all."""
    return tuple(accumulate(curve, initial=0))
