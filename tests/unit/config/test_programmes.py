"""`[programme]`: what it means, every mistake in it with its place, and what can't be sold before the deadline."""

from pathlib import Path

import pytest

from engine.config import Config, load
from engine.config.calendars import known_until
from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span, parse_instant
from engine.kernel.errors import BadInput
from engine.mandate.hours import Blackout, Window, after, closed, elapsed
from engine.mandate.programme import Carry, Overnight
from tests.support.builders import d

ROOT = Path(__file__).parents[3]
DEMO = (ROOT / "examples" / "demo.toml").read_text()
GUIDE = (ROOT / "docs" / "guides" / "programmes.md").read_text()
MONDAY = parse_instant("2026-11-23T07:00:00+08:00")
PROGRAMME = """
[programme]
offset = "+08:00"
calendars = ["HK"]
windows = [
    { days = "mon-fri", opens = "09:30", closes = "12:00" },
    { days = "mon-fri", opens = "13:00", closes = "16:00" },
]
quota = "40%"
carry = "next"
overnight = "rest"

[programme.bank]
windows = [{ days = "mon-fri", opens = "09:00", closes = "15:30" }]
calendars = ["HK"]

[[programme.blackout]]
from = "2026-11-24T10:00:00+08:00"
until = "2026-11-24T11:00:00+08:00"
reason = "results of the auction"

[[programme.maintenance]]
venue = "hashkey"
from = "2026-11-25T10:00:00+08:00"
until = "2026-11-25T11:00:00+08:00"
reason = "upgrade"
"""
KRAKEN = '[venues.kraken]\nadapter = "generic"\nuse = "reference"\n\n[reference]\nquorum = 2\n\n'
"""A second source of prices, which production needs."""


