"""The last word before a run may sell: somebody types what, where and in which environment.

In production always; in a sandbox with `--confirm`. Nothing is claimed and nothing is sent before it. A wrong word, an
empty line and the end of the input are the same answer: no.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.compose.places import Places
from engine.compose.request import Request
from engine.config import Config
from engine.kernel.clock import MINUTE, SECOND, Instant, Span, show_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset, ratio, times, trimmed
from engine.mandate.floors import in_words
from engine.market.facts import BookSeen, FeedDown, MarketFact
from engine.market.instrument import Instrument
from engine.market.tape import Watch
from engine.planning.plan import LegPlan, Plan
from engine.ports import Market

PATIENCE: Final = Span(5 * MINUTE)
"""How long somebody may take; prices and balances that were shown before are old after that (wall time)."""
WATCHED: Final = Span(3 * SECOND)
"""How long trades are counted before anything is shown (wall time): no feed tells those of the hour before."""
UNKNOWN: Final = "not known"

Ask = Callable[[], Awaitable[str | None]]
"""One line that somebody typed; `None` where there is nobody to type, empty at the end of the input."""
Watches = Mapping[tuple[VenueName, Symbol], Watch]


class Stake(Struct, frozen=True, kw_only=True):
    """What may be sold of one asset on one venue, and what that is."""

    venue: VenueName
    asset: Asset
    quantity: Decimal
    value: Decimal | None
    """At the mid of now, in the settlement currency; `None` where there is no mid on the way to it."""
    volume: Decimal | None
    """What was traded there while we watched, in the asset; `None` when nothing was seen."""


class Kept:
    """A market that was looked at before the run began: the run is handed its last books, and what comes after."""

    def __init__(self, market: Market) -> None:
        self.name: VenueName = market.name
        self._market = market
        self._last: dict[Symbol, MarketFact] = {}

    async def listed(self) -> Sequence[Instrument]:
        """See `Market.listed`."""
        return await self._market.listed()

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """See `Market.start`."""
        await self._market.start(symbols)

    def look(self, at: Instant) -> Sequence[MarketFact]:
        """What came up to `at`; of that, the last book or loss of each pair is kept."""
        facts = self._market.drain(at)
        self._last |= {fact.symbol: fact for fact in facts if isinstance(fact, BookSeen | FeedDown)}
        return facts

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """See `Market.drain`."""
        kept, self._last = list(self._last.values()), {}
        return [*kept, *self._market.drain(at)]

    async def aclose(self) -> None:
        """See `Market.aclose`."""
        await self._market.aclose()


async def confirm(
    request: Request, plan: Plan, places: Places, say: Callable[[str], None], ask: Ask | None = None
) -> Places:
    """The places to go on with, once somebody has typed what is about to be sold; raises `BadInput` when not."""
    if not request.confirms:
        return places
    config = request.config
    kept = {name: Kept(market) for name, market in places.markets.items()}
    watches = {pair: Watch(*pair) for leg in plan.legs for pair in leg.pairs}
    began, wanted = places.clock.market(), challenge(plan, config.environment)
    await places.clock.sleep(WATCHED)
    _look(kept, watches, now := places.clock.market())
    for line in statement(config, plan, watches, now, Span(now - began)):
        say(line)
    if request.confirmed is not None:
        typed: str | None = request.confirmed
    else:
        say(f"to go on, type exactly: {wanted}")
        typed = await _answered(ask or terminal_line)
    if typed is None:
        what = f"nobody is there to confirm: run it at a terminal, or say --confirmed {wanted!r}"
        raise BadInput([Mistake("--confirm", what)])
    if typed != wanted:
        raise BadInput([Mistake("--confirm", f"{typed!r} is not {wanted!r}; nothing was started")])
    _look(kept, watches, places.clock.market())
    return replace(places, places={name: replace(one, market=kept[name]) for name, one in places.places.items()})


def challenge(plan: Plan, environment: str) -> str:
    """`sell 1.5 BTC and 20 ETH on hashkey, osl in production`."""
    legs = _released(plan)
    sold = " and ".join(f"{trimmed(leg.quantity)} {leg.sell}" for leg in legs)
    venues = dict.fromkeys(instrument.venue for leg in legs for instrument in leg.instruments)
    return f"sell {sold} on {', '.join(venues)} in {environment}"


def stakes(plan: Plan, settlement: Asset, watches: Watches, at: Instant) -> Iterator[Stake]:
    """Venue by venue, in the plan's order."""
    legs = _released(plan)
    for venue in dict.fromkeys(instrument.venue for leg in legs for instrument in leg.instruments):
        for leg in legs:
            for instrument in (one for one in leg.instruments if one.venue == venue):
                view = watches[venue, instrument.symbol].view(at)
                rest = _worth(plan, leg.buy, settlement, watches, at)
                value = None
                if view.live and view.mid is not None and rest is not None:
                    value = times(times(leg.quantity, view.mid), rest)
                yield Stake(
                    venue=venue,
                    asset=leg.sell,
                    quantity=leg.quantity,
                    value=value,
                    volume=view.volume if view.prints else None,
                )


