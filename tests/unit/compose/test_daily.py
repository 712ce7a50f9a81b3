"""The reports of days on disk, and when a running engine makes them."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from engine.compose.daily import Evenings, check, rung_by, write_days, write_recoveries
from engine.core.state import State, opened
from engine.events import Opened
from engine.evidence.benchmarks import gather
from engine.evidence.reading import tell
from engine.kernel.clock import HOUR, Instant, Span
from engine.kernel.errors import BadInput
from engine.mandate.hours import Window
from tests.support.days import EVERY_DAY, PROGRAMME, begun, on, tape, two_days
from tests.support.journals import two_legs

STORY = tell(two_days().rows, tape())


class Scribe:
    """Makes no reports, and remembers of which days it was asked."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[list[str]] = []
        self._fails = fails

    def __call__(self, run: Path, names: Collection[str]) -> None:
        self.asked.append(list(names))
        for name in names:
            (run / "days" / name).mkdir(parents=True)
            (run / "days" / name / "summary.json").touch()
        if self._fails:
            raise OSError("the disk is full")


async def looked(run: Path, scribe: Scribe, *times: Instant, first: Opened | None = None) -> State:
    """Looks at these instants, each after the report of the one before is made."""
    state, evenings = opened(first or begun()), Evenings(run, scribe)
    for now in times:
        evenings.look(state, now)
        await evenings.aclose()
    return state


async def test_a_day_is_told_once_when_it_is_over_and_nothing_is_sold(tmp_path: Path) -> None:
    scribe = Scribe()
    times = (on(2, "15:00:00"), on(2, "23:59:59"), on(3, "00:00:30"), on(3, "00:01:00"), on(3, "00:02:00"))
    await looked(tmp_path, scribe, *times)
    assert scribe.asked == [["2026-05-02"]]


async def test_days_that_a_stopped_process_did_not_tell_are_told_by_the_next(tmp_path: Path) -> None:
    """The 2nd was told; the process slept over the 3rd and wakes on the 4th."""
    scribe = Scribe()
    await looked(tmp_path, scribe, on(3, "00:05:00"))
    await looked(tmp_path, scribe, on(4, "08:00:00"))
    assert scribe.asked == [["2026-05-02"], ["2026-05-03"]]


async def test_hours_that_go_on_over_midnight_are_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    night = Window(days=EVERY_DAY, opens=Span(0), closes=Span(24 * HOUR))
    first = begun()
    programme = replace(PROGRAMME, hours=replace(PROGRAMME.hours, windows=(night,)))
    first = replace(first, plan=replace(first.plan, programme=programme))
    scribe = Scribe()
    await looked(tmp_path, scribe, on(3, "00:30:00"), first=first)
    assert scribe.asked == []
    await looked(tmp_path, scribe, on(3, "01:00:00"), first=first)
    assert scribe.asked == [["2026-05-02"]]


async def test_a_run_without_a_programme_has_no_evenings(tmp_path: Path) -> None:
    scribe = Scribe()
    first = begun()
    await looked(tmp_path, scribe, on(3, "08:00:00"), first=replace(first, plan=replace(first.plan, programme=None)))
    assert scribe.asked == []


async def test_a_report_that_can_not_be_made_stops_nothing(tmp_path: Path) -> None:
    await looked(tmp_path, Scribe(fails=True), on(3, "00:05:00"))


async def test_a_look_does_not_wait_for_the_report(tmp_path: Path) -> None:
    """The report is begun, and the look is over before its thread has been given a turn."""
    scribe = Scribe()
    evenings, state = Evenings(tmp_path, scribe), opened(begun())
    evenings.look(state, on(3, "00:05:00"))
    assert scribe.asked == []
    evenings.look(state, on(4, "00:05:00"))
    await evenings.aclose()
    assert scribe.asked == [["2026-05-02"]]
    await asyncio.sleep(0)


async def test_a_restart_is_told_once_all_has_been_read(tmp_path: Path) -> None:
    scribe = Scribe()
    state, evenings = opened(begun()), Evenings(tmp_path, scribe)
    state.epoch = 2
    evenings.look(state, on(2, "10:00:00"))
    await evenings.aclose()
    assert scribe.asked == []
    for standing in state.venues.values():
        standing.surveyed = True
    for _ in range(2):
        evenings.look(state, on(2, "10:00:01"))
        await evenings.aclose()
    assert scribe.asked == [[]]


def test_each_day_has_its_page_its_summary_and_its_fills(tmp_path: Path) -> None:
    write_days(tmp_path, STORY, gather(STORY), rung_by(two_days().rows))
    for name in ("2026-05-02", "2026-05-03"):
        assert sorted(path.name for path in (tmp_path / "days" / name).iterdir()) == [
            "fills.csv", "report.html", "summary.json",
        ]  # fmt: skip
    fills = (tmp_path / "days" / "2026-05-03" / "fills.csv").read_text().splitlines()
    assert [("t3" in line, "otc-1" in line) for line in fills[1:]] == [(True, False), (False, True)]


def test_only_the_day_that_is_wanted_is_written(tmp_path: Path) -> None:
    write_days(tmp_path, STORY, gather(STORY), (), ["2026-05-03"])
    assert [path.name for path in (tmp_path / "days").iterdir()] == ["2026-05-03"]


def test_the_alarms_of_a_day_are_those_that_its_rows_raise(tmp_path: Path) -> None:
    """The order without an answer is an alarm on the 2nd, and over on the 3rd; there the case is suspended."""
    write_days(tmp_path, STORY, gather(STORY), rung_by(two_days().rows))
    first, second = (
        [alarm["what"] for alarm in msgspec.json.decode((path / "summary.json").read_bytes())["alarms"]]
        for path in sorted((tmp_path / "days").iterdir())
    )
    assert "unknown" in first
    assert {"unknown over", "held"} <= set(second)


def test_each_restart_has_a_file(tmp_path: Path) -> None:
    write_recoveries(tmp_path, STORY)
    assert msgspec.json.decode((tmp_path / "recovery-2.json").read_bytes())["epoch"] == 2


@pytest.mark.parametrize(
    ("story", "what"),
    [
        (STORY, "the run has 2026-05-02 to 2026-05-03"),
        (tell(two_legs().rows), "the run has no programme, and so no days"),
    ],
)
def test_days_that_a_run_does_not_have_are_mistakes_all_at_once(story: object, what: str) -> None:
    with pytest.raises(BadInput) as refused:
        check(story, ["2026-05-04", "2026-05-05"])  # type: ignore[arg-type]
    assert [str(mistake) for mistake in refused.value.mistakes] == [
        f"--day: 2026-05-04: {what}", f"--day: 2026-05-05: {what}",
    ]  # fmt: skip
