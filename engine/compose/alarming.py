"""From the state to those who are told: what stands, what of it is new, and handing it over. Nothing here waits."""

from collections.abc import Sequence

import structlog

from engine.alarms import Alarm, alarms
from engine.core.state import State
from engine.drivers.delivering import Message
from engine.drivers.folder import RunFolder
from engine.drivers.notices import Notice, Notices
from engine.drivers.notify import Notifier, to_file
from engine.kernel.clock import iso
from engine.ports import Clock
from engine.receivers import Receiver

log = structlog.get_logger()


class Bell:
    """Rings at the receivers of one run. Make it where an event loop runs, and close it."""

    def __init__(self, receivers: Sequence[Receiver], folder: RunFolder, clock: Clock, environment: str) -> None:
        named = {f"notify.receiver[{index}]": receiver for index, receiver in enumerate(receivers)}
        self._notifier = Notifier(named, clock, to_file(folder.path), environment)
        self._notices, self._clock = Notices(), clock

    def look(self, state: State, also: Sequence[Alarm] = ()) -> None:
        """Tell what is new; `also` is what the state does not know, such as papers that wait."""
        standing = (*alarms(state), *also)
        messages = [self._message(state, n) for n in self._notices.look(standing, self._clock.market())]
        for message in messages:  # also where nobody is to be told
            log.info("alarm", what=message.what, cause=message.cause, key=message.key, text=message.text)
        self._notifier.tell(messages)

    async def aclose(self) -> None:
        """Tell what is left, for a few seconds and no longer."""
        await self._notifier.aclose()

    def _message(self, state: State, notice: Notice) -> Message:
        alarm = notice.alarm
        return Message(
            what=notice.what,
            cause=alarm.cause,
            key=alarm.key,
            text=alarm.text,
            grave=alarm.grave,
            run=state.opened.run,
            case=state.opened.case,
            environment=state.opened.environment,
            at=iso(notice.at),
            wall=iso(self._clock.wall()),
            repeats=notice.repeats,
        )
