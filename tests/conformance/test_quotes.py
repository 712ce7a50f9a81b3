"""Firm quotes on request: accepted once, never twice, and after a lost answer the venue's own records decide."""

import asyncio
from decimal import Decimal

import pytest

from engine.kernel.money import Asset
from engine.orders.reports import Dealt, NoDeal, NoWord, Quote, QuoteRequest, Refused, Transient, Unknown
from tests.conformance.case import Case, numbers
from tests.conformance.rig import Op, Spoil

pytestmark = [pytest.mark.needs("quotes"), pytest.mark.lever("bid")]


async def asked(case: Case, units: int = 1) -> Quote:
    """A firm price for BTC; the dealer needs a market to price it by."""
    await case.rig.bid(case.price, case.unit)
    await case.rest(price=case.price + 10 * case.instrument.tick)
    quoted = await case.venue.quote(request_of(case, units))
    assert isinstance(quoted, Quote), quoted
    return quoted


def request_of(case: Case, units: int = 1) -> QuoteRequest:
    return QuoteRequest(case.instrument.base, case.instrument.quote, case.quantity(units))


async def test_a_quote_is_for_what_was_asked(case: Case) -> None:
    quote = await asked(case, 2)
    assert (quote.venue, quote.sell, quote.buy) == (case.venue.name, case.instrument.base, case.instrument.quote)
    assert quote.quantity == case.quantity(2)
    assert quote.proceeds > 0
    assert quote.quote_id


async def test_a_quote_expires_before_long_and_not_at_once(case: Case) -> None:
    quote = await asked(case)
    assert 0 < quote.expires_at - case.rig.clock.wall() < 120 * 10**9


async def test_a_quote_is_exact(case: Case) -> None:
    assert all(type(number) in (Decimal, int) for number in numbers(await asked(case)))


async def test_a_quote_moves_nothing(case: Case) -> None:
    await asked(case)
    truth = await case.rig.truth()
    assert (list(truth.deals), list(truth.trades)) == ([], [])


async def test_an_accepted_quote_is_dealt_at_its_own_terms(case: Case) -> None:
    quote = await asked(case)
    before = (await case.rig.truth()).balances
    dealt = await case.venue.accept(quote)
    assert isinstance(dealt, Dealt)
    assert (dealt.deal.quote_id, dealt.deal.sell, dealt.deal.buy) == (quote.quote_id, quote.sell, quote.buy)
    assert (dealt.deal.quantity, dealt.deal.proceeds) == (quote.quantity, quote.proceeds)
    after = (await case.rig.truth()).balances
    assert before[quote.sell].free - after[quote.sell].free == quote.quantity
    assert after[quote.buy].free - before[quote.buy].free == quote.proceeds


async def test_a_quote_that_was_accepted_twice_is_dealt_once(case: Case) -> None:
    quote = await asked(case)
    await case.venue.accept(quote)
    await case.venue.accept(quote)
    assert list((await case.rig.truth()).deals) == [quote.quote_id]


async def test_a_quote_that_was_accepted_twice_at_once_is_dealt_once(case: Case) -> None:
    quote = await asked(case)
    await asyncio.gather(case.venue.accept(quote), case.venue.accept(quote))
    assert list((await case.rig.truth()).deals) == [quote.quote_id]


async def test_a_quote_that_was_dealt_is_not_refused_when_accepted_again(case: Case) -> None:
    """A refusal would say that there is no deal."""
    quote = await asked(case)
    await case.venue.accept(quote)
    assert isinstance(await case.venue.accept(quote), Dealt | Unknown)


@pytest.mark.lever("expire_quotes")
async def test_a_quote_that_expired_is_not_dealt(case: Case) -> None:
    quote = await asked(case)
    await case.rig.expire_quotes()
    assert isinstance(await case.venue.accept(quote), Refused | Transient | Unknown)
    assert list((await case.rig.truth()).deals) == []


@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_ANSWER, Spoil.SERVER_ERROR, Spoil.TIMED_OUT])
async def test_an_acceptance_whose_answer_was_lost_is_not_refused_and_the_records_prove_it(
    case: Case, how: Spoil
) -> None:
    """An adapter may ask the records itself before it answers."""
    quote = await asked(case)
    await case.rig.spoil(Op.ACCEPT, how)
    assert isinstance(await case.venue.accept(quote), Unknown | Dealt)
    answer = await case.venue.deal(quote)
    assert isinstance(answer, Dealt)
    assert (answer.deal.quantity, answer.deal.proceeds) == (quote.quantity, quote.proceeds)


@pytest.mark.wire
@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.NOT_JSON, Spoil.EMPTY, Spoil.TRUNCATED, Spoil.TORN, Spoil.OTHER_WORDS])
async def test_an_acceptance_whose_answer_makes_no_sense_is_not_refused(case: Case, how: Spoil) -> None:
    quote = await asked(case)
    await case.rig.spoil(Op.ACCEPT, how)
    assert isinstance(await case.venue.accept(quote), Unknown | Dealt)
    assert list((await case.rig.truth()).deals) == [quote.quote_id]


@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_ANSWER, Spoil.LOST_REQUEST, Spoil.SERVER_ERROR])
async def test_an_acceptance_is_sent_once_whatever_becomes_of_it(case: Case, how: Spoil) -> None:
    quote = await asked(case)
    await case.rig.spoil(Op.ACCEPT, how)
    await case.venue.accept(quote)
    assert case.rig.sent(Op.ACCEPT) == 1


@pytest.mark.lever("spoil", "expire_quotes")
async def test_an_acceptance_that_was_lost_on_its_way_is_no_deal_once_the_quote_has_expired(case: Case) -> None:
    quote = await asked(case)
    await case.rig.spoil(Op.ACCEPT, Spoil.LOST_REQUEST)
    assert isinstance(await case.venue.accept(quote), Unknown | Transient)
    await case.rig.expire_quotes()
    assert isinstance(await case.venue.deal(quote), NoDeal)
    assert list((await case.rig.truth()).deals) == []


@pytest.mark.lever("expire_quotes")
async def test_a_quote_that_nobody_accepted_is_no_deal_once_it_has_expired(case: Case) -> None:
    quote = await asked(case)
    await case.rig.expire_quotes()
    answer = await case.venue.deal(quote)
    assert isinstance(answer, NoDeal)
    assert all(len(digest) == 64 for digest in answer.evidence)
    assert answer.evidence


async def test_a_quote_that_still_stands_is_not_yet_no_deal(case: Case) -> None:
    """It could still be executed, so its absence proves nothing."""
    quote = await asked(case)
    assert isinstance(await case.venue.deal(quote), NoWord)


@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_ANSWER, Spoil.SERVER_ERROR])
async def test_a_quote_whose_answer_was_lost_binds_nobody(case: Case, how: Spoil) -> None:
    await asked(case)
    await case.rig.spoil(Op.QUOTE, how)
    assert isinstance(await case.venue.quote(request_of(case)), Transient)


async def test_an_asset_that_nobody_deals_in_is_not_quoted(case: Case) -> None:
    quoted = await case.venue.quote(QuoteRequest(Asset("NIX"), case.instrument.quote, case.unit))
    assert isinstance(quoted, Refused | Transient)


@pytest.mark.lever("spoil")
async def test_records_that_could_not_be_read_prove_nothing(case: Case) -> None:
    quote = await asked(case)
    await case.venue.accept(quote)
    await case.rig.spoil(Op.READ, Spoil.LOST_ANSWER)
    assert not isinstance(await case.venue.deal(quote), NoDeal)
