"""One seized parcel, and the accounts among which its units move: each unit of it lies in exactly one of them.

A move takes from one account what it gives to another, so a lot adds up after every move because it did before. Nothing
here asks whether a move is allowed (`judging` does); a move that would overdraw an account is a bug and stops us.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.ids import LotId
from engine.kernel.money import ZERO, Asset, AssetClass, total
from engine.mandate.assets import KNOWN
from engine.mandate.statements import LotEntered, Stage


class Lot(Struct, frozen=True, kw_only=True):
    """A parcel of one asset. `custody + left + granted + sold + unknown + returned` is its quantity, always."""

    lot: LotId
    asset: Asset
    at_entry: Decimal
    quantity: Decimal
    """What is entrusted of it now; `at_entry` until the scope was amended."""
    place: str
    stage: Stage
    documents: tuple[str, ...]
    """SHA-256 of every paper about it, in the order in which they came."""
    released: Decimal = ZERO
    """So much of it may be sold, what was sold included; a return in kind lowers it once nothing else is left."""
    custody: Decimal
    """Never granted to a run, or not yet."""
    left: Decimal = ZERO
    """Granted to a run that has ended, and left unsold by it; the next run is granted it first."""
    granted: Decimal = ZERO
    """Granted to a run that has not ended."""
    sold: Decimal = ZERO
    unknown: Decimal = ZERO
    """Nobody knows yet whether an ended run sold it."""
    returned: Decimal = ZERO

    def __post_init__(self) -> None:
        held = (self.custody, self.left, self.granted, self.sold, self.unknown, self.returned)
        assert min(*held, self.released) >= 0, self
        assert total(held) == self.quantity, self
        assert self.left + self.used <= self.released <= self.quantity - self.returned, self

    @property
    def room(self) -> Decimal:
        """What the next run may be granted of it: nothing unless the stage lets it go."""
        return self.released - self.used if permits(self.stage, self.asset) else ZERO

    @property
    def used(self) -> Decimal:
        """What runs hold of it, or have used up."""
        return self.granted + self.sold + self.unknown

    @property
    def sellable(self) -> Decimal:
        """What all runs together may sell of it: what was released, or, once the stage forbids more, what is used."""
        return self.used + self.room


class Portion(Struct, frozen=True, kw_only=True):
    """What one run has to do with one lot. Summed over lots it is the run, and summed over runs it is the lot."""

    lot: LotId
    asset: Asset
    granted: Decimal
    sold: Decimal = ZERO
    unknown: Decimal = ZERO

    @property
    def used(self) -> Decimal:
        """What does not come back from the run, or may not."""
        return self.sold + self.unknown


def permits(stage: Stage, asset: Asset) -> bool:
    """May anything of such a lot be sold? Before the judgment only volatile coin may: a stablecoin can wait."""
    match stage:
        case Stage.JUDGED:
            return True
        case Stage.EARLY:
            kind = KNOWN.get(asset)
            return kind is not None and kind.klass is AssetClass.VOLATILE
        case Stage.WAITING | Stage.RETURN:
            return False


def entered(fact: LotEntered) -> Lot:
    """The lot as it was handed over."""
    return Lot(
        lot=fact.lot,
        asset=fact.asset,
        at_entry=fact.quantity,
        quantity=fact.quantity,
        place=fact.place,
        stage=fact.stage,
        documents=fact.documents,
        custody=fact.quantity,
    )


def amended(lot: Lot, quantity: Decimal) -> Lot:
    """The entrustment covers so much now: the difference comes into custody, or leaves the case out of it."""
    return replace(lot, quantity=quantity, custody=lot.custody + quantity - lot.quantity)


def given_back(lot: Lot, quantity: Decimal) -> Lot:
    """Returned in kind: out of custody first, then out of what runs left; what was not released goes first."""
    kept = min(quantity, lot.custody)
    returned = lot.returned + quantity
    return replace(
        lot,
        custody=lot.custody - kept,
        left=lot.left - (quantity - kept),
        returned=returned,
        released=min(lot.released, lot.quantity - returned),
    )


def lent(lot: Lot, quantity: Decimal) -> Lot:
    """Granted to a run: first what an earlier run left, since that lies nearest to a venue."""
    again = min(quantity, lot.left)
    return replace(lot, left=lot.left - again, custody=lot.custody - (quantity - again), granted=lot.granted + quantity)


def settled(lot: Lot, portion: Portion) -> Lot:
    """The run that held `portion` of it has ended so."""
    return replace(
        lot,
        granted=lot.granted - portion.granted,
        sold=lot.sold + portion.sold,
        unknown=lot.unknown + portion.unknown,
        left=lot.left + portion.granted - portion.used,
    )


def corrected(lot: Lot, before: Portion, after: Portion) -> Lot:
    """The totals of a run that had ended are known better than before."""
    return replace(
        lot,
        sold=lot.sold + after.sold - before.sold,
        unknown=lot.unknown + after.unknown - before.unknown,
        left=lot.left + before.used - after.used,
    )


def drawn(lots: Iterable[Lot], asset: Asset, wanted: Decimal) -> tuple[Portion, ...]:
    """`wanted` units taken from the lots first entered first, each to the end of its room."""
    portions = []
    for lot in lots:
        taken = min(wanted, lot.room) if lot.asset == asset else ZERO
        if taken:
            portions.append(Portion(lot=lot.lot, asset=asset, granted=taken))
            wanted -= taken
    return tuple(portions)


def spread(portions: Iterable[Portion], sold: Decimal, unknown: Decimal) -> tuple[Portion, ...]:
    """A run's sales, attributed to its lots first entered first, to the unit; then what is unknown, likewise."""
    result = []
    for portion in portions:
        mine = min(sold, portion.granted)
        perhaps = min(unknown, portion.granted - mine)
        result.append(replace(portion, sold=mine, unknown=perhaps))
        sold, unknown = sold - mine, unknown - perhaps
    return tuple(result)
