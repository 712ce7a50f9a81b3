"""A mirror of a public book: what a rehearsal may sell into, and what fills an order that rests."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import Symbol
from engine.kernel.money import ZERO
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.orders.reports import Capabilities
from tests.support.builders import BTCUSDT, COIN, START, VENUE, d
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.inprocess import Counter
from venues.sandbox.mirror import Mirror, listing
from venues.sandbox.mirror_market import MirrorMarket
from venues.sandbox.model import Depth, Kind, OrderRequest, OrderRow, Reason, Rejection, Side, Status
from venues.sandbox.venue import CAPABILITIES

Rows = list[tuple[str, str]]
ASKS: Rows = [("101", "2"), ("102", "5")]
FEES: Capabilities = CAPABILITIES


class Feed:
    """The public half of an adapter, by hand: a test says what it tells."""

    name = VENUE

    def __init__(self) -> None:
        self.told: list[MarketFact] = []

    async def listed(self) -> list[object]:
        return []

    async def start(self, symbols: object) -> None:
        """Nothing has to be set up."""

    def drain(self, at: Instant) -> list[MarketFact]:
        """All that was told, once."""
        told, self.told = self.told, []
        return told

    async def aclose(self) -> None:
        """Nothing to let go of."""


class Scene:
    """One pair whose public book a test draws, a second later each time, and our account with 100 BTC."""

    def __init__(self, fees: Capabilities = FEES, pair: Instrument = COIN) -> None:
        self.now, self.feed, self._orders = START, Feed(), 0
        self.mirror = Mirror(
            [listing(pair, fees, d("0.000001"))], {"main": {"BTC": d("100")}}, self.feed.drain, start=START
        )
        self.counter = Counter(self.mirror, "main", VENUE, Faults(FaultPlan()), lambda: self.now, 1)
        self.market = MirrorMarket(self.feed, self.mirror, self.counter)  # type: ignore[arg-type]

    def shows(self, bids: Rows, asks: Rows = ASKS) -> "Scene":
        """The public book, a second later."""
        sides = [tuple(Level(d(price), d(size)) for price, size in side) for side in (bids, asks)]
        self._tell(lambda at: BookSeen(VENUE, BTCUSDT, at, at, sides[0], sides[1]))
        return self

    def prints(self, price: str, quantity: str, *, bought: bool = True, ago: int = 0) -> "Scene":
        """A public trade, a second later; `ago` seconds old when it is told."""
        self._tell(
            lambda at: Print(
                VENUE, BTCUSDT, Instant(at - ago * SECOND), at, f"p{at}", d(price), d(quantity), not bought
            )
        )
        return self

    def loses(self) -> "Scene":
        """The feed, a second later."""
        self._tell(lambda at: FeedDown(VENUE, BTCUSDT, at, "cut"))
        return self

    def _tell(self, fact: Callable[[Instant], MarketFact]) -> None:
        self.now = Instant(self.now + SECOND)
        self.feed.told.append(fact(self.now))
        self.mirror.advance(self.now)

    def asks_for(self, quantity: str, price: str, kind: Kind) -> OrderRow | Rejection:
        """An order of ours."""
        self._orders += 1
        request = OrderRequest(BTCUSDT, Side.SELL, kind, d(quantity), d(price), f"o{self._orders}")
        return self.mirror.place("main", request)

    def sells(self, quantity: str, price: str) -> Decimal:
        """What of it is sold at once; the rest expires."""
        row = self.asks_for(quantity, price, Kind.IOC)
        assert isinstance(row, OrderRow), row
        return row.filled

    def rests(self, quantity: str, price: str) -> None:
        """A post-only order that stands."""
        row = self.asks_for(quantity, price, Kind.MAKER)
        assert isinstance(row, OrderRow), row
        assert row.status is Status.NEW

    @property
    def sold(self) -> Decimal:
        """By all orders together."""
        return sum((row.quantity for row in self.mirror.trades("main")), ZERO)

    @property
    def bids(self) -> Rows:
        """What our own side is shown, without zeros behind the point."""
        return [(f"{price:f}".rstrip("0").rstrip("."), f"{size.normalize():f}") for price, size in self.depth.bids]

    @property
    def depth(self) -> Depth:
        return self.mirror.depth(BTCUSDT)


# What is sold at once


def test_a_sale_takes_what_stands_at_its_limit_or_better_at_the_price_that_stands() -> None:
    scene = Scene().shows([("100", "1"), ("99", "2"), ("98", "5")])
    assert scene.sells("4", "99") == d("3")
    assert [(row.price, row.quantity) for row in scene.mirror.trades("main")] == [(d("100"), d("1")), (d("99"), d("2"))]


def test_fees_are_those_of_the_venue() -> None:
    scene = Scene(replace(FEES, taker_fee=d("0.01")))
    scene.shows([("100", "1")]).sells("1", "100")
    assert [row.fee for row in scene.mirror.trades("main")] == [d("1.000000")]
    held = {row.asset: row.free for row in scene.mirror.balances("main")}
    assert held == {"BTC": d("99"), "USDT": d("99")}


def test_who_waited_pays_the_fee_of_those_who_wait_and_a_filled_order_no_less_than_the_minimum() -> None:
    """0.5 BTC at 101 USDT and 0.1 % are 0.0505 USDT; the venue takes 0.07."""
    scene = Scene(replace(FEES, taker_fee=d("0.01"), maker_fee=d("0.001"), fee_min=d("0.07"))).shows([("100", "1")])
    scene.rests("0.5", "100.5")
    scene.prints("101", "0.5")
    assert [row.fee for row in scene.mirror.trades("main")] == [d("0.07")]
    scene.rests("1", "100.5")
    scene.prints("101", "1")
    assert scene.mirror.trades("main")[-1].fee == d("0.1005")


def test_a_price_that_the_venue_would_turn_away_is_turned_away() -> None:
    """It takes no sale more than a tenth below the last public trade."""
    scene = Scene(pair=replace(COIN, band=d("0.1"))).shows([("100", "1")]).prints("110", "1")
    turned_away = scene.asks_for("1", "98.99", Kind.IOC)
    assert isinstance(turned_away, Rejection)
    assert turned_away.reason is Reason.PRICE_OUTSIDE_BAND
    assert scene.sells("1", "99") == d("1")


def test_what_was_taken_stays_taken_while_the_public_book_goes_on_showing_it() -> None:
    """The real book felt nothing of it, and says the same again."""
    scene = Scene().shows([("100", "1")])
    assert scene.sells("1", "100") == d("1")
    assert scene.shows([("100", "1")]).shows([("100", "1")]).sells("1", "100") == ZERO


def test_what_comes_to_a_level_beside_what_was_taken_can_be_sold_into() -> None:
    scene = Scene().shows([("100", "1")])
    scene.sells("1", "100")
    assert scene.shows([("100", "1.4")]).sells("1", "100") == d("0.4")


def test_where_less_is_shown_than_was_taken_what_comes_back_is_new() -> None:
    """Of the 1 that we took, the public book shows 0.3; of the 0.9 that it shows next, 0.6 has just come."""
    scene = Scene().shows([("100", "1")])
    scene.sells("1", "100")
    assert scene.shows([("100", "0.3")]).bids == []
    assert scene.shows([("100", "0.9")]).bids == [("100", "0.6")]


def test_what_is_too_deep_to_be_shown_has_not_gone() -> None:
    """The book rises, its lowest level is shown no more, and comes back as it was: it is still what we took."""
    scene = Scene().shows([("100", "1"), ("99", "1")])
    scene.sells("2", "99")
    scene.shows([("100.5", "1"), ("100", "1")]).shows([("100", "1"), ("99", "1")])
    assert scene.bids == []


def test_what_somebody_else_sells_is_gone_before_the_next_book() -> None:
    scene = Scene().shows([("100", "1"), ("99", "2")]).prints("99", "0.5", bought=False)
    assert scene.bids == [("99", "1.5")]


def test_a_part_of_a_lot_is_not_there() -> None:
    assert Scene().shows([("100", "0.0209")]).sells("1", "100") == d("0.020")


# What rests


def test_an_order_that_rests_is_filled_behind_the_queue_that_stood_there() -> None:
    """2 stood at 101 when it came: of the trades there the first 2 are theirs."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    assert scene.prints("101", "1.5").sold == ZERO
    assert scene.prints("101", "0.9").sold == d("0.4")
    assert scene.prints("101", "9").sold == d("1")


