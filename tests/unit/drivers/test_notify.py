"""Telling receivers: in order, again when it failed, never for longer than there is, and never in anybody's way."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from engine.alarms import Cause
from engine.drivers import virtual
from engine.drivers.clocks import VirtualClock
from engine.drivers.delivering import Failed, Message, Try
from engine.drivers.notify import FILE, QUEUE_MAX, Notifier, Outcome, to_file
from engine.kernel.clock import SECOND, Span
from engine.receivers import Kind, Receiver
from tests.support.builders import START

HALT = Message(
    what="raised",
    cause="halt",
    key="run",
    text="halted",
    grave=True,
    run="20260502-x",
    case="CASE-1",
    environment="sandbox",
    at="2026-05-02T00:00:00.000000Z",
    wall="2026-05-02T00:00:00.000000Z",
    repeats=0,
)
ANYONE = Receiver(kind=Kind.COMMAND, run=("page",))


def keyed(key: str, cause: str = "unknown") -> Message:
    return replace(HALT, key=key, cause=cause)


class Desk:
    """A notifier under virtual time, with receivers that do as they are told, and its file as a list."""

    def __init__(self, **ways: Try) -> None:
        self.outcomes: list[Outcome] = []
        self.clock = VirtualClock(asyncio.get_running_loop(), START)
        self.began = self.clock.market()
        receivers = {name: replace(ANYONE, run=(name,)) for name in ways}
        self.notifier = Notifier(receivers, self.clock, self.outcomes.append, "sandbox", _by_name(ways))

    @property
    def elapsed_s(self) -> int:
        return (self.clock.market() - self.began) // SECOND

    def shown(self) -> list[tuple[str, str, str, int]]:
        return [(o.receiver, o.key, o.outcome, o.tries) for o in self.outcomes]


def _by_name(ways: Mapping[str, Try]) -> Callable[[Receiver, str], Try]:
    return lambda receiver, environment: ways[receiver.run[0]]


class Answers:
    """A receiver that gives these answers, one a try, and then takes everything."""

    def __init__(self, *answers: Failed | BaseException) -> None:
        self.answers, self.got = list(answers), list[Message]()

    async def __call__(self, message: Message) -> Failed | None:
        self.got.append(message)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer


async def hangs(message: Message) -> Failed | None:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody answers")


def test_a_message_is_told_to_every_receiver_and_noted() -> None:
    async def day() -> None:
        one, other = Answers(), Answers()
        desk = Desk(one=one, other=other)
        desk.notifier.tell([HALT])
        await desk.notifier.aclose()
        assert [m.key for m in (*one.got, *other.got)] == ["run", "run"]
        assert desk.shown() == [("one", "run", "delivered", 1), ("other", "run", "delivered", 1)]

    virtual.run(day())


def test_a_receiver_hears_only_of_the_causes_that_it_asked_for() -> None:
    async def day() -> None:
        heard = Answers()
        clock = VirtualClock(asyncio.get_running_loop(), START)
        choosy = replace(ANYONE, causes=(Cause.HALT,))
        notifier = Notifier({"choosy": choosy}, clock, lambda outcome: None, "sandbox", lambda *_: heard)
        notifier.tell([keyed("a"), HALT, keyed("b")])
        await notifier.aclose()
        assert [m.cause for m in heard.got] == ["halt"]

    virtual.run(day())


def test_a_receiver_that_fails_is_tried_again_ever_later() -> None:
    """After one second, then two."""

    async def day() -> None:
        desk = Desk(one=Answers(Failed("answered 503"), Failed("answered 503")))
        desk.notifier.tell([HALT])
        await desk.notifier.aclose()
        assert desk.shown() == [("one", "run", "delivered", 3)]
        assert desk.elapsed_s == 3

    virtual.run(day())


def test_after_five_tries_a_message_is_given_up_and_the_next_is_told() -> None:
    """1, 2, 4 and 8 seconds lie between them."""

    async def day() -> None:
        desk = Desk(one=Answers(*[Failed("answered 503")] * 5))
        desk.notifier.tell([keyed("a"), keyed("b")])
        await desk.notifier.aclose(Span(60 * SECOND))
        assert desk.shown() == [("one", "a", "failed", 5), ("one", "b", "delivered", 1)]
        assert (desk.outcomes[0].reason, desk.elapsed_s) == ("answered 503", 15)

    virtual.run(day())


def test_what_would_fail_again_is_not_tried_again() -> None:
    async def day() -> None:
        desk = Desk(one=Answers(Failed("answered 404", final=True)))
        desk.notifier.tell([HALT])
        await desk.notifier.aclose()
        assert desk.shown() == [("one", "run", "failed", 1)]

    virtual.run(day())


def test_a_fault_in_a_receiver_is_noted_and_ends_nothing() -> None:
    async def day() -> None:
        desk = Desk(one=Answers(ZeroDivisionError("a bug")))
        desk.notifier.tell([keyed("a"), keyed("b")])
        await desk.notifier.aclose()
        assert desk.shown() == [("one", "a", "failed", 1), ("one", "b", "delivered", 1)]

    virtual.run(day())


def test_a_receiver_that_hangs_delays_neither_who_tells_nor_another_receiver() -> None:
    """No time passes while a thousand messages are handed over, nor until the other has the first."""

    async def day() -> None:
        other = Answers()
        desk = Desk(stuck=hangs, other=other)
        desk.notifier.tell([HALT])
        await asyncio.sleep(0)
        desk.notifier.tell([keyed(str(n)) for n in range(1000)])
        await asyncio.sleep(0)
        assert (other.got[0], desk.elapsed_s) == (HALT, 0)
        await desk.notifier.aclose()

    virtual.run(day())


def test_when_the_run_is_over_a_receiver_that_hangs_gets_ten_seconds_and_what_it_missed_is_noted() -> None:
    async def day() -> None:
        desk = Desk(stuck=hangs)
        desk.notifier.tell([keyed("a"), keyed("b")])
        await desk.notifier.aclose()
        assert desk.shown() == [("stuck", "a", "unsent", 1), ("stuck", "b", "unsent", 0)]
        assert desk.elapsed_s == 10

    virtual.run(day())


def test_without_receivers_closing_takes_no_time() -> None:
    async def day() -> None:
        desk = Desk()
        desk.notifier.tell([HALT])
        await desk.notifier.aclose()
        assert (desk.shown(), desk.elapsed_s) == ([], 0)

    virtual.run(day())


def test_of_a_full_queue_the_oldest_repeat_is_dropped_first() -> None:
    """The word of which there is a later one: `b` of the first lap, and no `once`."""

    async def day() -> None:
        desk = Desk(stuck=hangs)
        desk.notifier.tell([HALT])
        await asyncio.sleep(0)  # it is being told, and waits no more
        once = [keyed(f"once {n}") for n in range(QUEUE_MAX - 1)]
        desk.notifier.tell([keyed("b"), *once, keyed("b")])
        assert desk.shown() == [("stuck", "b", "dropped", 0)]
        desk.notifier.tell([keyed("new")])
        assert desk.shown()[1:] == [("stuck", "once 0", "dropped", 0)]
        await desk.notifier.aclose()

    virtual.run(day())


def test_the_next_message_says_how_many_were_dropped_before_it() -> None:
    async def day() -> None:
        one = Answers(Failed("answered 503"))
        desk = Desk(one=one)
        desk.notifier.tell([keyed(str(n)) for n in range(QUEUE_MAX + 3)])
        await desk.notifier.aclose()
        assert [message.dropped for message in one.got[:3]] == [3, 3, 0]

    virtual.run(day())


def test_each_outcome_is_a_line_of_the_run_s_file(tmp_path: Path) -> None:
    async def day() -> None:
        clock = VirtualClock(asyncio.get_running_loop(), START)
        notifier = Notifier({"one": ANYONE}, clock, to_file(tmp_path), "sandbox", lambda *_: Answers())
        notifier.tell([keyed("a"), keyed("b")])
        await notifier.aclose()

    virtual.run(day())
    lines = [msgspec.json.decode(line, type=Outcome) for line in (tmp_path / FILE).read_bytes().splitlines()]
    assert [(line.receiver, line.cause, line.key, line.text, line.outcome) for line in lines] == [
        ("one", "unknown", "a", "halted", "delivered"),
        ("one", "unknown", "b", "halted", "delivered"),
    ]


def test_a_file_that_can_not_be_written_stops_no_telling(tmp_path: Path) -> None:
    async def day() -> None:
        clock, heard = VirtualClock(asyncio.get_running_loop(), START), Answers()
        notifier = Notifier({"one": ANYONE}, clock, to_file(tmp_path / "gone"), "sandbox", lambda *_: heard)
        notifier.tell([keyed("a"), keyed("b")])
        await notifier.aclose()
        assert [message.key for message in heard.got] == ["a", "b"]

    virtual.run(day())
