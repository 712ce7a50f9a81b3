"""How far the deposit covered what was out of custody, at every decision: counted from the story alone.

The rule and its arithmetic are the mandate's; what is exposed and what it was worth is counted here a second time,
apart from the engine that acted on it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from engine.evidence.books import booked
from engine.evidence.story import Seen, Story
from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import EXACT, ZERO, Asset, AssetClass, times, total
from engine.ledger import accounts
from engine.ledger.posting import Entry
from engine.mandate.deposit import Cover, Covered, DepositRule, Unpriced, cover
from engine.mandate.standing import CaseStanding
from engine.market.reference import fresh


class CoverSeen(Struct, frozen=True):
    """How the deposit stood when a decision was due."""

    at: Instant
    cover: Cover


class Lowest(Struct, frozen=True, kw_only=True):
    """The lowest cover of some time, and how often it could not be told or did not reach the ratio."""

    at: Instant
    lowest: Covered
    last: Cover
    below: int
    """Decisions at which it did not reach the ratio."""
    unpriced: int
    """Decisions at which the worth of something was not known."""
    decisions: int


def covers(story: Story) -> tuple[CoverSeen, ...]:
    """Cover at every decision, in order; empty where no deposit is asked for."""
    rule = story.opened.limits.deposit
    return tuple(_counted(story, rule)) if rule is not None else ()


def lowest(seen: tuple[CoverSeen, ...], ratio: Decimal) -> Lowest | None:
    """The lowest of these; `None` where cover was never a number."""
    told = [(each.at, each.cover) for each in seen if isinstance(each.cover, Covered)]
    if not told:
        return None
    at, least = min(told, key=lambda each: (each[1].ratio, each[0]))
    return Lowest(
        at=at,
        lowest=least,
        last=seen[-1].cover,
        below=sum(not there.reaches(ratio) for _, there in told),
        unpriced=sum(isinstance(each.cover, Unpriced) for each in seen),
        decisions=len(seen),
    )


class _Exposure:
    """Units out of custody, per asset, as entries come in; fiat counts from the sale on until somebody has it."""

    def __init__(self, story: Story) -> None:
        self._classes = story.opened.terms.classes
        self._units: dict[Asset, Decimal] = {}
        self._brought: dict[Asset, Decimal] = {}
        self._outside = {accounts.TRANSIT, *(accounts.venue(name) for name in story.opened.balances)}

    def post(self, entry: Entry) -> None:
        for line in entry.postings:
            fiat = self._classes.get(line.asset) is AssetClass.FIAT
            if fiat and (line.account == accounts.MARKET or line.account.startswith("Expenses:")):
                self._brought[line.asset] = EXACT.subtract(self._brought.get(line.asset, ZERO), line.units)
            elif not fiat and line.account in self._outside:
                self._units[line.asset] = EXACT.add(self._units.get(line.asset, ZERO), line.units)

    def units(self, case: CaseStanding) -> dict[Asset, Decimal]:
        """What is exposed now, of this run and of the fiat of those before it."""
        units = {asset: self._units.get(asset, ZERO) for asset in self._classes}
        for asset, kind in self._classes.items():
            if kind is AssetClass.FIAT:
                brought = total((case.proceeds_before.get(asset, ZERO), self._brought.get(asset, ZERO)))
                units[asset] = max(ZERO, EXACT.subtract(brought, case.received.get(asset, ZERO)))
        return units


def _counted(story: Story, rule: DepositRule) -> Iterator[CoverSeen]:
    exposure, case = _Exposure(story), story.opened.standing
    rows: list[tuple[int, int, Entry | CaseStanding | list[Seen]]] = []
    rows += [(each.seq, 0, each.entry) for each in booked(story)]
    rows += [(turn.seq, 0, turn.changed.standing) for turn in story.case]
    decisions: dict[int, list[Seen]] = {}
    for leg in story.legs:
        for seen in leg.seen:
            decisions.setdefault(seen.seq, []).append(seen)
    rows += [(seq, 1, together) for seq, together in decisions.items()]
    views: dict[tuple[VenueName, Symbol], Seen] = {}
    for _, _, row in sorted(rows, key=lambda row: row[:2]):
        if isinstance(row, Entry):
            exposure.post(row)
        elif isinstance(row, CaseStanding):
            case = row
        else:
            views.update({(seen.view.venue, seen.view.symbol): seen for seen in row})
            prices = _prices(story, views, row[0].at)
            yield CoverSeen(row[0].at, cover(case.deposit, rule, exposure.units(case), prices))


def _prices(story: Story, views: Mapping[tuple[VenueName, Symbol], Seen], at: Instant) -> dict[Asset, Decimal]:
    """By the best fresh mid of each pair, in the settlement currency; what has none is missing."""
    worth: dict[Asset, Decimal] = {story.opened.terms.settlement: Decimal(1)}
    for leg in reversed(story.legs):  # legs that are fed stand behind those that feed them
        onward, mids = worth.get(leg.plan.buy), []
        for pair in leg.plan.pairs:
            seen = views.get(pair)
            view = fresh(seen.view, at, story.opened.limits.reference) if seen is not None else None
            if view is not None and view.mid is not None:
                mids.append(view.mid)
        if onward is not None and mids:
            worth[leg.plan.sell] = times(max(mids), onward)
    return worth
