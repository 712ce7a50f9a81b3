"""What a tactic promises: each promise looks at an answer, and says what it saw where the promise is broken."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from engine.orders.order import TimeInForce
from engine.orders.strategy import Look, Move, Post, Pull, Tactic, Want
from strategies.conformance import draws
from strategies.conformance.draws import Draws

Make = Callable[[Mapping[str, str]], Tactic]


class Case(Struct, frozen=True):
    """One question, its answer, and the answer of a tactic that was never asked before."""

    want: Want
    moves: Sequence[Move]
    again: Sequence[Move]

    @property
    def posts(self) -> list[Post]:
        return [move for move in self.moves if isinstance(move, Post)]


def tactic_faults(make: Make, parameters: Mapping[str, str], *, seeds: Iterable[int] = range(1000)) -> list[str]:
    """Every promise that is broken by what `make` makes of `parameters`, with what was seen and the first seed for it.

    Empty when all are kept. What is raised goes through.
    """
    tactic, found = make(parameters), dict[str, str]()
    for seed in seeds:
        want = draws.want(Draws(seed, "want"))
        case = Case(want, tuple(tactic.act(want)), tuple(make(parameters).act(want)))
        for promise, broken in PROMISES.items():
            if promise not in found and (seen := next(broken(case), None)) is not None:
                found[promise] = f"{promise}: {seen} (seed {seed})"
    return list(found.values())


def _posts_once(case: Case) -> Iterator[str]:
    if len(case.posts) > (0 if case.want.resting else 1):
        yield f"{len(case.posts)} orders" + (" beside one that rests" if case.want.resting else "")


def _pulls_what_rests(case: Case) -> Iterator[str]:
    pulls = sum(isinstance(move, Pull) for move in case.moves)
    if pulls > (1 if case.want.resting else 0):
        yield f"{pulls} cancels" + ("" if case.want.resting else " where nothing rests")


def _no_more_than_wanted(case: Case) -> Iterator[str]:
    yield from (f"{post.quantity} of {case.want.quantity}" for post in case.posts if post.quantity > case.want.quantity)


def _not_below_the_floor(case: Case) -> Iterator[str]:
    yield from (f"{post.price} below {case.want.floor}" for post in case.posts if post.price < case.want.floor)


def _taken_by_the_venue(case: Case) -> Iterator[str]:
    for post in case.posts:
        yield from case.want.instrument.faults(post.quantity, post.price)


def _would_rest(case: Case) -> Iterator[str]:
    waiting = [post for post in case.posts if post.tif is TimeInForce.POST_ONLY]
    for level in case.want.view.bids[:1]:
        yield from (f"at {post.price}, bid {level.price}" for post in waiting if post.price <= level.price)


def _asked_again_later(case: Case) -> Iterator[str]:
    looks = [move.at for move in case.moves if isinstance(move, Look)]
    if len(looks) > 1:
        yield f"{len(looks)} looks"
    yield from (f"{at} is not after {case.want.at}" for at in looks if at <= case.want.at)


def _remembers_nothing(case: Case) -> Iterator[str]:
    if case.moves != case.again:
        yield f"{case.moves} instead of {case.again}"


PROMISES: Final[Mapping[str, Callable[[Case], Iterator[str]]]] = {
    "one order at the most, and none while another rests": _posts_once,
    "only what rests is cancelled, and once": _pulls_what_rests,
    "no more than is wanted": _no_more_than_wanted,
    "nothing below the floor": _not_below_the_floor,
    "sizes and prices that the venue takes": _taken_by_the_venue,
    "what is post-only lies above the best bid": _would_rest,
    "one look at the most, and it lies ahead": _asked_again_later,
    "a tactic remembers nothing": _remembers_nothing,
}
