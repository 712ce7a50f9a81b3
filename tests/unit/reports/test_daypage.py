"""The page of a day, and the sections of the run's report that say who decided and how the days went."""

from decimal import Decimal
from functools import cache

from engine.evidence.benchmarks import gather
from engine.evidence.days import days
from engine.evidence.reading import tell
from engine.evidence.story import Moment, Story
from engine.evidence.summary import summarise
from engine.reports import sections
from engine.reports.daypage import render_day
from engine.reports.html import render
from tests.support.days import on, tape, two_days
from tests.support.journals import FIRST, two_legs
from tests.unit.reports.test_html import Text, words


@cache
def story() -> Story:
    targets = {FIRST: [(on(2, "10:00:00"), Decimal(0)), (on(3, "10:00:00"), Decimal(1))]}
    return tell(two_days().rows, tape(), targets)


@cache
def pages() -> tuple[str, str]:
    evidence = gather(story())
    rung = [Moment(on(2, "16:00:00"), "unknown", "what became of it?")]
    saturday, sunday = (render_day(story(), told, evidence, rung) for told in days(story(), evidence))
    return saturday, sunday


@cache
def report() -> str:
    evidence = gather(story())
    return words(render(story(), summarise(story()), evidence=evidence, told_days=tuple(days(story(), evidence))))


def test_the_page_of_a_day_names_nothing_outside_itself_and_runs_no_script() -> None:
    for page in pages():
        assert Text(page).addresses == []
        assert "<script" not in page


def test_the_same_day_gives_the_same_bytes() -> None:
    evidence = gather(story())
    again = [render_day(story(), told, evidence) for told in days(story(), evidence)]
    assert again[1] == [render_day(story(), told, evidence) for told in days(story(), evidence)][1]


def test_the_head_says_which_day_and_when_was_open() -> None:
    text = words(pages()[0])
    for said in (
        "2026-05-02, case CASE-7",
        "The day is over.",
        "Sandbox: this was not a real sale.",
        "Hours of sale 10:00–12:00, 13:00–16:00",  # noqa: RUF001 - as people write a span of time
        "Hours of the bank 09:00–17:00",  # noqa: RUF001
        "UTC+8h",
    ):
        assert said in text


def test_a_leg_s_day_is_quota_sold_and_remaining_against_its_prices() -> None:
    text = words(pages()[0])
    for said in (
        "Quota of the day 0.5 BTC",
        "Sold 0.2 BTC",
        "Remaining in the evening 0.8 BTC",
        "Our share of all volume traded 20.00 %",
        "Average price of the others (VWAP) 60,200.0000 33.22",
    ):
        assert said in text


def test_the_evening_shows_stock_accounts_cover_and_what_is_next() -> None:
    text = words(pages()[0])
    for said in (
        "hashkey USDT 0 11,988 11,000 0 988 bank hours: outside trading hours",
        "hashkey 20:00 none",
        "Lowest cover 1.0806: 70000 over 64777.00000 USD",
        "2026-05-03: sale 10:00–12:00, 13:00–16:00; bank 09:00–17:00.",  # noqa: RUF001
        "BTC for USDT 0.8",
    ):
        assert said in text


def test_what_people_decided_stands_with_its_refusal_and_late_fills_are_named() -> None:
    text = words(pages()[1])
    assert "amend: pace times 2 wong lee, chan not done: amended plan: 00 against another as agreed" in text
    assert "ticket otc-1: 0.15 BTC at 66667 USDT, hashkey, with the desk wong lee, chan done" in text
    assert "explain a difference at hashkey: -5 USD" in text
    assert "Orders, fills 1, 2, 1 of them of earlier days" in text


def test_alarms_are_those_that_are_handed_in() -> None:
    assert "unknown what became of it?" in words(pages()[0])


def test_a_fill_of_another_day_shows_its_date_and_one_by_paper_its_mark() -> None:
    assert "2026-05-02 07:59:02.000 hashkey BTC/USDT t3" in words(pages()[1])
    assert pages()[1].count('<tr class="paper">') == 1


def test_the_report_of_the_run_says_who_decided_on_which_paper() -> None:
    for said in (
        "the plan wong lee, chan approved",
        "e1" * 32,
        "explain a difference at hashkey: -5 USD wong lee, chan done",
        "6 suspended: an appeal; deposit 90,000 USD",
        "Lowest 1.0806 on 2026-05-02 07:59:00.000",
    ):
        assert said in report()


def test_a_waived_approval_is_not_called_one() -> None:
    (waived,) = sections.people(tell(two_legs().rows))
    assert (waived["by"], waived["came"]) == ("\N{EN DASH}", "approval waived: sandbox")


def test_the_report_of_the_run_shows_whose_money_it_is_with_the_rule() -> None:
    for said in (
        "BTC, by way of USDT Sold 0.45 BTC Stablecoin received, net of fees 28,571.9505 USDT of it sold 11,000 USDT",
        "Fiat, before fees 11,000 USD Fees of both steps 11 USD, 27.5995 USDT Fiat, net of its fees 10,989 USD",
    ):
        assert said in report()
    assert "oldest first, in the order of the journal; then what was entrusted as stablecoin." in report()


def test_the_report_of_the_run_has_a_row_for_each_day_and_leg() -> None:
    span = "10:00–12:00, 13:00–16:00"  # noqa: RUF001
    assert f"2026-05-02 BTC for USDT {span} 0.5" in report()
    assert f"2026-05-03 BTC for USDT {span} 0.7" in report()


def test_the_report_of_the_run_tells_each_restart() -> None:
    for said in ("Taken over: start number 2", "unknown 0 filled 0.1", "look up", "account hashkey read"):
        assert said in report()


def test_a_fill_by_paper_is_marked_in_the_report_of_the_run_and_the_mark_is_explained() -> None:
    assert "Rows with a mark at their side were booked by a paper that people signed" in report()
    assert "Rows with a mark" not in words(render(tell(two_legs().rows), summarise(tell(two_legs().rows))))


def test_a_run_without_days_people_and_restarts_says_little_of_them() -> None:
    rows = [row for row in two_legs().rows if row[0].kind != "restarted"]
    text = words(render(tell(rows), summarise(tell(rows))))
    assert "Day by day" not in text
    assert "Taken over" not in text
    assert "Cover by the deposit" not in text
