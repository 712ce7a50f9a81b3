"""What a story keeps beside orders and fills: the words of people, the case, the accounts as read, and each restart."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from engine.events import CaseChanged, Closed, Entry, Instructed, Opened, Restarted
from engine.evidence.story import Account, Attempt, CaseTurn, Left, Moment, Recovery, Shipped, Word
from engine.journal.record import Record
from engine.kernel.clock import Instant
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, VenueName
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Fill, Found, NotFound, NoWord, Refused, Transient
from engine.orders.tranche import Confirmed, Sent, Tranche, TrancheId

Attempts = Mapping[ClientOrderId, Attempt]


class Annals:
    """Fed every row, after the reading of orders and fills has taken it."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.case: list[CaseTurn] = []
        self.accounts: list[Account] = []
        self.shipments: list[Shipped] = []
        self.last_at = Instant(0)
        self._tranches: dict[TrancheId, Tranche] = {}
        self._left: set[TrancheId] = set()
        self._recovered: list[Recovery] = []
        self._recovering: _Recovering | None = None
        self._doubtful: set[ClientOrderId] = set()
        """Orders for which a look-up is under way, or was when the process ended."""
        self._venues: frozenset[VenueName] = frozenset()

    def take(self, record: Record, entry: Entry, attempts: Attempts, fresh: Sequence[Fill]) -> None:
        """One row, with the orders as they stand after it and the fills that it brought."""
        match entry:
            case Opened():
                self._venues = frozenset(entry.balances)
            case Instructed():
                self.words.append(Word(seq=record.seq, said=entry))
            case c.Unheeded(paper, denied):
                self._deny(paper, denied)
            case CaseChanged():
                self.case.append(CaseTurn(record.seq, entry))
            case e.Surveyed(at, venue, survey) if survey is not None:
                self.accounts.append(Account(record.seq, at, venue, survey.balances))
            case c.AskTranche(tranche):
                self._tranches[tranche.id] = tranche
            case e.TrancheSeen(_, name, Sent(at=said) | Confirmed(at=said)) if name in self._tranches:
                self._leaves(record, self._tranches[name], said)
            case c.Landed(tranche):
                self._leaves(record, tranche, record.at)  # the venue may know before the custodian has said a word
                self._ships(record, tranche, record.at, arrived=True)
            case c.Lookup():
                self._doubtful.add(entry.client_id)
            case e.LookedUp():
                self._doubtful.discard(entry.client_id)
            case Restarted() if entry.epoch > 1:
                self._restart(record, entry, attempts)
            case _:
                pass  # told by the reading of orders and fills
        if self._recovering is not None and not isinstance(entry, Restarted):
            self._recovering.take(record, entry, attempts, fresh)
            if self._recovering.over(attempts, self._doubtful) or isinstance(entry, Closed):
                self._recovered.append(self._recovering.told(attempts))
                self._recovering = None
        self.last_at = record.at

    def recoveries(self) -> tuple[Recovery, ...]:
        """Each taking over so far, the one that still goes on included."""
        going = [] if self._recovering is None else [self._recovering.told({})]
        return (*self._recovered, *going)

    def _leaves(self, record: Record, tranche: Tranche, said: Instant) -> None:
        if tranche.id not in self._left:
            self._left.add(tranche.id)
            self._ships(record, tranche, max(tranche.asked_at, min(said, record.at)), arrived=False)

    def _ships(self, record: Record, tranche: Tranche, left_at: Instant, *, arrived: bool) -> None:
        shipped = Shipped(seq=record.seq, at=record.at, left_at=left_at, tranche=tranche, arrived=arrived)
        self.shipments.append(shipped)

    def _deny(self, paper: str, denied: tuple[Denied, ...]) -> None:
        for index in reversed(range(len(self.words))):
            if self.words[index].said.paper_sha256 == paper:
                self.words[index] = replace(self.words[index], denied=denied)
                return

    def _restart(self, record: Record, entry: Restarted, attempts: Attempts) -> None:
        if self._recovering is not None:  # taken over again before all had been read
            self._recovered.append(self._recovering.told({}))
        left = [_left(attempt) for attempt in attempts.values() if _open(attempt, self._doubtful)]
        began = Recovery(
            seq=record.seq,
            at=entry.at,
            epoch=entry.epoch,
            code=entry.code,
            last_row_at=self.last_at,
            open=tuple(left),
            found=(),
            decided=(),
            whole_at=None,
        )
        self._recovering = _Recovering(began, self._venues)


