"""A run that lasts days, day by day: what each local day was to sell and sold, and how things stood when it was over.

A day knows the rows that were written before its end, and no later one; so what is said of it in the evening is what
can be said of it for ever. A fill belongs to the day on which the journal learned of it: days add up to the run.
"""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.evidence.benchmarks import FillEvidence
from engine.evidence.benchmarks import others as others_tape
from engine.evidence.books import others, sales
from engine.evidence.covering import Lowest, covers, lowest
from engine.evidence.daylegs import DayLeg, Span, Stretches, day_leg, open_hours, planned, quota
from engine.evidence.stock import Stock, stocks
from engine.evidence.story import Moment, Refusal, Story, Word
from engine.kernel import clock
from engine.kernel.clock import DAY, Instant
from engine.kernel.ids import LegId, VenueName
from engine.ledger import accounts
from engine.ledger.balances import Balances
from engine.mandate.hours import day, day_ends, opening
from engine.mandate.programme import Programme
from engine.reconcile import compare
from engine.reconcile.compare import Difference


class Compared(Struct, frozen=True, kw_only=True):
    """One account against our books, as it was last read before the day's end."""

    venue: VenueName
    read_at: Instant | None
    differences: tuple[Difference, ...]


class Tomorrow(Struct, frozen=True, kw_only=True):
    """The next local day with open hours, and what it may sell, as things stand."""

    name: str
    hours: Stretches
    bank: Stretches | None
    quotas: tuple[tuple[LegId, Decimal | None, Decimal | None], ...]
    """Per leg that is fed by none: quota, and what the schedule gives the day."""


class DayStory(Struct, frozen=True, kw_only=True):
    """One local day of a run."""

    span: Span
    offset: clock.Span
    """Local time less UTC."""
    hours: Stretches
    """When volatile assets could be sold."""
    bank: Stretches | None
    """When stablecoin could become fiat; `None` is always."""
    legs: tuple[DayLeg, ...]
    stocks: tuple[Stock, ...]
    """Stablecoin that is left in the evening."""
    compared: tuple[Compared, ...]
    cover: Lowest | None
    happened: tuple[Moment, ...]
    words: tuple[Word, ...]
    withheld: tuple[Refusal, ...]
    unknown: int
    """Orders without an answer from their venue on this day."""
    tomorrow: Tomorrow | None


def spans(story: Story, now: Instant | None = None) -> tuple[Span, ...]:
    """Every local day from the start of the run to its last row, or to `now`; none for a run without a programme."""
    programme, found, begins = story.opened.plan.programme, list[Span](), story.opened.at
    last = max(story.last_at, now or story.last_at) if story.closed is None else story.last_at
    while programme is not None:
        ends = day_ends(programme.hours, begins)
        over = last >= ends or story.closed is not None
        found.append(Span(name=day(programme.hours, begins), begins=begins, ends=ends, over=over))
        if last < ends:
            break
        begins = ends
    return tuple(found)


def days(
    story: Story, evidence: Sequence[FillEvidence], *, now: Instant | None = None, only: Collection[str] | None = None
) -> Iterator[DayStory]:
    """The days of a run, or those of these names. `evidence` is that of all fills."""
    programme = story.opened.plan.programme
    if programme is None:
        return
    told = _Days(story, programme, evidence)
    for span in spans(story, now):
        if only is None or span.name in only:
            yield told.day(span)


class _Days:
    """What all days of a story share."""

    def __init__(self, story: Story, programme: Programme, evidence: Sequence[FillEvidence]) -> None:
        self._story, self._programme, self._evidence = story, programme, evidence
        self._covers = covers(story)
        self._sales, self._moves = tuple(sales(story)), others(story)
        self._tapes = {leg.plan.id: others_tape(story, leg) for leg in story.legs}

    def day(self, span: Span) -> DayStory:
        """One of them."""
        story, programme = self._story, self._programme
        withheld = (r for leg in story.legs for r in leg.withheld if span.holds(r.at))
        happened = tuple(m for m in story.timeline if span.holds(m.at))
        return DayStory(
            span=span,
            offset=programme.hours.offset,
            hours=open_hours(programme.hours, span.begins, span.ends),
            bank=_bank(programme, span.begins, span.ends),
            legs=tuple(day_leg(story, g, self._tapes[g.plan.id], self._evidence, span) for g in story.legs),
            stocks=stocks(story, self._sales, self._moves, span.ends),
            compared=tuple(self._compared(venue, span) for venue in sorted(story.opened.balances)),
            cover=self._cover(span),
            happened=happened,
            words=tuple(word for word in story.words if span.holds(word.said.at)),
            withheld=tuple(sorted(withheld, key=lambda r: r.at)),
            unknown=sum(moment.what == "no answer" for moment in happened),
            tomorrow=self._tomorrow(span),
        )

    def _compared(self, venue: VenueName, span: Span) -> Compared:
        """As it was last read, and without what was explained since."""
        reads = [a for a in self._story.accounts if a.venue == venue and a.at < span.ends]
        if not reads:
            return Compared(venue=venue, read_at=None, differences=())
        last, books = reads[-1], Balances()
        for each in self._sales:
            if each.seq <= last.seq:
                books.post(each.entry)
        for each in self._moves:  # a tranche is booked by the very reading that shows it
            if each.at < span.ends or not each.seq:
                books.post(each.entry)
        ours = books.assets(accounts.venue(venue))
        return Compared(venue=venue, read_at=last.at, differences=compare.balances(ours, last.balances))

    def _cover(self, span: Span) -> Lowest | None:
        rule = self._story.opened.limits.deposit
        if rule is None:
            return None
        seen = tuple(c for c in self._covers if span.holds(c.at))
        return lowest(seen, rule.ratio)

    def _tomorrow(self, span: Span) -> Tomorrow | None:
        programme, closed = self._programme, self._story.closed
        opens = opening(programme.hours, span.ends)
        deadline = self._story.opened.plan.ends(self._story.opened.at)
        if opens is None or opens >= deadline or (closed is not None and closed.at < span.ends):
            return None
        ends, midnight = day_ends(programme.hours, opens), Instant(day_ends(programme.hours, opens) - DAY)
        legs = [leg for leg in self._story.legs if not leg.plan.fed_by]
        return Tomorrow(
            name=day(programme.hours, opens),
            hours=open_hours(programme.hours, midnight, min(ends, deadline)),
            bank=_bank(programme, midnight, min(ends, deadline)),
            quotas=tuple((g.plan.id, quota(self._story, g, opens, span.ends), planned(g, opens, ends)) for g in legs),
        )


def _bank(programme: Programme, begins: Instant, ends: Instant) -> Stretches | None:
    return open_hours(programme.bank, begins, ends) if programme.bank is not None else None
