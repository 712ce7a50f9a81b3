"""Each fill against the market of its moment: arrival price, mid at the decision, volume-weighted price of the others.

A price that was not seen is missing, with the reason beside it; nothing is interpolated and nothing is guessed. All
slippage is that of a sale, in basis points: positive means that we got less than the benchmark.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine.evidence.sharing import met
from engine.evidence.story import LegStory, Seen, Sold, Story, incoming
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import RunId, VenueName
from engine.kernel.money import BP, EXACT, ZERO, Asset, plain, ratio, times
from engine.mandate.register import SharedBook
from engine.market.facts import Level, Print
from engine.orders import quotes
from engine.orders.reports import Fill
from engine.planning.plan import LegPlan

SCHEMA: Final = 1
LEVELS: Final = 5
"""Levels a side that are kept with a fill."""
BP_PLACES: Final = 4
PRICE_PLACES: Final = 8
SINGLE_SOURCE: Final = "single source"
"""What every reference price here is: the mid or the prints of the venue that we sold on, and of no other."""
UNFUNDED: Final = "nothing had come in to be sold"


class Arrival(Struct, frozen=True):
    """The market when a leg first had something to sell."""

    at: Instant | None = None
    mid: Decimal | None = None
    lack: str = ""


class Interval(Struct, frozen=True, kw_only=True):
    """What others traded between two instants, both included."""

    start: Instant
    end: Instant
    vwap: Decimal | None
    volume: Decimal
    """Of the others."""
    own_removed: int
    """Prints left out because they are our own fills."""
    own_unmatched: int
    """Fills of ours for which the tape shows no print."""
    lack: str = ""


class FillEvidence(Struct, frozen=True, kw_only=True):
    """One fill and all that it is held against."""

    run: RunId
    sold: Sold
    sell: Asset
    buy: Asset
    decision: Seen | None
    """What the core was shown last before it decided on the order."""
    decision_mid: Decimal | None
    arrival: Arrival
    interval: Interval
    """From the start of the leg to this fill."""
    slippage_arrival_bp: Decimal | None
    slippage_decision_bp: Decimal | None
    slippage_vwap_bp: Decimal | None
    reference: str
    missing: Mapping[str, str]
    """Per price that is missing, why."""
    shared_book: SharedBook = SharedBook.UNKNOWN
    """Whether it may have met a book abroad."""

    @property
    def fill(self) -> Fill:
        return self.sold.fill

    @property
    def spread(self) -> Decimal | None:
        """Of the book at the decision."""
        return self.decision.view.spread if self.decision is not None and self.decision_mid is not None else None


class OthersTape:
    """The public trades of a pair without our own.

    A fill takes at most one print away: the one that carries its ticket, else one of the same instant, price and
    quantity.
    """

    def __init__(self, prints: Sequence[Print], fills: Sequence[Fill]) -> None:
        own, self._unmatched = _own(prints, fills)
        self._own = sorted(prints[index].at for index in own)
        self._at: list[Instant] = []
        self._volume, self._notional = [ZERO], [ZERO]
        for index, seen in enumerate(prints):
            if index not in own:
                self._at.append(seen.at)
                self._volume.append(EXACT.add(self._volume[-1], seen.quantity))
                self._notional.append(EXACT.add(self._notional[-1], times(seen.quantity, seen.price)))
        self.recorded = bool(prints)

    def between(self, start: Instant, end: Instant) -> Interval:
        """What others traded from `start` to `end`."""
        first, last = bisect_left(self._at, start), bisect_right(self._at, end)
        volume, notional = self._volume[last], self._notional[last]
        if first < last:
            volume = EXACT.subtract(volume, self._volume[first])
            notional = EXACT.subtract(notional, self._notional[first])
        else:
            volume = notional = ZERO
        lack = "" if volume else "no trade of others on the tape" if self.recorded else "no tape of the pair"
        return Interval(
            start=start,
            end=end,
            vwap=ratio(notional, volume, PRICE_PLACES) if volume else None,
            volume=volume,
            own_removed=max(0, bisect_right(self._own, end) - bisect_left(self._own, start)),
            own_unmatched=max(0, bisect_right(self._unmatched, end) - bisect_left(self._unmatched, start)),
            lack=lack,
        )


def _own(prints: Sequence[Print], fills: Sequence[Fill]) -> tuple[set[int], list[Instant]]:
    """The prints that are our own fills, by index, and the instants of the fills that have none."""
    tickets: dict[tuple[VenueName, str, Decimal, Decimal], list[int]] = {}
    moments: dict[tuple[VenueName, Instant, Decimal, Decimal], list[int]] = {}
    for index in reversed(range(len(prints))):
        seen = prints[index]
        tickets.setdefault((seen.venue, seen.trade_id, seen.price, seen.quantity), []).append(index)
        moments.setdefault((seen.venue, seen.at, seen.price, seen.quantity), []).append(index)
    own: set[int] = set()
    left = []
    # Tickets first, over all fills: a fill that has none may not take the print that another one can prove.
    for fill in fills:
        candidates = tickets.get((fill.venue, fill.ticket, fill.price, fill.quantity), []) if fill.ticket else []
        match = next((i for i in reversed(candidates) if i not in own), None)
        if match is None:
            left.append(fill)
        else:
            own.add(match)
    unmatched = []
    for fill in left:
        candidates = moments.get((fill.venue, fill.at, fill.price, fill.quantity), [])
        while candidates and candidates[-1] in own:
            candidates.pop()
        if candidates:
            own.add(candidates.pop())
        else:
            unmatched.append(fill.at)
    return own, sorted(unmatched)


def others(story: Story, leg: LegStory, venue: VenueName | None = None) -> OthersTape:
    """The tape of the leg's pairs, or of that on `venue`, without any sale of this run in their books."""
    pairs = [pair for pair in leg.plan.pairs if venue in (None, pair[0])]
    booked = [s.fill for other in story.legs for s in other.fills if in_book(s)]
    prints = leg.prints if venue is None else [seen for seen in leg.prints if seen.venue == venue]
    return OthersTape(prints, [fill for fill in booked if (fill.venue, fill.symbol) in pairs])


