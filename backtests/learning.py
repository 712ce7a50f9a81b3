"""A volume model from bars: for live orders of one length that may begin at any hour.

What is dynamic has to earn its place. All rules are learned from the first four fifths of the bars and judged on the
rest, without the windows that lie across; the static curve is kept unless another was closer to the VWAP there. The
numbers of the chosen model are then learned again from everything.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from backtests.volume import fitting
from backtests.volume.history import History, of_bars
from backtests.volume.sources import bars
from backtests.volume.windows import Windows, season, windows
from engine.kernel.clock import DAY, SECOND, Instant, Span, iso, parse_instant, show_span
from engine.kernel.errors import BadInput, Mistake
from engine.market.trades import Own
from engine.market.volume_model import SLICES_MAX, WHOLE, Origin, Validation, VolumeModel
from engine.science import direct
from engine.science.slicing import largest_remainder
from engine.science.volume import vwap_losses

LEARNED: Final = (4, 5)
"""This part of the bars is learned from before the rest is judged."""
DIGITS: Final = 9


class Wish(Struct, frozen=True):
    """What the model is for."""

    window: Span
    slices: int
    days: int
    until: str
    """The last day that may be used, as 2024-06-30, UTC; empty for all."""


def learn(path: Path | Sequence[Path], wish: Wish, *, made: Span | None = None, own: Sequence[Own] = ()) -> VolumeModel:
    """The model, or `BadInput` with all that speaks against it.

    Of one file of bars or several; of trades, with `made` the length of the bars that are made of them. What is `own`
    is taken out first: a curve that we drew ourselves would be followed by ourselves.
    """
    wrong = list(_wrong(wish))
    paths = [path] if isinstance(path, Path) else list(path)
    try:
        history = of_bars(bars(paths, made=made, own=own))
    except BadInput as error:
        raise BadInput([*wrong, *error.mistakes]) from error
    if not any(mistake.where == "--slices" for mistake in wrong):
        wrong += _uneven(history, wish)
    if wrong:
        raise BadInput(wrong)
    if wish.until:
        history = history.until(Instant(parse_instant(f"{wish.until}T00:00:00Z") + DAY))
    try:
        return _model(history, wish)
    except ValueError as error:
        raise BadInput([Mistake(history.file, f"{error}, in bars until {iso(history.end)}")]) from error


def _wrong(wish: Wish) -> Iterator[Mistake]:
    if not SECOND <= wish.window <= DAY:
        yield Mistake("--window", f"is {show_span(wish.window)}; a model is for a second to a day")
    if not 2 <= wish.slices <= SLICES_MAX:
        yield Mistake("--slices", f"is {wish.slices}, not from 2 to {SLICES_MAX}")
    elif wish.window % wish.slices:
        yield Mistake("--slices", f"{wish.slices} do not divide {show_span(wish.window)} evenly")
    if wish.days < 1:
        yield Mistake("--days", f"is {wish.days}; the curve is a mean of one day at the least")
    try:
        parse_instant(f"{wish.until or '2024-06-30'}T00:00:00Z")
    except ValueError:
        yield Mistake("--until", f"{wish.until!r} is no day, such as 2024-06-30")


def _uneven(history: History, wish: Wish) -> list[Mistake]:
    bin_ = wish.window // wish.slices
    if bin_ % history.span == 0:  # of no length, which is told of already, or a whole number
        return []
    what = f"a slice of {show_span(bin_)} is no whole number of bars of {show_span(history.span)}"
    return [Mistake("--slices", what)]


def _model(history: History, wish: Wish) -> VolumeModel:
    """`ValueError` where there are too few bars."""
    bin_ = Span(wish.window // wish.slices)
    begins = Instant(history.start + len(history.volume) * LEARNED[0] // LEARNED[1] * history.span)

    def cut(since: Instant, until: Instant) -> Windows:
        found = windows(history, since, until, bin_, wish.slices, wish.days)
        return found.where(found.whole)

    early, late = cut(history.start, begins), cut(begins, history.end)
    if not len(early.starts) or not len(late.starts):
        raise ValueError(f"{len(early.starts)} whole windows to learn from and {len(late.starts)} to judge by")
    errors = _errors(fitting.fit(early), late)
    final = fitting.fit(cut(history.start, history.end))
    curve = season(history, wish.days)
    if np.isnan(curve).any():
        raise ValueError("hours of the day in which no volume is known")
    best = min(("ar1", "direct"), key=lambda rule: errors[rule])
    return VolumeModel(
        schema=1,
        window=show_span(wish.window),
        slices=wish.slices,
        calibrated=iso(history.end - 1)[:10],
        origin=Origin(
            file=history.file,
            sha256=history.sha256,
            bar=show_span(history.span),
            begins=iso(history.start),
            until=iso(history.end),
        ),
        days=wish.days,
        curve=_weights(curve.tolist()),
        hour=_text(float(curve.mean())),
        centre=_text(final.centre),
        reach=(_text(final.reach[0]), _text(final.reach[1])),
        rho=_text(final.rho),
        s2=_text(final.s2),
        features=direct.FEATURES,
        direct=tuple(tuple(map(_text, row)) for row in final.direct),
        validation=Validation(
            begins=iso(begins),
            windows=len(late.starts),
            **{f"{rule}_bp": Decimal(f"{error:.4f}") for rule, error in errors.items()},
        ),
        chosen=best if errors[best] < errors["static"] else "static",
    )


def _errors(learned: fitting.Fit, judged: Windows) -> dict[str, float]:
    """Mean absolute tracking error of each rule, in basis points."""
    volume, price = judged.volume.tolist(), judged.price.tolist()
    return {
        rule: vwap_losses(shares.tolist(), volume, price).absolute * 10_000
        for rule, shares in learned.shares(judged).items()
    }


def _weights(means: list[float]) -> tuple[int, ...]:
    """Whole numbers that add up to `WHOLE`."""
    parts = largest_remainder(Decimal(WHOLE), [Decimal(repr(mean)) for mean in means], Decimal(1))
    return tuple(map(int, parts))


def _text(number: float) -> Decimal:
    """As many digits as mean something, written out."""
    return Decimal(format(Decimal(f"{number:.{DIGITS}g}"), "f"))
