"""One backtest's market: what it is played over, from when, and what a reader has to be told of it.

The core, the gate, the driver's turn and the journal are those of any run, so nothing of them stands here; whoever
composes a run takes a `Scene` and plays it in simulated time. Nothing is sold, and no case is touched: a backtest
knows no register.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec import Struct

from backtests.data.bars import Absence, Bars, load
from engine.config import Config
from engine.kernel.clock import Instant, iso, parse_instant, show_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import AssetClass, times, trimmed
from engine.reports.html import NOT_SHOWN
from venues.sandbox import crowd
from venues.sandbox.bars import RUNG_SHARE, BarFlow, temper_of
from venues.sandbox.hall import HASHKEY
from venues.sandbox.inprocess import TICK
from venues.sandbox.listings import FEE, LISTINGS, START
from venues.sandbox.model import Listing

TITLE: Final = "Backtest report: nothing was sold"
COMMON: Final = (
    "Fills: the exchange in memory matches by price and time. Our orders meet what stands there; what we take is gone "
    "for the others, and a resting order of ours is filled when somebody takes its price or quotes through it.",
    "Other people have unlimited funds, always settle, and do not learn from what we do.",
    f"Latency: 5 to 60 ms each way, drawn evenly; fills are told every {show_span(TICK)}, and the public book is seen "
    "at the instant of a decision, without delay.",
    f"Fees: {trimmed(times(FEE, Decimal(100)))} % of every sale, taker and maker alike, in what is received.",
    "Stablecoin pairs are a seeded crowd around par; no recording of them is played.",
    "At the start the account holds what was released, and nothing else.",
)
NOT_SHOWN_OF_ANY: Final = (
    *NOT_SHOWN,
    "Whether another day would have gone the same way: this is one path of prices and one seed.",
    "Outages, changed rules, refused withdrawals, or a counterparty that fails.",
)
NOT_SHOWN_OF_BARS: Final = (
    "The order book of that time: bars hold none. Spread, depth and the way of the price inside a bar are made up, so "
    "costs of a few basis points are the model's and not the market's.",
)


class Scene(Struct, frozen=True, kw_only=True):
    """A market to play, and the words that go with it."""

    start: Instant
    played: BarFlow | None
    """The flow that takes the place of its pair's usual one."""
    assumptions: tuple[str, ...]
    not_shown: tuple[str, ...]
    banner: str
    """One line for whoever waits."""


def over_flow(config: Config, *, seed: int, recorded: bool) -> Scene:
    """The recorded half hour where it is installed and wanted, then a seeded crowd; or that crowd alone."""
    source = _recording() if recorded else None
    told = source or f"BTCUSDT: a seeded crowd from {iso(START)} on; no recording is played."
    return Scene(
        start=START,
        played=None,
        assumptions=(f"Data. {told}", *_others(config), *COMMON, _push(crowd.VOLATILE, "BTC"), _seed(seed)),
        not_shown=NOT_SHOWN_OF_ANY,
        banner=f"backtest of {config.terms.case} over order flow from {iso(START)}",
    )


def over_bars(config: Config, path: Path, *, seed: int, since: str | None) -> Scene:
    """Bars from a file, from their first moment or from `since`; `BadInput` unless the deadline lies within them."""
    listing = _sold(config)
    bars = load(path, tick=listing.tick, lot=listing.lot)
    start = _start(bars, since)
    deadline = config.terms.deadline.from_start(start)
    if deadline > bars.end:
        when = f"the deadline is {iso(deadline)}, and {bars.source} ends at {iso(bars.end)}"
        hint = "" if config.terms.deadline.at is None else "; a backtest wants it as a length of time, such as 30m"
        raise BadInput([Mistake("mandate.deadline", when + hint)])
    first = bisect_right(bars.rows, start, key=lambda bar: bar.at) - 1
    rows = tuple(bar for bar in bars.rows[first:] if bar.at < deadline)
    temper = temper_of(rows, bars.span)
    played = BarFlow(listing.symbol, rows, bars.span, seed, tick=listing.tick, lot=listing.lot, temper=temper)
    data = (*_data(bars, listing), *_absences(bars, start, deadline))
    made_up = (
        "Inside a bar: from the open to one extreme, to the other, to the close; the low first in a bar that rises. "
        "Takers share the bar's volume at seeded moments, so that prints give back the bar when nobody else trades.",
        f"The book around that price is made up: quotes of {RUNG_SHARE:.0%} of a minute's mean volume each "
        f"({temper.rung_size:.4g} {listing.base}), {temper.rungs} a side, {temper.rung_bp} bp apart.",
    )
    return Scene(
        start=start,
        played=played,
        assumptions=(*data, *made_up, *_others(config), *COMMON, _push(temper, listing.base), _seed(seed)),
        not_shown=(*NOT_SHOWN_OF_BARS, *NOT_SHOWN_OF_ANY),
        banner=f"backtest of {config.terms.case} over {len(rows)} of {len(bars.rows)} bars of {bars.source} "
        f"({show_span(bars.span)}), from {iso(start)} to {iso(deadline)}",
    )