def statement(config: Config, plan: Plan, watches: Watches, at: Instant, watched: Span) -> Iterator[str]:
    """What somebody reads before he types; `watched` is market time."""
    terms, limits = config.terms, config.limits
    yield f"case {terms.case} of {terms.authority}, environment {config.environment}, account {terms.account}"
    many, seconds = len(terms.venues) > 1, Span(max(watched // SECOND, 1) * SECOND)
    for stake in stakes(plan, terms.settlement, watches, at):
        value = UNKNOWN if stake.value is None else f"{trimmed(ratio(stake.value, Decimal(1), 2))} {terms.settlement}"
        share = UNKNOWN
        if stake.volume is not None:
            percent = ratio(times(stake.quantity, Decimal(100)), stake.volume, 1)
            share = f"{trimmed(percent)}% of the {trimmed(stake.volume)} {stake.asset} traded in {show_span(seconds)}"
        yield (
            f"  {stake.venue}: {'up to ' if many else ''}{trimmed(stake.quantity)} {stake.asset}; "
            f"value at the mid: {value}; share of volume: {share}"
        )
    yield (
        f"  limits: collar {trimmed(limits.collar_bp)} bp, an order {trimmed(limits.order_notional_max)}, a minute "
        f"{trimmed(limits.minute_notional_max)} and {limits.minute_orders_max} orders"
    )
    for leg in _released(plan):
        floor = in_words(leg.floor) if leg.floor is not None else "none"
        most = trimmed(times(leg.participation_max, Decimal(100))) + "%" if leg.participation_max is not None else "any"
        yield f"  {leg.sell}: floor {floor}, share of the market's volume at most {most}, over {show_span(leg.window)}"


async def terminal_line() -> str | None:
    """One line from the terminal, without holding up the event loop; `None` where standard input is none."""
    if not sys.stdin.isatty():
        return None
    loop, line = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def readable() -> None:
        if not line.done():
            line.set_result(sys.stdin.readline())  # a terminal has a whole line, or its end

    loop.add_reader(sys.stdin, readable)
    try:
        typed: str = await line
    finally:
        loop.remove_reader(sys.stdin)
    return typed.removesuffix("\n")


async def _answered(ask: Ask) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE / SECOND):
            return await ask()
    except TimeoutError:
        what = f"nobody typed anything for {show_span(PATIENCE)}; nothing was started"
        raise BadInput([Mistake("--confirm", what)]) from None


def _look(kept: Mapping[VenueName, Kept], watches: Watches, at: Instant) -> None:
    for market in kept.values():
        for fact in market.look(at):
            if (watch := watches.get((fact.venue, fact.symbol))) is not None:
                watch.apply(fact)


def _released(plan: Plan) -> list[LegPlan]:
    """The legs that sell what the case released; the others sell what these bring."""
    return [leg for leg in plan.legs if leg.quantity]


def _worth(plan: Plan, asset: Asset, settlement: Asset, watches: Watches, at: Instant) -> Decimal | None:
    """What one unit brings at the mids of the legs that sell it on; `None` where one of them has no mid."""
    if asset == settlement:
        return Decimal(1)
    for leg in plan.legs:
        if leg.sell != asset:
            continue
        views = [watches[pair].view(at) for pair in leg.pairs]
        mid = next((view.mid for view in views if view.live and view.mid is not None), None)
        rest = _worth(plan, leg.buy, settlement, watches, at)
        return None if mid is None or rest is None else times(mid, rest)
    return None
