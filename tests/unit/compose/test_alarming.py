"""From the state of a run to a receiver's ear, with a real program at the end of the way."""

from pathlib import Path

import msgspec

from engine.alarms import Cause
from engine.compose.alarming import Bell
from engine.drivers.clocks import WallClock
from engine.drivers.delivering import Message
from engine.drivers.folder import Origin, RunFolder
from engine.drivers.notify import FILE
from engine.orders.events import Wish
from engine.receivers import Kind, Receiver
from engine.status import status
from tests.support.by_hand import Run, placed


def writing_to(path: Path, *causes: Cause) -> Receiver:
    return Receiver(kind=Kind.COMMAND, run=("sh", "-c", f"cat >> {path}"), causes=causes)


def told(path: Path) -> list[tuple[str, str]]:
    messages = [msgspec.json.decode(line, type=Message) for line in path.read_bytes().splitlines()]
    return [(message.what, message.cause) for message in messages]


async def test_what_befalls_a_run_is_told_once_each_to_its_end_and_every_look_between_tells_nothing(
    tmp_path: Path,
) -> None:
    """An order without an answer, a halt, and the end; three looks at each."""
    run, heard = Run().ready(), tmp_path / "heard"
    bell = Bell([writing_to(heard)], RunFolder(tmp_path), WallClock(), "sandbox")
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    for _ in range(3):
        bell.look(run.state)
    run.asked(Wish.HALT)
    for _ in range(3):
        bell.look(run.state)
    run.state.finished = run.state.closed = "unresolved"
    bell.look(run.state)
    await bell.aclose()
    assert told(heard) == [("raised", "unknown"), ("raised", "halt"), ("raised", "done")]
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 3


async def test_a_message_says_of_which_run_and_case_it_is(tmp_path: Path) -> None:
    run, heard = Run().ready(), tmp_path / "heard"
    bell = Bell([writing_to(heard, Cause.HALT)], RunFolder(tmp_path), WallClock(), "sandbox")
    run.asked(Wish.HALT)
    bell.look(run.state)
    await bell.aclose()
    message = msgspec.json.decode(heard.read_bytes(), type=Message)
    assert (message.run, message.case, message.environment) == (run.opened.run, "CASE-1", "sandbox")
    assert (message.text, message.grave) == ("halted: asked by operator; nothing new is sent", True)


def test_the_status_of_a_run_shows_what_stands() -> None:
    run = Run().ready()
    before = status(run.state)["alarms"]
    run.asked(Wish.HALT)
    assert before == []
    assert [(alarm["cause"], alarm["grave"]) for alarm in status(run.state)["alarms"]] == [("halt", True)]


def test_who_is_told_is_kept_with_the_run_for_the_process_that_continues_it(tmp_path: Path) -> None:
    receivers = (
        writing_to(tmp_path / "heard", Cause.HALT),
        Receiver(kind=Kind.WEBHOOK, url="http://127.0.0.1:1/"),
    )
    folder = RunFolder(tmp_path)
    folder.create(Origin(kind="pointed", home=str(tmp_path), receivers=receivers))
    assert folder.origin().receivers == receivers
