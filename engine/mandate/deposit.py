"""The deposit, against what is out of custody and has not reached the authority.

Below `ratio` nothing new goes: no slice, no release. `limit` is what cover must never pass, and the ratio keeps us from
it while the price moves. A value that is missing is named and never guessed.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.money import EXACT, ZERO, Asset, AssetClass, down_to, plain, times, total
from engine.mandate.assets import KNOWN
from engine.mandate.numbers import Numbers


class Valuation(StrEnum):
    """At which prices coin out of custody counts."""

    CURRENT = "current"
    """What the market pays now."""
    HANDOVER = "handover"
    """As on the day on which it was handed over."""
    SEIZURE = "seizure"
    """As on the day on which it was seized."""


class FixedRate(Struct, frozen=True, kw_only=True):
    """What one unit is worth in the rule's currency, by whom, and on which day."""

    worth: Decimal
    source: str
    day: Instant

    def __post_init__(self) -> None:
        if not self.worth.is_finite() or self.worth <= 0:
            raise ValueError(f"not a rate: {self.worth}")


class DepositRule(Struct, frozen=True, kw_only=True):
    """How much cover is enough, and how it is counted. All of it is configuration: public sources differ."""

    currency: Asset
    """In which cover is counted: the settlement currency."""
    ratio: Decimal
    """Cover below which nothing new goes: 1.05 is five per cent more than what is exposed."""
    limit: Decimal
    """Cover that must never be passed on the way down: 1.00."""
    valuation: Valuation
    rates: Mapping[Asset, FixedRate] = {}
    """Of other currencies, always; of coin, where the valuation is of a day gone by."""

    def __post_init__(self) -> None:
        if not (self.ratio.is_finite() and self.limit.is_finite() and self.ratio >= self.limit > 0):
            raise ValueError(f"a ratio is not below its limit, and both are above zero: {self.ratio}, {self.limit}")


class Covered(Struct, frozen=True, kw_only=True, tag="covered"):
    """So much deposit, and so much exposed; both in the rule's currency and above zero, the deposit perhaps not."""

    deposit: Decimal
    exposed: Decimal

    @property
    def ratio(self) -> Decimal:
        """Deposit ÷ exposed, for people: rounded down to four places."""
        return _in_steps(self.deposit, self.exposed, Decimal("0.0001"))

    def reaches(self, bound: Decimal) -> bool:
        """Is the deposit at least `bound` times what is exposed? Exact, and not by the rounded ratio."""
        return self.deposit >= times(bound, self.exposed)


class Unexposed(Struct, frozen=True, tag="unexposed"):
    """Nothing is out of custody that has not been received: any deposit covers it, and none is needed."""

    def reaches(self, bound: Decimal) -> bool:
        """Every bound is reached."""
        return bound >= 0


class Unpriced(Struct, frozen=True, tag="unpriced"):
    """Cover can't be told, since the worth of these is not known. No bound counts as reached."""

    missing: tuple[Asset, ...]

    def reaches(self, bound: Decimal) -> bool:
        """No bound is."""
        return bound < 0

    def __str__(self) -> str:
        return f"the worth of {', '.join(self.missing)} is not known"


Cover = Covered | Unexposed | Unpriced


def exposed(
    numbers: Mapping[Asset, Numbers], proceeds: Mapping[Asset, Decimal], received: Mapping[Asset, Decimal]
) -> dict[Asset, Decimal]:
    """Per asset, what is out of custody and has not reached the authority; only what is above zero.

    Coin in transit, at venues, working, unknown and left by ended runs; and `proceeds`, net of fees, of ended runs and
    of the one that goes on, less what was received in the same currency.
    """
    units = {asset: total((n.in_transit, n.at_venue, n.working, n.unknown, n.residue)) for asset, n in numbers.items()}
    for asset, brought in proceeds.items():
        unpaid = max(ZERO, brought - received.get(asset, ZERO))
        units[asset] = units.get(asset, ZERO) + unpaid
    return {asset: held for asset, held in units.items() if held}


