"""Each fill against the market of its moment."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.benchmarks import (
    Arrival,
    FillEvidence,
    OthersTape,
    arrival,
    began,
    fill_record,
    gather,
    slippage_bp,
)
from engine.evidence.reading import tell
from tests.support.journals import (
    BTCUSDT,
    FIRST,
    SECOND_LEG,
    USDTUSD,
    Journal,
    at,
    fill,
    opened,
    order,
    tape,
    trade,
    two_legs,
    view,
)

D = Decimal


@pytest.fixture(scope="module")
def evidence() -> dict[str, FillEvidence]:
    return {e.fill.trade_id: e for e in gather(tell(two_legs().rows, tape()))}


def test_the_arrival_price_is_the_mid_of_the_first_decision_that_had_one() -> None:
    """At 10:00:01 the bid side was empty; 10:00:02 showed 64990 against 65010."""
    story = tell(two_legs().rows)
    assert arrival(story, story.leg(FIRST)) == Arrival(at("10:00:02"), D("65000"))


def test_a_fed_leg_arrives_with_the_first_decision_after_its_first_proceeds() -> None:
    """Its pair was seen at 10:00:01 with 0.9993 already, when there was nothing to sell yet."""
    story = tell(two_legs().rows)
    assert arrival(story, story.leg(SECOND_LEG)) == Arrival(at("10:01:30"), D("0.9995"))
    assert began(story, story.leg(SECOND_LEG)) == at("10:00:04")


def test_a_leg_that_was_never_fed_has_no_arrival_price_and_says_so() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.due("10:00:01", view("10:00:01", USDTUSD, "0.9990", "0.9996"))
    story = tell(j.rows)
    assert arrival(story, story.leg(SECOND_LEG)) == Arrival(lack="nothing had come in to be sold")


def test_the_book_at_the_decision_is_the_last_that_was_shown_before_it(evidence: dict[str, FillEvidence]) -> None:
    assert [evidence[t].decision_mid for t in ("t1", "t2", "t3")] == [D("65000"), D("64980"), D("0.9995")]
    assert evidence["t2"].spread == D("20")


def test_slippage_is_what_a_sale_lost_against_its_benchmark(evidence: dict[str, FillEvidence]) -> None:
    """64965 against an arrival of 65000 and a decision mid of 64980."""
    assert evidence["t2"].slippage_arrival_bp == D("5.3846")
    assert evidence["t2"].slippage_decision_bp == D("2.3084")
    assert slippage_bp(D("101"), D("100")) == D("-100.0000")


def test_the_interval_price_leaves_our_own_prints_out(evidence: dict[str, FillEvidence]) -> None:
    """1 at 65000 and 3 at 64980 by others; 0.3 by ticket and 0.5 by time, price and quantity were ours."""
    interval = evidence["t2"].interval
    assert (interval.vwap, interval.volume) == (D("64985.00000000"), D("4"))
    assert (interval.own_removed, interval.own_unmatched) == (2, 0)
    assert evidence["t2"].slippage_vwap_bp == D("3.0776")


def test_a_fill_without_a_print_is_counted_and_takes_no_other_print_away(evidence: dict[str, FillEvidence]) -> None:
    """Two equal prints at 10:01:31: the ticket names the second; t4 has none."""
    interval = evidence["t4"].interval
    assert (interval.volume, interval.own_removed, interval.own_unmatched) == (D("30000"), 1, 1)


def test_without_a_tape_the_interval_price_is_missing_with_the_reason() -> None:
    found = gather(tell(two_legs().rows))
    assert {e.slippage_vwap_bp for e in found} == {None}
    assert {e.missing["interval_vwap"] for e in found} == {"no tape of the pair"}


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ([], "no view of the pair at or before the decision"),
        ([view("10:00:01", BTCUSDT, "64990")], "the book had an empty side or was crossed"),
        ([view("10:00:01", BTCUSDT, "65010", "64990")], "the book had an empty side or was crossed"),
        ([view("10:00:01", BTCUSDT, "64990", "65010", live=False)], "the feed of the pair was not continuous"),
    ],
)
def test_a_price_that_was_not_seen_is_missing_with_the_reason(seen: list, reason: str) -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.due("10:00:01", *seen)
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", "0.3", "64990"))
    (found,) = gather(tell(j.rows))
    assert found.decision_mid is found.slippage_decision_bp is found.slippage_arrival_bp is None
    assert found.missing["decision"] == reason


def test_a_later_view_is_never_used_for_an_earlier_decision() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.due("10:00:03", view("10:00:03", BTCUSDT, "64990", "65010"))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", "0.3", "64990"))
    (found,) = gather(tell(j.rows))
    assert found.decision is None


@given(
    amounts=st.lists(st.tuples(st.integers(1, 9), st.integers(90, 110)), min_size=1, max_size=12),
    ours=st.sets(st.integers(0, 11)),
    until=st.integers(0, 12),
)
def test_others_are_what_is_left_when_our_prints_are_taken_out(
    amounts: list[tuple[int, int]], ours: set[int], until: int
) -> None:
    prints = [trade(BTCUSDT, f"k{i}", f"10:00:{i:02d}", str(p), str(q)) for i, (q, p) in enumerate(amounts)]
    child = order(FIRST, 1, "10:00:00", "9", "90")
    mine = [i for i in sorted(ours) if i < len(prints)]
    fills = [
        fill(child, f"t{i}", f"10:00:{i:02d}", str(amounts[i][0]), str(amounts[i][1]), f"k{i}" if i % 2 else "")
        for i in mine
    ]
    found = OthersTape(prints, fills).between(at("10:00:00"), at(f"10:00:{until:02d}"))
    rest = [(q, p) for i, (q, p) in enumerate(amounts) if i not in mine and i <= until]
    volume = sum(q for q, _ in rest)
    assert (found.volume, found.own_unmatched) == (volume, 0)
    assert found.own_removed == sum(i <= until for i in mine)
    assert (found.vwap is None) == (not rest)
    assert not rest or abs(found.vwap * volume - sum(q * p for q, p in rest)) < D("0.00001")


def test_the_record_of_a_fill_is_text_that_reads_back_and_has_no_floats(evidence: dict[str, FillEvidence]) -> None:
    record = fill_record(evidence["t2"])
    text = msgspec.json.encode(record)
    assert (record["schema"], record["leg"], record["slice"], record["learned_by"]) == (1, "a", 2, "look-up")
    assert record["slippage_bp"] == {"arrival": "5.3846", "decision": "2.3084", "interval_vwap": "3.0776"}
    assert record["decision"]["bids"] == [["64970", "2"]]
    assert (record["limit"], record["reference"], record["missing"]) == ("64960", "single source", {})
    assert json.loads(text, parse_float=pytest.fail) == record