class _Recovering:
    """One restart, from its row until all accounts were read and no order of before is in doubt."""

    def __init__(self, began: Recovery, venues: frozenset[VenueName]) -> None:
        self._began, self._unread = began, set(venues)
        self._names = {left.client_id for left in began.open}
        self._found: list[Moment] = []
        self._decided: list[Moment] = []
        self._whole_at: Instant | None = None

    def take(self, record: Record, entry: Entry, attempts: Attempts, fresh: Sequence[Fill]) -> None:
        """What was seen of the time before, and what was ordered because of it."""
        match entry:
            case e.LookedUp(at, name, answer):
                self._found.append(Moment(at, "look-up", f"{name}: {_answer(answer)}"))
            case e.Surveyed(at, venue, survey, reason):
                told = f"can't be read: {reason}"
                if survey is not None:
                    self._unread.discard(venue)
                    told = f"read: {len(survey.open_orders)} open orders, {len(survey.fills)} fills"
                self._found.append(Moment(at, "account", f"{venue} {told}"))
            case e.Reported(at, report) if report.client_id in self._names:
                self._found.append(Moment(at, "report", f"{report.client_id} is {report.status.value}"))
            case c.Lookup():
                self._decided.append(Moment(record.at, "look up", entry.client_id))
            case c.Cancel():
                self._decided.append(Moment(record.at, "cancel", entry.client_id))
            case c.Survey():
                self._decided.append(Moment(record.at, "read the account", entry.venue))
            case c.Halt(reason):
                self._decided.append(Moment(record.at, "halt", reason))
            case c.Place(approved):
                self._decided.append(Moment(record.at, "sell on", f"{approved.order.client_id}"))
            case c.Finish(status):
                self._decided.append(Moment(record.at, "finish", status))
            case _:
                pass  # of the market, or of orders that were sent after the restart
        for fill in fresh:
            attempt = attempts.get(fill.client_id)
            if attempt is not None and attempt.epoch < self._began.epoch:
                told = f"{fill.trade_id} of {fill.client_id}: {fill.quantity} {attempt.order.sell} at {fill.price}"
                self._found.append(Moment(record.at, "fill", told))
        self._last = record.at

    def over(self, attempts: Attempts, doubtful: set[ClientOrderId]) -> bool:
        """Has every account been read, and is the fate of each order known?"""
        if self._unread or any(_open(attempts[name], doubtful) for name in self._names):
            return False
        self._whole_at = self._last
        return True

    def told(self, attempts: Attempts) -> Recovery:
        """As far as it has gone; `attempts` as they stand where it is over."""
        became = [
            replace(left, became=attempts[left.client_id].standing, filled_after=attempts[left.client_id].filled)
            if left.client_id in attempts
            else left
            for left in self._began.open
        ]
        return replace(
            self._began,
            open=tuple(became),
            found=tuple(self._found),
            decided=tuple(self._decided),
            whole_at=self._whole_at,
        )


def _left(attempt: Attempt) -> Left:
    order = attempt.order
    return Left(
        client_id=order.client_id,
        leg=order.leg,
        venue=order.venue,
        quantity=order.quantity,
        standing=attempt.standing,
        filled=attempt.filled,
    )


def _open(attempt: Attempt, doubtful: set[ClientOrderId]) -> bool:
    """May it still trade, or have traded without our knowing? How many negative look-ups prove absence is the core's
    rule: it is shown by its asking no more."""
    if attempt.filled >= attempt.order.quantity or isinstance(attempt.outcome, Refused | Transient):
        return False
    if attempt.report is not None and attempt.report.status.ended:
        return attempt.report.filled > attempt.filled
    return not attempt.rounds or attempt.order.client_id in doubtful


def _answer(answer: Found | NotFound | NoWord) -> str:
    match answer:
        case Found(report):
            return f"{report.status.value}, {report.filled} of {report.quantity} sold"
        case NotFound():
            return "no trace"
        case NoWord(reason):
            return f"no word: {reason}"
