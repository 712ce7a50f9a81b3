"""A falling market under a floor: of each kind, held in each way.

0.4 BTC are to be sold in a quarter of an hour, while the price falls by 5 % from the second minute to the eighth and
stays there. What was sold is held against the floor here again, from the exchange's own trades: against a price that
was named, against an average of a file that is taken again, or against the quotes that the desk had given by then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from engine.config import people
from engine.core.state import State
from engine.drivers.casebook import CaseBook
from engine.events import FloorSet, Instructed
from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.kernel.ids import LegId, VenueName, parse_client_order_id
from engine.kernel.money import ZERO
from engine.mandate.instructions import Amend
from engine.mandate.terms import FloorScope
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import floor_of
from engine.orders.reports import Quote
from tests.scenarios.week import START, Week
from tests.support.configs import holding, written
from tests.support.office import CASE, Office, make_keys
from venues.sandbox.crowd import SyntheticFlow
from venues.sandbox.model import TradeRow

VENUE: Final = VenueName("hashkey")
ONE: Final = LegId("1")
FALL: Final = 0.05
BEGINS, FALLING = 2 * MINUTE, 6 * MINUTE
BOUND: Final = Decimal(77900)
"""Half a per cent under the price at which it begins."""
AVERAGE: Final = Decimal(82000)
CLOSES: Final = f"day,close\n2026-04-30,{AVERAGE - 200}\n2026-05-01,{AVERAGE + 200}\n"
AGE: Final = 30 * SECOND
ALL_WAYS: Final = {"currency": "USDT", "fees": "out"}
KINDS: Final[Mapping[str, dict[str, Any]]] = {
    "fixed": {"price": str(BOUND)},
    "average": {
        "kind": "average", "share": "95%", "days": 2, "calendar": "calendar", "offset": "+08:00", "value": "close",
        "sources": ["desk"], "sources_min": 1, "join": "median", "coverage_min": "100%", "missing": "refuse",
        "without": "stop",
    },
    "quote": {"kind": "quote", "share": "100%", "desks": 1, "age": "30s", "every": "10s"},
}  # fmt: skip
SHORT: Final[Mapping[str, Any]] = {
    "mandate__deadline": "18m",
    "strategy__window": "15m",
    "strategy__slices": 30,
    "path__stable__USDT__inventory_max": "60000",
}


class Falling(SyntheticFlow):
    """A crowd whose opinion falls in a straight line, and stays down there."""

    @property
    def opinion(self) -> float:
        gone = min(1.0, max(0.0, (self._at - self.origin - BEGINS) / FALLING))
        return super().opinion * (1.0 - FALL * gone)


def floored(kind: str, scope: FloorScope) -> list[dict[str, Any]]:
    return holding("0.4", floor=KINDS[kind] | ALL_WAYS | {"scope": scope.value})


def prices_of(kind: str) -> dict[str, Any]:
    return {"prices": {"BTC": {"desk": "desk.csv"}}} if kind == "average" else {}


class Fall:
    """A run that is over, and what it sold by the exchange's own trades."""

    def __init__(self, kind: str, scope: FloorScope, week: Week) -> None:
        self.kind, self.scope, self.week = kind, scope, week.play()

    @property
    def sales(self) -> list[tuple[TradeRow, Decimal]]:
        """Every execution of coin, with the floor of the moment at which its order was decided."""
        decided = {o.client_id: o.decided_at for o in self._orders()}
        sold = [trade for _, trade in self.week.truth.all_trades() if trade.symbol == "BTCUSDT"]
        return [(trade, self._floor(decided[trade.client_id])) for trade in sold]  # type: ignore[index]

    @property
    def worst(self) -> Decimal:
        """By how much the worst fill, slice or the whole lies above its floor, in money."""
        groups: dict[object, Decimal] = defaultdict(lambda: ZERO)
        for number, (trade, floor) in enumerate(self.sales):
            name = parse_client_order_id(trade.client_id)
            assert name is not None
            key = {FloorScope.FILL: number, FloorScope.SLICE: name.slice, FloorScope.AVERAGE: 0}[self.scope]
            groups[key] += trade.quantity * (trade.price - floor)
        return min(groups.values())

    def rows(self, kind: type[Any]) -> list[Any]:
        return [row for row in self.week.rows if isinstance(row, kind)]

    @property
    def state(self) -> State:
        assert self.week.state is not None
        return self.week.state

    def _orders(self) -> Iterator[Any]:
        yield from (row.approved.order for row in self.rows(c.Place) if row.approved.order.leg == ONE)

    def _floor(self, at: Instant) -> Decimal:
        """The floor at an instant, by the test's own reckoning."""
        if self.kind == "fixed":
            return BOUND
        if self.kind == "average":
            return AVERAGE * Decimal("0.95")
        return max(quote.proceeds / quote.quantity for asked, quote in self._quotes(at) if at - asked <= AGE)

    def _quotes(self, at: Instant) -> Iterator[tuple[Instant, Quote]]:
        """The last quote that had come by then, and when it was asked for."""
        asked: dict[int, Instant] = {}
        last: tuple[Instant, Quote] | None = None
        records = zip(self.week.disk.records, self.week.rows, strict=True)
        for record, row in records:
            if record.at > at:
                break
            if isinstance(row, c.AskQuote):
                asked[row.number] = record.at
            elif isinstance(row, e.QuoteCame) and isinstance(row.answer, Quote):
                last = asked[row.number], row.answer
        if last is not None:
            yield last


