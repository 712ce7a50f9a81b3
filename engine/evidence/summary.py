"""The machine-readable result of a run: `summary.json`, schema 1, as scripts and other programs read it.

Every number comes from the journal and the tape. A leg whose sold quantity and residue do not add up to what was
mandated is a bug and is refused, never smoothed.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.evidence.attribution import Attributed, attribute
from engine.evidence.benchmarks import PRICE_PLACES, Interval, arrival, began, others, slippage_bp
from engine.evidence.falls import Fall, falls
from engine.evidence.falls import records as fall_records
from engine.evidence.fees import FeeCheck, check
from engine.evidence.fees import record as fees_record
from engine.evidence.footprint import Footprint, of_leg
from engine.evidence.footprint import record as footprint_record
from engine.evidence.leaks import leaks
from engine.evidence.leaks import record as leak_record
from engine.evidence.story import LegStory, Story
from engine.forecast.prospect import Finding
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import CaseId, LegId, RunId
from engine.kernel.money import EXACT, ZERO, Asset, plain, ratio, times, total

SCHEMA: Final = 1
SHARE_PLACES: Final = 6
RUNNING: Final = "running"
"""The status of a run whose journal is not closed."""


class LegSummary(Struct, frozen=True, kw_only=True):
    """What one leg was to sell, what it sold, and for how much against the market."""

    id: LegId
    sell: Asset
    buy: Asset
    mandated: Decimal
    sold: Decimal
    residue: Decimal
    residue_reason: str | None
    received: Decimal
    """Before fees."""
    fees: Mapping[Asset, Decimal]
    average_price: Decimal | None
    arrival_price: Decimal | None
    slippage_bp: Decimal | None
    """Average price against the arrival price; positive is a loss."""
    market: Interval | None
    """What others traded while the leg sold; `None` for a leg that never had anything to sell."""
    participation: Decimal | None
    """Our share of all that was traded meanwhile, our own trades included."""
    footprint: Footprint
    falls: tuple[Fall, ...] = ()
    """How far our own sales fell over minutes."""
    leaks: tuple[Finding, ...] = ()
    """What its tranches gave away; empty where none left custody."""

    def __post_init__(self) -> None:
        assert self.sold >= 0, f"leg {self.id} sold {self.sold}"
        assert self.residue >= 0, f"leg {self.id} sold {self.sold} of {self.mandated}: more than there was"
        assert EXACT.add(self.sold, self.residue) == self.mandated, f"leg {self.id} does not add up"


class Summary(Struct, frozen=True, kw_only=True):
    """The result of one run."""

    run: RunId
    case: CaseId
    status: str
    started: Instant
    ended: Instant | None
    config_sha256: str
    code: str
    legs: tuple[LegSummary, ...]
    attribution: tuple[Attributed, ...]
    """Which entrusted asset each unit of fiat belongs to."""
    fees: FeeCheck | None = None
    """Fees as charged against the schedules of our accounts; `None` where the config names none."""
    orders: int
    fills: int
    unknown: int
    differences: int | None
    """`None` while the run is not closed: nobody has compared yet."""
    rows: int
    head: str


def summarise(story: Story) -> Summary:
    """The result as the journal and the tape tell it."""
    opened, closed = story.opened, story.closed
    attempts = [attempt for leg in story.legs for attempt in leg.attempts]
    unclear = sum(attempt.standing in ("unknown", "not found") for attempt in attempts)
    return Summary(
        run=opened.run,
        case=opened.case,
        status=RUNNING if closed is None else closed.status,
        started=opened.at,
        ended=None if closed is None else closed.at,
        config_sha256=opened.config_sha256,
        code=opened.code,
        legs=tuple(_leg(story, leg) for leg in story.legs),
        attribution=attribute(story),
        fees=check(story),
        orders=len(attempts),
        fills=sum(len(leg.fills) for leg in story.legs),
        unknown=unclear if closed is None else closed.unknown,
        differences=None if closed is None else closed.differences,
        rows=story.rows,
        head=story.head,
    )


def _leg(story: Story, leg: LegStory) -> LegSummary:
    sold, received = _sold(leg), _received(leg)
    mandated = mandate_of(story, leg)
    residue = EXACT.subtract(mandated, sold)
    average = ratio(received, sold, PRICE_PLACES) if sold else None
    first = arrival(story, leg)
    market = _market(story, leg)
    share = None
    if market is not None and leg.prints and sold:
        # A fill that the tape lost was still part of the market: all that was traded is the others' volume and ours.
        share = ratio(sold, EXACT.add(market.volume, sold), SHARE_PLACES)
    return LegSummary(
        id=leg.plan.id,
        sell=leg.plan.sell,
        buy=leg.plan.buy,
        mandated=mandated,
        sold=sold,
        residue=residue,
        residue_reason=_why(story, leg) if residue else None,
        received=received,
        fees=_fees(leg),
        average_price=average,
        arrival_price=first.mid,
        slippage_bp=None if average is None or first.mid is None else slippage_bp(average, first.mid),
        market=market,
        participation=share,
        footprint=of_leg(story, leg),
        falls=falls(story, leg),
        leaks=leaks(story, leg),
    )


def mandate_of(story: Story, leg: LegStory) -> Decimal:
    """What the leg was given to sell: its own quantity and what the legs before it received, net of fees."""
    asset, given = leg.plan.sell, leg.plan.quantity
    for feeder in story.feeders(leg):
        if feeder.plan.buy == asset:
            given = EXACT.add(given, _received(feeder))
        given = EXACT.subtract(given, _fees(feeder).get(asset, ZERO))
    return given


def _sold(leg: LegStory) -> Decimal:
    return total(s.fill.quantity for s in leg.fills)


def _received(leg: LegStory) -> Decimal:
    return total(times(s.fill.quantity, s.fill.price) for s in leg.fills)


def _fees(leg: LegStory) -> dict[Asset, Decimal]:
    fees: dict[Asset, Decimal] = {}
    for sold in leg.fills:
        fee = sold.fill.fee
        if fee.units:
            fees[fee.asset] = EXACT.add(fees.get(fee.asset, ZERO), fee.units)
    return dict(sorted(fees.items()))


def _market(story: Story, leg: LegStory) -> Interval | None:
    """From the leg's first coin to its last fill, or to when it was given up."""
    start = began(story, leg)
    if start is None:
        return None
    ends = [start, *(s.fill.at for s in leg.fills)]
    if leg.ended_at is not None:
        ends.append(leg.ended_at)
    return others(story, leg).between(start, max(ends))