class Programmed:
    """The demonstration over days, after some of its words were changed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "config.toml"

    def read(self, *changes: tuple[str, str], now: Instant = MONDAY) -> Config:
        text = DEMO.replace('deadline = "30m"', 'deadline = "3d"').replace('window = "28m"', 'window = "14h"')
        text += PROGRAMME
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self._file.write_text(text)
        return load(self._file, now)

    def mistakes(self, *changes: tuple[str, str], now: Instant = MONDAY) -> list[tuple[str, str]]:
        with pytest.raises(BadInput) as caught:
            self.read(*changes, now=now)
        return [(mistake.where, mistake.what) for mistake in caught.value.mistakes]


@pytest.fixture
def programmed(tmp_path: Path) -> Programmed:
    return Programmed(tmp_path)


def window(opens: Span, closes: Span) -> Window:
    return Window(days=(0, 1, 2, 3, 4), opens=opens, closes=closes)


def test_a_programme_means_hours_a_quota_and_stretches_without_a_venue(programmed: Programmed) -> None:
    """Leg one has the desk's hours as far as the bank takes coin for another minute, the demonstration's tail."""
    meant = programmed.read().programme
    assert meant is not None
    assert meant.bank is not None
    assert meant.hours.windows == (
        window(Span(9 * HOUR + 30 * MINUTE), Span(12 * HOUR)),
        window(Span(13 * HOUR), Span(15 * HOUR + 29 * MINUTE)),
    )
    assert meant.bank.windows == (window(Span(9 * HOUR), Span(15 * HOUR + 30 * MINUTE)),)
    assert (meant.quota, meant.carry, meant.overnight) == (d("0.4"), Carry.NEXT, Overnight.REST)
    begins = parse_instant("2026-11-25T02:00:00Z")
    assert meant.maintenance == {"hashkey": (Blackout(begins=begins, ends=Instant(begins + HOUR), reason="upgrade"),)}


def test_a_blackout_is_for_leg_one_and_the_bank_goes_on_taking_what_was_sold(programmed: Programmed) -> None:
    meant, at = programmed.read().programme, parse_instant("2026-11-24T10:30:00+08:00")
    assert meant is not None
    assert meant.bank is not None
    assert closed(meant.hours, at) == "blackout: results of the auction until 2026-11-24T03:00:00Z"
    assert closed(meant.bank, at) == ""


def test_a_programme_is_read_the_same_all_year(programmed: Programmed) -> None:
    """A plan that was approved in the morning is the same plan in the evening."""
    assert programmed.read().programme == programmed.read(now=Instant(MONDAY + 2 * DAY)).programme


def test_a_config_without_a_programme_sells_at_any_hour(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(DEMO)
    assert load(file, MONDAY).programme is None


def test_days_may_be_named_one_by_one(programmed: Programmed) -> None:
    changed = ('{ days = "mon-fri", opens = "13:00"', '{ days = "mon,wed,fri-sun", opens = "13:00"')
    meant = programmed.read(changed, ('"14h"', '"7h"')).programme
    assert meant is not None
    assert meant.hours.windows[1].days == (0, 2, 4)


ONE_BY_ONE = [
    ('offset = "+08:00"', 'offset = "8"', "programme.offset"),
    ('offset = "+08:00"', 'offset = "+14:30"', "programme.offset"),
    ('calendars = ["HK"]\nwindows', 'calendars = ["UK"]\nwindows', "programme.calendars[0]"),
    ('opens = "09:30"', 'opens = "9:30"', "programme.windows[0].opens"),
    ('opens = "09:30"', 'opens = "12:00"', "programme.windows[0].closes"),
    ('closes = "16:00"', 'closes = "24:30"', "programme.windows[1].closes"),
    ('opens = "13:00"', 'opens = "11:59"', "programme.windows[1]"),
    ('{ days = "mon-fri", opens = "13:00"', '{ days = "fri-mon", opens = "13:00"', "programme.windows[1].days"),
    ('{ days = "mon-fri", opens = "13:00"', '{ days = "daily", opens = "13:00"', "programme.windows[1].days"),
    ('quota = "40%"', 'quota = "0%"', "programme.quota"),
    ('quota = "40%"', 'quota = "101%"', "programme.quota"),
    ('quota = "40%"', 'quota = "24%"', "programme.quota"),
    ('quota = "40%"\n', "", "programme.carry"),
    ('carry = "next"', 'carry = "later"', "programme.carry"),
    ('overnight = "rest"', 'overnight = "sleep"', "programme.overnight"),
    ('"mon-fri", opens = "09:00"', '"sat", opens = "09:00"', "programme.bank.windows"),
    ('windows = [{ days = "mon-fri", opens = "09:00", closes = "15:30" }]', "windows = []", "programme.bank.windows"),
    ('from = "2026-11-24T10:00:00+08:00"', 'from = "2026-11-24T10:00:00"', "programme.blackout[0].from"),
    ('from = "2026-11-24T10:00:00+08:00"', "from = 24", "programme.blackout[0].from"),
    ('until = "2026-11-24T11:00:00+08:00"', 'until = "2026-11-24T10:00:00+08:00"', "programme.blackout[0].until"),
    ('reason = "results of the auction"', 'reason = " "', "programme.blackout[0].reason"),
    ('venue = "hashkey"', 'venue = "moon"', "programme.maintenance[0].venue"),
    ('venue = "hashkey"', 'venue = "hashkey"\nmood = "bad"', "programme.maintenance[0].mood"),
    ('window = "14h"', 'window = "17h"', "strategy.window"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where"), ONE_BY_ONE)
def test_a_mistake_is_found_in_its_place_and_nowhere_else(
    programmed: Programmed, old: str, new: str, where: str
) -> None:
    assert [place for place, _ in programmed.mistakes((old, new))] == [where]


def test_all_mistakes_come_at_once(programmed: Programmed) -> None:
    changes = (('carry = "next"', 'carry = "later"'), ('venue = "hashkey"', 'venue = "moon"'), ('"14h"', '"14"'))
    places = [place for place, _ in programmed.mistakes(*changes)]
    assert places == ["strategy.window", "programme.carry", "programme.maintenance[0].venue"]


def test_a_window_is_held_against_the_open_time_before_a_fixed_deadline(programmed: Programmed) -> None:
    """Monday 07:00 to Wednesday 15:00: 4 h 59 min, an hour less on Tuesday, 4 h 30 min on Wednesday."""
    until = ('deadline = "3d"', 'deadline = "2026-11-25T15:00:00+08:00"')
    assert programmed.read(until, ('"14h"', '"13h27m"')).programme is not None
    assert [place for place, _ in programmed.mistakes(until, ('"14h"', '"13h28m"'))] == ["strategy.window"]


@pytest.mark.parametrize("programme", [True, False])
def test_the_window_of_an_asset_s_own_strategy_has_to_fit_as_well(tmp_path: Path, programme: bool) -> None:
    file = tmp_path / "config.toml"
    own = '\n[strategies.BTC]\nschedule = "twap"\nwindow = "73h"\nslices = 10\nat_end = "stop"\ncatch_up = "2"\n'
    text = DEMO.replace('deadline = "30m"', 'deadline = "3d"').replace('window = "28m"', 'window = "14h"')
    file.write_text(text + own + PROGRAMME * programme)
    with pytest.raises(BadInput) as caught:
        load(file, MONDAY)
    assert [mistake.where for mistake in caught.value.mistakes] == ["strategies.BTC.window"]


def test_a_production_run_counts_its_length_from_now(programmed: Programmed) -> None:
    """Three days from Friday evening hold one trading day; and so do three days from Monday with two holidays."""
    production = ('environment = "sandbox"', 'environment = "production"')
    sources = ("[limits]", f"{KRAKEN}[limits]")
    assert programmed.read(production, sources, ('"14h"', '"13h"')).environment == "production"
    friday = parse_instant("2026-11-27T18:00:00+08:00")
    places = [place for place, _ in programmed.mistakes(production, sources, now=friday)]
    assert places == ["strategy.window", "programme.quota"]


def test_the_sandbox_keeps_its_own_time_and_refuses_only_what_fits_into_no_week(programmed: Programmed) -> None:
    assert programmed.read(now=parse_instant("2026-11-27T18:00:00+08:00")).programme is not None


def test_a_deadline_beyond_the_known_holidays_is_refused(programmed: Programmed) -> None:
    """The mainland's holidays of a year are arranged a few weeks before it begins."""
    mainland = ('calendars = ["HK"]\nwindows', 'calendars = ["CN"]\nwindows')
    last = int(known_until(["CN"])[:4])
    late = ('deadline = "3d"', f'deadline = "{last + 1}-01-05T12:00:00+08:00"')
    found = programmed.mistakes(mainland, late, now=parse_instant(f"{last}-12-20T12:00:00+08:00"))
    assert found == [("programme.calendars", f"holidays are known until {last}-12-31, and the deadline is later")]


