"""Days of a desk in virtual time: three assets, two venues, a custodian, nights and lunches, and whatever goes wrong.

BTC, ETH and seized USDT become HKD. On the way the process is killed inside an open window, a venue goes dark for a
while inside another, and three people agree to another pace. What reaches the exchanges is judged when it arrives, by
`tests.scenarios.wire`, and what is left is added up from what the exchanges and the custodian themselves know.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

from engine.compose.methods import methods
from engine.core.state import State
from engine.drivers.audit import audit
from engine.events import Instructed
from engine.journal import reading
from engine.kernel.clock import MINUTE, SECOND, Instant, Span, iso, parse_instant
from engine.kernel.ids import PersonName, Symbol
from engine.kernel.money import ZERO, Asset
from engine.ledger import accounts
from engine.mandate.instructions import Amend
from engine.orders import commands as c
from engine.orders.events import StreamChanged
from tests.scenarios.week import START, Saying, Week
from tests.simulation.plans import Spell
from tests.support.ledgers import loaded, trial_balance
from tests.support.processes import ROOT, summary

EXAMPLE: Final = ROOT / "examples" / "three_days.toml"
BTC, ETH, USDT = (Asset(name) for name in ("BTC", "ETH", "USDT"))
SOLD: Final = ("BTCUSDT", "ETHUSDT", "USDTHKD")
CATCH_UP: Final = 2
"""As the config says where it says nothing: a slice may make up for one that was missed, and two slices can touch."""
SHORTER: Final = {
    'deadline = "3d"': 'deadline = "26h"',
    'opens = "09:30", closes = "12:00"': 'opens = "10:30", closes = "10:50"',
    'opens = "13:00", closes = "16:00"': 'opens = "11:10", closes = "11:30"',
    'opens = "09:00", closes = "16:30"': 'opens = "10:30", closes = "11:50"',
    'quota = "40%"': 'quota = "50%"',
    'window = "16h"': 'window = "60m"',
    "slices = 64": "slices = 24",
    'tail = "20m"': 'tail = "10m"',
}
"""A day and a half with forty minutes of trading a day."""


def on(text: str) -> Instant:
    """A local time of the run: `2 10:40` is the second of May, in Hong Kong."""
    day, clock = text.split()
    return parse_instant(f"2026-05-{int(day):02}T{clock}:00+08:00")


def shortened() -> str:
    """The example with fewer and shorter windows."""
    text = EXAMPLE.read_text()
    for was, new in SHORTER.items():
        assert was in text, was
        text = text.replace(was, new)
    return text


def capped(text: str, share: str) -> str:
    """With a cap on the share of volume for BTC and ETH, which the example has none of."""
    return re.sub(r'(released = "60?".*)', rf'\1\nparticipation_max = "{share}"', text)


def faster(*agreed: str) -> Saying:
    """li asks to sell what is left half as fast again, and these agree."""

    def says(state: State, at: Instant) -> Instructed:
        return Instructed(
            at=at,
            instruction=Amend(was_sha256=state.plan.digest, rate=Decimal("1.5")),
            by=PersonName("li"),
            agreed=tuple(map(PersonName, agreed)),
            reason="the market is deep",
            paper_sha256="ab" * 32,
            book_seq=9,
        )

    return says


class Story(Struct, frozen=True, kw_only=True):
    """What happens in a week, and how large a slice of it is."""

    text: Callable[[], str]
    share: str
    """The cap on our share of the volume: one that binds."""
    crash: str
    dark: tuple[str, str]
    """When the second venue goes dark, and when it comes back."""
    too_few: str
    """When one person too few agrees to another pace."""
    amended: str
    openings: tuple[str, ...]
    """After nights and lunches."""
    slice: Span
    slices: int
    days: tuple[str, ...]


SHORT: Final = Story(
    text=shortened,
    share="13%",
    crash="2 10:41",
    dark=("2 11:15", "2 11:20"),
    too_few="3 10:35",
    amended="3 10:40",
    openings=("2 11:10", "3 10:30"),
    slice=Span(150 * SECOND),
    slices=24,
    days=("2026-05-02", "2026-05-03"),
)
WHOLE: Final = Story(
    text=EXAMPLE.read_text,
    share="1%",
    crash="3 10:11",
    dark=("3 13:20", "3 14:20"),
    too_few="4 09:50",
    amended="4 10:00",
    openings=("2 13:00", "3 09:30", "3 13:00", "4 09:30", "4 13:00"),
    slice=Span(15 * MINUTE),
    slices=64,
    days=("2026-05-02", "2026-05-03", "2026-05-04"),
)


class Played(Struct, frozen=True):
    """A week that is over, its story, and its folder."""

    story: Story
    week: Week
    folder: Path

    def slice_of(self, asset: Asset) -> Decimal:
        """An even share of what was released."""
        holding = self.week.config.terms.holding(asset)
        assert holding is not None
        return holding.released / self.story.slices

    def sold_after(self, asset: Asset, at: Instant) -> Decimal:
        """Within the length of one slice, in slices."""
        sold = self.week.wire.sold(asset, since=at, until=at + self.story.slice)
        return sold / self.slice_of(asset)


@pytest.fixture(scope="module", params=[SHORT, pytest.param(WHOLE, marks=pytest.mark.slow)], ids=["short", "whole"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Each story is played once; everything below looks at what it left."""
    story, folder = request.param, tmp_path_factory.mktemp("week")
    config = folder / "config.toml"
    config.write_text(capped(story.text(), story.share))
    goes, comes = (on(text) for text in story.dark)
    week = Week(
        config,
        folder / "run",
        crashes=[on(story.crash)],
        spells=[Spell("osl", Span(goes - START), Span(comes - goes))],
        says={on(story.too_few): faster("wang"), on(story.amended): faster("wang", "chen")},
    ).play()
    return Played(story, week, week.write())


