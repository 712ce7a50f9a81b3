"""Telling receivers of alarms, beside the engine: whoever hands a message over never waits, and nothing comes back.

Each receiver has a queue and a task of its own, so that one that hangs keeps nobody waiting but itself. What became of
each message is a line of `notifications.jsonl` in the run's folder.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from engine.alarms import Cause
from engine.drivers.delivering import Failed, Message, Try, way
from engine.kernel.clock import SECOND, Span, iso
from engine.ports import Clock
from engine.receivers import Receiver

log = structlog.get_logger()

FILE: Final = "notifications.jsonl"
QUEUE_MAX: Final = 64
TRIES_MAX: Final = 5
BACK_OFF: Final = SECOND
"""Wall time between the first try and the second; it doubles from one to the next."""
BACK_OFF_MAX: Final = Span(30 * SECOND)
DRAIN: Final = Span(10 * SECOND)
"""Wall time that is left for telling when the run ends; it ends then, whoever was not told."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one message to one receiver: a line of the file."""

    at: str
    """Wall time."""
    what: str
    cause: str
    key: str
    text: str
    receiver: str
    outcome: str
    """`delivered`, `failed`, `dropped` (its queue was full) or `unsent` (the run ended first)."""
    tries: int
    reason: str = ""


Record = Callable[[Outcome], None]


class _Line:
    """One receiver's queue."""

    def __init__(self, name: str, receiver: Receiver, attempt: Try) -> None:
        self.name, self.receiver, self.attempt = name, receiver, attempt
        self.waiting: deque[Message] = deque()
        self.current: Message | None = None
        self.arrived = asyncio.Event()
        self.dropped = 0
        self.tries = 0

    def put(self, message: Message) -> Message | None:
        """Queue it; where that is too much, returns what was thrown away for it."""
        self.waiting.append(message)
        self.arrived.set()
        if len(self.waiting) <= QUEUE_MAX:
            return None
        thrown = self._least()
        del self.waiting[thrown[0]]
        self.dropped += 1
        return thrown[1]

    def _least(self) -> tuple[int, Message]:
        """The oldest of which there is later word; where there is none, the oldest."""
        last = {(message.cause, message.key): place for place, message in enumerate(self.waiting)}
        for place, message in enumerate(self.waiting):
            if last[message.cause, message.key] > place:
                return place, message
        return 0, self.waiting[0]


class Notifier:
    """All receivers of one run. Make it where an event loop runs, and close it."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        clock: Clock,
        record: Record,
        environment: str,
        reach: Callable[[Receiver, str], Try] = way,
    ) -> None:
        """`receivers` by the names under which the file shall know them."""
        self._clock, self._record = clock, record
        self._lines = [_Line(name, receiver, reach(receiver, environment)) for name, receiver in receivers.items()]
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._carry(line)) for line in self._lines]
        self._closing = False

    def tell(self, messages: Sequence[Message]) -> None:
        """Hand messages over; returns at once, whatever becomes of them."""
        for message in messages:
            for line in self._lines:
                if line.receiver.wants(Cause(message.cause)):
                    thrown = line.put(message)
                    if thrown is not None:
                        self._note(line, thrown, "dropped", 0, f"more than {QUEUE_MAX} were waiting")

    async def aclose(self, patience: Span = DRAIN) -> None:
        """Tell what is left, for so long and no longer."""
        self._closing = True
        for line in self._lines:
            line.arrived.set()
        if not self._tasks:
            return
        _, pending = await asyncio.wait(self._tasks, timeout=patience / 1e9)
        for task in pending:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in self._lines:
            for message in (*filter(None, [line.current]), *line.waiting):
                self._note(line, message, "unsent", line.tries if message is line.current else 0, "the run was over")

    async def _carry(self, line: _Line) -> None:
        """One message after another, each until it is told or given up."""
        while line.waiting or not self._closing:
            if not line.waiting:
                line.arrived.clear()
                await line.arrived.wait()
                continue
            line.current, line.tries = replace(line.waiting.popleft(), dropped=line.dropped), 0
            failed = await self._deliver(line, line.current)
            if failed is None:
                line.dropped -= line.current.dropped
                self._note(line, line.current, "delivered", line.tries)
            else:
                self._note(line, line.current, "failed", line.tries, failed.reason)
            line.current = None

    async def _deliver(self, line: _Line, message: Message) -> Failed | None:
        wait = BACK_OFF
        while True:
            line.tries += 1
            try:
                failed = await line.attempt(message)
            except Exception as error:  # noqa: BLE001 - a fault in telling is told in the file, and stops no sale
                failed = Failed(repr(error), final=True)
            if failed is None or failed.final or line.tries == TRIES_MAX:
                return failed
            log.info("receiver_failed", receiver=line.name, reason=failed.reason, tries=line.tries)
            await self._clock.sleep(wait)
            wait = Span(min(2 * wait, BACK_OFF_MAX))

    def _note(self, line: _Line, message: Message, outcome: str, tries: int, reason: str = "") -> None:
        done = Outcome(
            at=iso(self._clock.wall()),
            what=message.what,
            cause=message.cause,
            key=message.key,
            text=message.text,
            receiver=line.name,
            outcome=outcome,
            tries=tries,
            reason=reason,
        )
        (log.info if outcome == "delivered" else log.warning)("receiver_told", **msgspec.to_builtins(done))
        self._record(done)


def to_file(folder: Path) -> Record:
    """Append to the run's file. A disk that takes no line is in the log, and stops no sale by this."""

    def record(outcome: Outcome) -> None:
        try:
            with (folder / FILE).open("ab") as file:
                file.write(msgspec.json.encode(outcome) + b"\n")
        except OSError as error:
            log.warning("notification_not_written", reason=str(error))

    return record
