"""Conduct, measured: planted patterns are found, and a run that does nothing of the kind is within its bounds."""

from decimal import Decimal

import msgspec
import pytest

from engine.events import decode
from engine.evidence.conduct import Conduct, conduct_json, counts, of_run
from engine.evidence.measure import Measure, Verdict, What
from engine.evidence.reading import tell
from engine.kernel import codec
from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import VenueName
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from tests.support.journals import BTC, FIRST, USDT, VENUE, opened, tape, two_legs
from tests.support.resting import OSL, Rested, after, rules

D = Decimal
FLOWS = (What.CANCELLED, What.MESSAGES, What.QUICK, What.REQUOTES)


def measure(found: Conduct, what: What, venue: VenueName | None = None) -> Measure:
    """The first of its kind; of the coin's leg where there is one for each."""
    return next(m for m in found.measures if m.what is what and m.leg in (None, FIRST) and venue in (None, m.venue))


def verdicts(found: Conduct) -> dict[What, Verdict]:
    return {m.what: m.verdict for m in reversed(found.measures) if m.leg in (None, FIRST)}


def honest(run: Rested) -> Rested:
    """Twelve slices: each rests, is moved once after twenty seconds, and fills a little later."""
    for number in range(12):
        run.pulled(60 * number, 60 * number + 20)
        run.filled(60 * number + 21, 60 * number + 40, price="64990")
    return run


def test_a_run_that_moves_its_order_now_and_then_is_within_every_bound() -> None:
    found = of_run(honest(Rested()).story())
    assert counts(found)["over"] == 0
    assert [measure(found, what).value for what in FLOWS] == [D("0.5000"), D("3.00"), D("0.0000"), D(1)]


def test_a_peg_that_flickers_is_over_by_each_of_its_four_measures() -> None:
    """A hundred orders, each cancelled after 0.3 s and put again at once; one of them fills."""
    run = Rested()
    named = [run.pulled(0.5 * number, 0.5 * number + 0.3).client_id for number in range(100)]
    run.filled(60, 61)
    found = of_run(run.story())
    assert {measure(found, what).verdict for what in FLOWS} == {Verdict.OVER}
    assert [measure(found, what).value for what in FLOWS] == [D("0.9901"), D("201.00"), D("1.0000"), D(100)]
    assert measure(found, What.QUICK).orders == tuple(named)
    assert measure(found, What.QUICK).detail == "100 of 100 lived less than 1s; the median lived 300ms"


def test_a_minute_of_re_quotes_is_counted_wherever_it_begins() -> None:
    """Two a minute for long, and once nine within a minute that straddles a full one."""
    run = Rested()
    for number in range(10):
        run.pulled(30 * number, 30 * number + 1)
    for number in range(9):
        run.pulled(345 + 5 * number, 345 + 5 * number + 4)
    found = measure(of_run(run.story()), What.REQUOTES)
    assert (found.value, found.at, len(found.orders)) == (9, after(345), 9)


def test_a_share_of_a_few_orders_is_not_measurable_and_says_why() -> None:
    run = Rested()
    run.pulled(0, 0.1)
    found = measure(of_run(run.story()), What.CANCELLED)
    assert (found.verdict, found.lack) == (Verdict.UNMEASURED, "1 orders rested in the book; 10 are needed")


def test_layers_that_are_cancelled_around_a_fill_elsewhere_are_found() -> None:
    """Three orders at three prices stand together and go two seconds after a sale on the other venue."""
    run = Rested(OSL)
    layered = [run.pulled(0, 12, price=price).client_id for price in ("65010", "65020", "65030")]
    run.filled(5, 10, venue=OSL)
    found = measure(of_run(run.story()), What.LAYERS)
    assert (found.value, found.verdict, found.asset) == (3, Verdict.OVER, BTC)
    assert (found.orders, found.at) == (tuple(layered), after(0))


def test_layers_cancelled_before_the_fill_are_found_as_well() -> None:
    run = Rested(OSL)
    for price in ("65010", "65020", "65030"):
        run.pulled(0, 8, price=price)
    run.filled(5, 10, venue=OSL)
    assert measure(of_run(run.story()), What.LAYERS).value == 3


def test_the_same_orders_cancelled_far_from_any_fill_are_no_layers() -> None:
    run = Rested(OSL)
    for price in ("65010", "65020", "65030"):
        run.pulled(0, 60, price=price)
    run.filled(5, 10, venue=OSL)
    assert measure(of_run(run.story()), What.LAYERS).value == 0