def test_everything_happened_that_was_to_happen(played: Played) -> None:
    """The tests below would prove little of a quiet week: one death, one dark venue, one amendment and one refused."""
    week = played.week
    assert len(week.begins) == 2
    assert [type(entry).__name__ for entry in week.rows if isinstance(entry, Instructed | c.Unheeded | c.Halt)] == [
        "Instructed",
        "Unheeded",
        "Instructed",
    ]
    silent = [entry for entry in week.rows if isinstance(entry, StreamChanged) and not entry.up]
    assert {entry.venue for entry in silent} == {"osl"}
    assert all(week.wire.arrivals[pair] for pair in week.wire.printed if pair[1] in SOLD), week.wire.arrivals
    assert summary(played.folder)["status"] == "done"


def test_nothing_arrives_that_mandate_hours_quota_or_share_forbid(played: Played) -> None:
    """Judged at the exchange, for every order."""
    assert sum(played.week.wire.arrivals.values()) > 100
    assert played.week.wire.wrong == []


def test_our_share_of_the_volume_comes_up_to_its_cap_and_no_further(played: Played) -> None:
    """By the exchanges' own prints; it binds, so that the wire would have seen it passed."""
    for asset in (BTC, ETH):
        holding = played.week.config.terms.holding(asset)
        assert holding is not None
        cap = holding.participation_max
        assert cap is not None
        assert cap * 9 / 10 < played.week.wire.shares[asset] <= cap


def test_a_day_ends_at_its_quota_and_the_next_goes_on_from_there(played: Played) -> None:
    """No day sold more than its share, and all days together all that was released but for a residue."""
    for asset in (BTC, ETH):
        days = played.week.wire.sold_by_day(asset)
        assert set(days) <= set(played.story.days)
        assert played.slice_of(asset) * played.story.slices - sum(days.values()) < Decimal("0.001")


def test_what_a_night_or_a_lunch_held_up_is_not_sold_in_a_burst(played: Played) -> None:
    """Within the length of a slice no more than two slices at the configured catch-up of two, after any opening."""
    for text in played.story.openings:
        for asset in (BTC, ETH):
            assert played.sold_after(asset, on(text)) <= 2 * CATCH_UP, (text, asset)


def test_a_lunch_leaves_nothing_to_catch_up(played: Played) -> None:
    """The schedule's clock stands while nothing may be sold, so the first afternoon goes on at the ordinary pace."""
    after_lunch = on(played.story.openings[0])
    assert max(played.sold_after(asset, after_lunch) for asset in (BTC, ETH)) <= Decimal("1.5")


def test_neither_a_dead_process_nor_a_dark_venue_is_followed_by_a_burst(played: Played) -> None:
    for at in (*played.week.begins[1:], on(played.story.dark[0]), on(played.story.dark[1])):
        for asset in (BTC, ETH):
            assert played.sold_after(asset, at) <= 2 * CATCH_UP, (iso(at), asset)


