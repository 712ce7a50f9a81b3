"""The report's section on conduct."""

from decimal import Decimal

from engine.evidence.measure import What
from engine.evidence.story import Story
from engine.evidence.summary import summarise
from engine.reports.conduct import NAMED, _number, conduct
from engine.reports.html import render
from tests.support.resting import Rested


def flickering() -> Story:
    """Forty orders, each cancelled after 0.3 s and put again at once."""
    run = Rested()
    for number in range(40):
        run.pulled(0.5 * number, 0.5 * number + 0.3)
    return run.story()


def test_it_begins_with_how_many_measures_are_over() -> None:
    assert conduct(flickering())["verdict"] == "16 measures: 9 within their bounds, 4 over, 3 not measurable."


def test_what_is_over_comes_first_and_names_its_orders() -> None:
    told = conduct(flickering())
    assert [each["verdict"] for each in told["measures"][:5]] == ["over"] * 4 + ["within"]
    first = told["measures"][0]
    assert (first["what"], first["where"]) == ("Cancelled with nothing sold, of those that rested", "BTC/USDT, hashkey")
    assert (first["value"], first["bound"]) == ("100.00 %", "95.00 %")
    what, where, orders = told["over"][0]
    assert (what, where) == (first["what"], first["where"])
    assert orders.endswith(f" and {40 - NAMED} more")


def test_a_share_just_over_its_bound_is_not_shown_as_the_bound() -> None:
    """Two digits would show the 95.00 % that may be."""
    assert _number(What.CANCELLED, Decimal("0.95005")) == "95.005 %"


def test_what_can_t_be_measured_says_why() -> None:
    last = conduct(flickering())["measures"][-1]
    assert (last["verdict"], last["value"]) == ("not measurable", "\N{EN DASH}")
    assert "10 are needed" in last["detail"]


def test_each_place_that_was_sent_orders_has_its_counts() -> None:
    assert conduct(flickering())["flows"] == [("BTC/USDT", "hashkey", "40", "40", "0", "0", "40", "40", "300ms")]


def test_the_page_holds_it() -> None:
    shown = render(flickering(), summarise(flickering()))
    for words in ("<h2>Conduct</h2>", "<strong>over</strong>", "40 of 40 lived less than 1s", "is a sale"):
        assert words in shown


def test_a_run_of_nothing_has_the_section_as_well() -> None:
    still = Rested().story()
    assert conduct(still)["flows"] == []
    assert "0 over" in render(still, summarise(still))
