"""Public market data: a first book at once, books that an exchange can have, each print once, breaks named."""

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.kernel.clock import SECOND, Instant
from engine.market.facts import BookSeen, FeedDown, Print
from tests.conformance.case import PATIENCE, Case


@pytest.fixture(autouse=True)
async def _started(case: Case) -> None:
    """The feed runs, over a book that has a bid and an offer."""
    await case.rig.bid(case.price, case.unit)
    await case.rest(price=case.price + 100 * case.instrument.tick)
    await case.market.start([case.symbol, case.rig.second.symbol])


pytestmark = pytest.mark.lever("bid")


async def test_when_it_has_started_each_pair_has_had_its_first_book(case: Case) -> None:
    facts = case.market.drain(case.rig.clock.market())
    assert {f.symbol for f in facts if isinstance(f, BookSeen)} == {case.symbol, case.rig.second.symbol}


async def test_the_first_book_is_what_stands(case: Case) -> None:
    book = await case.shown(lambda b: bool(b.bids and b.asks))
    (bid,), (ask,) = book.bids, book.asks
    assert (bid.price, bid.size) == (case.price, case.unit)
    assert (ask.price, ask.size) == (case.price + 100 * case.instrument.tick, case.unit)


async def test_a_book_that_changes_is_shown_again(case: Case) -> None:
    better = case.price + 10 * case.instrument.tick
    await case.rig.bid(better, case.quantity(2))
    book = await case.shown(lambda b: b.bids[0].price == better)
    assert [(level.price, level.size) for level in book.bids] == [
        (better, case.quantity(2)),
        (case.price, case.unit),
    ]


@pytest.mark.lever("take")
async def test_a_level_that_is_gone_is_shown_no_more(case: Case) -> None:
    client_id = await case.rest(price=case.price + 50 * case.instrument.tick)
    await case.shown(lambda b: len(b.asks) == 2)
    await case.cancel(client_id)
    await case.shown(lambda b: len(b.asks) == 1)


async def test_every_book_is_sorted_and_uncrossed(case: Case) -> None:
    for step in range(1, 8):
        await case.rig.bid(case.price - step * 7 * case.instrument.tick, case.unit)
        await case.rest(price=case.price + (100 + 3 * step) * case.instrument.tick)
    book = await case.shown(lambda b: len(b.bids) >= 8 and len(b.asks) >= 8)
    assert all(better.price > worse.price for better, worse in pairwise(book.bids))
    assert all(better.price < worse.price for better, worse in pairwise(book.asks))
    assert book.bids[0].price < book.asks[0].price
    assert all(level.size > 0 for level in (*book.bids, *book.asks))


async def test_a_trade_is_printed_once_with_its_price_and_size(case: Case) -> None:
    await case.sell(price=case.price + 20 * case.instrument.tick)
    prints: list[Print] = []
    async for fact in case.watched():
        prints += [fact] if isinstance(fact, Print) else []
        if prints:
            break
    await asyncio.sleep(0.15)
    prints += [f for f in case.market.drain(case.rig.clock.market()) if isinstance(f, Print)]
    ((price, quantity, maker),) = [(p.price, p.quantity, p.buyer_is_maker) for p in prints]
    assert (price, quantity, maker) == (case.price + 20 * case.instrument.tick, case.unit, True)


async def test_every_trade_is_printed_and_no_two_share_an_id(case: Case) -> None:
    for _ in range(5):
        await case.sell(price=case.price + 20 * case.instrument.tick)
    ids: list[str] = []
    async for fact in case.watched():
        ids += [fact.trade_id] if isinstance(fact, Print) else []
        if len(ids) >= 5:
            break
    assert len(set(ids)) == len(ids) == 5


async def test_nothing_is_handed_over_twice(case: Case) -> None:
    """What was drained is gone; a snapshot may come again, a print may not."""
    at = case.rig.clock.market()
    case.market.drain(at)
    assert [f for f in case.market.drain(at) if isinstance(f, Print)] == []


async def test_nothing_is_handed_over_before_it_was_seen(case: Case) -> None:
    at = Instant(case.rig.clock.market())
    assert all(fact.seen_at <= at for fact in case.market.drain(at))


async def test_facts_come_in_the_order_of_their_arrival(case: Case) -> None:
    for step in range(5):
        await case.rig.bid(case.price - (step + 1) * case.instrument.tick, case.unit)
        await asyncio.sleep(0.03)
    facts = list(case.market.drain(case.rig.clock.market()))
    assert [fact.seen_at for fact in facts] == sorted(fact.seen_at for fact in facts)


async def test_every_fact_bears_the_venues_name_and_a_plausible_time(case: Case) -> None:
    book = await case.shown(lambda b: bool(b.bids))
    assert book.venue == case.market.name
    assert case.since - SECOND <= book.changed_at <= book.seen_at + SECOND
    assert book.seen_at >= case.since


async def test_every_price_and_size_is_an_exact_decimal(case: Case) -> None:
    book = await case.shown(lambda b: bool(b.bids and b.asks))
    for level in (*book.bids, *book.asks):
        assert (type(level.price), type(level.size)) == (Decimal, Decimal)


@pytest.mark.wire
@pytest.mark.lever("cut_feed")
async def test_a_feed_that_was_cut_is_called_down_and_comes_back_with_a_new_book(case: Case) -> None:
    case.market.drain(case.rig.clock.market())
    await case.rig.cut_feed()
    seen: list[type] = []
    async for fact in case.watched():
        if fact.symbol == case.symbol and isinstance(fact, FeedDown | BookSeen):
            seen.append(type(fact))
        if FeedDown in seen and seen[-1] is BookSeen:
            break
    assert seen.count(FeedDown) == 1


@pytest.mark.wire
@pytest.mark.lever("cut_feed")
async def test_the_book_after_a_break_is_the_book_of_then(case: Case) -> None:
    case.market.drain(case.rig.clock.market())
    await case.rig.cut_feed()
    better = case.price + 10 * case.instrument.tick
    await case.rig.bid(better, case.unit)
    await case.shown(lambda b: b.bids[0].price == better)


async def test_a_book_that_nobody_touches_keeps_the_time_of_its_last_change(case: Case) -> None:
    """An old book must be able to look old."""
    first = await case.shown(lambda b: bool(b.bids))
    await asyncio.sleep(0.15)
    later = [f for f in case.market.drain(case.rig.clock.market()) if isinstance(f, BookSeen)]
    assert {f.changed_at for f in later if f.symbol == case.symbol} <= {first.changed_at}


async def test_a_pair_that_nobody_asked_for_is_not_shown(case: Case) -> None:
    asked = {case.symbol, case.rig.second.symbol}
    await case.rig.bid(case.price - case.instrument.tick, case.unit)
    async with asyncio.timeout(PATIENCE):
        await case.shown(lambda b: len(b.bids) == 2)
    assert {f.symbol for f in case.market.drain(case.rig.clock.market())} <= asked