def test_the_guide_s_week_is_what_its_config_means(tmp_path: Path) -> None:
    """A tail of ten minutes; 20 hours from Monday, 08:00, are over on Thursday, 15:30."""
    section = GUIDE[GUIDE.index("[programme]\noffset") : GUIDE.index("```\n\n## What each key means")]
    known = section.replace('calendars = ["HK", "CN"]', 'calendars = ["HK"]')  # the mainland's year may have passed
    swaps = ('"30m"', '"2026-11-27T18:00:00+08:00"'), ('"28m"', '"20h"'), ('tail = "1m"', 'tail = "10m"')
    text = DEMO
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = tmp_path / "week.toml"
    file.write_text(text + known)
    meant = load(file, MONDAY).programme
    assert meant is not None
    days = [parse_instant(f"2026-11-{number}T00:00:00+08:00") for number in range(23, 28)]
    assert [elapsed(meant.hours, day, Instant(day + DAY)) // MINUTE for day in days] == [320, 320, 260, 320, 320]
    assert after(meant.hours, MONDAY, Span(20 * HOUR)) == parse_instant("2026-11-26T15:30:00+08:00")


def test_no_run_is_longer_than_400_days(programmed: Programmed) -> None:
    assert [place for place, _ in programmed.mistakes(('"3d"', '"401d"'))] == ["mandate.deadline"]
    assert programmed.read(('"3d"', '"400d"')).terms.deadline.after == 400 * DAY
