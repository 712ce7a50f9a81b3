"""A rising price, and a deposit that was enough when it was put up.

1 BTC of a case is to be sold in an hour, while its price climbs by 15 % within the first forty minutes. The deposit was
110 % of what the coin was worth on that morning. Cover is counted here again, from the exchange's own balances and mid,
and from what has left custody.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import Struct

from engine.core.state import State
from engine.events import CaseChanged, Entry
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset
from engine.orders import commands as c
from tests.scenarios.week import START, Week
from tests.support.configs import holding
from tests.support.office import CASE, Office, make_keys
from venues.sandbox.crowd import SyntheticFlow

BTC, USDT, USD = (Asset(name) for name in ("BTC", "USDT", "USD"))
VENUE: Final = VenueName("hashkey")
RISE: Final = 0.15
RISING: Final = 40 * MINUTE
RATIO, LIMIT = Decimal("1.05"), Decimal("1.00")
DEPOSIT: Final = Decimal(86_130)
"""110 % of 1 BTC at 78,300."""
TOP_UP: Final = Decimal(12_000)
TOPPED_UP: Final = Instant(START + 70 * MINUTE)
"""Long after the deposit has become too small."""
A_MOMENT: Final = Decimal("0.005")
"""Of cover: prices move between a decision and the order's arrival."""
AT_THE_VENUE, IN_TRANCHES = "at the venue", "in tranches"
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    AT_THE_VENUE: {},
    IN_TRANCHES: {"custody": {"kind": "sandbox", "slices_ahead": 1, "tranche_min": {"BTC": "0.01"}}},
}
"""All of the coin lies at the venue from the start, or with a custodian who sends it slice by slice."""


class Climbing(SyntheticFlow):
    """A crowd whose opinion rises in a straight line and then stays up there."""

    @property
    def opinion(self) -> float:
        gone = min(1.0, (self._at - self.origin) / RISING)
        return super().opinion * (1.0 + RISE * gone)


class Seen(Struct, frozen=True):
    """What anybody could have counted after a turn of the engine."""

    at: Instant
    cover: Decimal
    sold: Decimal
    sold_on: Decimal
    waiting: Decimal
    """Stablecoin at the venue."""


class Climb:
    """The run that is over, and what was seen on the way."""

    def __init__(self, week: Week) -> None:
        self.week, self.seen = week, list[Seen]()
        week.looks = self._look
        week.play()

    def _look(self, state: State) -> None:
        week, depth = self.week, self.week.exchanges[VENUE].depth("BTCUSDT", 1)
        held = week.truth.held(VENUE)
        coming = sum((one.quantity for one in week.departed), ZERO)
        coin = (held.get(BTC, ZERO) + coming) * (depth.bids[0][0] + depth.asks[0][0]) / 2
        exposed = coin + held.get(USDT, ZERO) + held.get(USD, ZERO)
        cover = state.case.deposit[USD] / exposed if exposed else Decimal(9)
        sold, sold_on, waiting = week.wire.sold(BTC), week.wire.sold(USDT), held.get(USDT, ZERO)
        self.seen.append(Seen(week.now(), cover, sold, sold_on, waiting))

    def before(self, at: Instant) -> Seen:
        """The last that was seen before an instant."""
        return next(seen for seen in reversed(self.seen) if seen.at < at)

    @property
    def slices(self) -> list[Instant]:
        """When orders of the first leg arrived."""
        return [at for at, _, asset, _ in self.week.wire.at if asset == BTC]

    @property
    def stopped(self) -> Instant:
        """When the last of them arrived before the top-up."""
        return max(at for at in self.slices if at < TOPPED_UP)

    @property
    def meanwhile(self) -> list[Entry]:
        """The rows between the stop and the top-up."""
        rows = zip(self.week.disk.records, self.week.rows, strict=True)
        return [entry for record, entry in rows if self.stopped < record.at < TOPPED_UP]


@pytest.fixture(scope="module")
def climbs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Climb]:
    """Plays a run for either way of keeping the coin; each only once."""
    played: dict[str, Climb] = {}

    def climb(way: str) -> Climb:
        if way not in played:
            played[way] = _played(tmp_path_factory.mktemp("cover"), **WAYS[way])
        return played[way]

    return climb


