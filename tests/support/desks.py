"""A run that people finish by firm quotes, fed by hand, and desks that keep honest books."""

from typing import Any

from msgspec.structs import replace

from engine.events import Opened
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import VenueName
from engine.mandate.instructions import By, Finish
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    STABLE,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Commands, Run, only

OTHER = VenueName("osl")
DESK = replace(CAPABILITIES, quotes=True)
DEAR = replace(DESK, taker_fee=d("0.01"))
"""Crossing this book costs a hundredth, so that the limits bind before the book does."""


def one(capabilities: r.Capabilities = DESK, coins: str = "10", **changes: Any) -> Opened:
    """One venue, 10 BTC to be sold, `coins` of them on the account."""
    held = {VENUE: (r.Balance(BTC, d(coins), d("0")),)}
    return opened(capabilities={VENUE: capabilities}, balances=held, **changes)


def two(first: r.Capabilities = DESK, second: r.Capabilities = DESK) -> Opened:
    """10 BTC to be sold, and 10 on each of two venues."""
    legs = (
        leg_one(instruments=(COIN, replace(COIN, venue=OTHER))),
        leg_two(instruments=(STABLE, replace(STABLE, venue=OTHER))),
    )
    return opened(
        terms=terms(venues=(VENUE, OTHER)),
        plan=plan(*legs),
        licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
        capabilities={VENUE: first, OTHER: second},
        balances={name: (r.Balance(BTC, d("10"), d("0")),) for name in (VENUE, OTHER)},
    )


class Desks(Run):
    """A run that people finish by quotes, and desks that keep honest books."""

    def finish(self, when: str = "00:00:01") -> list[c.AskQuote]:
        """It is asked for; the decision that follows asks the desks."""
        self.people(Finish(By.RFQ))
        return only(c.AskQuote, self.due(when))

    def quotes(self, ask: c.AskQuote, proceeds: str, *, lasts: int = 30, quote_id: str = "") -> Commands:
        """The desk answers with a firm price for what was asked."""
        until = Instant(self.now + lasts * SECOND)
        q, named = ask.request, quote_id or f"q{ask.number}"
        quote = r.Quote(ask.venue, named, q.sell, q.buy, q.quantity, d(proceeds), until)
        return self.feed(e.QuoteCame(self.now, ask.number, quote, until))

    def declines(self, ask: c.AskQuote) -> Commands:
        return self.feed(e.QuoteCame(self.now, ask.number, r.Refused("too_large", "no"), self.now))

    def accepts(self, taken: c.AcceptQuote, outcome: r.Acceptance) -> Commands:
        return self.feed(e.AcceptanceCame(self.now, taken.approved.order.client_id, outcome))

    def dealt(self, taken: c.AcceptQuote, **changes: Any) -> r.Dealt:
        """The desk deals, on its own books; nobody has told us yet."""
        q = taken.quote
        deal = r.Deal(q.venue, q.quote_id, f"d-{q.quote_id}", q.sell, q.buy, q.quantity, q.proceeds, self.now)
        deal = replace(deal, **changes)
        self._add(deal.venue, deal.sell, -deal.quantity)
        self._add(deal.venue, deal.buy, deal.proceeds)
        return r.Dealt(deal)

    def shown(self, taken: c.AcceptQuote, answer: r.DealAnswer) -> Commands:
        """What the venue's records say."""
        return self.feed(e.DealSeen(self.now, taken.approved.order.client_id, answer))

    def acceptances(self) -> list[c.AcceptQuote]:
        """All that were ever taken."""
        return [row for row in self.rows if isinstance(row, c.AcceptQuote)]


def finishing(first: Opened | None = None) -> tuple[Desks, list[c.AskQuote]]:
    """In step, and asked to finish by quotes; with the questions that this caused."""
    run = Desks(first or one(), methods())
    run.ready()
    return run, run.finish()


def taking(proceeds: str = "999.95", first: Opened | None = None) -> tuple[Desks, c.AcceptQuote]:
    """The one desk's quote has been taken, and no answer has come."""
    run, (ask,) = finishing(first)
    run.quotes(ask, proceeds)
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    return run, taken


def why(commands: Commands) -> list[list[str]]:
    return [[denied.limit for denied in withheld.denied] for withheld in only(c.Withheld, commands)]


def quote_for(ask: c.AskQuote, proceeds: str = "999.95", quote_id: str = "q") -> r.Quote:
    q = ask.request
    return r.Quote(ask.venue, quote_id, q.sell, q.buy, q.quantity, d(proceeds), at("00:30"))
