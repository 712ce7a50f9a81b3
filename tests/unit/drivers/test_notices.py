"""What there is to tell, look by look: each alarm once, however often its condition comes and goes."""

from engine.alarms import Alarm, Cause
from engine.drivers.notices import Notices
from tests.support.builders import at

DEPEG = Alarm(Cause.DEPEG, "USDT", "0.99", grave=True)
OTHER = Alarm(Cause.DEPEG, "USDC", "0.99", grave=True)
DARK = Alarm(Cause.VENUE_DARK, "hashkey", "its private stream is down", grave=False)

Told = list[tuple[str, str, int]]


class Looks:
    """Looks at instants of one day; what is told comes back as what, key and repeats."""

    def __init__(self) -> None:
        self.notices = Notices()

    def __call__(self, when: str, *standing: Alarm) -> Told:
        return [(n.what, n.alarm.key, n.repeats) for n in self.notices.look(standing, at(when))]


def test_an_alarm_is_told_when_it_begins_and_when_it_ends_and_not_between() -> None:
    look = Looks()
    assert look("00:00", DEPEG) == [("raised", "USDT", 0)]
    assert [look("00:01", DEPEG), look("09:00", DEPEG)] == [[], []]
    assert look("10:00") == [("cleared", "USDT", 0)]


def test_each_key_of_a_cause_is_an_alarm_of_its_own() -> None:
    look = Looks()
    assert look("00:00", DEPEG, OTHER) == [("raised", "USDT", 0), ("raised", "USDC", 0)]
    assert look("00:01", OTHER) == [("cleared", "USDT", 0)]


def test_what_comes_and_goes_is_told_once() -> None:
    """On and off every minute for an hour: never off for five minutes, never on for as long."""
    look = Looks()
    told = [line for minute in range(0, 60, 2) for line in _flap(look, minute)]
    assert told == [("raised", "USDT", 0), ("cleared", "USDT", 0)]


def _flap(look: Looks, minute: int) -> Told:
    return [*look(f"00:{minute:02}", DEPEG), *look(f"00:{minute + 1:02}")]


def test_what_came_back_and_stays_is_told_after_the_quiet_time_with_how_often_it_had() -> None:
    """Told, ended at 00:01, back twice; the last time it stays until five minutes after 00:05."""
    look = Looks()
    look("00:00", DEPEG)
    look("00:01")
    assert [look("00:02", DEPEG), look("00:03"), look("00:04", DEPEG), look("00:05")] == [[], [], [], []]
    assert [look("00:06", DEPEG), look("00:09:59", DEPEG)] == [[], []]
    assert look("00:10", DEPEG) == [("raised", "USDT", 2)]


def test_after_the_quiet_time_it_is_news_again() -> None:
    look = Looks()
    look("00:00", DEPEG)
    look("00:01")
    assert look("00:06", DEPEG) == [("raised", "USDT", 0)]


def test_a_stream_that_reconnects_within_seconds_is_not_told() -> None:
    look = Looks()
    assert [look("00:00", DARK), look("00:00:09", DARK), look("00:00:10")] == [[], [], []]


def test_a_blink_that_nobody_was_told_of_hushes_nothing() -> None:
    look = Looks()
    look("00:00", DARK)
    look("00:00:05")
    look("00:01", DARK)
    assert look("00:01:10", DARK) == [("raised", "hashkey", 0)]


def test_what_is_told_carries_the_text_of_that_moment() -> None:
    notices = Notices()
    notices.look([DARK], at("00:00"))
    later = Alarm(DARK.cause, DARK.key, "maintenance", grave=False)
    (told,) = notices.look([later], at("00:01"))
    assert told.alarm.text == "maintenance"