def in_book(sold: Sold) -> bool:
    """Was it sold in a book, where it printed? What a desk took, by a quote or by voice, did not."""
    return sold.order.slice < quotes.FIRST


def began(story: Story, leg: LegStory) -> Instant | None:
    """When the leg first had something to sell: at the start, or when its first proceeds were booked."""
    if leg.plan.quantity:
        return story.opened.at
    return next((sold.learned_at for sold in incoming(story, leg)), None)


def arrival(story: Story, leg: LegStory) -> Arrival:
    """The mid of the first decision that had both something to sell and a price."""
    funded = 0 if leg.plan.quantity else next((sold.seq for sold in incoming(story, leg)), None)
    if funded is None:
        return Arrival(lack=UNFUNDED)
    later = [seen for seen in leg.seen if seen.seq > funded]
    for seen in later:
        if seen.mid is not None:
            return Arrival(seen.at, seen.mid)
    return Arrival(lack=later[0].lack if later else "no decision was due after there was something to sell")


def slippage_bp(price: Decimal, benchmark: Decimal) -> Decimal:
    """How much less than the benchmark a sale brought."""
    return ratio(times(benchmark - price, BP), benchmark, BP_PLACES)


def gather(story: Story) -> tuple[FillEvidence, ...]:
    """The evidence of every fill of a run, leg by leg, in the order of the venue's times."""
    return tuple(evidence for leg in story.legs for evidence in _of_leg(story, leg))


def _of_leg(story: Story, leg: LegStory) -> list[FillEvidence]:
    tape, start, first = others(story, leg), began(story, leg), arrival(story, leg)
    seen = {venue: [s for s in leg.seen if s.view.venue == venue] for venue, _ in leg.plan.pairs}
    instants = {venue: [s.at for s in views] for venue, views in seen.items()}
    found = []
    for sold in leg.fills:
        venue = sold.order.venue
        index = bisect_right(instants[venue], sold.order.decided_at)
        decision = seen[venue][index - 1] if index else None
        # A venue's clock may lie before ours: the interval of such a fill is its own instant.
        opening = min(start if start is not None else sold.fill.at, sold.fill.at)
        weighed = weigh(story.opened.run, leg.plan, sold, decision, first, tape.between(opening, sold.fill.at))
        shared = met(story.opened.licences, sold.order, sold.fill.at)
        found.append(replace(weighed, shared_book=shared))
    return found


