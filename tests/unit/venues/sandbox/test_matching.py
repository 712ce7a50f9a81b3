"""The book matches by price, then time, in whole ticks and lots."""

from hypothesis import given
from hypothesis import strategies as st

from venues.sandbox.matching import Book, Resting

BID, ASK = True, False


def book(*orders: Resting) -> Book:
    made = Book()
    for order in orders:
        made.rest(order)
    return made


def other(bid: bool, ticks: int, lots: int, key: int) -> Resting:
    return Resting(bid, ticks, lots, key)


def ours(bid: bool, ticks: int, lots: int, key: int, account: str = "a") -> Resting:
    return Resting(bid, ticks, lots, key, account)


def test_a_sale_takes_the_best_bids_first_and_the_oldest_first_at_a_price() -> None:
    """Three bids, the best of them last to come."""
    made = book(other(BID, 99, 5, 1), other(BID, 99, 5, 2), other(BID, 100, 5, 3))
    taken = made.take(ASK, 99, 12)
    assert [(m.maker.key, m.lots) for m in taken.matches] == [(3, 5), (1, 5), (2, 2)]
    assert (taken.left, made.bids.top(9)) == (0, [(99, 3)])


def test_the_walk_ends_at_the_limit() -> None:
    made = book(other(ASK, 101, 5, 1), other(ASK, 102, 5, 2))
    assert made.take(BID, 101, 8).left == 3
    assert made.asks.top(9) == [(102, 5)]


def test_an_order_that_gives_up_lots_keeps_its_place() -> None:
    first = other(BID, 100, 5, 1)
    made = book(first, other(BID, 100, 5, 2))
    made.lessen(first, 4)
    assert [m.maker.key for m in made.take(ASK, 100, 2).matches] == [1, 2]


def test_an_order_removed_from_the_middle_leaves_the_others_in_line() -> None:
    middle = other(BID, 100, 5, 2)
    made = book(other(BID, 100, 5, 1), middle, other(BID, 100, 5, 3))
    made.remove(middle)
    assert made.bids.top(1) == [(100, 10)]
    assert [m.maker.key for m in made.take(ASK, 100, 10).matches] == [1, 3]
    assert made.bids.best() is None


def test_the_walk_ends_before_an_order_of_the_same_account() -> None:
    made = book(other(BID, 101, 5, 1), ours(BID, 100, 5, 2), other(BID, 99, 5, 3))
    taken = made.take(ASK, 99, 15, "a")
    assert ([m.maker.key for m in taken.matches], taken.left, taken.met_self) == ([1], 10, True)


def test_all_or_nothing_counts_only_what_stands_within_the_limit_and_before_our_own_order() -> None:
    made = book(other(BID, 101, 5, 1), ours(BID, 100, 5, 2), other(BID, 99, 5, 3))
    assert made.fillable(ASK, 100, 10, "b")
    assert not made.fillable(ASK, 100, 11, "b")
    assert made.fillable(ASK, 100, 5, "a")
    assert not made.fillable(ASK, 100, 6, "a")


def test_another_ones_order_trades_with_an_accounts_order_that_it_meets() -> None:
    """It pays the resting price and what is left of it rests."""
    made = book(ours(ASK, 100, 3, 1), other(ASK, 105, 9, 2))
    arrival = made.arrive(other(BID, 102, 5, 3), patient=True)
    assert [(m.maker.key, m.maker.ticks, m.lots) for m in arrival.matches] == [(1, 100, 3)]
    assert (made.bids.top(9), made.asks.top(9)) == ([(102, 2)], [(105, 9)])


def test_a_patient_arrival_evicts_the_stale_orders_that_it_crosses() -> None:
    """Between two stale asks stands one of an account's: with that it trades."""
    made = book(other(ASK, 100, 3, 1), ours(ASK, 101, 2, 2), other(ASK, 102, 3, 3), other(ASK, 104, 3, 4))
    arrival = made.arrive(other(BID, 103, 5, 5), patient=True)
    assert ([m.maker.key for m in arrival.matches], arrival.evicted, arrival.stands) == ([2], 2, True)
    assert (made.bids.top(9), made.asks.top(9)) == ([(103, 3)], [(104, 3)])
    assert sorted(made.others) == [4, 5]


def test_an_impatient_arrival_that_crosses_others_changes_nothing() -> None:
    """Even where an account's order stands before them: in its time the order was refused whole."""
    made = book(ours(ASK, 100, 3, 1), other(ASK, 101, 3, 2))
    arrival = made.arrive(other(BID, 101, 5, 3), patient=False)
    assert (arrival.matches, arrival.evicted, arrival.stands) == ([], 0, False)
    assert made.asks.top(9) == [(100, 3), (101, 3)]


def test_an_impatient_arrival_that_crosses_only_an_account_trades() -> None:
    made = book(ours(ASK, 100, 3, 1), other(ASK, 105, 3, 2))
    assert made.arrive(other(BID, 101, 2, 3), patient=False).matches[0].lots == 2


class Naive:
    """The same rules over one list a side, sorted anew each time."""

    def __init__(self) -> None:
        self.orders: list[list[int]] = []  # bid, ticks, lots, key

    def line(self, bid: int) -> list[list[int]]:
        side = [order for order in self.orders if order[0] == bid]
        return sorted(side, key=lambda order: -order[1] if bid else order[1])  # a stable sort keeps time

    def take(self, bid: bool, ticks: int, lots: int) -> list[tuple[int, int]]:
        met = []
        for order in self.line(not bid):
            if not lots or (order[1] > ticks if bid else order[1] < ticks):
                break
            part = min(lots, order[2])
            lots, order[2] = lots - part, order[2] - part
            met.append((order[3], part))
        self.orders = [order for order in self.orders if order[2]]
        return met

    def top(self, bid: bool) -> list[tuple[int, int]]:
        levels: dict[int, int] = {}
        for order in self.line(bid):
            levels[order[1]] = levels.get(order[1], 0) + order[2]
        return list(levels.items())


@given(
    st.lists(
        st.tuples(st.sampled_from(["limit", "cancel"]), st.booleans(), st.integers(1, 8), st.integers(1, 9)),
        max_size=60,
    )
)
def test_it_does_what_a_sorted_list_would_do(steps: list[tuple[str, bool, int, int]]) -> None:
    """Limit orders that match and rest, and cancels of any order that still stands."""
    made, naive = Book(), Naive()
    for key, (what, bid, ticks, lots) in enumerate(steps):
        if what == "limit":
            taken = made.take(bid, ticks, lots)
            assert [(m.maker.key, m.lots) for m in taken.matches] == naive.take(bid, ticks, lots)
            if taken.left:
                made.rest(other(bid, ticks, taken.left, key))
                naive.orders.append([bid, ticks, taken.left, key])
        elif made.others:
            gone = sorted(made.others)[(ticks * lots) % len(made.others)]
            made.remove(made.others[gone])
            naive.orders = [order for order in naive.orders if order[3] != gone]
        assert made.bids.top(99) == naive.top(True)
        assert made.asks.top(99) == naive.top(False)
        assert {order[3] for order in naive.orders} == set(made.others)
