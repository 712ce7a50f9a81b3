"""The rules that a config chose, in words."""

from engine.forecast.rules import rules
from engine.kernel.clock import MINUTE, Span
from engine.mandate.programme import Carry
from engine.market.footprint import FootprintRule, Shares
from engine.planning.plan import AtEnd, Recipe
from engine.risk.calm import PauseRules
from tests.support.builders import blackout, d, days, leg_one, limits, plan, programme


def test_each_rule_of_a_leg_is_said() -> None:
    leg = leg_one(at_end=AtEnd.RFQ, catch_up=d("1.5"), participation_max=d("0.2"))
    said = dict(rules(plan(leg), limits()))
    assert said["when the window of BTC ends"].startswith("desks are asked for firm quotes")
    assert said["what BTC is behind, after an outage or a pause"] == (
        "at most 1.5 times what a slice plans; never all at once"
    )
    assert said["participation of BTC"] == "at most 20 % of all that is traded while it sells"
    assert said["a slice of BTC that is too small"].startswith("what is below a venue's minimum")


def test_what_a_leg_waits_for_is_said_and_of_others_nothing() -> None:
    waits = Recipe("stop", {"below": "95%", "persist": "1m", "every": "5s", "at_sweep": "wait"})
    said = dict(rules(plan(leg_one(tactic=waits)), limits()))
    assert "at or below 95 % of the arrival price for 1m" in said["condition of BTC"]
    assert "a sweep of what is left waits for it too" in said["condition of BTC"]
    assert "condition of BTC" not in dict(rules(plan(leg_one()), limits()))


def test_every_end_has_words() -> None:
    said = [dict(rules(plan(leg_one(at_end=end)), limits()))["when the window of BTC ends"] for end in AtEnd]
    assert len(set(said)) == len(AtEnd)


def test_hours_quota_blackouts_and_nights_are_said() -> None:
    of_days = programme(("09:30", "12:00"), quota=d("0.4"), carry=Carry.NEXT)
    said = rules(days(of_days), limits())
    assert ("resting overnight", "nothing; orders are cancelled when hours end") in said
    told = dict(said)["hours of BTC"]
    assert told.startswith("Mon-Sun 09:30-12:00 (UTC+00:00), no holidays")
    assert "at most 40 % (4 BTC) a day, and what a day leaves of it comes on top of the next day's" in told


def test_a_blackout_is_said_with_its_reason() -> None:
    from tests.support.builders import hours

    closed = hours(("09:30", "12:00"), blackouts=(blackout("10:00", "11:00"),))
    said = dict(rules(days(programme(hours=closed)), limits()))
    assert said["blackout"] == "2026-05-02T10:00 to 2026-05-02T11:00 UTC, announcement"


def test_guards_are_said_where_there_are_any() -> None:
    assert ("restless markets", "pause nothing") in rules(plan(), limits())
    pause = PauseRules(move=d("0.03"), over=Span(10 * MINUTE), spread_bp=d("30"), calm=Span(5 * MINUTE))
    footprint = FootprintRule(venue=Shares(minute=d("0.25")), market=Shares(hour=d("0.1"), day=d("0.05")))
    said = dict(rules(plan(), limits(pause=pause, footprint=footprint)))
    assert said["restless markets"] == "a move of 3 % within 10m or a spread above 30 bp pauses, until 5m were calm"
    assert said["footprint"] == (
        "at most 25 % a minute of each venue and 10 % an hour, 5 % a day of the market, of what counts"
    )
