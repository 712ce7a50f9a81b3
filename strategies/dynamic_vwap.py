"""Dynamic VWAP: the share of each slice is decided when it begins, by what others have traded of the window so far.

A learned model says how volume runs through a day and what a surprise means for the hours after it. What was not seen
is never guessed: a slice that wants a volume which no look shows, or of which a part may have gone unseen, takes its
share of the static curve. Looks later than the instant of the decision are not used, even where they are there.
"""

from bisect import bisect_left
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import exp, log
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.money import part
from engine.market.traded import Traded
from engine.market.volume_model import VolumeModel, expected, weights
from engine.orders.strategy import Progress
from engine.science import direct
from engine.science.volume import due, forecast
from strategies import jitter
from strategies.stepped import WHOLE, Stepped, cumulative

PATIENCE: Final = 4
"""A look has to come within a fourth of a slice from its begin. Where it would tell the volume of the slice before,
nothing is asked for until it has come or that time is over."""


class Rule(Struct, frozen=True, kw_only=True):
    """A model as it is met by one window: floats that weigh, and no more."""

    chosen: str
    seasonal: tuple[float, ...]
    """Of each slice, as a share of the window's."""
    usual: tuple[float, ...]
    """The volume of a slice whose residual is 0."""
    rho: float
    s2: float
    coefficients: tuple[tuple[float, ...], ...]


class DynamicVwap(Struct, frozen=True, kw_only=True):
    """Slices of equal length; `plain` holds their begins and what the static curve would have sold by each."""

    plain: Stepped
    edges: tuple[Instant, ...]
    """When each slice begins before time is jittered; volumes are counted from one to the next."""
    rule: Rule
    curve: tuple[int, ...]
    hour: float
    centre: float
    reach: tuple[float, float]
    size_jitter: Fraction = Fraction(0)
    seed: int = 0

    def slice(self, at: Instant) -> int:
        return self.plain.slice(at)

    def following(self, at: Instant) -> Instant:
        return self.plain.following(at)

    def target(self, progress: Progress) -> Decimal:
        """By the volumes seen, cut to whole lots; all of it from the last slice on."""
        index, last = self.slice(progress.at), len(self.edges) - 1
        if progress.at < self.plain.times[0] or index >= last or self.rule.chosen == "static":
            return self.plain.target(progress)
        return part(progress.total, self._shares(progress, index)[-1], WHOLE, progress.lot)

    def step(self, progress: Progress) -> Decimal | None:
        """What this slice is to sell as far as is known; after the end, a mean slice."""
        index, last = self.slice(progress.at), len(self.edges) - 1
        if index > last or self.rule.chosen == "static":
            return self.plain.step(progress)
        shares = (0, *self._shares(progress, min(index, last - 1)))
        share = WHOLE - shares[-1] if index == last else shares[-1] - shares[-2] if len(shares) > index + 1 else 0
        return max(part(progress.total, share, WHOLE, progress.lot), progress.lot)

    def _shares(self, progress: Progress, index: int) -> tuple[int, ...]:
        """Running shares up to slice `index`, or up to the one before while that still waits for its look."""
        looks = [self._look(progress.traded, k, progress.at) for k in range(index + 1)]
        lacks = index > 0 and looks[index] is None and looks[index - 1] is not None
        waits = lacks and progress.at < self._patience(index)
        seen = tuple(self._residual(progress.traded, looks[k], looks[k + 1]) for k in range(index - waits))
        running = _running(self.rule, seen)
        return jitter.shares((*running, WHOLE), self.size_jitter, self.seed)[:-1]

    def _patience(self, index: int) -> Instant:
        length = self.edges[1] - self.edges[0]
        return Instant(min(self.plain.times[index] + length // PATIENCE, self.edges[index] + length - 1))

    def _look(self, traded: Traded, index: int, at: Instant) -> tuple[Instant, Decimal] | None:
        """The first look since the slice's edge, unless it came too late or lies ahead."""
        found = bisect_left(traded.at, self.edges[index])
        if found == len(traded.at) or traded.at[found] > min(at, self._patience(index)):
            return None
        return traded.at[found], traded.volume[found]

    def _residual(
        self, traded: Traded, begin: tuple[Instant, Decimal] | None, end: tuple[Instant, Decimal] | None
    ) -> float | None:
        """ln of the volume between two looks over the season's between the same instants, centred and within reach."""
        if begin is None or end is None or end[1] <= begin[1] or traded.unseen(begin[0], end[0]):
            return None
        season = expected(self.curve, self.hour, begin[0], end[0])
        if season <= 0:
            return None
        low, high = self.reach
        return min(max(log(float(end[1] - begin[1]) / season) - self.centre, low), high)


@lru_cache(maxsize=256)
def _running(rule: Rule, seen: tuple[float | None, ...]) -> tuple[int, ...]:
    """The shares of `WHOLE` that should be gone after each slice, up to the one after those that were `seen`."""
    running, done = [], 0.0
    for index in range(len(seen) + 1):
        share = _dynamic(rule, seen[:index], done)
        done += min(max(rule.seasonal[index] if share is None else share, 0.0), 1 - done)
        running.append(min(WHOLE, round(done * WHOLE)))
    return tuple(running)


def _dynamic(rule: Rule, seen: tuple[float | None, ...], done: float) -> float | None:
    """What the next slice should sell by the chosen rule; `None` where a volume that it needs was not seen."""
    index, known = len(seen), [residual for residual in seen if residual is not None]
    if rule.chosen == "direct":
        if None in seen[index - direct.needed(index) :]:
            return None
        found = direct.features(index, len(rule.seasonal), rule.seasonal[index], known)
        return direct.weight(len(rule.seasonal), rule.coefficients[index], found)
    if len(known) < index:
        return None
    traded = sum(usual * exp(residual) for usual, residual in zip(rule.usual, known, strict=False))
    ahead = forecast(rule.usual[index:], known[-1] if known else None, rule.rho, rule.s2)
    return due(traded, ahead) - done


def dynamic_vwap(
    start: Instant,
    end: Instant,
    model: VolumeModel,
    *,
    time_jitter: Fraction = Fraction(0),
    size_jitter: Fraction = Fraction(0),
    seed: int = 0,
) -> DynamicVwap:
    """Slices from `start` to `end`, with the model's day cut there; `ValueError` for another length than its own."""
    length = Span(end - start)
    if length // model.slices != model.bin:
        raise ValueError(f"the model is for {model.window} in {model.slices} slices")
    edges = tuple(Instant(start + length * i // model.slices) for i in range(model.slices))
    cut = weights(model.curve, start, model.bin, model.slices)
    if sum(cut) == 0:
        raise ValueError("the model's curve has no volume at these hours")
    centre, hour = float(model.centre), float(model.hour)
    usual = [expected(model.curve, hour, edge, Instant(edge + model.bin)) * exp(centre) for edge in edges]
    return DynamicVwap(
        plain=Stepped(
            times=jitter.times(edges, end, time_jitter, seed),
            shares=jitter.shares(cumulative(cut), size_jitter, seed),
            end=end,
        ),
        edges=edges,
        rule=Rule(
            chosen=model.chosen,
            seasonal=tuple(weight / sum(cut) for weight in cut),
            usual=tuple(usual),
            rho=float(model.rho),
            s2=float(model.s2),
            coefficients=tuple(tuple(map(float, row)) for row in model.direct),
        ),
        curve=model.curve,
        hour=hour,
        centre=centre,
        reach=(float(model.reach[0]), float(model.reach[1])),
        size_jitter=size_jitter,
        seed=seed,
    )
