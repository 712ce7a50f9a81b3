"""One price out of several venues: the median of those that agree, with the name of each that was left out and why.

What one venue says counts when `reference` would believe it alone. Then the venues are held against one another, so
that a single one that lies, lags or has stopped can't move the price beyond what another one shows. Nothing stale is
averaged and nothing is interpolated: where too few agree there is no price, and the reasons stand venue by venue.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import BP, EXACT, times
from engine.market.facts import Level
from engine.market.reference import NoReference, ReferenceRules, reference
from engine.market.view import MarketView

SINGLE: Final = "single source"


class Source(Struct, frozen=True):
    """A venue that counted, and its mid."""

    venue: VenueName
    symbol: Symbol
    price: Decimal


class LeftOut(Struct, frozen=True):
    """A venue that was looked at and did not count."""

    venue: VenueName
    symbol: Symbol
    reason: str

    def __str__(self) -> str:
        return f"{self.venue}: {self.reason}"


class Consolidated(Struct, frozen=True):
    """A price with all that it rests on."""

    price: Decimal
    """The median of the sources' mids; of an even number, exactly halfway between the two in the middle."""
    label: str
    """`single source`, or `median of 3: hashkey, kraken, osl`."""
    sources: tuple[Source, ...]
    """By name of the venue."""
    left_out: tuple[LeftOut, ...] = ()
    """By name of the venue."""


def consolidated(views: Iterable[MarketView], at: Instant, rules: ReferenceRules) -> Consolidated | NoReference:
    """What these venues, taken together, say at `at`. All views are of one base and priced in one currency.

    A venue has one voice, however many of its pairs are shown: the first of them that can be believed. A mid farther
    than `outlier_bp_max` from the median of all voices is left out. There is no price when fewer than `quorum` are
    left, when more were left out as outliers than kept (nobody can tell which of them lie), or when the two mids
    that a median lies between are farther apart than that bound themselves.
    """
    voices, left_out = _voices(views, at, rules)
    if not voices:
        return _none("no venue can be believed", left_out)
    middle = median([voice.price for voice in voices])
    kept = [voice for voice in voices if not _apart(voice.price, middle, rules)]
    left_out += [
        LeftOut(
            voice.venue,
            voice.symbol,
            f"mid {voice.price} is more than {rules.outlier_bp_max} bp from the venues' median {middle}",
        )
        for voice in voices
        if voice not in kept
    ]
    if 2 * len(kept) < len(voices):
        return _none(f"{len(voices)} venues, and most of them disagree", left_out)
    if len(kept) < rules.quorum:
        return _none(f"{len(kept)} of the {rules.quorum} venues needed", left_out)
    ranked = sorted(kept, key=lambda voice: voice.price)
    low, high = ranked[(len(kept) - 1) // 2], ranked[len(kept) // 2]
    if _apart(high.price, low.price, rules):
        told = f"{low.venue} says {low.price} and {high.venue} {high.price}, more than {rules.outlier_bp_max} bp apart"
        return _none(told, left_out)
    names = ", ".join(sorted(voice.venue for voice in kept))
    return Consolidated(
        price=median([voice.price for voice in kept]),
        label=SINGLE if len(kept) == 1 else f"median of {len(kept)}: {names}",
        sources=tuple(sorted(kept, key=lambda voice: voice.venue)),
        left_out=_sorted(left_out),
    )


def at_venue(
    view: MarketView, views: Iterable[MarketView], at: Instant, rules: ReferenceRules
) -> Consolidated | NoReference:
    """What an order for `view`'s venue is held against: the price of all `views`, once that venue's own book agrees.

    A venue whose own book can't be believed, or stands apart from the others, is no place to sell at now.
    """
    own = reference(view, at, rules)
    if isinstance(own, NoReference):
        return own
    shown = tuple(views)
    if (
        len(shown) == 1
        and shown[0] == view
        and rules.quorum <= 1
        and (not rules.sources or view.venue in rules.sources)
    ):
        return Consolidated(own.price, SINGLE, (Source(view.venue, view.symbol, own.price),))
    found = consolidated(shown, at, rules)
    if isinstance(found, Consolidated) and _apart(own.price, found.price, rules):
        beyond = f"more than {rules.outlier_bp_max} bp from the {found.label}, {found.price}"
        return NoReference(f"{view.venue}'s mid {own.price} is {beyond}")
    return found


def sober(
    view: MarketView | None, views: Iterable[MarketView], at: Instant, rules: ReferenceRules
) -> MarketView | None:
    """The view as somebody may count on it who sells there later: no bid of it above the price of all `views`.

    `None` while the view can't be believed, or stands apart from the others.
    """
    if view is None:
        return None
    shown = tuple(views) or (view,)
    found = at_venue(view, shown, at, rules)
    if isinstance(found, NoReference):
        return None
    if len(found.sources) < 2:
        return view
    return replace(view, bids=tuple(Level(min(bid.price, found.price), bid.size) for bid in view.bids))


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value; of an even number, exactly halfway between the two in the middle."""
    ranked, half = sorted(values), len(values) // 2
    if len(values) % 2:
        return ranked[half]
    return EXACT.divide(EXACT.add(ranked[half - 1], ranked[half]), Decimal(2))


def _voices(views: Iterable[MarketView], at: Instant, rules: ReferenceRules) -> tuple[list[Source], list[LeftOut]]:
    """One voice for each venue that can be believed by itself, and who can't be."""
    voices: dict[VenueName, Source] = {}
    left_out = []
    for view in views:
        if rules.sources and view.venue not in rules.sources:
            left_out.append(LeftOut(view.venue, view.symbol, "is not among the sources"))
        elif view.venue in voices:
            told = f"speaks by its {voices[view.venue].symbol} already"
            left_out.append(LeftOut(view.venue, view.symbol, told))
        elif isinstance(found := reference(view, at, rules), NoReference):
            left_out.append(LeftOut(view.venue, view.symbol, found.reason))
        else:
            voices[view.venue] = Source(view.venue, view.symbol, found.price)
    return list(voices.values()), left_out


def _apart(price: Decimal, other: Decimal, rules: ReferenceRules) -> bool:
    return times(abs(price - other), BP) > times(rules.outlier_bp_max, other)


def _none(what: str, left_out: Iterable[LeftOut]) -> NoReference:
    return NoReference("; ".join((what, *map(str, _sorted(left_out)))))


def _sorted(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(left_out, key=lambda one: (one.venue, one.symbol)))
