"""What venues for reference show of others' trades, counted from the views in the journal as the gate counts them."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from engine.events import Opened, Restarted
from engine.evidence.footprint import Line, of_leg
from engine.evidence.reading import tell
from engine.evidence.watched import Watched, Watching
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset
from engine.market.footprint import FootprintRule, Shares
from engine.market.view import MarketView
from engine.orders.events import Due
from tests.support.journals import BTC, BTCUSDT, FIRST, VENUE, Journal, at, fill, opened, order, trade

KRAKEN = VenueName("kraken")
RULE = FootprintRule(market=Shares(minute=Decimal("0.5")))
D = Decimal
MINUTE_OF = {f"10:{minute:02}": at(f"10:{minute:02}:00") // (60 * 10**9) for minute in range(10)}


def limited(rule: FootprintRule | None = RULE) -> Opened:
    first = opened()
    return replace(first, limits=replace(first.limits, footprint=rule))


def seen(time: str, volume: str, pair: str = "BTC/USDT") -> Due:
    """A decision that is shown what Kraken has traded since its feed began."""
    view = MarketView(
        KRAKEN, Symbol(pair.replace("/", "")), at(time), at(time), at(time), volume=D(volume), live=True, pair=pair
    )
    return Due(at(time), (view,))


def watched(*entries: Due | Restarted, rule: FootprintRule | None = RULE, asset: Asset = BTC) -> Sequence[Watched]:
    watching = Watching()
    for entry in (limited(rule), Restarted(at("10:00:00"), 1, "0.1.0"), *entries):
        watching.take(entry)
    return watching.of(asset)


def test_what_is_seen_in_a_minute_counts_from_the_next_one_on_by_the_rule_of_the_gate() -> None:
    """3, then 5, then 4: the first counts nothing, the second up to the mean of the first, the third likewise."""
    (kraken,) = watched(seen("10:00:30", "3"), seen("10:01:30", "8"), seen("10:02:00", "8"), seen("10:03:00", "12"))
    assert kraken.others(MINUTE_OF["10:00"], MINUTE_OF["10:03"]) == 12
    assert kraken.counts(MINUTE_OF["10:01"], "hour") == 0
    assert 0 < kraken.counts(MINUTE_OF["10:02"], "minute") <= kraken.counts(MINUTE_OF["10:02"], "hour")
    assert kraken.counts(MINUTE_OF["10:03"], "hour") > kraken.counts(MINUTE_OF["10:02"], "hour")


def test_a_pair_that_the_last_decision_of_a_minute_was_not_shown_counts_nothing_in_it() -> None:
    minutes = [seen(f"10:0{minute}:00", str(5 * minute)) for minute in range(6)]
    (kraken,) = watched(*minutes, Due(at("10:05:30"), ()))
    assert kraken.counts(MINUTE_OF["10:04"], "hour") > 0
    assert kraken.counts(MINUTE_OF["10:05"], "hour") == 0


def test_a_feed_that_begins_anew_with_a_new_process_is_not_taken_for_less_trade() -> None:
    """4 in the minute before the crash, 2 in the one after; what passed between was seen by nobody."""
    (kraken,) = watched(seen("10:00:30", "4"), Restarted(at("10:03:10"), 2, "0.1.0"), seen("10:03:40", "2"))
    assert kraken.others(MINUTE_OF["10:00"], MINUTE_OF["10:03"]) == 6
    assert kraken.others(MINUTE_OF["10:01"], MINUTE_OF["10:02"]) == 0


def test_a_volume_that_falls_within_a_process_adds_nothing_until_it_is_beyond_where_it_was() -> None:
    (kraken,) = watched(seen("10:00:10", "4"), seen("10:00:20", "1"), seen("10:00:30", "6"))
    assert kraken.others(MINUTE_OF["10:00"], MINUTE_OF["10:00"]) == 6


def test_a_pair_belongs_to_what_it_trades_in_whatever_currency() -> None:
    pairs = (seen("10:00:10", "1"), seen("10:00:20", "2", "BTC/USD"), seen("10:00:30", "9", "USDT/USD"))
    assert [each.others(0, MINUTE_OF["10:00"]) for each in watched(*pairs)] == [2, 1]
    assert [each.others(0, MINUTE_OF["10:00"]) for each in watched(*pairs, asset=Asset("USDT"))] == [9]


def test_without_a_footprint_nothing_is_kept() -> None:
    assert watched(seen("10:00:30", "3"), rule=None) == ()


def test_the_market_of_the_report_is_that_of_the_venues_and_of_those_for_reference() -> None:
    """2 a minute here and 4 there; 1 sold at 10:05. The larger of two counts for no more than the other."""
    j = Journal()
    j.write(at("10:00:00"), limited())
    j.write(at("10:00:00"), Restarted(at("10:00:00"), 1, "0.1.0"))
    for minute in range(6):
        j.write(at(f"10:0{minute}:00"), seen(f"10:0{minute}:00", str(4 * minute)))
    child = j.place(order(FIRST, 1, "10:05:09", "1", "64980"))
    j.filled("10:05:11", fill(child, "t1", "10:05:10", "1", "64990", "k1"))
    prints = [trade(BTCUSDT, f"o{i}", f"10:0{i}:30", "65000", "2") for i in range(6)]
    story = tell(j.rows, [*prints, trade(BTCUSDT, "k1", "10:05:10", "64990", "1")])

    def line(venue: VenueName | None, span: str) -> Line:
        return next(x for x in of_leg(story, story.leg(FIRST)).lines if (x.venue, x.span) == (venue, span))

    assert [line(venue, "minute").counted for venue in (VENUE, None)] == [2, 4]
    assert [line(venue, "hour").others for venue in (VENUE, None)] == [12, 32]
    assert line(None, "minute").counted_share == D("0.2")
    assert line(None, "run").others == 12
