"""Cover, counted a second time from the journal alone: it must be what the engine acted on."""

from decimal import Decimal

from engine.core.evolve import evolve
from engine.core.exposure import cover_of
from engine.core.state import State, opened
from engine.events import Opened
from engine.evidence.covering import covers, lowest
from engine.evidence.reading import tell
from engine.kernel.money import ZERO
from engine.mandate.deposit import Covered, Unpriced
from engine.orders.events import Due
from tests.support.days import RULE, begun, due, fill, on, place, two_days
from tests.support.journals import FIRST, Journal, two_legs

D = Decimal


def acted_on(j: Journal) -> list[object]:
    """What the core's own state says of cover at each decision."""
    first = j.rows[0][1]
    assert isinstance(first, Opened)
    state: State = opened(first)
    found: list[object] = []
    for _, entry in j.rows[1:]:
        evolve(state, entry)
        found += [cover_of(state)] if isinstance(entry, Due) else []
    return found


def test_cover_is_what_the_core_had_at_every_decision() -> None:
    """Two folds that were written apart; three decisions of the two days."""
    assert [seen.cover for seen in covers(tell(two_days().rows))] == acted_on(two_days())
    assert len(acted_on(two_days())) == 3


def test_a_run_without_a_deposit_has_no_cover() -> None:
    assert covers(tell(two_legs().rows)) == ()


def test_a_top_up_counts_from_its_row_on() -> None:
    """On the 3rd the deposit is 90000."""
    j = two_days(closed=False)
    due(j, on(3, "18:40:00"), "59990", "60010")
    last = covers(tell(j.rows))[-1].cover
    assert isinstance(last, Covered)
    assert last.deposit == D(90000)
    assert last == acted_on(j)[-1]


def test_what_has_no_price_is_not_guessed() -> None:
    j = Journal()
    j.write(on(2, "09:00:00"), begun())
    due(j, on(2, "10:00:00"), "", "")
    assert [type(seen.cover) for seen in covers(tell(j.rows))] == [Unpriced]
    assert lowest(covers(tell(j.rows)), RULE.ratio) is None


def test_the_lowest_names_its_moment_and_counts_the_decisions_below_the_ratio() -> None:
    """1 BTC at 60000, at 68000 (1.029) and at 69000 (1.014); a ratio of 1.05 is wanted."""
    j = Journal()
    j.write(on(2, "09:00:00"), begun())
    for minute, bid in enumerate((60000, 68000, 69000)):
        due(j, on(2, f"10:0{minute}:00"), str(bid - 1), str(bid + 1))
    told = lowest(covers(tell(j.rows)), RULE.ratio)
    assert told is not None
    assert (told.at, told.lowest.ratio, told.below, told.decisions) == (on(2, "10:02:00"), D("1.0144"), 2, 3)


def test_coin_that_became_fiat_stays_exposed_until_somebody_has_it() -> None:
    """0.2 BTC become 12000 USDT less 12: what is exposed falls by the fee and by nothing else."""
    j = Journal()
    j.write(on(2, "09:00:00"), begun())
    child = place(j, FIRST, 1, on(2, "10:00:01"), "0.2", "59900")
    due(j, on(2, "10:00:01"), "59990", "60010")
    j.filled("10:00:02", fill(child, "t1", on(2, "10:00:02"), "0.2", "60000"))
    due(j, on(2, "10:00:03"), "59990", "60010")
    before, after = (seen.cover for seen in covers(tell(j.rows)))
    assert isinstance(before, Covered)
    assert isinstance(after, Covered)
    assert before.exposed - after.exposed == D(12)
    assert after.exposed > ZERO
