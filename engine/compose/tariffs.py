"""The fee schedules of a config at the start of a run: what they put in the first row, and what a venue says of them.

A schedule is the word of whoever wrote the config. Where a venue's own statement of our rates, or what its adapter was
written by, says otherwise, that is told and nothing is refused: the venue charges what it charges, and the report
shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from engine.config.fees import Schedules
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import VenueName
from engine.kernel.money import trimmed
from engine.market.fees import FeeRow, in_force
from engine.market.instrument import Instrument
from engine.orders.reports import Capabilities
from engine.planning.plan import Plan
from engine.ports import StatesFees, Venue


def under(
    capabilities: Mapping[VenueName, Capabilities], schedules: Schedules, at: Instant
) -> dict[VenueName, Capabilities]:
    """What each venue can do, with the fees of our account there; as the adapter says where no schedule is named."""
    return {name: can.under(schedules[name], at) if name in schedules else can for name, can in capabilities.items()}


async def lines(schedules: Schedules, venues: Mapping[VenueName, Venue], plan: Plan, at: Instant) -> tuple[str, ...]:
    """What people should read before a run: the rows that hold and are to come, and who says otherwise."""
    told: list[str] = []
    for name in (name for name in venues if name in schedules):
        told += (f"fees of {name}: {words}" for words in _rows(schedules[name], at))
        pairs = [i for leg in plan.legs for i in leg.instruments if i.venue == name]
        told += (f"fees of {name}: {words}" for words in _documented(schedules[name], venues[name].capabilities, at))
        told += [f"fees of {name}: {words}" for words in await _stated(schedules[name], venues[name], pairs, at)]
    return tuple(told)


def _rows(rows: Sequence[FeeRow], at: Instant) -> Iterator[str]:
    for row in rows:
        later = [r for r in rows if (r.sell, r.buy) == (row.sell, row.buy) and row.since < r.since <= at]
        if later:
            continue  # it is over
        pair = f"{row.sell}>{row.buy}, " if row.sell is not None else ""
        least = f", at least {trimmed(row.minimum)} an order in {' or '.join(row.minimum_in)}" if row.minimum else ""
        rates = f"{_percent(row.taker)} taking, {_percent(row.maker)} making{least}"
        yield f"{pair}tier {row.tier} from {iso(row.since)[:16]}Z on: {rates} ({row.source})"


def _documented(rows: Sequence[FeeRow], can: Capabilities, at: Instant) -> Iterator[str]:
    """Where the adapter was written by other fees than hold for every pair now: a minimum is easily forgotten."""
    row = in_force(rows, at, None, None)
    if row is not None and (row.taker, row.maker, row.minimum) != (can.taker_fee, can.maker_fee, can.fee_min):
        least = f", at least {trimmed(can.fee_min)} an order" if can.fee_min else ""
        papers = f"{_percent(can.taker_fee)} taking, {_percent(can.maker_fee)} making{least}"
        yield f"warning: the papers that its adapter was written by say {papers}"


async def _stated(rows: Sequence[FeeRow], venue: Venue, pairs: Sequence[Instrument], at: Instant) -> list[str]:
    """Where the venue itself states other rates for our account."""
    if not isinstance(venue, StatesFees):
        return []
    try:
        stated = await venue.stated_fees()
    except Exception as error:  # noqa: BLE001 - whatever it can't say, it is a line and no refusal
        return [f"warning: the venue does not state our rates: {error}"]
    rates = {rate.symbol: rate for rate in stated.rates}
    found = []
    for pair in dict.fromkeys(pairs):
        row, rate = in_force(rows, at, pair.base, pair.quote), rates.get(pair.symbol)
        if row is not None and rate is not None and (row.taker, row.maker) != (rate.taker, rate.maker):
            said = f"{_percent(rate.taker)} taking, {_percent(rate.maker)} making"
            found.append(f"warning: the venue states {said} for {pair.symbol} at its tier {stated.tier}")
    return found


def _percent(fraction: Decimal) -> str:
    return f"{trimmed(fraction * 100)}%"