Falls = Callable[[str, FloorScope], Fall]


@pytest.fixture(scope="module")
def falls(tmp_path_factory: pytest.TempPathFactory) -> Falls:
    """Plays a run for a kind and a scope; each only once."""
    played: dict[tuple[str, FloorScope], Fall] = {}

    def fall(kind: str, scope: FloorScope) -> Fall:
        if (kind, scope) not in played:
            folder = tmp_path_factory.mktemp(f"{kind}-{scope.value}")
            (folder / "desk.csv").write_text(CLOSES)
            config = written(folder, mandate__assets=floored(kind, scope), **SHORT, **prices_of(kind))
            flow = Falling("BTCUSDT", START, 7, Decimal(78_300))
            played[kind, scope] = Fall(kind, scope, Week(config, folder / "run", played=flow))
        return played[kind, scope]

    return fall


@pytest.fixture(params=[(kind, scope) for kind in KINDS for scope in FloorScope], ids=lambda p: f"{p[0]}-{p[1].value}")
def fall(request: pytest.FixtureRequest, falls: Falls) -> Fall:
    return falls(*request.param)


def test_nothing_is_sold_under_the_floor(fall: Fall) -> None:
    """Something was sold, or nothing would be proven."""
    assert fall.sales
    assert fall.worst >= 0


@pytest.mark.parametrize("scope", FloorScope)
@pytest.mark.parametrize("kind", ["fixed", "average"])
def test_the_run_ends_short_and_says_how_far_it_was_and_since_when(kind: str, scope: FloorScope, falls: Falls) -> None:
    fall = falls(kind, scope)
    leg = fall.state.legs[ONE]
    assert (fall.state.closed, leg.remaining > Decimal("0.1")) == ("short", True)
    (last,) = [row.reason for row in fall.rows(c.Residue) if row.leg == ONE]
    assert last.startswith(f"deadline; the floor of {BOUND} USDT (BTC, ")
    assert "% above the best bid 74" in last
    assert ", since 2026-05-02 02:" in last


@pytest.mark.parametrize("scope", FloorScope)
def test_the_version_that_it_was_held_against_is_on_record(scope: FloorScope, falls: Falls) -> None:
    (told,) = falls("average", scope).rows(FloorSet)
    assert (told.day, told.version.price, told.version.average) == ("2026-05-02", BOUND, AVERAGE)


@pytest.mark.parametrize("scope", FloorScope)
def test_from_the_first_moment_of_the_last_stretch_no_order_left(scope: FloorScope, falls: Falls) -> None:
    fall = falls("fixed", scope)
    last = fall.rows(c.FloorBlocked)[-1]
    later = [order for order in fall._orders() if order.decided_at > last.at]
    assert (later, len(fall.rows(c.FloorCleared))) == ([], len(fall.rows(c.FloorBlocked)) - 1)


# Over midnight, and after a crash

