"""Leg one stops so long before a bank's cut-off that its stablecoin can still become fiat."""

import pytest

from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span, parse_instant
from engine.kernel.ids import VenueName
from engine.mandate.banking import before_cutoffs
from engine.mandate.hours import Blackout, Hours, Window, closed
from engine.mandate.programme import Programme, serviced

WEEKDAYS = (0, 1, 2, 3, 4)
TAIL = Span(30 * MINUTE)


def hours(*windows: tuple[tuple[int, ...], float, float], closed_days: tuple[str, ...] = (), until: str) -> Hours:
    return Hours(
        offset=Span(8 * HOUR),
        windows=tuple(Window(days=d, opens=Span(int(o * HOUR)), closes=Span(int(c * HOUR))) for d, o, c in windows),
        closed_days=closed_days,
        covers_until=until,
    )


DESK = hours(((0, 1, 2, 3, 4, 5), 8, 12), ((0, 1, 2, 3, 4, 5), 13, 20), closed_days=("2026-12-26",), until="2028-12-31")
BANK = hours((WEEKDAYS, 9, 17), ((5,), 9, 12.5), closed_days=("2026-12-25",), until="2026-12-31")
"""Monday to Friday until 17:00, Saturday until 12:30."""
BOTH = before_cutoffs(DESK, BANK, TAIL)


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-23T08:30", False),
        ("2026-11-23T09:00", True),
        ("2026-11-23T12:30", False),
        ("2026-11-23T16:29", True),
        ("2026-11-23T16:30", False),
        ("2026-11-28T11:59", True),
        ("2026-11-28T12:00", False),
        ("2026-11-28T13:00", False),
        ("2026-12-25T10:00", False),
        ("2026-12-26T10:00", False),
        ("2027-01-04T10:00", False),
    ],
)
def test_open_is_what_both_keep_open_with_the_tail_before_the_cutoff(when: str, is_open: bool) -> None:
    assert (closed(BOTH, parse_instant(f"{when}:00+08:00")) == "") is is_open


def test_whenever_leg_one_is_open_the_bank_is_open_for_another_tail() -> None:
    """Every ten minutes of three weeks."""
    start = parse_instant("2026-11-23T00:00:00+08:00")
    instants = [Instant(at) for at in range(start, start + 21 * DAY, 10 * MINUTE)]
    selling = [at for at in instants if not closed(BOTH, at)]
    assert len(selling) > 500
    assert all(not closed(BANK, at) and not closed(BANK, Instant(at + TAIL - 1)) for at in selling)


def test_a_bank_that_is_never_open_long_enough_leaves_no_window() -> None:
    assert before_cutoffs(DESK, BANK, Span(9 * HOUR)).windows == ()


def test_a_venue_is_left_alone_during_its_maintenance_and_only_then() -> None:
    begins = parse_instant("2026-12-01T02:00:00Z")
    upgrade = Blackout(begins=begins, ends=Instant(begins + HOUR), reason="upgrade")
    plan = Programme(hours=DESK, maintenance={VenueName("osl"): (upgrade,)})
    assert serviced(plan, VenueName("osl"), begins) == "maintenance: upgrade until 2026-12-01T03:00:00Z"
    assert serviced(plan, VenueName("osl"), Instant(begins + HOUR)) == ""
    assert serviced(plan, VenueName("hashkey"), begins) == ""