def _why(story: Story, leg: LegStory) -> str:
    if leg.residue_reason:
        return leg.residue_reason
    return "the run is not closed" if story.closed is None else "the journal states no reason"


def summary_json(summary: Summary) -> bytes:
    """`summary.json`: decimals as strings, instants in ISO 8601, what is not known as null."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "run": summary.run,
        "case": summary.case,
        "status": summary.status,
        "started": iso(summary.started),
        "ended": None if summary.ended is None else iso(summary.ended),
        "config_sha256": summary.config_sha256,
        "code": summary.code,
        "legs": [_leg_record(leg) for leg in summary.legs],
        "attribution": [_attributed(each) for each in summary.attribution],
        "orders": summary.orders,
        "fills": summary.fills,
        "unknown": summary.unknown,
        "differences": summary.differences,
        "journal": {"rows": summary.rows, "head": summary.head},
    }
    if summary.fees is not None:
        record["fees"] = fees_record(summary.fees)
    # Not the codec's sorted mappings: people read this file, so it keeps the order above.
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def _leg_record(leg: LegSummary) -> dict[str, Any]:
    return {
        "sell": leg.sell,
        "buy": leg.buy,
        "mandated": plain(leg.mandated),
        "sold": plain(leg.sold),
        "residue": plain(leg.residue),
        "residue_reason": leg.residue_reason,
        "received": plain(leg.received),
        "fees": {asset: plain(units) for asset, units in leg.fees.items()},
        "average_price": _maybe(leg.average_price),
        "arrival_price": _maybe(leg.arrival_price),
        "slippage_bp": _maybe(leg.slippage_bp),
        "market_vwap": None if leg.market is None else _maybe(leg.market.vwap),
        "participation": _maybe(leg.participation),
        "footprint": footprint_record(leg.footprint),
        "falls": fall_records(leg.falls),
        **leak_record(leg.leaks),
    }


def _attributed(each: Attributed) -> dict[str, Any]:
    return {
        "leg": each.leg,
        "asset": each.parent,
        "stable": each.stable,
        "fiat": each.fiat,
        "sold": plain(each.coin_sold),
        "stable_received": plain(each.stable_received),
        "stable_sold": plain(each.stable_sold),
        "stable_unsold": plain(each.stable_unsold),
        "fiat_gross": plain(each.fiat_gross),
        "fees": {asset: plain(units) for asset, units in each.fees.items()},
        "fiat_net": plain(each.fiat_net),
        "price_in_stable": _maybe(each.coin_price),
        "stable_price_in_fiat": _maybe(each.stable_price),
        "effective_price_in_fiat": _maybe(each.effective_price),
    }


def _maybe(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