def test_those_who_come_later_stand_behind() -> None:
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    scene.shows([("100", "1")], [("101", "50")]).prints("101", "2.5")
    assert scene.sold == d("0.5")


def test_a_trade_fills_no_more_of_all_our_orders_than_it_was() -> None:
    scene = Scene().shows([("100", "1")])
    scene.rests("0.6", "100.5")
    scene.rests("0.6", "100.5")
    assert scene.prints("100.5", "1").sold == d("1")
    assert [row.filled for row in scene.mirror.orders("main")] == [d("0.6"), d("0.4")]


def test_a_queue_too_far_off_to_be_shown_has_not_gone() -> None:
    """5 stood at 102 when we came. For a while the book ends at 101."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "102")
    scene.shows([("100", "1")], [("101", "2")]).shows([("100", "1")], [("102", "9")]).prints("102", "5.25")
    assert scene.sold == d("0.25")


def test_those_who_leave_are_taken_for_those_behind_until_nobody_is_left_there() -> None:
    """3 came behind us and 3 went: nobody knows which, so the 2 ahead are still ahead. Then only 1 can be."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    scene.shows([("100", "1")], [("101", "5")]).shows([("100", "1")], [("101", "2")])
    assert scene.prints("101", "1.5").sold == ZERO
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    assert scene.shows([("100", "1")], [("101", "1")]).prints("101", "1.5").sold == d("0.5")


