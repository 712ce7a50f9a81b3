"""What people decided, in the story of a run: who approved it, what was asked of it, and what they proved by papers."""

import pytest

from engine.events import Agreed, CaseChanged, Entry, decode, kind
from engine.evidence.reading import tell
from engine.evidence.story import Story, Way
from engine.journal.record import GENESIS, Record, chained
from engine.kernel import codec
from engine.kernel.ids import PersonName
from engine.kernel.money import Amount, total
from engine.mandate import instructions as i
from engine.mandate.standing import CaseStanding
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from tests.support.builders import ONE, START, TWO, USDT, VENUE, d, explain, settle_unknown, ticket
from tests.support.by_hand import Run, placed


def story(run: Run) -> Story:
    """The rows of the run, as a journal keeps them."""
    rows, head = list[tuple[Record, Entry]](), GENESIS
    for seq, row in enumerate(run.rows, start=1):
        payload, when = codec.encode(row), getattr(row, "at", START)
        head = chained(head, seq, when, when, kind(row), payload)
        rows.append((Record(seq, when, when, kind(row), payload, head), decode(payload)))
    return tell(rows)


def lost() -> tuple[Run, ChildOrder]:
    """An order that nobody can tell of."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    return run, order


def whats(of: Story) -> list[str]:
    return [moment.what for moment in of.timeline]


def detail(of: Story, what: str) -> str:
    (found,) = [moment.detail for moment in of.timeline if moment.what == what]
    return found


def test_the_approval_of_the_plan_is_the_storys_and_says_who() -> None:
    run = Run()
    names = (PersonName("wang"), PersonName("chen"))
    agreed = Agreed(
        at=START, plan_sha256="d" * 64, paper_sha256="e" * 64, by=PersonName("li"), agreed=names, book_seq=7
    )
    run.rows.append(agreed)
    told = story(run)
    assert told.approval == agreed
    assert detail(told, "approved") == f"wang, chen agreed to what li asked: paper {'e' * 12}, plan {'d' * 12}"


def test_what_a_paper_proved_of_an_order_is_a_fill_of_that_order_by_paper() -> None:
    run, order = lost()
    run.people(settle_unknown(order.client_id, "2", "99.90", fee=Amount(d("0.5"), USDT)))
    told = story(run)
    (sold,) = told.leg(ONE).fills
    assert (sold.fill.quantity, sold.fill.price, sold.way, sold.order) == (2, d("99.90"), Way.PAPER, order)
    assert len(told.leg(ONE).attempts) == 1
    assert told.strangers == ()


def test_what_was_proved_beyond_what_the_stream_told_adds_up() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    run.report(order, r.OrderStatus.CANCELLED, "2")
    run.people(settle_unknown(order.client_id, "2", "99.90"))
    told = story(run).leg(ONE)
    assert [sold.way for sold in told.fills] == [Way.STREAM, Way.PAPER]
    assert total(sold.fill.quantity for sold in told.fills) == run.state.legs[ONE].sold == 2


def test_a_deal_by_voice_is_a_fill_of_its_leg_with_an_order_of_its_own() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.expired(order)
    run.people(ticket(quantity=d("2")))
    told = story(run).leg(ONE)
    (sold,) = told.fills
    assert (sold.fill.trade_id, sold.fill.quantity, sold.way) == ("OTC-1", 2, Way.PAPER)
    assert [attempt.standing for attempt in told.attempts] == ["cancelled", "filled"]


def test_the_proceeds_of_a_deal_are_what_leg_two_received() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.expired(order)
    run.people(ticket(quantity=d("3")))
    for swept in placed(run.due("00:00:20")):
        run.sold(swept)
    told = story(run)
    assert total(sold.fill.quantity for sold in told.leg(TWO).fills) == run.state.legs[TWO].sold > 0


def test_what_was_booked_by_paper_stands_in_the_timeline_with_the_paper() -> None:
    run, order = lost()
    run.people(settle_unknown(order.client_id, "2", "99.90"))
    (booked,) = [row for row in run.rows if isinstance(row, c.Book)]
    told = detail(story(run), "booked by paper")
    assert booked.paper_sha256[:12] in told
    assert "2 BTC at 99.90 USDT on hashkey" in told


@pytest.mark.parametrize(
    ("instruction", "what"),
    [
        (i.Stop(i.Scope.VENUE, VENUE), "asked to stop"),
        (i.GoOn(i.Scope.RUN), "asked to go on"),
        (i.Amend(was_sha256="0" * 64), "asked to amend"),
        (i.Finish(i.By.SWEEP), "asked to finish"),
        (ticket(), "asked to ticket"),
        (explain("0.01"), "asked to explain difference"),
    ],
)
def test_whatever_people_ask_stands_in_the_timeline_with_their_names_and_reason(
    instruction: i.Instruction, what: str
) -> None:
    run = Run().ready()
    run.people(instruction, reason="the market is thin")
    assert detail(story(run), what) == "by li and wang and chen: the market is thin"


def test_what_was_not_done_says_why() -> None:
    run = Run().ready()
    run.people(explain("0.01"))
    told = detail(story(run), "not done")
    assert "difference: 0.01 USDT against none" in told


def test_a_hold_and_its_end_stand_in_the_timeline() -> None:
    run = Run().ready()
    run.case(held="court order 7")
    run.feed(CaseChanged(run.now, CaseStanding(book_seq=9)))
    changes = [moment.detail for moment in story(run).timeline if moment.what == "case changed"]
    assert changes == ["held: court order 7", "row 9 of its book"]


def test_a_lost_fill_that_the_venue_tells_of_as_well_is_seen_by_the_story_too() -> None:
    """It shares no code with the core, and comes to the same quantity."""
    run, order = lost()
    run.people(settle_unknown(order.client_id, "0"))
    run.told(run.execution(order, "2.5"))
    told = story(run)
    assert total(sold.fill.quantity for sold in told.leg(ONE).fills) == run.state.legs[ONE].sold
    assert "halted" in whats(told)
