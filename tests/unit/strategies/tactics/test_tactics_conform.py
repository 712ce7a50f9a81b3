"""What every tactic promises, held against each that is registered, over drawn books, orders and instants."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel import codec
from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.market.facts import Level
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Fees, Look, Move, Post, Pull, Want
from strategies import registry
from tests.support.builders import COIN, START, child, d, view
from tests.support.wants import posts

WAITS = {"every": "5s", "before": "10s"}
EVERY = {
    "cross": {},
    "cross, shallow": {"reach_bp": "3"},
    "peg": WAITS,
    "peg, weighing": {**WAITS, "urgency": "cost", "adverse_bp": "1", "drift_bp": "1"},
    "iceberg": {**WAITS, "display": "20%", "vary": "0.5", "inside": "0", "seed": "5"},
    "iceberg, of a quantity": {**WAITS, "display": "0.7", "vary": "0", "inside": "3", "seed": "5"},
    "chase": {**WAITS, "step_bp": "1", "replaces": "5", "inside": "0"},
    "chase, in reach": {**WAITS, "step_bp": "0.1", "replaces": "40", "inside": "2", "reach_bp": "10"},
    "snipe": {**WAITS, "size": "50%", "within_bp": "20", "cross_at_end": "yes"},
    "snipe, to the end": {**WAITS, "size": "0.3", "within_bp": "5", "cross_at_end": "no"},
    "stop": {"below": "95%", "persist": "1m", "every": "5s", "at_sweep": "sell"},
    "stop, shallow": {"above": "100.05", "persist": "1m", "every": "5s", "at_sweep": "wait", "reach_bp": "3"},
}

INSTRUMENTS = st.sampled_from(
    [
        COIN,
        replace(COIN, tick=d("0.5"), lot=d("0.00001"), quantity_min=d("0.00001"), notional_min=d("10")),
        replace(COIN, tick=d("1"), lot=d("0.1"), quantity_min=d("0.3"), quantity_max=d("6"), notional_max=d("500")),
    ]
)
SIZES = st.decimals("0.001", "20", places=5)
CENTRE = 200


def prices(pair: Instrument, least: int = CENTRE - 40, most: int = CENTRE + 40) -> st.SearchStrategy[Decimal]:
    """Prices on the tick about a hundred."""
    return st.integers(least, most).map(lambda ticks: ticks * pair.tick + d("60"))


@st.composite
def books(draw: st.DrawFn, pair: Instrument) -> MarketView:
    """Up to four levels a side: one may be empty, and the two may touch or cross."""
    bids = sorted(draw(st.sets(prices(pair, most=CENTRE + 2), max_size=4)), reverse=True)
    asks = sorted(draw(st.sets(prices(pair, least=CENTRE), max_size=4)))
    return view(
        bids=tuple(Level(price, draw(SIZES)) for price in bids),
        asks=tuple(Level(price, draw(SIZES)) for price in asks),
        last=draw(st.none() | prices(pair)),
    )


@st.composite
def orders(draw: st.DrawFn, pair: Instrument) -> Order:
    """A resting order of ours, perhaps filled in part, sent within the last minute."""
    units = pair.lot * draw(st.integers(1, 5000))
    sent = Instant(START - draw(st.integers(0, 60)) * SECOND)
    one = child(price=draw(prices(pair)), quantity=units, tif=TimeInForce.POST_ONLY, decided_at=sent)
    return Order(one, filled=draw(st.sampled_from([d("0"), pair.sellable(units / 2)])))


@st.composite
def wants(draw: st.DrawFn) -> Want:
    """What a core may ask: whole lots, no more than a venue takes at the floor, the floor on the tick."""
    pair = draw(INSTRUMENTS)
    floor = draw(prices(pair))
    wanted = min(pair.sellable(draw(st.decimals("0", "12", places=5))), pair.largest(floor))
    return Want(
        quantity=wanted,
        floor=floor,
        at=START,
        until=Instant(START + draw(st.integers(1, 2 * MINUTE))),
        view=draw(books(pair)),
        instrument=pair,
        resting=draw(st.none() | orders(pair)),
        fees=Fees(maker=draw(st.sampled_from([d("-0.0001"), d("0"), d("0.001")])), taker=d("0.001")),
        flow=draw(st.sampled_from([d("0"), d("0.003"), d("7")])),
        slice=draw(st.integers(0, 9)),
        attempt=draw(st.integers(1, 50)),
        met=draw(st.booleans()),
    )


TACTICS = {name: registry.tactic(name.split(",")[0], parameters) for name, parameters in EVERY.items()}


def answers(want: Want) -> Iterator[tuple[str, Sequence[Move]]]:
    """What each tactic answers to the same question."""
    for name, tactic in TACTICS.items():
        yield name, tactic.act(want)


def orders_for(want: Want) -> Iterator[tuple[str, Post]]:
    """What each would send."""
    return ((name, post) for name, moves in answers(want) for post in posts(moves))


def test_every_registered_tactic_is_held_to_this() -> None:
    assert {name.split(",")[0] for name in EVERY} == set(registry.TACTICS)


@given(wants())
def test_a_tactic_posts_once_at_the_most_and_never_while_an_order_rests(want: Want) -> None:
    for name, moves in answers(want):
        assert len(posts(moves)) <= (0 if want.resting else 1), name


@given(wants())
def test_only_what_rests_is_pulled_and_only_once(want: Want) -> None:
    for name, moves in answers(want):
        assert [isinstance(move, Pull) for move in moves].count(True) <= (1 if want.resting else 0), name


@settings(max_examples=300)
@given(wants())
def test_what_is_posted_is_no_more_than_wanted_and_an_order_that_the_venue_takes(want: Want) -> None:
    for name, post in orders_for(want):
        assert post.quantity <= want.quantity, name
        assert want.instrument.faults(post.quantity, post.price) == [], name


@settings(max_examples=300)
@given(wants())
def test_nothing_is_posted_below_the_floor(want: Want) -> None:
    assert [(name, post) for name, post in orders_for(want) if post.price < want.floor] == []


@settings(max_examples=300)
@given(wants())
def test_what_is_to_rest_would_rest_and_what_is_to_trade_would_trade(want: Want) -> None:
    """Post-only above the best bid; immediate-or-cancel for no more than is bid for at its limit or better."""
    best = want.view.bids[0].price if want.view.bids else d("0")
    for name, post in orders_for(want):
        assert post.tif in (TimeInForce.POST_ONLY, TimeInForce.IOC), name
        assert post.tif is not TimeInForce.POST_ONLY or post.price > best, name
        assert post.tif is not TimeInForce.IOC or post.quantity <= want.view.bid_depth(post.price), name


@given(wants())
def test_a_tactic_wants_to_be_asked_again_later_and_within_the_slice(want: Want) -> None:
    for name, moves in answers(want):
        looks = [move.at for move in moves if isinstance(move, Look)]
        assert len(looks) <= 1, name
        assert all(want.at < look <= want.until for look in looks), name


@given(wants())
def test_the_same_question_has_the_same_answer(want: Want) -> None:
    """From another tactic of the same parameters, asked by somebody who read the question from a file."""
    again = msgspec.json.decode(codec.encode(want), type=Want)
    assert again == want
    for name, moves in answers(want):
        assert registry.tactic(name.split(",")[0], EVERY[name]).act(again) == moves, name
