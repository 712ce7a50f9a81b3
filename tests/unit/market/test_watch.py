"""From raw facts to the little that the core is shown."""

from engine.kernel.clock import SECOND, Instant
from engine.market.facts import BookSeen, FeedDown, Level, Print
from engine.market.tape import LAST, LEVELS, Watch
from tests.support.builders import BTCUSDT, START, VENUE, d


def seen(bid: str = "99", ask: str = "101", levels: int = 1) -> BookSeen:
    bids = tuple(Level(d(bid) - n, d("1")) for n in range(levels))
    asks = tuple(Level(d(ask) + n, d("1")) for n in range(levels))
    return BookSeen(VENUE, BTCUSDT, START, Instant(START + SECOND), bids, asks)


def printed(price: str, quantity: str = "1") -> Print:
    return Print(VENUE, BTCUSDT, START, START, "1", d(price), d(quantity), buyer_is_maker=True)


def watched(*facts: BookSeen | Print | FeedDown) -> Watch:
    watch = Watch(VENUE, BTCUSDT)
    for fact in facts:
        watch.apply(fact)
    return watch


def test_before_the_first_book_nothing_is_live() -> None:
    shown = watched().view(START)
    assert (shown.live, shown.mid, shown.last, shown.book_at) == (False, None, None, 0)


def test_a_view_keeps_both_times_of_its_book() -> None:
    shown = watched(seen()).view(Instant(START + 2 * SECOND))
    assert (shown.at, shown.book_at, shown.seen_at) == (START + 2 * SECOND, START, START + SECOND)


def test_a_book_replaces_the_one_before() -> None:
    shown = watched(seen("99", "101", 5), seen("98", "100")).view(START)
    assert (len(shown.bids), shown.mid, shown.spread) == (1, d("99"), d("2"))


def test_a_view_reaches_only_so_deep() -> None:
    shown = watched(seen(levels=50)).view(START)
    assert (len(shown.bids), len(shown.asks)) == (LEVELS, LEVELS)


def test_a_lost_feed_is_not_live_until_a_new_book() -> None:
    lost = watched(seen(), FeedDown(VENUE, BTCUSDT, START, "reset"), printed("100"))
    assert not lost.view(START).live
    lost.apply(seen())
    assert lost.view(START).live


def test_volume_and_prints_add_up_and_the_median_is_of_the_last_few() -> None:
    """One wild print among the last is not the market's price."""
    shown = watched(*[printed("1")] * LAST, *[printed("100", "0.5")] * (LAST - 1), printed("9999")).view(START)
    assert (shown.volume, shown.prints, shown.last) == (LAST + d("0.5") * (LAST - 1) + 1, 2 * LAST, d("100"))


def test_depth_counts_what_rests_at_a_limit_or_better() -> None:
    shown = watched(seen("99", "101", 5)).view(START)
    assert [shown.bid_depth(d(p)) for p in ("99.01", "99", "97.5", "1")] == [0, 1, 2, 5]
