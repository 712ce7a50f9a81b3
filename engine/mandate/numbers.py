"""Where every unit of a case is. The numbers of an asset add up to what was entrusted of it, or there are none.

The book knows what runs were granted and how they ended; of a run that goes on, the register of runs knows what it has
done so far, and passes that in as plain values.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from engine.kernel.errors import Damaged
from engine.kernel.ids import RunId
from engine.kernel.money import ZERO, Asset, plain, total, trimmed
from engine.mandate import allotting
from engine.mandate.case import Case, amounts, open_runs, surplus


class Use(Struct, frozen=True, kw_only=True):
    """What one run has done with one asset so far, as the register of runs has it."""

    run: RunId
    asset: Asset
    granted: Decimal
    sold: Decimal = ZERO
    working: Decimal = ZERO
    unknown: Decimal = ZERO
    in_transit: Decimal = ZERO
    """On its way from the custodian to a venue."""
    at_venue: Decimal | None = None
    """Idle at venues; `None` where no custodian is asked for tranches, and all that was granted lies there."""

    @property
    def idle(self) -> Decimal:
        """What of the grant lies at venues in no order."""
        return self.granted - self._moved if self.at_venue is None else self.at_venue

    @property
    def kept(self) -> Decimal:
        """What of the grant is still in custody."""
        return self.granted - self._moved - self.idle

    @property
    def _moved(self) -> Decimal:
        return self.sold + self.working + self.unknown + self.in_transit


class Numbers(Struct, frozen=True, kw_only=True):
    """One asset of a case. The eight places add up to `entrusted`, and none is negative: `ValueError` otherwise."""

    entrusted: Decimal
    """The quantity of its lots, as the scope stands now."""
    in_custody: Decimal
    """With the custodian: never granted to a run, or granted and not yet sent for."""
    in_transit: Decimal
    """Sent by the custodian for a run that goes on, and not yet on the venue's books."""
    at_venue: Decimal
    """At venues for a run that goes on, idle: in no order."""
    working: Decimal
    """In orders of a run that goes on."""
    unknown: Decimal
    """In orders of which nobody knows yet whether they sold it, of runs that go on and of runs that have ended."""
    sold: Decimal
    """Sold, by runs that go on and by runs that have ended."""
    returned: Decimal
    """Given back in kind."""
    residue: Decimal
    """Granted to runs that have ended and left unsold by them; it waits for the next run, or to be returned."""
    released: Decimal
    """What may be sold by what people said, sold units included. It is a permission and no place: not in the sum."""
    sellable: Decimal
    """`released` where the legal stage lets it go; what runs are granted in all. Not in the sum either."""

    def __post_init__(self) -> None:
        if total(self.places.values()) != self.entrusted or min(*self.places.values(), self.released) < 0:
            raise ValueError(f"these do not add up to {plain(self.entrusted)}: {self.sum}")

    @property
    def places(self) -> dict[str, Decimal]:
        """The terms of the sum by their names, in the order in which coin goes through them."""
        names = ("in_custody", "in_transit", "at_venue", "working", "unknown", "sold", "returned", "residue")
        return {name: getattr(self, name) for name in names}

    @property
    def sum(self) -> str:
        """`1 in custody + 0 in transit + …`: every place, zeros too, so that it can be checked by eye."""
        return " + ".join(f"{trimmed(units)} {name.replace('_', ' ')}" for name, units in self.places.items())


def numbers(case: Case, uses: Iterable[Use] = ()) -> dict[Asset, Numbers]:
    """The numbers of every asset of the case.

    From the book: `entrusted`, `returned`, `released`, `residue`, and what ended runs sold or left unknown. From
    `uses`: where the grants of runs that go on are; a run without one is taken to hold its whole grant, idle, at a
    venue. What is said of runs that have ended, or that the book does not have, is left out: see `doubts`.

    `Damaged` when a run is said to have used more than it was granted: no table is better than one that lies.
    """
    going_on = {run.run for run in open_runs(case)}
    mine: dict[Asset, list[Use]] = {asset: [] for asset in case.assets}
    for use in uses:
        if use.run in going_on and use.asset in mine:
            _held_against_the_book(case, use)
            mine[use.asset].append(use)
    return {asset: _of(case, asset, used) for asset, used in mine.items()}


def _of(case: Case, asset: Asset, uses: list[Use]) -> Numbers:
    lots = case.of(asset)
    accounted = total(use.granted for use in uses)
    return Numbers(
        entrusted=total(lot.quantity for lot in lots),
        in_custody=total([*(lot.custody for lot in lots), *(use.kept for use in uses)]),
        in_transit=total(use.in_transit for use in uses),
        at_venue=total([*(lot.granted for lot in lots), -accounted, *(use.idle for use in uses)]),
        working=total(use.working for use in uses),
        unknown=total([*(lot.unknown for lot in lots), *(use.unknown for use in uses)]),
        sold=total([*(lot.sold for lot in lots), *(use.sold for use in uses)]),
        returned=total(lot.returned for lot in lots),
        residue=total(lot.left for lot in lots),
        released=total(lot.released for lot in lots),
        sellable=total(lot.sellable for lot in lots),
    )


def _held_against_the_book(case: Case, use: Use) -> None:
    granted = _granted(case, use.run, use.asset)
    if use.granted != granted:
        raise Damaged(
            f"run {use.run} was granted {plain(granted)} {use.asset} by the case's book, and {plain(use.granted)} by "
            "the register of runs"
        )
    if min(use.kept, use.idle, use.sold, use.working, use.unknown, use.in_transit) < 0:
        raise Damaged(
            f"run {use.run} is said to have sold {plain(use.sold)} {use.asset}, {plain(use.working)} working, "
            f"{plain(use.unknown)} unknown, {plain(use.in_transit)} in transit, and was granted {plain(granted)}"
        )


def _granted(case: Case, run: RunId, asset: Asset) -> Decimal:
    return total(portion.granted for portion in case.runs[run].portions if portion.asset == asset)


def doubts(case: Case, uses: Iterable[Use] = ()) -> list[str]:
    """What does not fit together, in sentences for people; the numbers add up all the same."""
    said = [
        f"row {void.seq} of the book ({void.what}) can't be, and counts for nothing: {void.why}" for void in case.void
    ]
    for use in uses:
        run = case.runs.get(use.run)
        if run is None:
            if use.sold + use.working + use.unknown:
                said.append(f"run {use.run} is on the register of runs and not in the book: {_told(use)}")
        elif run.status is not None:
            ended = [portion for portion in run.portions if portion.asset == use.asset]
            sold, unknown = total(p.sold for p in ended), total(p.unknown for p in ended)
            if (sold, unknown) != (use.sold, use.unknown + use.working):
                said.append(
                    f"run {use.run} sold {plain(sold)} {use.asset} by the book, {plain(unknown)} unknown; by the "
                    f"register of runs it is {_told(use)}"
                )
    over = surplus(case)
    if over:
        said.append(f"{amounts(over)} more reached the authority than the runs that have ended brought")
    return said + allotting.doubts(case)


def _told(use: Use) -> str:
    return f"{plain(use.sold)} {use.asset} sold, {plain(use.working)} working, {plain(use.unknown)} unknown"
