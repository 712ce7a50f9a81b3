"""What the tranches that really left custody gave away: by the journal alone, and by the checks of the plan."""

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.evidence.leaks import leaks, record, trail
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.evidence.summary import summarise, summary_json
from engine.kernel.clock import HOUR, MINUTE
from engine.mandate.custody import CustodyPlan
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import Approved
from engine.orders.tranche import Requested, Sent, Tranche, TrancheId, TurnedDown
from tests.support.journals import BTC, FIRST, SECOND_LEG, VENUE, Journal, at, fill, opened, order, two_legs

D = Decimal
SIZES = ("0.25", "0.25", "0.25", "0.2")


def story(*sizes: str, state: type = Sent) -> Story:
    """A tranche every half an hour from eleven, on its way after two minutes, heard of after five; one sale at one."""
    j = Journal()
    custody = CustodyPlan(holdings={BTC: D(1)}, statement_sha256="00" * 32, account="main", slices_ahead=2)
    j.write(at("10:00:00"), replace(opened((r.Balance(BTC, D(0), D(0)),)), custody=custody))
    for index, size in enumerate(sizes):
        asked = at("11:00:00") + index * 30 * MINUTE
        name = TrancheId(f"x-{index}")
        tranche = Tranche(id=name, asset=BTC, quantity=D(size), venue=VENUE, account="main", asked_at=asked)
        j.write(asked, c.AskTranche(tranche))
        seen = asked + 2 * MINUTE
        said = {Sent: Sent("tx", seen), TurnedDown: TurnedDown("no"), Requested: Requested()}[state]
        j.write(seen + 3 * MINUTE, e.TrancheSeen(seen + 3 * MINUTE, name, said))
    child = order(FIRST, 1, "13:02:00", "0.1", "60000")
    j.write(child.decided_at, c.Place(Approved(child, ())))
    j.filled("13:02:00", fill(child, "t1", "13:02:00", "0.1", "65000"))
    return tell(j.rows)


def test_a_deposit_counts_from_when_the_custodian_said_that_it_left() -> None:
    """Asked for at eleven, on its way two minutes later, heard of three minutes after that, sold after two hours."""
    told = story(*SIZES)
    found = trail(told, told.leg(FIRST))
    assert [(each.at, each.quantity) for each in found.deposits][:2] == [
        (at("11:02:00"), D("0.25")),
        (at("11:32:00"), D("0.25")),
    ]
    lead = next(each for each in leaks(told, told.leg(FIRST)) if each.name == "lead before the sale")
    assert lead.measure == "a coin lies at its venue for 2h before it is sold, on average; at most for 2h"
    assert found.sales[0].at - found.deposits[0].at == 2 * HOUR


def test_a_leg_that_others_feed_sells_more_than_ever_left_custody() -> None:
    """Its own coin was one; three were sold, so a deposit of half a coin gives away a sixth."""
    told = story("0.5", "0.4")
    leg = told.leg(FIRST)
    (sold,) = leg.fills
    fed = replace(leg, fills=(replace(sold, fill=replace(sold.fill, quantity=D(3))),))
    given_away = next(each for each in leaks(told, fed) if each.name == "the total given away")
    assert (given_away.level, given_away.measure.split(":")[0]) == (
        "fine",
        "2 deposits; the largest is 16.67 % of the whole",
    )


def test_what_repeats_and_comes_by_the_clock_is_found_afterwards_as_it_is_before() -> None:
    told = story(*SIZES)
    levels = {each.name: each.level for each in leaks(told, told.leg(FIRST))}
    assert (levels["sizes that repeat"], levels["round sizes"], levels["regular times"]) == ("warn", "warn", "warn")
    assert levels["size against a day"] == "not told"


@pytest.mark.parametrize("state", [TurnedDown, Requested])
def test_a_tranche_that_never_left_is_seen_by_nobody(state: type) -> None:
    told = story(*SIZES, state=state)
    assert leaks(told, told.leg(FIRST)) == ()


def test_a_leg_whose_coin_was_in_no_custody_has_no_findings() -> None:
    told = story(*SIZES)
    assert leaks(told, told.leg(SECOND_LEG)) == ()
    without = tell(two_legs().rows)
    assert (leaks(without, without.leg(FIRST)), record(())) == ((), {})


def test_the_summary_has_them_under_the_leg() -> None:
    first, second = json.loads(summary_json(summarise(story(*SIZES))))["legs"]
    assert {each["name"]: each["level"] for each in first["leak"]}["sizes that repeat"] == "warn"
    assert "leak" not in second
