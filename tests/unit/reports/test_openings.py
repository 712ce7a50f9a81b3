"""After exit 3 the desk is told what is frozen where, and exactly what to type for each of it."""

from engine.core.evolve import evolve
from engine.events import Closed
from engine.orders import reports as r
from engine.orders.events import Wish
from engine.reports.openings import lines
from tests.support.builders import RUN, START, opened
from tests.support.by_hand import Run, placed


def ended(run: Run, status: str) -> list[str]:
    """The closing lines of a run that ends so."""
    evolve(run.state, Closed(START, status, len(run.state.live), 0))
    return list(lines(run.state))


def people(approvals: int = 2) -> Run:
    return Run(opened(approvals=approvals)).ready()


def test_a_frozen_quantity_is_named_with_its_order_and_venue_and_the_two_ways_to_end_it() -> None:
    run = people()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    told = ended(run, "unresolved")
    assert told[0] == (
        f"frozen: 2.5 BTC at hashkey in order {order.client_id}: nobody knows whether it exists; 0 of 2.5 known as sold"
    )
    assert told[1] == f"  with a paper of hashkey: steelyard settle-unknown {RUN} {order.client_id} --filled Q"
    assert told[-2:] == [
        f"where a venue may be back, ask it first: steelyard resume {RUN}",
        f"a paper counts once 2 approvers have agreed; then: steelyard resume {RUN}",
    ]


def test_an_order_of_which_a_part_is_known_freezes_the_rest() -> None:
    run = people()
    (order,) = placed(run.due("00:00"))
    run.answer(order, r.Done())
    run.fill(order, "1")
    run.asked(Wish.HALT)
    told = ended(run, "unresolved")
    assert told[0].startswith(f"frozen: 1.5 BTC at hashkey in order {order.client_id}: last seen standing; 1 of 2.5 ")
    assert not any("settle-unknown" in line for line in told), "its venue can tell, so no paper may"


def test_a_difference_is_named_with_its_sign_and_the_words_that_explain_it() -> None:
    run = people()
    run.survey(USDT="-12.5")
    told = ended(run, "unresolved")
    assert told[0] == "open: hashkey shows 12.5 USDT less than our ledger holds there"
    assert told[1].endswith(f"explain-difference {RUN} --venue hashkey --asset USDT --delta -12.5")


def test_a_venue_that_was_not_read_is_named_even_where_nothing_is_frozen() -> None:
    run = people()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    assert ended(run, "unresolved")[0] == "open: hashkey was not read after the last order there"


def test_where_nobody_approves_only_the_venue_can_answer() -> None:
    run = people(approvals=0)
    run.survey(USDT="-12.5")
    assert ended(run, "unresolved") == [
        "open: hashkey shows 12.5 USDT less than our ledger holds there",
        f"where a venue may be back, ask it first: steelyard resume {RUN}",
    ]


def test_with_its_sandbox_gone_nobody_can_be_asked() -> None:
    run = people()
    run.unanswered(*placed(run.due("00:00")))
    evolve(run.state, Closed(START, "unresolved", 1, 0))
    told = list(lines(run.state, gone=True))
    assert told[-1] == "its sandbox is gone: what is frozen counts as taken, and nobody can be asked"
    assert not any("steelyard" in line for line in told)


def test_after_a_halt_the_way_back_is_named() -> None:
    run = people(approvals=1)
    run.asked(Wish.HALT)
    assert ended(run, "halted") == [
        f"to go on after the halt: steelyard go-on {RUN} --as NAME --reason TEXT",
        f"  and once an approver has agreed: steelyard resume {RUN}",
    ]


def test_a_run_that_is_done_or_goes_on_leaves_nothing_open() -> None:
    run = people()
    assert list(lines(run.state)) == []
    assert ended(run, "done") == []