def _sold(config: Config) -> Listing:
    """The one pair that the bars are of: that of the volatile asset which the mandate sells."""
    terms = config.terms
    volatile = [h.asset for h in terms.holdings if terms.classes.get(h.asset) is AssetClass.VOLATILE]
    if len(volatile) != 1:
        what = f"a file of bars is of one pair, and the mandate sells {', '.join(volatile) or 'nothing volatile'}"
        raise BadInput([Mistake("--bars", what)])
    pairs = [(edge.sell, edge.buy) for edge in terms.edges if edge.sell == volatile[0]]
    for listing in LISTINGS:
        if (listing.base, listing.quote) in pairs:
            return listing
    raise BadInput([Mistake("--bars", f"the sandbox lists no pair for {volatile[0]}")])


def _start(bars: Bars, since: str | None) -> Instant:
    if since is None:
        return bars.start
    try:
        start = parse_instant(since)
    except ValueError as error:
        raise BadInput([Mistake("--from", str(error))]) from error
    index = bisect_right(bars.rows, start, key=lambda bar: bar.at) - 1
    if index < 0 or start >= bars.rows[index].at + bars.span:
        what = f"{bars.source} has no bar at {iso(start)}; it goes from {iso(bars.start)} to {iso(bars.end)}"
        raise BadInput([Mistake("--from", what)])
    return start


def _data(bars: Bars, listing: Listing) -> Iterator[str]:
    yield (
        f"Data. {bars.source} (SHA-256 {bars.sha256}): {len(bars.rows)} bars of {show_span(bars.span)}, from "
        f"{iso(bars.start)} to {iso(bars.end)}, taken as {listing.symbol} whatever market they come from."
    )
    if bars.laid:
        yield f"{bars.laid} numbers of the file lay between two ticks or lots and were laid on the nearest."


def _absences(bars: Bars, start: Instant, deadline: Instant) -> Iterator[str]:
    """Bars that are missing, those which concern the run by name."""
    count = sum(absence.count for absence in bars.absences)
    if not count:
        yield "No bar is missing in the file."
        return
    yield f"Bars missing in the file: {count}, at {len(bars.absences)} places. None was made up."
    for absence in bars.absences:
        end = absence.at + absence.count * bars.span
        if absence.at < deadline and end > start:
            yield f"{_named(absence, end)} lies within the run: nobody quoted or traded, and nothing could be sold."


def _named(absence: Absence, end: int) -> str:
    return f"The gap from {iso(absence.at)} to {iso(end)} (bars: {absence.count})"


def _push(temper: crowd.Temper, base: str) -> str:
    return (
        f"Impact: each {base} that we take at once moves other people's quotes by {temper.impact_bp:.3g} bp; "
        f"{temper.lasting:.0%} of that lasts, and the rest wears off to 1/e within "
        f"{show_span(int(temper.recovery_ns))}. It is linear and fitted to no market."
    )


def _others(config: Config) -> tuple[str, ...]:
    """What is played beside the data, where the mandate names more venues than the one that the data are played at."""
    others = [name for name in config.terms.venues if name != HASHKEY]
    if not others:
        return ()
    return (
        f"The data are played at {HASHKEY}; a seeded crowd at {' and '.join(others)} follows its price, a little off.",
    )


def _seed(seed: int) -> str:
    return f"Seed {seed}: the same config, data and seed give the same journal, row by row."


def _recording() -> str | None:
    from venues.sandbox import recorded  # numpy is only loaded where it is wanted

    flow = recorded.load("BTCUSDT")
    if flow is None:
        return None
    told: Sequence[str] = [f"{name.replace('_', ' ')} {value}" for name, value in flow.report.items()]
    return (
        f"BTCUSDT: recorded order flow from {iso(flow.origin)} to {iso(flow.end)}, BTC/USD taken one to one as "
        f"BTCUSDT ({'; '.join(told)}). It feels no impact. After its end a seeded crowd goes on around the last mid."
    )