def test_what_three_people_agreed_to_makes_the_rest_half_as_fast_again(played: Played) -> None:
    """Over four slices, so that jitter matters little."""
    at, four = on(played.story.amended), 4 * played.story.slice
    pace = played.week.wire.sold(BTC, since=at, until=at + four) / played.slice_of(BTC) / 4
    assert Decimal("1.2") < pace < Decimal("1.8")


def test_no_stablecoin_is_left_but_what_is_finer_than_a_lot(played: Played) -> None:
    """By the exchanges' own balances, and the leg says the same."""
    state, week = played.week.state, played.week
    assert state is not None
    left = sum((week.truth.held(venue).get(USDT, ZERO) for venue in week.exchanges), ZERO)
    leg = next(state.legs[plan.id] for plan in state.plan.legs if plan.sell == USDT)
    assert left == leg.remaining < Decimal("0.02")
    assert "finer than the venue's lot" in leg.residue_reason


def test_legs_and_fees_add_up_to_what_the_venues_hold(played: Played) -> None:
    """Nothing stood there at the start: all that is there came from custody or was bought, less what was sold."""
    week, state = played.week, played.week.state
    assert state is not None
    arrived = {(movement.wish.venue, movement.wish.asset): ZERO for movement in week.movements}
    for movement in week.movements:
        arrived[movement.wish.venue, movement.wish.asset] += movement.quantity
    for venue in week.exchanges:
        expected = {asset: units for (where, asset), units in arrived.items() if where == venue}
        for trade in week.truth.trades(venue):
            base, quote = (sides[venue, Symbol(trade.symbol)] for sides in (week.truth.base, week.truth.quote))
            expected[base] = expected.get(base, ZERO) - trade.quantity
            expected[quote] = expected.get(quote, ZERO) + trade.quote - trade.fee
        held = {asset: units for asset, units in week.truth.held(venue).items() if units}
        assert held == {asset: units for asset, units in expected.items() if units}
        assert held == {a: units for a, units in state.ledger.assets(accounts.venue(venue)).items() if units}


def test_custody_transit_venues_and_sold_are_what_was_released(played: Played) -> None:
    week, state = played.week, played.week.state
    assert state is not None
    assert week.custodian is not None
    vault = week.custodian.holdings("main", week.now())
    assert vault is not None
    for holding in week.config.terms.holdings:
        asset = holding.asset
        assert vault[asset] == state.ledger.of(accounts.CUSTODY, asset)
        assert state.ledger.of(accounts.TRANSIT, asset) == ZERO
    for asset in (BTC, ETH):
        there = sum((week.truth.held(venue).get(asset, ZERO) for venue in week.exchanges), ZERO)
        holding = next(h for h in week.config.terms.holdings if h.asset == asset)
        assert vault[asset] + there + week.wire.sold(asset) == holding.released


def test_only_the_coin_for_the_next_slices_ever_stands_at_the_venues(played: Played) -> None:
    """Three slices ahead at the amended pace, those that were held up, and one tranche of the least size a venue."""
    for asset, least in ((BTC, Decimal("0.2")), (ETH, Decimal(2))):
        ahead = (3 + 1) * Decimal("1.5") + 2 * CATCH_UP
        assert played.week.most_at_venues(asset) <= ahead * played.slice_of(asset) + 2 * least


def test_beancount_finds_nothing_wrong_with_the_ledger(played: Played) -> None:
    entries, errors = loaded(played.folder)
    assert (errors, len(entries) > 10) == ([], True)
    assert set(trial_balance(played.folder).values()) == {ZERO}


def test_every_day_has_its_report_and_they_add_up_to_the_run(played: Played) -> None:
    reports = {path.parent.name: path for path in (played.folder / "days").glob("*/report.html")}
    assert set(played.story.days) <= set(reports)
    assert all(path.stat().st_size > 1000 for path in reports.values())
    assert (played.folder / "recovery-2.json").exists()


def test_every_decision_is_taken_again_alike(played: Played) -> None:
    """Over the death, the dark venue and the amendment."""
    found = audit(reading.read(played.folder / reading.FILE), lambda o: methods(o.plan, o.at))
    assert found.closed == "done"
