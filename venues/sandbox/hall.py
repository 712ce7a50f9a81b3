"""The market hall: every sandbox venue over one price of each asset, moved along in lock-step.

HashKey's flow makes the price: a recording, bars, or the synthetic crowd. At every other venue a crowd of its own, of
another size and pace, follows that price with a small basis which is drawn back to nothing (see `stalls`). What an
account takes anywhere pushes the one opinion that all share; a recording does not mind, and then the crowd of the
venue that was sold to gives way by itself, as in a market that hears of it later.

Whoever moves one exchange moves them all, and other people's actions happen in the order of their instants, whatever
steps time is cut into. So the same calls in the same order give the same bytes; and HashKey alone, which needs no hall,
gives the same with others beside it as long as nobody trades there.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from heapq import merge
from typing import Any, Final

from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import times
from venues.sandbox.crowd import BP, SyntheticFlow
from venues.sandbox.dealer import Dealer
from venues.sandbox.exchange import Exchange
from venues.sandbox.faultwords import MoveAt
from venues.sandbox.flow import Flow, FlowAction
from venues.sandbox.listings import LISTINGS, START, hashkey_flows, with_forbidden
from venues.sandbox.matching import Ladder
from venues.sandbox.model import Listing
from venues.sandbox.relay import Pressed, Shifted
from venues.sandbox.slumber import Dozing, Slumber
from venues.sandbox.stalls import HASHKEY_DEALER, STALLS, Stall

HASHKEY: Final = "hashkey"
VENUES: Final = (HASHKEY, *STALLS)
_HKD: Final = Decimal("7.8")

Balances = Mapping[str, Mapping[str, Mapping[str, Decimal]]]
"""Units by asset, account and venue."""


class Neighbour(Exchange):
    """An exchange that is moved along together with those beside it."""

    hall: "Hall | None" = None

    def advance(self, to: Instant) -> None:
        """See `Exchange.advance`; all of the hall comes along."""
        if self.hall is None:
            super().advance(to)
        else:
            self.hall.advance(to)

    def actions(self, to: Instant) -> list[Iterator[tuple[Instant, "Neighbour", FlowAction]]]:
        """What other people do here up to `to`, one lazy stream a pair."""
        return [_signed(self, flow, to) for flow in self._flows.values()]

    def play(self, action: FlowAction) -> None:
        """Let one of them happen."""
        self._play(action)

    def arrive(self, to: Instant) -> None:
        """All has happened up to here."""
        self.now = max(self.now, to)

    def price(self, symbol: str) -> float | None:
        """What other people hold the price to be: a crowd's opinion, else the mid of what they let stand."""
        opinion: float | None = getattr(self._flows.get(symbol), "opinion", None)
        if opinion is not None:
            return opinion
        pair = self._pairs[symbol]
        bid, ask = _others_best(pair.book.bids), _others_best(pair.book.asks)
        return None if bid is None or ask is None else (bid + ask) / 2 * float(pair.listing.tick)

    def press(self, symbol: str, sold: bool, units: float) -> bool:
        """So much was taken in another market; `False` when nobody here minds."""
        flow = self._flows.get(symbol)
        if not isinstance(flow, Pressed) or getattr(flow, "opinion", None) is None:
            return False
        flow.press(sold, units)
        return True

    def expect_shift(self, at: Instant, symbol: str, by_bp: float) -> None:
        """At `at` other people change their mind about a pair, whoever moves the exchange along by then."""
        self._await(at, partial(self._shift, symbol, by_bp))

    def _shift(self, symbol: str, by_bp: float) -> None:
        flow = self._flows.get(symbol)
        if isinstance(flow, Shifted):
            flow.shift(by_bp)


class Follower(SyntheticFlow):
    """A crowd that takes the price from elsewhere: its own walk is the basis, drawn back to nothing."""

    def __init__(self, stall: Stall, tick: Decimal, lot: Decimal, symbol: str, source: Neighbour, seed: int) -> None:
        self._source = source
        self._heard = source.price(symbol)
        super().__init__(
            symbol, source.now, seed, Decimal(self._heard or 1), tick=tick, lot=lot, temper=stall.temper(symbol),
            stream=f"{stall.name}|{symbol}",
        )  # fmt: skip

    @property
    def opinion(self) -> float:
        """The shared price and the basis, and what was sold here while the one who makes the price does not mind."""
        self._heard = self._source.price(self.symbol) or self._heard
        return (self._heard or self._par) * (1.0 + BP * (self._wandered + self._pushed + self._fading))

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """All who share the price feel it; where its maker does not, this crowd alone gives way."""
        if not self._source.press(self.symbol, sold, lots * self._lot):
            super().felt(at, sold, lots)