EVENING: Final = "-02:40"
"""The run begins at 23:56 of the first of May there."""
TWO_DAYS: Final = "day,close\n2026-04-29,80000\n2026-04-30,80000\n2026-05-01,80200\n"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """A quiet market; a process dies before midnight and one after it."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "desk.csv").write_text(TWO_DAYS)
    floor = KINDS["average"] | ALL_WAYS | {"scope": "fill", "offset": EVENING}
    config = written(folder, mandate__assets=holding("0.4", floor=floor), **SHORT, **prices_of("average"))
    return Week(config, folder / "run", crashes=[Instant(START + 2 * MINUTE), Instant(START + 7 * MINUTE)]).play()


def test_each_local_day_has_one_version_whoever_takes_the_run_over(night: Week) -> None:
    told = [row for row in night.rows if isinstance(row, FloorSet)]
    assert [(row.day, row.version.number, row.version.price) for row in told if row.version is not None] == [
        ("2026-05-01", 1, Decimal(76000)),
        ("2026-05-02", 2, Decimal(76095)),
    ]
    assert (len(told), len(night.begins)) == (2, 3)


def test_every_order_was_held_against_the_version_of_its_own_day(night: Week) -> None:
    midnight = next(row.at for row in night.rows if isinstance(row, FloorSet) and row.day == "2026-05-02")
    placed = [row.approved for row in night.rows if isinstance(row, c.Place) and row.approved.order.leg == ONE]
    held = {(one.order.decided_at >= midnight, floor_of(one.checks)) for one in placed}
    assert held == {(False, Decimal(76000)), (True, Decimal(76095))}


# What people do about it

DECIDED: Final = Instant(START + 10 * MINUTE)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Week, list[Path]]:
    """A trader finds the paper in the run's folder and proposes it as it lies there; two others agree."""
    folder = tmp_path_factory.mktemp("asked")
    office = Office(folder, make_keys(folder / "keys"), mandate__assets=floored("fixed", FloorScope.FILL), **SHORT)
    office.opens("0.4")
    found: list[Path] = []

    def decide(state: State, at: Instant) -> None:
        found.extend(sorted((folder / "run" / "requests").iterdir()))
        paper = found[-1]
        ask = ("--case", CASE, "--run", "week-1", "--kind", "amend", "--as", "li", "--reason", "the court agrees")
        office.does("propose", paper, *ask)
        office.approves("wang", "chen", paper=paper)

    flow = Falling("BTCUSDT", START, 7, Decimal(78_300))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in office.variables.items():
            patched.setenv(name, str(value))
        with closing(CaseBook(office.home, "sandbox", CASE, people.read(folder / "people.toml"))) as book:
            week = Week(office.config, folder / "run", book=book, says={DECIDED: decide}, played=flow)
            return week.play(), found


def test_the_paper_in_the_folder_is_one_for_each_stretch(asked: tuple[Week, list[Path]]) -> None:
    week, papers = asked
    stretches = [row for row in week.rows if isinstance(row, c.FloorBlocked) and row.at < DECIDED]
    assert [paper.name for paper in papers] == [f"floor-BTC-{n + 1}.json" for n in range(len(stretches))]


def test_what_was_proposed_and_agreed_to_is_followed_and_old_and_new_are_kept(asked: tuple[Week, list[Path]]) -> None:
    """To the byte: the paper that lay in the folder."""
    week, papers = asked
    (said,) = [row for row in week.rows if isinstance(row, Instructed)]
    assert isinstance(said.instruction, Amend)
    assert (said.by, set(said.agreed)) == ("li", {"wang", "chen"})
    assert msgspec.json.decode(papers[-1].read_bytes())["run"] == "week-1"
    before, after = _floors(week)
    assert (before, after < BOUND) == (BOUND, True)


def _floors(week: Week) -> tuple[Decimal, Decimal]:
    assert week.state is not None
    was, now = week.state.opened.plan.leg(ONE).floor, week.state.plan.leg(ONE).floor
    assert was is not None
    assert now is not None
    return was.price, now.price


def test_before_people_agreed_nothing_was_sold_below_the_old_floor_nor_after_below_the_new(
    asked: tuple[Week, list[Path]],
) -> None:
    week, _ = asked
    old, new = _floors(week)
    trades = [trade for _, trade in week.truth.all_trades() if trade.symbol == "BTCUSDT"]
    assert min(trade.price for trade in trades if trade.at < DECIDED) >= old
    assert min(trade.price for trade in trades) >= new
