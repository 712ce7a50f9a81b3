"""Logs: facts with fields, in the past tense, as JSON lines in the run folder. A terminal belongs to the live view."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog

from engine.drivers.folder import LOG


def quiet() -> None:
    """Where no run has a folder: warnings only, on whatever standard error is when they come."""
    _configure(lambda *_: structlog.WriteLogger(sys.stderr), logging.WARNING)


@contextmanager
def to_folder(folder: Path) -> Iterator[None]:
    """Inside, everything from information up goes to a file of the run; appended to, never rewritten."""
    with (folder / LOG).open("a", encoding="utf-8", buffering=1) as out:
        _configure(structlog.WriteLoggerFactory(out), logging.INFO)
        try:
            yield
        finally:
            quiet()  # a line that comes later finds no closed file


def _configure(factory: Callable[..., structlog.WriteLogger], level: int) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )


def _json(value: Any, **_: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
