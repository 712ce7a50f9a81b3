"""Bars made of trades, and what others traded: our own prints are gone before any volume is counted."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, MINUTE, SECOND, Instant, Span
from engine.kernel.money import total
from engine.market.bars import Bar
from engine.market.daily import Kind, daily
from engine.market.trades import Others, Own, Trade, bars_of, bars_of_others, others
from tests.support.builders import START, d


def trade(second: int, price: str, size: str, name: str = "") -> Trade:
    return Trade(Instant(START + second * SECOND), d(price), d(size), None, name)


def own(second: int, price: str, size: str, name: str = "ours") -> Own:
    return Own(name, Instant(START + second * SECOND), d(price), d(size))


def vwap(tape: Iterable[Trade]) -> Decimal | None:
    """Of the day."""
    return daily("x", bars_of(tape, MINUTE), MINUTE, Span(0), Kind.VWAP).days["2026-05-02"].value


TAPE = [trade(0, "100", "1", "a"), trade(59, "98", "2", "b"), trade(59, "101", "1", "c"), trade(180, "99", "5", "d")]


def test_bars_are_cut_at_whole_minutes_and_know_what_was_paid() -> None:
    """Two minutes in which nothing was traded are not made up."""
    assert bars_of(TAPE, MINUTE) == (
        Bar(START, d("100"), d("101"), d("98"), d("101"), d("4"), d("397")),
        Bar(Instant(START + 3 * MINUTE), d("99"), d("99"), d("99"), d("99"), d("5"), d("495")),
    )
    assert bars_of([], MINUTE) == ()


def test_bars_begin_at_multiples_of_their_length_and_not_at_the_first_trade() -> None:
    assert bars_of([trade(100, "1", "1")], MINUTE)[0].at == START + MINUTE


def test_trades_out_of_order_make_no_bars() -> None:
    with pytest.raises(ValueError, match="does not come after"):
        bars_of(TAPE[::-1], MINUTE)


def test_what_others_traded_is_all_but_the_prints_with_our_ids() -> None:
    assert others(TAPE, ["b", "d"]) == Others((TAPE[0], TAPE[2]), ())


def test_a_fill_of_ours_that_is_not_among_the_prints_is_told() -> None:
    """Then the tape lacks something, or the volume still counts us. A print without an id is nobody's."""
    assert others([*TAPE, trade(200, "1", "1")], ["x", "a", ""]).missed == ("x", "")


def test_a_vwap_without_ours_is_not_pulled_towards_our_price() -> None:
    """We sold 2 of 9, below everybody else."""
    assert vwap(TAPE) == d("99.111111111111")
    assert vwap(others(TAPE, ["b"]).trades) == d("99.428571428571")


def test_our_fills_leave_the_volume_of_a_bar_and_what_was_paid_and_never_its_prices() -> None:
    bars = bars_of(TAPE, MINUTE)
    first, second = bars_of_others(bars, MINUTE, [own(59, "98", "2"), own(1, "100", "0.5")])
    assert (first.volume, first.quote_volume, first.low) == (d("1.5"), d("151"), d("98"))
    assert second == bars[1]


def test_a_bar_that_does_not_say_what_was_paid_loses_volume_alone() -> None:
    silent = Bar(START, d("1"), d("1"), d("1"), d("1"), d("3"))
    (bar,) = bars_of_others([silent], MINUTE, [own(0, "1", "2")])
    assert (bar.volume, bar.quote_volume) == (d("1"), None)


def test_a_bar_that_can_not_have_counted_us_is_refused() -> None:
    bars = bars_of(TAPE, MINUTE)
    with pytest.raises(ValueError, match="holds less than we traded in it"):
        bars_of_others(bars, MINUTE, [own(0, "100", "4.1")])
    with pytest.raises(ValueError, match="holds less than we traded in it"):
        bars_of_others(bars, MINUTE, [own(0, "100", "4")])
    with pytest.raises(ValueError, match="no bar covers our fills first, second"):
        bars_of_others(bars, MINUTE, [own(70, "1", "1", "second"), own(60, "1", "1", "first")])


sizes = st.integers(1, 10**8).map(lambda n: Decimal(n).scaleb(-5))
tapes = st.lists(st.tuples(st.integers(0, 3600), sizes, sizes, st.booleans()), max_size=30)


@given(tapes)
def test_prints_removed_before_and_fills_removed_after_leave_the_same_volumes(
    drawn: list[tuple[int, Decimal, Decimal, bool]],
) -> None:
    """Two ways to the same: by ids from the trades, by fills from the bars."""
    drawn.sort(key=lambda one: one[0])
    tape = [Trade(Instant(START + at * SECOND), p, q, None, str(n)) for n, (at, p, q, _) in enumerate(drawn)]
    mine = [one for one, (*_, ours) in zip(tape, drawn, strict=True) if ours]
    before = bars_of(others(tape, [one.id for one in mine]).trades, MINUTE)
    fills = [Own(one.id, one.at, one.price, one.size) for one in mine]
    after = [bar for bar in bars_of_others(bars_of(tape, MINUTE), MINUTE, fills) if bar.volume]
    assert [(b.at, b.volume, b.quote_volume) for b in before] == [(b.at, b.volume, b.quote_volume) for b in after]
    assert total(bar.volume for bar in bars_of(tape, DAY)) == total(one.size for one in tape)
