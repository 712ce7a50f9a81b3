"""The state is a fold over the journal: whatever was turned, folding the rows gives the same state."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.events import Approval, TapeSealed, decode
from engine.kernel import codec
from engine.kernel.clock import MINUTE, Instant, iso
from engine.kernel.money import ZERO
from engine.mandate.instructions import Amend, GoOn, Scope, Stop
from engine.orders.events import Cancelled, Wish
from engine.orders.order import ChildOrder
from engine.orders.reports import Done, Found, NoWord, OrderStatus, Refused, Transient
from tests.support.builders import BTC, ONE, START, TWO, USD, USDT, VENUE, d, explain, report, settle_unknown, ticket
from tests.support.by_hand import Run, again, placed, turned


class Story:
    """A run to which one thing after another happens, at a venue that keeps honest books."""

    def __init__(self) -> None:
        self.run, self.epoch = Run().ready(), 1
        self.order: ChildOrder | None = None

    def due(self) -> None:
        orders = placed(self.run.due(iso(self.run.now)[11:26]))
        self.order = orders[-1] if orders else self.order

    def filled(self) -> Decimal:
        """What the venue has booked on the order of the moment."""
        assert self.order is not None
        known = self.run.state.order(self.order.client_id)
        return known.filled if known is not None else ZERO

    def fill(self) -> None:
        if self.order is not None:
            rest = self.order.quantity - self.filled()
            if rest > 0:
                self.run.fill(self.order, str(min(rest, max(self.order.quantity / 4, rest / 2))), fee="0.01")

    def about(self, tell: Callable[[Run, ChildOrder], object]) -> None:
        if self.order is not None:
            tell(self.run, self.order)

    def found(self) -> None:
        self.about(lambda run, o: run.looked_up(o, Found(report(OrderStatus.WORKING, str(self.filled()), o), ())))

    def ended(self) -> None:
        self.about(lambda run, o: run.report(o, OrderStatus.CANCELLED, str(self.filled())))

    def amend(self, **changes: Any) -> None:
        self.run.people(Amend(was_sha256=self.run.state.plan.digest, **changes))

    def later_end(self) -> None:
        self.amend(ends=Instant(self.run.state.deadline + 5 * MINUTE), shares={BTC: d("0.5")})

    def restart(self) -> None:
        self.epoch += 1
        self.run.restart(self.epoch)


WORDS: dict[str, Callable[[Story], object]] = {
    "due": Story.due,
    "due again": Story.due,
    "fill": Story.fill,
    "fill again": Story.fill,
    "ended": Story.ended,
    "found": Story.found,
    "restart": Story.restart,
    "done": lambda s: s.about(lambda run, o: run.answer(o, Done())),
    "refused": lambda s: s.about(lambda run, o: run.answer(o, Refused("-1", "no"))),
    "transient": lambda s: s.about(lambda run, o: run.answer(o, Transient("busy"))),
    "unanswered": lambda s: s.about(Run.unanswered),
    "absent": lambda s: s.about(Run.not_found),
    "absent again": lambda s: s.about(Run.not_found),
    "no word": lambda s: s.about(lambda run, o: run.looked_up(o, NoWord("timeout"))),
    "cancelled": lambda s: s.about(lambda run, o: run.feed(Cancelled(run.now, o.client_id, Done()))),
    "down": lambda s: s.run.stream(up=False),
    "up": lambda s: s.run.stream(up=True),
    "survey": lambda s: s.run.survey(),
    "survey again": lambda s: s.run.survey(),
    "cheap": lambda s: s.run.price("50", "50.02"),
    "dear": lambda s: s.run.price("99.99", "100.01"),
    "stop venue": lambda s: s.run.people(Stop(Scope.VENUE, VENUE), agreed=()),
    "venue goes on": lambda s: s.run.people(GoOn(Scope.VENUE, VENUE)),
    "stop coin": lambda s: s.run.people(Stop(Scope.ASSET, BTC), agreed=()),
    "coin goes on": lambda s: s.run.people(GoOn(Scope.ASSET, BTC)),
    "stop order": lambda s: s.about(lambda run, o: run.people(Stop(Scope.CHILD, o.client_id), agreed=())),
    "run goes on": lambda s: s.run.people(GoOn(Scope.RUN)),
    "faster": lambda s: s.amend(rate=d("2")),
    "later": Story.later_end,
    "stale": lambda s: s.run.people(Amend(was_sha256="0" * 64, rate=d("2"))),
    "ticket": lambda s: s.run.people(ticket(quantity=d("0.5"), dealt_at=s.run.now)),
    "proven": lambda s: s.about(lambda run, o: run.people(settle_unknown(o.client_id, str(s.filled())))),
    "proven more": lambda s: s.about(lambda run, o: run.people(settle_unknown(o.client_id, str(o.quantity), "99.9"))),
    "explained": lambda s: s.run.people(explain("0.01")),
    "off": lambda s: s.run.survey(USDT="0.01"),
    "held": lambda s: s.run.case(held="court order 7"),
    "lifted": lambda s: s.run.case(deposit={USD: d("100")}),
    "pause": lambda s: s.run.asked(Wish.PAUSE),
    "resume": lambda s: s.run.asked(Wish.RESUME),
}
STORIES = st.lists(st.tuples(st.sampled_from(list(WORDS)), st.integers(0, 30)), min_size=15, max_size=80)
UNLIKELY = [("due", 0), ("unanswered", 1), ("absent", 6), ("fill", 0), ("absent", 1), ("ended", 0), ("restart", 9)]
HAPPY = [("due", 0), ("done", 0), ("fill", 0), ("fill", 0), ("fill", 0), ("fill", 0), ("ended", 0), ("due", 20)] * 12


def told(words: list[tuple[str, int]]) -> Story:
    story = Story()
    for word, seconds in words:
        story.run.later(seconds)
        WORDS[word](story)
    return story


def folded(story: Story) -> State:
    """What another process reads: every row through its bytes."""
    state = state_of(story.run.opened)
    for row in story.run.rows[1:]:
        evolve(state, decode(codec.encode(row)))
    return state


def same(one: State, other: State) -> None:
    """Field by field, so that a failure says which; books are compared by what they hold."""
    for field in State.__slots__:
        if field != "ledger":
            assert getattr(one, field) == getattr(other, field), field
    assert vars(one.ledger) == vars(other.ledger)


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_the_fold_of_the_rows_is_the_state(words: list[tuple[str, int]]) -> None:
    story = told([*HAPPY[:8], *words])
    same(story.run.state, folded(story))


@pytest.mark.parametrize("words", [UNLIKELY, HAPPY, [*HAPPY[:6], *UNLIKELY]])
def test_the_fold_of_the_rows_is_the_state_in_stories_that_matter(words: list[tuple[str, int]]) -> None:
    story = told([*HAPPY[:8], *words])
    same(story.run.state, folded(story))


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_every_turn_is_decided_again_as_it_was(words: list[tuple[str, int]]) -> None:
    """By somebody who has only the rows: that is what an audit does."""
    run = told([*HAPPY[:8], *words]).run
    assert again(run) == turned(run)


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_whatever_happens_never_more_is_sold_or_committed_than_there_was(words: list[tuple[str, int]]) -> None:
    """Unless the venue itself told of a fill that could not be, which stops the run."""
    state = told(words).run.state
    one, two = state.legs[ONE], state.legs[TWO]
    assert one.sold + state.committed(VENUE, BTC) <= one.total or state.halted
    assert two.sold + state.committed(VENUE, USDT) <= two.total or state.halted
    assert two.total == one.proceeds - one.fees.get(USDT, ZERO)


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_whatever_happens_no_name_comes_twice_and_a_leg_has_one_order_that_may_trade(
    words: list[tuple[str, int]],
) -> None:
    story = told(words)
    names = story.run.sent()
    assert len(set(names)) == len(names)
    legs = [order.child.leg for order in story.run.state.live.values()]
    assert len(set(legs)) == len(legs)


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_whatever_happens_the_books_balance(words: list[tuple[str, int]]) -> None:
    assert all(units == 0 for units in told(words).run.state.ledger.trial().values())


def test_a_happy_story_sells_everything() -> None:
    """So that the stories above are about something."""
    assert told(HAPPY).run.state.legs[ONE].sold == 10


def test_notes_of_the_shell_change_nothing_that_is_decided() -> None:
    story = told(HAPPY[:8])
    before, state = story.run.state, folded(story)
    evolve(state, Approval(START, "d" * 64))
    evolve(state, TapeSealed(START, "tape/1", "e" * 64, 1, START, START))
    same(before, state)


def test_a_journal_opens_once() -> None:
    run = Run()
    with pytest.raises(ValueError, match="opens once"):
        evolve(run.state, run.opened)
