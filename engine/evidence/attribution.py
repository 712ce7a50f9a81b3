"""Whose money is it? One pool of a stablecoin, fed by several assets and by what was seized of it, is sold as one leg.

This tells which asset each unit of fiat and each fee belongs to, by one rule that is stated in `RULE` and shown in the
report. It is counted from the story alone and shares nothing with the core. Parts always add up to the whole exactly.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.evidence.story import LegStory, Sold, Story, incoming
from engine.kernel.apportion import apportion
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import EXACT, ZERO, Asset, AssetClass, decimals, ratio, times, total
from engine.mandate.assets import KNOWN

RULE: Final = (
    "At each venue, the stablecoin that sales brought there is sold first, net of their fees, oldest first, in the "
    "order of the journal; then what was entrusted as stablecoin.",
    "What neither covers was sold before its origin was known: it counts as what sales bring to that venue next, then "
    "as what they brought to other venues, oldest first.",
    "The fiat and the fee of each fill are divided in proportion to these parts, to the smallest unit of the currency "
    "or the last digit that the fill needs; what division leaves over goes to the largest remainders, one each.",
)
"""The rule in words, sentence by sentence."""
PLACES: Final = 8


class Part(Struct, frozen=True, kw_only=True):
    """The part of one fill of the pool that belongs to one origin."""

    sold: Sold
    parent: Asset
    origin: Sold | None
    """The sale that brought it; `None` for what was entrusted."""
    quantity: Decimal
    """Of the stablecoin."""
    proceeds: Decimal
    """Of fiat, before the fee."""
    fee: Decimal
    """In the fee's own asset."""


class Attributed(Struct, frozen=True, kw_only=True):
    """What one entrusted asset became by way of one stablecoin."""

    leg: LegId
    """The leg that sells the pool."""
    parent: Asset
    stable: Asset
    fiat: Asset
    coin_sold: Decimal
    """Of the parent, for the stablecoin; nothing for the stablecoin itself."""
    stable_gross: Decimal
    """What its sales brought before their fees; nothing for the stablecoin itself."""
    stable_received: Decimal
    """Net of fees; for the stablecoin itself what was entrusted."""
    stable_sold: Decimal
    fiat_gross: Decimal
    fees: Mapping[Asset, Decimal]
    """Of both steps."""
    fiat_net: Decimal

    @property
    def stable_unsold(self) -> Decimal:
        return EXACT.subtract(self.stable_received, self.stable_sold)

    @property
    def coin_price(self) -> Decimal | None:
        """Average, stablecoin for a coin, before fees."""
        return ratio(self.stable_gross, self.coin_sold, PLACES) if self.coin_sold else None

    @property
    def stable_price(self) -> Decimal | None:
        """Average, fiat for a unit of stablecoin, before fees."""
        return ratio(self.fiat_gross, self.stable_sold, PLACES) if self.stable_sold else None

    @property
    def effective_price(self) -> Decimal | None:
        """Fiat for a coin after all fees, of the part that has become fiat."""
        if not self.stable_sold:
            return None
        if not self.coin_sold:
            return ratio(self.fiat_net, self.stable_sold, PLACES)
        return ratio(self.fiat_net * self.stable_received, self.stable_sold * self.coin_sold, PLACES)


class _Lot:
    """Stablecoin of one origin that lies at a venue."""

    def __init__(self, parent: Asset, origin: Sold | None, units: Decimal) -> None:
        self.parent, self.origin, self.left = parent, origin, units


Taken = tuple[Asset, Sold | None, Decimal]


class _Pool:
    """The stablecoin of one leg, by venue and origin."""

    def __init__(self, asset: Asset, entrusted: Decimal) -> None:
        self._asset, self._entrusted = asset, entrusted
        self._lots: dict[VenueName, deque[_Lot]] = {}
        self._owed: list[tuple[VenueName, int, Decimal]] = []
        """What was sold beyond all that was known to be there: venue, which fill, how much."""
        self.taken: list[list[Taken]] = []

    def bring(self, venue: VenueName, parent: Asset, origin: Sold, units: Decimal) -> None:
        """A sale brought so much; fills that came before their origin was known are served first."""
        lot = _Lot(parent, origin, units)
        self._lots.setdefault(venue, deque()).append(lot)
        owed, self._owed = self._owed, []
        for there, index, lacking in owed:
            left = self._serve(index, there, lacking) if there == venue else lacking
            if left:
                self._owed.append((there, index, left))

    def sell(self, venue: VenueName, units: Decimal) -> None:
        """One fill of the pool."""
        self.taken.append([])
        index = len(self.taken) - 1
        lacking = self._serve(index, venue, units)
        own = min(lacking, self._entrusted)
        self._entrusted = EXACT.subtract(self._entrusted, own)
        self._note(index, self._asset, None, own)
        if lacking > own:
            self._owed.append((venue, index, EXACT.subtract(lacking, own)))

    def settle(self) -> None:
        """At the end of the story: what is still owed came from other venues; whatever else, from the pool itself."""
        for _, index, lacking in self._owed:
            for venue in sorted(self._lots):
                lacking = self._serve(index, venue, lacking)
            self._note(index, self._asset, None, lacking)
        self._owed = []

    def _serve(self, index: int, venue: VenueName, units: Decimal) -> Decimal:
        """Take up to `units` from the lots at a venue, oldest first; what is still lacking."""
        lots = self._lots.get(venue, deque())
        while units > 0 and lots:
            lot = lots[0]
            part = min(lot.left, units)
            lot.left, units = EXACT.subtract(lot.left, part), EXACT.subtract(units, part)
            self._note(index, lot.parent, lot.origin, part)
            if not lot.left:
                lots.popleft()
        return units

    def _note(self, index: int, parent: Asset, origin: Sold | None, units: Decimal) -> None:
        if units > 0:
            self.taken[index].append((parent, origin, units))


