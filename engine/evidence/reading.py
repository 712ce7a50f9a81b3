"""Reading a journal row by row into its story.

This fold stands beside the core's and was written apart from it: it shares value types and nothing else, so that a
mistake in one shows as a difference between the two. It does not check the chain of hashes; whoever hands it the rows
does that.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import assert_never

from msgspec.structs import replace

from engine.events import (
    Agreed,
    Approval,
    CaseChanged,
    Closed,
    Entry,
    FloorSet,
    Instructed,
    Opened,
    Restarted,
    TapeSealed,
)
from engine.evidence import guards
from engine.evidence.annals import Annals
from engine.evidence.bids import Bidding, Bids
from engine.evidence.falls import reference_of
from engine.evidence.floors import FloorNotes
from engine.evidence.footprint import shares_of
from engine.evidence.story import Attempt, FillKey, LegStory, Moment, Refusal, Seen, Sold, Story, Targets, Way
from engine.evidence.watched import Watching
from engine.journal.record import Record
from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName, parse_client_order_id
from engine.kernel.money import EXACT
from engine.market.facts import Print
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import Check, ChildOrder, floor_of
from engine.orders.quotes import execution, price_step
from engine.orders.reports import (
    Deal,
    Dealt,
    Done,
    Fill,
    Found,
    NoDeal,
    NotFound,
    NoWord,
    OrderReport,
    Outcome,
    Unknown,
)
from engine.orders.tranche import NoTidings, Requested
from engine.planning.plan import LegPlan


def tell(
    entries: Iterable[tuple[Record, Entry]], prints: Iterable[Print] = (), targets: Targets | None = None
) -> Story:
    """The story of a journal; `Damaged` when its first row is not the one that opens a run."""
    reading = Reading()
    for record, entry in entries:
        reading.take(record, entry)
    return reading.story(sorted(prints, key=lambda p: p.at), targets or {})


def _attempt(record: Record, order: ChildOrder, checks: Sequence[Check]) -> Attempt:
    """An order as it was sent, with what the gate saw."""
    name = parse_client_order_id(order.client_id)
    epoch, ref = name.epoch if name else 0, reference_of(checks)
    return Attempt(order, epoch, record.at, floor=floor_of(checks), shares=shares_of(checks), reference=ref)


class Reading:
    """What has been gathered up to the row that is read; for those who follow a run as it goes."""

    def __init__(self) -> None:
        self.opened: Opened | None = None
        self.approval: Agreed | Approval | None = None
        self.closed: Closed | None = None
        self.seals: list[TapeSealed] = []
        self.timeline: list[Moment] = []
        self.views: dict[tuple[VenueName, Symbol], list[Seen]] = {}
        self.attempts: dict[ClientOrderId, Attempt] = {}
        self.fills: dict[FillKey, tuple[Fill, Way, int, Instant]] = {}
        self.fresh: list[FillKey] = []
        """The fills of the last row read."""
        self.withheld: list[Refusal] = []
        self.residues: dict[LegId, tuple[Instant, str]] = {}
        self.contradictions: list[str] = []
        self.annals = Annals()
        self.bids = Bids()
        self.floors = FloorNotes()
        self.watching = Watching()
        self.duplicates = self.rows = 0
        self.now = Instant(0)
        self.head = ""

    def take(self, record: Record, entry: Entry) -> None:
        """Read one row."""
        if self.opened is None and not isinstance(entry, Opened):
            raise Damaged(f"row {record.seq} is {record.kind}, and no row before it opened the run")
        self.rows, self.head, self.fresh, self.now = self.rows + 1, record.hash, [], record.at
        self._take(record, entry)
        self.annals.take(record, entry, self.attempts, [self.fills[key][0] for key in self.fresh])
        self.watching.take(entry)

    def _take(self, record: Record, entry: Entry) -> None:
        match entry:
            case e.Due() | e.Reported() | e.Filled() | e.LookedUp() | e.Surveyed() | e.Placed() | e.Cancelled():
                self._event(record, entry)
            case (
                e.StreamChanged()
                | e.ModeChanged()
                | e.Asked()
                | Opened()
                | Agreed()
                | Approval()
                | Instructed()
                | CaseChanged()
                | Restarted()
                | TapeSealed()
                | Closed()
            ):
                self._life(entry)
            case c.Place(approved, reason):
                sent = _attempt(record, approved.order, approved.checks)
                self.attempts[approved.order.client_id] = replace(sent, routed=reason)
            case c.Withheld():
                self.withheld.append(Refusal(record.at, entry))
                self.bids.withheld(entry)
            case c.Residue(leg, reason):
                self.residues[leg] = (record.at, reason)
            case c.Halt(reason):
                self._note(record.at, "halted", reason)
            case c.Unheeded(paper, denied):
                self._note(record.at, "not done", f"paper {paper[:12]}: {'; '.join(map(str, denied))}")
            case e.TrancheSeen(at, tranche, seen):
                if not isinstance(seen, Requested | NoTidings):
                    self._note(at, f"tranche {str(type(seen).__struct_config__.tag).replace('_', ' ')}", tranche)
            case e.TrancheAsked() | c.LookTranche():
                pass  # the custodian's own word is in the rows after
            case c.AskTranche(wanted):
                what = f"{wanted.quantity} {wanted.asset} for {wanted.venue}, {wanted.id}"
                self._note(record.at, "asked of custody", what)
            case c.Landed(arrived):
                what = f"{arrived.quantity} {arrived.asset} at {arrived.venue}, {arrived.id}"
                self._note(record.at, "tranche at the venue", what)
            case c.Book():
                self._booked(record, entry)
            case c.PegLevel():
                self._note(record.at, *guards.peg(entry))
            case c.MarketPause():
                self._note(record.at, *guards.pause(entry))
            case c.ConditionTurn():
                self._note(record.at, *guards.condition(entry))
            case FloorSet() | c.FloorBlocked() | c.FloorCleared():
                self._note(*self.floors.take(entry))
            case c.AskQuote() | c.AcceptQuote() | c.LookDeal() | e.QuoteCame() | e.AcceptanceCame() | e.DealSeen():
                self._bid(record, entry)
            case c.Cancel(client_id=name):
                if (known := self.attempts.get(name)) is not None and known.cancel_at is None:
                    self.attempts[name] = replace(known, cancel_at=record.at)
            case c.Lookup() | c.Survey() | c.WakeAt() | c.Finish():
                pass  # how the core went about it; what came of it is in the rows after
            case _ as never:
                assert_never(never)

    def _event(
        self,
        record: Record,
        event: e.Due | e.Reported | e.Filled | e.LookedUp | e.Surveyed | e.Placed | e.Cancelled,
    ) -> None:
        match event:
            case e.Due(at, views):
                for view in views:
                    self.views.setdefault((view.venue, view.symbol), []).append(Seen(record.seq, at, view))
            case e.Placed(at, client_id, outcome):
                self._change(client_id, outcome=outcome)
                if isinstance(outcome, Unknown):
                    self._note(at, "no answer", f"whether {client_id} exists was not known: {outcome.reason}")
                elif isinstance(outcome, Done) and outcome.report is not None:
                    self._report(outcome.report)
            case e.Cancelled(at, client_id, outcome):
                if isinstance(outcome, Unknown):
                    self._note(at, "no answer", f"to the cancel of {client_id}: {outcome.reason}")
            case e.Reported(report=report):
                self._report(report)
            case e.Filled(fill=fill):
                self._fill(record, fill, Way.STREAM)
            case e.LookedUp(at, client_id, answer):
                self._answer(record, at, client_id, answer)
            case e.Surveyed(at, venue, None, reason):
                self._note(at, "survey failed", f"{venue}: {reason}")
            case e.Surveyed(survey=survey):
                assert survey is not None, "the case above has taken the failed ones"
                for report in survey.open_orders:
                    self._report(report)
                for fill in survey.fills:
                    self._fill(record, fill, Way.SURVEY)
            case _ as never:
                assert_never(never)

    def _life(
        self,
        entry: e.StreamChanged
        | e.ModeChanged
        | e.Asked
        | Opened
        | Agreed
        | Approval
        | Instructed
        | CaseChanged
        | Restarted
        | TapeSealed
        | Closed,
    ) -> None:
        match entry:
            case Opened():
                if self.opened is not None:
                    raise Damaged(f"row {self.rows} opens the run a second time")
                self.opened = entry
                self._note(entry.at, "opened", f"by code {entry.code}")
            case Approval(at, digest):
                self.approval = entry
                self._note(at, "approval waived", f"in the sandbox, for the plan {digest}")
            case Agreed():
                self.approval = entry
                people = f"{', '.join(entry.agreed)} agreed to what {entry.by} asked"
                self._note(
                    entry.at, "approved", f"{people}: paper {entry.paper_sha256[:12]}, plan {entry.plan_sha256[:12]}"
                )
            case Instructed():
                kind, people = entry.instruction.__struct_config__.tag, " and ".join((entry.by, *entry.agreed))
                self._note(entry.at, f"asked to {str(kind).replace('_', ' ')}", f"by {people}: {entry.reason}")
            case CaseChanged(at, standing):
                stopped = (standing.held and f"held: {standing.held}") or standing.suspended
                self._note(at, "case changed", stopped or f"row {standing.book_seq} of its book")
            case Restarted(at, epoch, code):
                self._note(at, "restarted", f"start number {epoch}, by code {code}")
            case TapeSealed():
                self.seals.append(entry)
            case Closed(at, status):
                self.closed = entry
                self._note(at, "closed", status)
            case e.StreamChanged(at, venue, up, reason):
                self._note(at, "stream back" if up else "stream lost", f"{venue} {reason}".strip())
            case e.ModeChanged(at, venue, mode, reason):
                self._note(at, f"venue {mode.value}", f"{venue} {reason}".strip())
            case e.Asked(at, wish, by):
                self._note(at, f"{wish.value} asked", f"by {by}")
            case _ as never:
                assert_never(never)

    def _bid(self, record: Record, entry: Bidding) -> None:
        """A quote that is taken is an order like others, and its deal is the one execution."""
        if (told := self.bids.take(record.at, entry)) is not None:
            self._note(record.at, *told)
        if isinstance(entry, c.AcceptQuote):
            order = entry.approved.order
            self.attempts[order.client_id] = _attempt(record, order, entry.approved.checks)
        elif isinstance(entry, e.AcceptanceCame):
            outcome = Done() if isinstance(entry.outcome, Dealt) else entry.outcome
            self._change(entry.client_id, outcome=outcome)
            if isinstance(entry.outcome, Dealt):
                self._dealt(record, entry.client_id, entry.outcome.deal, Way.ANSWER)
        elif isinstance(entry, e.DealSeen):
            if isinstance(entry.answer, Dealt):
                self._dealt(record, entry.client_id, entry.answer.deal, Way.LOOKUP)
            elif isinstance(entry.answer, NoDeal) and (known := self.attempts.get(entry.client_id)) is not None:
                self.attempts[entry.client_id] = replace(known, rounds=known.rounds + 1)

    def _dealt(self, record: Record, name: ClientOrderId, deal: Deal, way: Way) -> None:
        assert self.opened is not None, "no row before the one that opens a run is read"
        if (known := self.attempts.get(name)) is None:
            return
        instrument = self.opened.plan.leg(known.order.leg).at(known.order.venue)
        self._fill(record, execution(deal, known.order, price_step(instrument)), way)

    def _booked(self, record: Record, entry: c.Book) -> None:
        """A lost fill of ours, or a deal that was struck by voice."""
        name = entry.order.client_id
        if name not in self.attempts:
            self.attempts[name] = replace(_attempt(record, entry.order, entry.checks), outcome=Done())
        what = f"{entry.fill.quantity} {entry.order.sell} at {entry.fill.price} {entry.order.buy} on {entry.fill.venue}"
        self._note(record.at, "booked by paper", f"{what}, {entry.fill.trade_id}: paper {entry.paper_sha256[:12]}")
        self._fill(record, entry.fill, Way.PAPER)

    def _note(self, at: Instant, what: str, detail: str) -> None:
        self.timeline.append(Moment(at, what, detail))

    def _change(self, client_id: ClientOrderId, *, outcome: Outcome) -> None:
        if (known := self.attempts.get(client_id)) is not None:
            self.attempts[client_id] = replace(known, outcome=outcome)

    def _report(self, report: OrderReport) -> None:
        """Keep the latest state: reports come twice and late, but an ended order stays ended and fills only grow."""
        if (known := self.attempts.get(report.client_id)) is None:
            return
        last = known.report
        if last is None or (report.status.ended, report.filled) >= (last.status.ended, last.filled):
            over = known.over_at if known.over_at is not None or not report.status.ended else self.now
            self.attempts[report.client_id] = replace(known, report=report, over_at=over)

    def _answer(self, record: Record, at: Instant, client_id: ClientOrderId, answer: Found | NotFound | NoWord) -> None:
        match answer:
            case Found(report, fills):
                self._note(at, "found", f"{client_id} is {report.status.value} with {report.filled} sold")
                self._report(report)
                for fill in fills:
                    self._fill(record, fill, Way.LOOKUP)
            case NotFound():
                self._note(at, "not found", f"the venue shows no trace of {client_id}")
                if (known := self.attempts.get(client_id)) is not None:
                    self.attempts[client_id] = replace(known, rounds=known.rounds + 1)
            case NoWord(reason):
                self._note(at, "look-up failed", f"{client_id}: {reason}")
            case _ as never:
                assert_never(never)

    def _fill(self, record: Record, fill: Fill, way: Way) -> None:
        key = (fill.venue, fill.symbol, fill.venue_order_id, fill.trade_id)
        if key not in self.fills:
            self.fills[key] = (fill, way, record.seq, record.at)
            self.fresh.append(key)
            if (known := self.attempts.get(fill.client_id)) is not None:
                filled = EXACT.add(known.filled, fill.quantity)
                over = self.now if known.over_at is None and filled >= known.order.quantity else known.over_at
                self.attempts[fill.client_id] = replace(known, filled=filled, over_at=over)
            return
        self.duplicates += 1
        first = self.fills[key][0]
        if (first.quantity, first.price, first.fee) != (fill.quantity, fill.price, fill.fee):
            self.contradictions.append(f"row {record.seq} tells trade {fill.trade_id} differently from the row before")

    def story(self, prints: Sequence[Print], targets: Targets) -> Story:
        """All that was read, by leg."""
        if self.opened is None:
            raise Damaged("the journal is empty")
        strangers: list[Fill] = []
        sold: dict[LegId, list[Sold]] = {}
        for fill, way, seq, at in self.fills.values():
            if (attempt := self.attempts.get(fill.client_id)) is None:
                strangers.append(fill)
            else:
                sold.setdefault(attempt.order.leg, []).append(Sold(fill, attempt.order, way, seq, at, attempt.floor))
        return Story(
            opened=self.opened,
            approval=self.approval,
            legs=tuple(
                self._leg(plan, sold.get(plan.id, []), prints, targets.get(plan.id, ()))
                for plan in self.opened.plan.legs
            ),
            timeline=tuple(self.timeline),
            seals=tuple(self.seals),
            closed=self.closed,
            duplicates=self.duplicates,
            strangers=tuple(strangers),
            contradictions=tuple(self.contradictions),
            words=tuple(self.annals.words),
            case=tuple(self.annals.case),
            accounts=tuple(self.annals.accounts),
            shipments=tuple(self.annals.shipments),
            recoveries=self.annals.recoveries(),
            floors=tuple(self.floors.sets),
            stretches=tuple(self.floors.stretches),
            last_at=self.annals.last_at,
            rows=self.rows,
            head=self.head,
        )

    def _leg(
        self, plan: LegPlan, fills: list[Sold], prints: Sequence[Print], targets: Sequence[tuple[Instant, Decimal]]
    ) -> LegStory:
        ended_at, reason = self.residues.get(plan.id, (None, ""))
        return LegStory(
            plan=plan,
            seen=tuple(sorted((s for pair in plan.pairs for s in self.views.get(pair, ())), key=lambda s: s.seq)),
            attempts=tuple(a for a in self.attempts.values() if a.order.leg == plan.id),
            fills=tuple(sorted(fills, key=lambda s: (s.fill.at, s.seq))),
            withheld=tuple(r for r in self.withheld if r.withheld.order.leg == plan.id),
            quotes=self.bids.of(plan.id),
            residue_reason=reason,
            ended_at=ended_at,
            targets=tuple(targets),
            prints=tuple(p for p in prints if (p.venue, p.symbol) in plan.pairs),
            watched=() if plan.fed_by else self.watching.of(plan.sell),
        )
