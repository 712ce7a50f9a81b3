"""A plan that moves prices: a stablecoin that everybody sees falling, and a venue whose book alone wicks."""

from collections.abc import Sequence

import pytest

from engine.kernel.clock import MINUTE, SECOND, Span
from engine.kernel.errors import BadInput
from tests.unit.venues.sandbox.test_hall import at, hall, mid
from venues.sandbox.faultfiles import load
from venues.sandbox.faultwords import MoveAt
from venues.sandbox.hall import Hall

PAIR = "USDTUSD"
PLAN = b"""
[[move]]
at = "1m"
for = "2m"
symbol = "USDTUSD"
by_bp = -60
[[move]]
at = "90s"
symbol = "BTCUSDT"
by_bp = 12.5
venue = "osl"
"""


def scripted(*moves: MoveAt) -> Hall:
    made = hall()
    made.expect(moves)
    return made


def off_bp(made: Hall, second: float) -> list[int]:
    """How far the pair stands from par at each venue, in whole basis points."""
    made.advance(at(second))
    return [round(1e4 * (mid(made.exchange(name), PAIR) - 1)) for name in ("hashkey", "osl")]


def near(found: Sequence[int], wanted: Sequence[int]) -> bool:
    return all(abs(one - other) <= 4 for one, other in zip(found, wanted, strict=True))


def test_a_plan_with_moves_is_read_as_it_is_meant() -> None:
    assert load(PLAN).moves == (
        MoveAt(at=MINUTE, lasts=Span(2 * MINUTE), symbol=PAIR, by_bp=-60.0),
        MoveAt(at=Span(90 * SECOND), symbol="BTCUSDT", by_bp=12.5, venue="osl"),
    )


@pytest.mark.parametrize("line", ["by_bp = 0", "by_bp = -9500", "by_bp = 5\nfor = '0s'"])
def test_a_move_that_moves_nothing_or_breaks_the_market_is_refused_at_its_place(line: str) -> None:
    with pytest.raises(BadInput) as bad:
        load(f"[[move]]\nat = '1m'\nsymbol = 'USDTUSD'\n{line}\n".encode())
    assert [mistake.where for mistake in bad.value.mistakes] == ["move[0]"]


def test_what_the_maker_of_the_price_shows_all_others_follow_and_it_comes_back() -> None:
    made = scripted(MoveAt(at=MINUTE, lasts=Span(2 * MINUTE), symbol=PAIR, by_bp=-60.0))
    assert near(off_bp(made, 59), (0, 0))
    assert near(off_bp(made, 90), (-60, -60))
    assert near(off_bp(made, 210), (0, 0))


def test_what_one_venue_alone_shows_is_seen_nowhere_else() -> None:
    made = scripted(MoveAt(at=MINUTE, lasts=MINUTE, symbol=PAIR, by_bp=-2400.0, venue="osl"))
    found = off_bp(made, 110)
    assert near(found[:1], (0,))
    assert found[1] < -2000
    assert near(off_bp(made, 180), (0, 0))


def test_the_same_plan_gives_the_same_bytes_however_time_is_cut() -> None:
    move = MoveAt(at=MINUTE, symbol=PAIR, by_bp=-60.0)
    whole, cut = scripted(move), scripted(move)
    whole.advance(at(120))
    for second in (7.0, 59.9, 60.0, 61.5, 120.0):
        cut.advance(at(second))
    assert whole.truth() == cut.truth()


@pytest.mark.parametrize("wrong", [{"symbol": "USDCUSD"}, {"symbol": PAIR, "venue": "kraken"}])
def test_a_move_of_what_is_not_there_is_bad_input(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput) as bad:
        scripted(MoveAt(at=MINUTE, by_bp=-60.0, **wrong))
    assert [mistake.where for mistake in bad.value.mistakes] == ["move[0]"]