def pools(story: Story) -> tuple[LegStory, ...]:
    """The legs that sell a stablecoin."""
    classes = story.opened.terms.classes
    return tuple(leg for leg in story.legs if leg.plan.fed_by or classes.get(leg.plan.sell) is AssetClass.STABLE)


def parts(story: Story, leg: LegStory) -> tuple[Part, ...]:
    """Every fill of a pool by origin, in the order of the journal."""
    pool = _Pool(leg.plan.sell, leg.plan.quantity)
    parents = {feeder.plan.id: feeder.plan.sell for feeder in story.feeders(leg)}
    fills = sorted(leg.fills, key=lambda sold: sold.seq)
    rows = [(sold.seq, 0, sold) for sold in incoming(story, leg)] + [(sold.seq, 1, sold) for sold in fills]
    for _, sells, sold in sorted(rows, key=lambda row: row[:2]):
        if sells:
            pool.sell(sold.fill.venue, sold.fill.quantity)
        else:
            pool.bring(sold.fill.venue, parents[sold.order.leg], sold, brought(sold, leg.plan.sell))
    pool.settle()
    return tuple(part for sold, taken in zip(fills, pool.taken, strict=True) for part in _parts(leg, sold, taken))


def brought(sold: Sold, stable: Asset) -> Decimal:
    """What a sale left of the stablecoin, net of a fee that was taken in it."""
    fee = sold.fill.fee
    return EXACT.subtract(times(sold.fill.quantity, sold.fill.price), fee.units if fee.asset == stable else ZERO)


def _parts(leg: LegStory, sold: Sold, taken: Sequence[Taken]) -> Iterator[Part]:
    fill, weights = sold.fill, [units for _, _, units in taken]
    proceeds = divide(times(fill.quantity, fill.price), weights, leg.plan.buy)
    fees = divide(fill.fee.units, weights, fill.fee.asset)
    for (parent, origin, units), fiat, fee in zip(taken, proceeds, fees, strict=True):
        yield Part(sold=sold, parent=parent, origin=origin, quantity=units, proceeds=fiat, fee=fee)


def divide(whole: Decimal, weights: Sequence[Decimal], asset: Asset) -> list[Decimal]:
    """`whole` in proportion to `weights`, by largest remainder; ties go to the first. The parts add up exactly.

    The step is the asset's smallest unit, or the last digit of `whole` where that is finer.
    """
    known = KNOWN.get(asset)
    return apportion(whole, weights, max(decimals(whole), decimals(known.unit) if known is not None else 0))


def attribute(story: Story) -> tuple[Attributed, ...]:
    """Per pool and parent asset, in the order of the plan; the entrusted stablecoin comes last."""
    return tuple(each for leg in pools(story) for each in _of(story, leg, parts(story, leg)))


def _of(story: Story, leg: LegStory, split: Sequence[Part]) -> Iterator[Attributed]:
    feeders = story.feeders(leg)
    names = list(dict.fromkeys([*(feeder.plan.sell for feeder in feeders), leg.plan.sell]))
    for parent in names:
        sales = [sold for feeder in feeders if feeder.plan.sell == parent for sold in feeder.fills]
        mine = [part for part in split if part.parent == parent]
        own = leg.plan.quantity if parent == leg.plan.sell else ZERO
        if parent == leg.plan.sell and not (own or mine):
            continue
        fees = [(s.fill.fee.asset, s.fill.fee.units) for s in sales]
        late = [(part.sold.fill.fee.asset, part.fee) for part in mine]
        gross = total(part.proceeds for part in mine)
        yield Attributed(
            leg=leg.plan.id,
            parent=parent,
            stable=leg.plan.sell,
            fiat=leg.plan.buy,
            coin_sold=total(s.fill.quantity for s in sales),
            stable_gross=total(times(s.fill.quantity, s.fill.price) for s in sales),
            stable_received=EXACT.add(own, total(brought(s, leg.plan.sell) for s in sales)),
            stable_sold=total(part.quantity for part in mine),
            fiat_gross=gross,
            fees=_summed([*fees, *late]),
            fiat_net=EXACT.subtract(gross, total(units for asset, units in late if asset == leg.plan.buy)),
        )


def _summed(fees: Sequence[tuple[Asset, Decimal]]) -> dict[Asset, Decimal]:
    sums: dict[Asset, Decimal] = {}
    for asset, units in fees:
        if units:
            sums[asset] = EXACT.add(sums.get(asset, ZERO), units)
    return dict(sorted(sums.items()))