def test_a_trade_beyond_our_price_fills_us_at_ours_and_no_more_than_it_was() -> None:
    """The queue has been passed, whatever stood in it."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    scene.prints("101.5", "0.4")
    assert [(row.price, row.quantity, row.maker) for row in scene.mirror.trades("main")] == [(d("101"), d("0.4"), True)]


def test_a_trade_that_the_book_already_reflects_shortens_no_queue_and_fills_nobody_in_it() -> None:
    """Told late: the book of the second before had it."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    scene.shows([("100", "1")]).prints("101", "9", ago=1)
    assert scene.sold == ZERO
    assert scene.prints("101.01", "0.2", ago=2).sold == d("0.2")


def test_a_bid_at_our_price_is_no_trade() -> None:
    """The book moves through us without a print: nothing is filled, and no crossed book is shown."""
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    scene.shows([("101.5", "3"), ("100", "1")], [("102", "1")])
    assert (scene.sold, scene.bids) == (ZERO, [("100", "1")])
    scene.mirror.cancel("main", client_id="o1")
    assert scene.shows([("101.5", "3"), ("100", "1")], [("102", "1")]).bids == [("101.5", "3"), ("100", "1")]


def test_a_sale_of_others_fills_no_offer() -> None:
    scene = Scene().shows([("100", "1")])
    scene.rests("1", "101")
    assert scene.prints("99", "50", bought=False).sold == ZERO


def test_a_post_only_order_that_would_take_is_turned_away() -> None:
    row = Scene().shows([("100", "1")]).asks_for("1", "100", Kind.MAKER)
    assert isinstance(row, OrderRow)
    assert (row.status, row.filled) == (Status.REJECTED, ZERO)


# What is not seen


def test_before_its_first_book_nobody_stands_in_a_pair() -> None:
    assert Scene().sells("1", "10") == ZERO


