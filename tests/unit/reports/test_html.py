"""The report that people read: complete, self-contained, the same bytes for the same run."""

import re
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.evidence.summary import summarise
from engine.kernel.ids import VenueName
from engine.reports.charts import bundle
from engine.reports.html import NOT_SHOWN, STATUS, quality, render
from tests.support.journals import FIRST, Journal, at, opened, tape, two_legs


@cache
def story() -> Story:
    return tell(two_legs().rows, tape())


@cache
def page() -> str:
    return render(story(), summarise(story()))


class Text(HTMLParser):
    """What a reader sees, and every address that an element names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        names = ("src", "href", "srcset", "action", "data", "poster")
        self.addresses += [f"{tag} {name}" for name, _ in attrs if name in names]

    def handle_data(self, data: str) -> None:
        hidden = self.open and self.open[-1] in ("script", "style")
        self.words += [] if hidden else [data.strip()]

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.words))

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open[:-1]


def words(page: str) -> str:
    """The page as read, without its scripts."""
    return Text(re.sub(r"<(script|style)>.*?</\1>|<(meta|!doctype)[^>]*>", "", page, flags=re.DOTALL)).text


def test_the_page_names_no_address_outside_itself() -> None:
    assert Text(page()).addresses == []
    assert re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", page()) == []
    assert re.findall(r"@import|url\(", page().replace(bundle(), "")) == []
    assert "default-src 'none'" in page()


def test_the_charts_and_their_script_are_inside_and_the_script_only_once() -> None:
    assert page().count(bundle()) == 1
    assert page().count('<div class="chart"') == 6
    assert page().count("vegaEmbed(") >= 1


def test_the_same_run_gives_the_same_bytes() -> None:
    again = tell(two_legs().rows, tape())
    assert render(again, summarise(again)) == page()


def test_the_head_says_whose_case_it_is_how_it_ended_and_by_what_it_can_be_checked() -> None:
    text, told = words(page()), story()
    for said in (
        "Case CASE-7", STATUS["short"], "Sandbox: this was not a real sale.", "0.8 BTC", "51,979.5 USDT",
        told.head, told.opened.run, told.opened.config_sha256, told.opened.plan.digest,
        told.opened.terms.document_sha256,
    ):  # fmt: skip
        assert said in text


def test_what_others_wrote_is_shown_and_never_run() -> None:
    """The authority of the case is called `Public Security Bureau <No. 7>`."""
    assert "Bureau &lt;No. 7&gt;" in page()
    assert "Bureau <No. 7>" not in page()


def test_a_leg_is_held_against_arrival_decision_others_and_floor() -> None:
    """Average 64974.375 against 65000; against 64987.5; the lowest fill, 64965, against a floor of 60000."""
    text = words(page())
    assert "Arrival price (mid) 65,000.000000 64,974.375000 3.94 20.50 USDT" in text
    assert "Mid at each decision, weighted 64,987.500000 64,974.375000 2.02 10.50 USDT" in text
    assert "Floor, against our lowest fill 60,000.000000 64,965.000000 \N{MINUS SIGN}827.50" in text


def test_all_fills_are_in_the_page_with_their_orders() -> None:
    text = words(page())
    fills = [sold.fill for leg in story().legs for sold in leg.fills]
    assert len(fills) == 4
    for fill in fills:
        assert f"{fill.client_id} {fill.trade_id}" in text


def test_withheld_orders_pauses_restarts_and_unknowns_are_told() -> None:
    text = words(page())
    assert "a collar_bp 1 2026-05-02 10:03:00.000 2026-05-02 10:03:00.000" in text
    for what in ("pause asked", "resume asked", "restarted", "no answer", "found"):
        assert f" {what} " in text


def test_the_ledger_sums_to_zero_for_every_asset() -> None:
    text = words(page())
    assert "Equity:Entrusted \N{MINUS SIGN}1 0 0" in text
    assert "Sum: zero, or a posting is wrong 0 0 0" in text


def test_what_is_doubtful_about_the_data_is_said() -> None:
    said = "\n".join(quality(story(), gather(story())))
    for part in (
        "Sandbox: not a real sale.",
        "taken one to one as BTCUSDT",
        "single source",
        "USDT>USD: 1 of our own fills had no print",
        "before tape/000001.parquet: 1 gap",
        "2 fills were told more than once",
        "trade t-x",
        "No reference price of any fill is missing.",
    ):
        assert part in said


def test_what_was_recorded_for_reference_is_counted_and_said_to_be_part_of_no_price() -> None:
    said = quality(story(), gather(story()), {VenueName("osl"): (12345, 6), VenueName("kraken"): (0, 0)})
    assert "Recorded for reference only, and part of no price here: osl, 12,345 books and 6 trades." in said
    assert "Recorded for reference only, and part of no price here: kraken, 0 books and 0 trades." in said


def test_missing_prices_are_counted_by_reason() -> None:
    bare = tell(two_legs().rows)
    assert "Missing price (interval VWAP) for 4 of 4 fills: no tape of the pair." in quality(bare, gather(bare))


def test_a_production_run_is_not_called_a_sandbox() -> None:
    real = replace(story(), opened=replace(story().opened, environment="production"))
    assert not [said for said in quality(real, gather(real)) if "andbox" in said]
    assert "not a real sale" not in render(real, summarise(real))


def test_a_backtest_states_what_it_assumed_and_what_it_does_not_show() -> None:
    text = words(
        render(story(), summarise(story()), title="Backtest", assumptions=["Fills are free."], not_shown=["X."])
    )
    assert "What was assumed Fills are free." in text
    assert "What this report does not show X." in text
    assert NOT_SHOWN[0] not in text
    assert NOT_SHOWN[0] in words(page())


def test_a_run_that_sold_nothing_has_a_report_too() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    told = tell(j.rows)
    text = words(render(told, summarise(told)))
    for said in (STATUS["running"], "There were no fills.", "No order was sent.", "Nothing was sold in this leg."):
        assert said in text


@pytest.mark.parametrize("status", ["done", "short", "halted", "unresolved", "running"])
def test_every_way_to_end_has_its_words(status: str) -> None:
    summary = replace(summarise(story()), status=status)
    assert STATUS[status] in words(render(story(), summary))


def test_a_mid_of_the_tape_is_drawn_where_it_is_given() -> None:
    drawn = render(story(), summarise(story()), mids={FIRST: [(at("10:00:00"), Decimal("65432.1"))]})
    assert "65432.1" in drawn
    assert "65432.1" not in page()
