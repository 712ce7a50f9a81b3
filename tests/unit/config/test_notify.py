"""Who is told of alarms: every mistake with its place, and what is meant."""

from pathlib import Path
from typing import Any

import pytest

from engine.alarms import Cause
from engine.config import load
from engine.kernel.clock import SECOND, Span
from engine.kernel.errors import BadInput
from engine.receivers import Kind, Receiver, refused
from tests.support.builders import START
from tests.support.configs import written


def where(folder: Path, **receiver: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, notify={"receiver": [receiver]}), START)
    return [mistake.where for mistake in caught.value.mistakes]


ONE_BY_ONE: list[tuple[dict[str, Any], str]] = [
    ({"kind": "pigeon"}, "kind"),
    ({}, "kind"),
    ({"kind": "command"}, "run"),
    ({"kind": "command", "run": []}, "run"),
    ({"kind": "command", "run": [""]}, "run"),
    ({"kind": "command", "run": "page"}, "run"),
    ({"kind": "command", "run": ["page"], "url": "http://127.0.0.1:1"}, "url"),
    ({"kind": "command", "run": ["page"], "colour": "red"}, "colour"),
    ({"kind": "command", "run": ["page"], "timeout": "0s"}, "timeout"),
    ({"kind": "command", "run": ["page"], "timeout": "61s"}, "timeout"),
    ({"kind": "command", "run": ["page"], "causes": ["halt", "rain"]}, "causes[1]"),
    ({"kind": "command", "run": ["page"], "causes": ["halt", "halt"]}, "causes[1]"),
    ({"kind": "webhook"}, "url"),
    ({"kind": "webhook", "url": "http://127.0.0.1:1", "run": ["page"]}, "run"),
    ({"kind": "webhook", "url": "https://pager.example/"}, "url"),
    ({"kind": "webhook", "url": "http://me:word@127.0.0.1:1/"}, "url"),
    ({"kind": "webhook", "url": "file:///etc/passwd"}, "url"),
    ({"kind": "webhook", "url": "http://127.0.0.1:port/"}, "url"),
]


@pytest.mark.parametrize(("receiver", "place"), ONE_BY_ONE)
def test_each_mistake_is_named_by_its_place_and_alone(receiver: dict[str, Any], place: str, tmp_path: Path) -> None:
    assert where(tmp_path, **receiver) == [f"notify.receiver[0].{place}"]


def test_what_is_said_of_a_receiver_is_what_is_meant(tmp_path: Path) -> None:
    told = [
        {"kind": "command", "run": ["./page", "--urgent"], "causes": ["unknown", "halt"], "timeout": "3s"},
        {"kind": "webhook", "url": "http://127.0.0.1:8080/alarms"},
    ]
    config = load(written(tmp_path, notify={"receiver": told}), START)
    assert config.receivers == (
        Receiver(
            kind=Kind.COMMAND,
            run=("./page", "--urgent"),
            causes=(Cause.UNKNOWN, Cause.HALT),
            timeout=Span(3 * SECOND),
        ),
        Receiver(kind=Kind.WEBHOOK, url="http://127.0.0.1:8080/alarms"),
    )


def test_without_the_section_nobody_is_told(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).receivers == ()


def test_a_receiver_that_names_no_cause_wants_all_of_them() -> None:
    choosy = Receiver(kind=Kind.COMMAND, causes=(Cause.HALT,))
    assert all(Receiver(kind=Kind.COMMAND).wants(cause) for cause in Cause)
    assert [cause for cause in Cause if choosy.wants(cause)] == [Cause.HALT]


@pytest.mark.parametrize(
    ("url", "environment", "may"),
    [
        ("http://127.0.0.1:8080/a", "sandbox", True),
        ("http://localhost/a", "sandbox", True),
        ("http://[::1]:8080/a", "sandbox", True),
        ("https://pager.example/a", "sandbox", False),
        ("http://127.0.0.1.example/a", "sandbox", False),
        ("http://127.0.0.1@pager.example/a", "sandbox", False),
        ("https://pager.example/a", "production", True),
        ("http://pager.example/a", "production", False),
        ("http://127.0.0.1:8080/a", "production", True),
        ("", "production", False),
    ],
)
def test_a_sandbox_posts_to_this_machine_alone_and_production_posts_in_the_open_to_no_other(
    url: str, environment: str, may: bool
) -> None:
    assert (not list(refused(url, environment))) is may
