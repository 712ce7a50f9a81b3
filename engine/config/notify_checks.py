"""Mistakes in who is told of alarms: kinds, commands, addresses, causes."""

from collections.abc import Iterator
from typing import Final

from engine.alarms import Cause
from engine.config.schema import ConfigFile, ReceiverSection
from engine.kernel.clock import MINUTE, parse_span, show_span
from engine.kernel.errors import Mistake
from engine.receivers import Kind, refused

TIMEOUT_MAX: Final = MINUTE


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[notify]`."""
    for index, section in enumerate(file.notify.receiver):
        yield from _receiver(section, file.environment, f"notify.receiver[{index}]")


def _receiver(section: ReceiverSection, environment: str, where: str) -> Iterator[Mistake]:
    if section.kind == Kind.COMMAND:
        yield from _command(section, where)
    elif section.kind == Kind.WEBHOOK:
        yield from _webhook(section, environment, where)
    else:
        yield Mistake(f"{where}.kind", f"{section.kind!r} is none of: {', '.join(Kind)}")
    for index, cause in enumerate(section.causes):
        if cause not in set(Cause):
            yield Mistake(f"{where}.causes[{index}]", f"{cause!r} is none of: {', '.join(Cause)}")
        elif cause in section.causes[:index]:
            yield Mistake(f"{where}.causes[{index}]", f"{cause} stands here twice")
    if not 0 < parse_span(section.timeout) <= TIMEOUT_MAX:
        yield Mistake(f"{where}.timeout", f"lies above zero, and at {show_span(TIMEOUT_MAX)} at the most")


def _command(section: ReceiverSection, where: str) -> Iterator[Mistake]:
    if not section.run or not section.run[0]:
        yield Mistake(f"{where}.run", 'is missing: the command and its arguments, such as ["./page", "--urgent"]')
    if section.url:
        yield Mistake(f"{where}.url", "is for a webhook")


def _webhook(section: ReceiverSection, environment: str, where: str) -> Iterator[Mistake]:
    if section.run:
        yield Mistake(f"{where}.run", "is for a command")
    for reason in refused(section.url, environment):
        yield Mistake(f"{where}.url", reason)