def test_a_chain_of_orders_that_follows_the_market_is_no_layer() -> None:
    """Each is cancelled before the next is sent: ten within seconds of a fill elsewhere, and never two at once."""
    run = Rested(OSL)
    for number in range(10):
        run.pulled(5 + 0.5 * number, 5 + 0.5 * number + 0.5, price=f"650{number}0")
    run.filled(5, 7, venue=OSL)
    assert measure(of_run(run.story()), What.LAYERS).value == 1


def test_a_fill_at_the_same_venue_and_price_is_not_elsewhere() -> None:
    run = Rested()
    for _ in range(3):
        run.pulled(0, 12)
    run.filled(5, 10)
    assert measure(of_run(run.story()), What.LAYERS).value == 0


@pytest.mark.parametrize("within", ["1s", "3s"])
def test_how_near_is_near_is_a_rule(within: str) -> None:
    run = Rested(OSL, rules=rules(layers_within=Span(int(within[0]) * SECOND)))
    for price in ("65010", "65020", "65030"):
        run.pulled(0, 12, price=price)
    run.filled(5, 10, venue=OSL)
    assert measure(of_run(run.story()), What.LAYERS).value == {"1s": 0, "3s": 3}[within]


def test_what_was_sent_and_what_became_of_it_is_counted_for_each_venue() -> None:
    run = Rested(OSL)
    run.pulled(0, 4)
    run.pulled(10, 12)
    run.filled(20, 21, venue=OSL)
    ours, other, _ = of_run(run.story()).flows
    assert (ours.venue, ours.orders, ours.rested, ours.pulled, ours.cancels, ours.executions) == (VENUE, 2, 2, 2, 2, 0)
    assert (ours.life_median, ours.quick) == (4 * SECOND, 0)
    assert (other.venue, other.orders, other.traded, other.executions, other.life_median) == (OSL, 1, 1, 1, None)


def test_what_fills_at_once_or_ends_never_rested() -> None:
    """The run of IOC orders that everybody reads: nothing of it can be a cancel, and all of it is within."""
    found = of_run(tell(two_legs().rows, tape()))
    assert [flow.rested for flow in found.flows] == [0, 0]
    assert counts(found)["over"] == 0


def test_selling_in_a_book_while_a_desk_is_asked_counts_its_minutes() -> None:
    """Asked at 12:00:50, the quote stands until 12:01:10; an order rests meanwhile. Two minutes of the clock."""
    run = Rested()
    behind = run.pulled(0, 300)
    run.pulled(400, 410)
    run.also(50, c.AskQuote(1, FIRST, VENUE, r.QuoteRequest(BTC, USDT, D(1))))
    quote = r.Quote(VENUE, "q1", BTC, USDT, D(1), D(65000), after(70))
    run.also(51, e.QuoteCame(after(51), 1, quote, after(70)))
    found = measure(of_run(run.story()), What.ASKED)
    assert (found.value, found.verdict, found.orders) == (2, Verdict.OVER, (behind.client_id,))


def test_a_desk_that_is_asked_before_or_after_is_beside_nothing() -> None:
    run = Rested()
    run.pulled(100, 110)
    run.also(50, c.AskQuote(1, FIRST, VENUE, r.QuoteRequest(BTC, USDT, D(1))))
    run.also(51, e.QuoteCame(after(51), 1, r.Transient("busy"), after(51)))
    assert measure(of_run(run.story()), What.ASKED).value == 0


def test_the_file_says_what_the_rules_were_and_which_orders_are_behind_a_measure() -> None:
    run = Rested()
    story = honest(run).story()
    told = msgspec.json.decode(conduct_json(story, of_run(story)))
    assert told["verdicts"] == {"within": 13, "over": 0, "not measurable": 3}
    assert (told["rules"]["quick"], told["rules"]["cancel_max"]) == ("1s", "0.95")
    first = told["measures"][0]
    assert (first["measure"], first["value"], first["bound"]) == ("cancelled_unfilled", "0.5000", "0.95")
    assert len(first["orders"]) == 12


def test_the_guide_s_worked_number() -> None:
    """Forty orders, each cancelled after 0.3 s and put again 0.2 s later; the last of 41 fills."""
    run = Rested()
    for number in range(40):
        run.pulled(0.5 * number, 0.5 * number + 0.3)
    run.filled(20, 21)
    found = of_run(run.story())
    assert [measure(found, what).value for what in FLOWS] == [D("0.9756"), D("81.00"), D("1.0000"), D(40)]
    assert counts(found)["over"] == 4


def test_a_journal_of_before_is_held_against_the_defaults() -> None:
    """Its first row says nothing of conduct."""
    told = msgspec.json.decode(codec.encode(opened()))
    del told["limits"]["conduct"]
    assert decode(msgspec.json.encode(told)) == opened()