def cover(
    deposit: Mapping[Asset, Decimal],
    rule: DepositRule,
    units: Mapping[Asset, Decimal],
    prices: Mapping[Asset, Decimal] | None = None,
) -> Cover:
    """Deposit ÷ value of `units` (see `exposed`). `prices` are current ones, per unit, in the rule's currency."""
    outside = {asset: held for asset, held in units.items() if held}
    if not outside:
        return Unexposed()
    posted = {asset: put for asset, put in deposit.items() if put}
    missing = _unpriced(rule, [*posted, *outside], prices or {})
    if missing:
        return Unpriced(missing)
    return Covered(deposit=_value(rule, posted, prices or {}), exposed=_value(rule, outside, prices or {}))


def release_room(
    deposit: Mapping[Asset, Decimal],
    rule: DepositRule,
    units: Mapping[Asset, Decimal],
    prices: Mapping[Asset, Decimal] | None = None,
) -> Decimal | Unpriced:
    """How much more value may leave custody so that cover still reaches the ratio.

    In the rule's currency, rounded down to its smallest unit; zero where cover is short already.
    """
    counted = cover(deposit, rule, units, prices)
    match counted:
        case Unpriced():
            return counted
        case Covered():
            put, outside = counted.deposit, counted.exposed
        case Unexposed():
            posted = {asset: there for asset, there in deposit.items() if there}
            missing = _unpriced(rule, posted, prices or {})
            if missing:
                return Unpriced(missing)
            put, outside = _value(rule, posted, prices or {}), ZERO
    slack = EXACT.subtract(put, times(rule.ratio, outside))
    return _in_steps(max(ZERO, slack), rule.ratio, KNOWN[rule.currency].unit)


def top_up(counted: Cover, rule: DepositRule) -> Decimal:
    """What is lacking of the deposit until cover reaches the ratio again, rounded up; zero when nothing is.

    For `Unpriced` there is no answer: ask only once the worth of everything is known.
    """
    assert not isinstance(counted, Unpriced), counted
    if isinstance(counted, Unexposed) or counted.reaches(rule.ratio):
        return ZERO
    lacking = EXACT.subtract(times(rule.ratio, counted.exposed), counted.deposit)
    return -down_to(-lacking, KNOWN[rule.currency].unit)


def shown(counted: Cover, rule: DepositRule) -> str:
    """Cover in words, with its bounds."""
    bounds = f"nothing new below {plain(rule.ratio)}, never under {plain(rule.limit)}"
    match counted:
        case Unexposed():
            return f"nothing is exposed ({bounds})"
        case Unpriced():
            return f"cover can't be told: {counted} ({bounds})"
        case Covered():
            money = f"{plain(counted.deposit)} over {plain(counted.exposed)} {rule.currency} at {rule.valuation} prices"
            return f"cover {plain(counted.ratio)}: {money} ({bounds})"


def _in_steps(numerator: Decimal, denominator: Decimal, step: Decimal) -> Decimal:
    """`numerator / denominator`, rounded down to `step` without rounding on the way; neither is negative."""
    return times(EXACT.divide_int(numerator, times(denominator, step)), step)


def _unpriced(rule: DepositRule, assets: Iterable[Asset], prices: Mapping[Asset, Decimal]) -> tuple[Asset, ...]:
    return tuple(sorted({asset for asset in assets if worth(rule, asset, prices) is None}))


def _value(rule: DepositRule, units: Mapping[Asset, Decimal], prices: Mapping[Asset, Decimal]) -> Decimal:
    return total(times(held, worth(rule, asset, prices) or ZERO) for asset, held in units.items())


def worth(rule: DepositRule, asset: Asset, prices: Mapping[Asset, Decimal]) -> Decimal | None:
    """What a unit counts by the rule, in its currency; `None` where that is not known."""
    if asset == rule.currency:
        return Decimal(1)
    kind = KNOWN.get(asset)
    marked = rule.valuation is Valuation.CURRENT and kind is not None and kind.klass is not AssetClass.FIAT
    if marked:
        return prices.get(asset)
    fixed = rule.rates.get(asset)
    return fixed.worth if fixed is not None else None