class Hall:
    """The exchanges by venue. `source` makes the prices, whether or not clients were given it."""

    def __init__(self, exchanges: Mapping[str, Neighbour], source: Neighbour, dealers: Mapping[str, Dealer]) -> None:
        self._exchanges, self._dealers = dict(exchanges), dict(dealers)
        others = [exchange for exchange in self._exchanges.values() if exchange is not source]
        self._all = [source, *others]
        self._source_is_hidden = len(self._all) > len(self._exchanges)
        for exchange in self._all:
            exchange.hall = self

    @property
    def venues(self) -> Sequence[str]:
        """Their names, in the order in which they were asked for."""
        return tuple(self._exchanges)

    @property
    def now(self) -> Instant:
        """Market time, the same everywhere."""
        return self._all[0].now

    def exchange(self, name: str) -> Exchange:
        """One venue's exchange; `KeyError` for one that is not here."""
        return self._exchanges[name]

    def dealer(self, name: str) -> Dealer:
        """One venue's dealer; `KeyError` for one that is not here."""
        return self._dealers[name]

    def advance(self, to: Instant) -> None:
        """Play other people's orders at all venues up to `to`, in the order in which they happen."""
        while late := [(at, n) for n, one in enumerate(self._all) if (at := one.expected_at) is not None and at <= to]:
            at, n = min(late)
            self._reach(at)
            self._all[n].admit()
        self._reach(to)

    def _reach(self, to: Instant) -> None:
        streams = [stream for exchange in self._all for stream in exchange.actions(to)]
        for _, exchange, action in merge(*streams, key=lambda signed: signed[0]):
            exchange.play(action)
        for exchange in self._all:
            exchange.arrive(to)
        if self._source_is_hidden:
            self._all[0].take_public()  # prints that nobody will ever ask for

    def expect(self, moves: Sequence[MoveAt]) -> None:
        """What a plan has in store for prices; `BadInput` for a pair that is not here. What a venue alone shows is a
        wick; what the venue that makes the price shows, all others follow."""
        wrong = []
        for number, one in enumerate(moves):
            exchange = self._all[0] if one.venue is None else self._exchanges.get(one.venue)
            if exchange is None or one.symbol not in exchange.listings:
                wrong.append(Mistake(f"move[{number}]", f"{one.symbol} is not listed at {one.venue or HASHKEY}"))
                continue
            begins = Instant(self.now + one.at)
            exchange.expect_shift(begins, one.symbol, one.by_bp)
            if one.lasts is not None:
                exchange.expect_shift(Instant(begins + one.lasts), one.symbol, -one.by_bp)
        if wrong:
            raise BadInput(wrong)

    def truth(self) -> dict[str, Any]:
        """What each exchange knows, by venue."""
        return {name: exchange.truth() for name, exchange in self._exchanges.items()}


def sandbox_hall(
    seed: int,
    *,
    venues: Sequence[str] = (HASHKEY,),
    balances: Balances,
    recorded: bool,
    strict_tif: bool = False,
    forbidden: bool = False,
    start: Instant = START,
    played: Flow | None = None,
    fee_min: Decimal | None = None,
    slumber: Slumber | None = None,
) -> Hall:
    """The venues that are asked for; `BadInput` for one that is not known here.

    `recorded`, `forbidden`, `start` and `played` as for `listings.sandbox_exchange`; `strict_tif` is about HashKey,
    whose documents leave it open. `fee_min` is what a completely executed order pays there at least, in US dollars;
    without it there is no such minimum, as in May 2026. `slumber` is when other people doze, at every venue alike.
    """
    if unknown := [name for name in venues if name not in VENUES]:
        raise BadInput([Mistake("venue", f"{name!r} has no stall here; {', '.join(VENUES)} have") for name in unknown])
    listings = with_forbidden() if forbidden else LISTINGS
    source = Neighbour(
        listings if fee_min is None else [_with_minimum(one, fee_min) for one in listings],
        balances.get(HASHKEY, {}),
        _dozing(hashkey_flows(seed, recorded=recorded, forbidden=forbidden, start=start, played=played), slumber),
        start=start,
        strict_tif=strict_tif,
    )
    exchanges, dealers = {}, {}
    for name in dict.fromkeys(venues):
        stall = STALLS.get(name)
        exchange = source if stall is None else _beside(source, stall, balances.get(name, {}), seed, forbidden, slumber)
        exchanges[name] = exchange
        dealers[name] = Dealer(exchange, seed=seed, venue=name, terms=stall.dealer if stall else HASHKEY_DEALER)
    return Hall(exchanges, source, dealers)


def _with_minimum(listing: Listing, dollars: Decimal) -> Listing:
    """Its minimum fee in the quote asset: one to one, and in HKD at 7.8 (mock)."""
    return replace(listing, fee_min=times(dollars, _HKD) if listing.quote == "HKD" else dollars)


def _beside(
    source: Neighbour,
    stall: Stall,
    balances: Mapping[str, Mapping[str, Decimal]],
    seed: int,
    forbidden: bool,
    slumber: Slumber | None,
) -> Neighbour:
    listings = (*stall.listings, stall.forbidden) if forbidden else stall.listings
    flows = [Follower(stall, one.tick, one.lot, one.symbol, source, seed) for one in listings]
    return Neighbour(listings, balances, _dozing(flows, slumber), start=source.now, client_ids=stall.client_ids)


def _dozing(flows: Sequence[Flow], slumber: Slumber | None) -> Sequence[Flow]:
    return flows if slumber is None else [Dozing(flow, slumber) for flow in flows]


def _signed(exchange: Neighbour, flow: Flow, to: Instant) -> Iterator[tuple[Instant, Neighbour, FlowAction]]:
    for action in flow.until(to):
        yield action.at, exchange, action


def _others_best(side: Ladder) -> int | None:
    """The best price, in ticks, at which somebody stands who is no account."""
    return next((level.ticks for level in side if any(not order.account for order in level)), None)