def _played(folder: Path, **changes: Any) -> Climb:
    """The case is open, all of the coin is released, 110 % is put up; later somebody notes a top-up in the book."""
    office = Office(
        folder,
        make_keys(folder / "keys"),
        mandate__assets=holding("1"),
        mandate__deadline="2h",
        strategy__window="60m",
        strategy__slices=30,
        deposit={"ratio": "105%", "limit": "100%"},
        **changes,
    )
    by = ("--as", "gao", "--reason", "as ordered", "--document", office.paper)
    office.does("case", "open", CASE, "--authority", "Nobody", *by)
    office.does("case", "lot", CASE, "L1", "BTC", "1", "--place", "Vault One", "--stage", "judged", *by)
    office.does("case", "release", CASE, "L1", "1", *by)
    office.does("case", "deposit", CASE, str(DEPOSIT), "USD", "--form", "cash", *by)

    def topped_up(state: State, at: Instant) -> None:
        office.does("case", "deposit", CASE, str(TOP_UP), "USD", "--form", "cash", *by)

    flow, book = Climbing("BTCUSDT", START, 7, Decimal(78_300)), office.book()
    with closing(book), pytest.MonkeyPatch.context() as patched:
        for name, value in office.variables.items():
            patched.setenv(name, str(value))
        return Climb(Week(office.config, folder / "run", book=book, says={TOPPED_UP: topped_up}, played=flow))


@pytest.fixture(params=WAYS)
def climb(request: pytest.FixtureRequest, climbs: Callable[[str], Climb]) -> Climb:
    return climbs(request.param)


@pytest.fixture
def at_the_venue(climbs: Callable[[str], Climb]) -> Climb:
    return climbs(AT_THE_VENUE)


@pytest.fixture
def in_tranches(climbs: Callable[[str], Climb]) -> Climb:
    return climbs(IN_TRANCHES)


def test_new_slices_stop_below_the_ratio_and_before_cover_passes_its_limit(climb: Climb) -> None:
    """Most of the coin is unsold where all of it lies at the venue; in tranches the rise costs the last slices only."""
    covers = [climb.before(at).cover for at in climb.slices]
    assert min(covers) >= RATIO - A_MOMENT > LIMIT
    assert climb.stopped < TOPPED_UP - 5 * MINUTE
    assert ZERO < climb.before(TOPPED_UP).sold < Decimal("0.99")


def test_what_is_held_back_meanwhile_is_held_back_for_the_cover_alone(at_the_venue: Climb) -> None:
    """Every order that was withheld between the stop and the top-up names it."""
    withheld = [entry for entry in at_the_venue.meanwhile if isinstance(entry, c.Withheld)]
    assert {denied.limit for entry in withheld for denied in entry.denied} == {"deposit cover"}


def test_no_coin_leaves_custody_meanwhile(in_tranches: Climb) -> None:
    """Below the ratio no new release, either."""
    assert not [entry for entry in in_tranches.meanwhile if isinstance(entry, c.AskTranche)]


def test_what_was_sold_already_becomes_money_all_the_same(climb: Climb) -> None:
    """Leg two goes on after the last slice of leg one, until no stablecoin waits."""
    at_stop, later = climb.before(climb.stopped), climb.before(TOPPED_UP)
    assert later.sold_on > at_stop.sold_on
    assert later.waiting < Decimal("0.02")


def test_a_top_up_in_the_book_opens_the_slices_again(climb: Climb) -> None:
    """The engine hears of it from the book of the case, and the coin is sold to its end."""
    assert [entry.standing.deposit[USD] for entry in climb.week.rows if isinstance(entry, CaseChanged)] == [
        DEPOSIT + TOP_UP
    ]
    first = min(at for at in climb.slices if at > TOPPED_UP)
    assert first - TOPPED_UP < 2 * MINUTE  # a tranche has to come first
    state = climb.week.state
    assert state is not None
    assert (state.closed, climb.week.wire.sold(BTC)) == ("done", Decimal(1))


def test_coin_that_is_still_in_custody_keeps_cover_above_its_limit(in_tranches: Climb) -> None:
    """However high the price goes: what nobody has handed over is no exposure."""
    assert min(seen.cover for seen in in_tranches.seen) >= LIMIT
