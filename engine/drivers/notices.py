"""What there is to tell: which alarms began and ended, each once however often its condition comes and goes.

A fold over what stood at each look; `at` is market time. It begins anew with each process, so that what still stands
after a crash is told again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.alarms import Alarm, Cause, compare
from engine.kernel.clock import MINUTE, SECOND, Instant, Span

QUIET: Final = Span(5 * MINUTE)
"""An alarm that ended less than this ago is not told again; if it stands longer than that, it is."""
PATIENCE: Final[Mapping[Cause, Span]] = {Cause.VENUE_DARK: Span(10 * SECOND)}
"""How long a condition has to hold before it is told, where a moment of it is ordinary: a stream that reconnects."""


class What(StrEnum):
    """What became of an alarm."""

    RAISED = "raised"
    CLEARED = "cleared"


class Notice(Struct, frozen=True):
    """One thing to tell."""

    what: What
    alarm: Alarm
    at: Instant
    repeats: int = 0
    """How often it had come and gone without being told."""


@dataclass(slots=True)
class _Spell:
    """One cause and key: how it stands, and how it stood."""

    alarm: Alarm
    since: Instant
    stands: bool = True
    told: bool = False
    quiet_until: Instant | None = None
    repeats: int = 0


class Notices:
    """What there is to tell, look by look."""

    def __init__(self, quiet: Span = QUIET, patience: Mapping[Cause, Span] = PATIENCE) -> None:
        self._quiet, self._patience = quiet, patience
        self._spells: dict[tuple[Cause, str], _Spell] = {}

    def look(self, now: Sequence[Alarm], at: Instant) -> list[Notice]:
        """All that has to be told now that these alarms stand."""
        raised, cleared = compare((spell.alarm for spell in self._spells.values() if spell.stands), now)
        told = [notice for alarm in cleared for notice in self._end(self._spells[alarm.cause, alarm.key], at)]
        for alarm in raised:
            self._begin(alarm, at)
        for alarm in now:
            self._spells[alarm.cause, alarm.key].alarm = alarm  # its text may be another than at first
        return [*told, *self._due(at)]

    def _begin(self, alarm: Alarm, at: Instant) -> None:
        spell = self._spells.setdefault((alarm.cause, alarm.key), _Spell(alarm, at))
        if spell.stands:
            return
        if spell.quiet_until is not None and at >= spell.quiet_until:
            spell.quiet_until, spell.repeats = None, 0
        spell.stands, spell.told, spell.since = True, False, at

    def _end(self, spell: _Spell, at: Instant) -> Iterator[Notice]:
        hushed = spell.quiet_until is not None and at < spell.quiet_until
        if spell.told:
            yield Notice(What.CLEARED, spell.alarm, at)
            spell.repeats = 0
        elif hushed:
            spell.repeats += 1
        if spell.told or hushed:
            spell.quiet_until = Instant(at + self._quiet)
        spell.stands = False

    def _due(self, at: Instant) -> Iterator[Notice]:
        """Those that stand, are untold, have lasted, and are not to be kept quiet any more."""
        for spell in self._spells.values():
            lasted = at - spell.since >= self._patience.get(spell.alarm.cause, 0)
            hushed = spell.quiet_until is not None and at < spell.quiet_until
            if spell.stands and not spell.told and lasted and not hushed:
                spell.told = True
                yield Notice(What.RAISED, spell.alarm, at, spell.repeats)