def test_while_the_feed_is_lost_nothing_is_sold() -> None:
    scene = Scene().shows([("100", "1")]).loses()
    refused = scene.asks_for("1", "100", Kind.IOC)
    assert isinstance(refused, Rejection)
    assert refused.reason is Reason.HALTED
    assert scene.shows([("100", "1")]).sells("1", "100") == d("1")


def test_a_pair_that_is_not_listed_is_not_heard_of() -> None:
    scene = Scene()
    scene.mirror.tell(FeedDown(VENUE, Symbol("ETHUSDT"), START, "cut"))
    assert scene.mirror.take_lost() == []


# What is shown of it


async def test_the_market_shows_each_book_once_with_what_we_took_out_of_it() -> None:
    scene = Scene()
    await scene.market.start([BTCUSDT])
    scene.shows([("100", "1"), ("99", "1")])
    (first,) = scene.market.drain(scene.now)
    assert isinstance(first, BookSeen)
    assert (first.bids[0], first.changed_at, first.seen_at) == (Level(d("100"), d("1")), scene.now, scene.now)
    assert scene.market.drain(scene.now) == []
    scene.sells("0.4", "100")
    own, second = scene.market.drain(scene.now)
    assert isinstance(own, Print)
    assert isinstance(second, BookSeen)
    assert (own.quantity, second.bids[0]) == (d("0.4"), Level(d("100"), d("0.6")))


async def test_volume_is_counted_once_where_our_offer_was_part_of_a_trade() -> None:
    scene = Scene().shows([("100", "1")])
    await scene.market.start([BTCUSDT])
    scene.rests("1", "101")
    scene.prints("101", "2.5")
    assert [fact.quantity for fact in scene.market.drain(scene.now) if isinstance(fact, Print)] == [d("0.5"), d("2.0")]


async def test_a_loss_of_the_feed_is_passed_on_and_no_book_is_shown_until_there_is_one() -> None:
    scene = Scene().shows([("100", "1")])
    await scene.market.start([BTCUSDT])
    scene.loses()
    assert [type(fact) for fact in scene.market.drain(scene.now)] == [FeedDown]
    scene.shows([("100", "1")])
    assert [type(fact) for fact in scene.market.drain(scene.now)] == [BookSeen]


PRICES = ("100", "99.5", "99")
BOOKS = st.dictionaries(st.sampled_from(PRICES), st.integers(1, 50).map(lambda n: f"0.{n:02}"))
SALES = st.lists(st.tuples(st.integers(6, 99).map(lambda n: f"0.{n:02}"), st.sampled_from(PRICES)), max_size=4)


def drawn(book: dict[str, str]) -> Rows:
    return [(price, book[price]) for price in PRICES if price in book]


@given(book=BOOKS, rounds=st.lists(SALES, min_size=1, max_size=6))
def test_a_public_book_that_stands_still_is_sold_into_once(
    book: dict[str, str], rounds: list[list[tuple[str, str]]]
) -> None:
    """However often it is told, and whatever is tried."""
    scene = Scene()
    for sales in rounds:
        scene.shows(drawn(book))
        for quantity, price in sales:
            scene.sells(quantity, price)
    assert scene.sold <= sum(map(d, book.values()), ZERO)


@given(books=st.lists(st.tuples(BOOKS, SALES), min_size=1, max_size=8))
@pytest.mark.parametrize("price", PRICES)
def test_no_more_is_sold_at_a_price_than_came_to_it(
    price: str, books: list[tuple[dict[str, str], list[tuple[str, str]]]]
) -> None:
    """What came is what the public book grew by there, from one time to the next."""
    scene, came, stood = Scene(), ZERO, ZERO
    for book, sales in books:
        scene.shows([*drawn(book), ("90", "1")])
        shown = d(book.get(price, "0"))
        came, stood = came + max(ZERO, shown - stood), shown
        for quantity, limit in sales:
            scene.sells(quantity, limit)
    assert sum((row.quantity for row in scene.mirror.trades("main") if row.price == d(price)), ZERO) <= came