def weigh(
    run: RunId, plan: LegPlan, sold: Sold, decision: Seen | None, first: Arrival, interval: Interval
) -> FillEvidence:
    """One fill against what is known of its moment; each price that is missing with the reason."""
    missing = {}
    if decision is None:
        missing["decision"] = "no view of the pair at or before the decision"
    elif decision.mid is None:
        missing["decision"] = decision.lack
    if first.mid is None:
        missing["arrival"] = first.lack
    if interval.vwap is None:
        missing["interval_vwap"] = interval.lack
    mid, price = decision.mid if decision is not None else None, sold.fill.price
    return FillEvidence(
        run=run,
        sold=sold,
        sell=plan.sell,
        buy=plan.buy,
        decision=decision,
        decision_mid=mid,
        arrival=first,
        interval=interval,
        slippage_arrival_bp=None if first.mid is None else slippage_bp(price, first.mid),
        slippage_decision_bp=None if mid is None else slippage_bp(price, mid),
        slippage_vwap_bp=None if interval.vwap is None else slippage_bp(price, interval.vwap),
        reference=SINGLE_SOURCE,
        missing=missing,
    )


def fill_record(evidence: FillEvidence) -> dict[str, Any]:
    """One line of `fills.jsonl`: decimals as strings, instants in ISO 8601, a missing price as null with its reason."""
    fill, order, decision = evidence.fill, evidence.sold.order, evidence.decision
    view = None if decision is None else decision.view
    return {
        "schema": SCHEMA,
        "run": evidence.run,
        "leg": order.leg,
        "slice": order.slice,
        "attempt": order.attempt,
        "client_id": order.client_id,
        "venue": fill.venue,
        "symbol": fill.symbol,
        "venue_order_id": fill.venue_order_id,
        "trade_id": fill.trade_id,
        "ticket": fill.ticket,
        "at": iso(fill.at),
        "learned_at": iso(evidence.sold.learned_at),
        "learned_by": evidence.sold.way.value,
        "journal_row": evidence.sold.seq,
        "sell": evidence.sell,
        "buy": evidence.buy,
        "quantity": plain(fill.quantity),
        "price": plain(fill.price),
        "proceeds": plain(times(fill.quantity, fill.price)),
        "fee": plain(fill.fee.units),
        "fee_asset": fill.fee.asset,
        "maker": fill.maker,
        "limit": plain(order.price),
        "time_in_force": order.tif.value,
        "decision": {
            "at": iso(order.decided_at),
            "seen_at": None if decision is None else iso(decision.at),
            "book_changed_at": None if view is None else iso(view.book_at),
            "bids": [] if view is None else _levels(view.bids),
            "asks": [] if view is None else _levels(view.asks),
            "mid": _maybe(evidence.decision_mid),
            "spread": _maybe(evidence.spread),
        },
        "arrival": {
            "at": None if evidence.arrival.at is None else iso(evidence.arrival.at),
            "mid": _maybe(evidence.arrival.mid),
        },
        "interval": {
            "start": iso(evidence.interval.start),
            "end": iso(evidence.interval.end),
            "vwap": _maybe(evidence.interval.vwap),
            "volume_of_others": plain(evidence.interval.volume),
            "own_prints_removed": evidence.interval.own_removed,
            "own_fills_without_print": evidence.interval.own_unmatched,
        },
        "slippage_bp": {
            "arrival": _maybe(evidence.slippage_arrival_bp),
            "decision": _maybe(evidence.slippage_decision_bp),
            "interval_vwap": _maybe(evidence.slippage_vwap_bp),
        },
        "reference": evidence.reference,
        "shared_book": evidence.shared_book.value,
        "missing": dict(evidence.missing),
    }


def _levels(levels: Sequence[Level]) -> list[list[str]]:
    return [[plain(level.price), plain(level.size)] for level in levels[:LEVELS]]


def _maybe(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
