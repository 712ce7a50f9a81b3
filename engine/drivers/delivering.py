"""One try to reach one receiver: a program that is started, or an address that is posted to.

Whatever happens comes back as a value. Only what the config names is ever started or called: no shell, no redirect,
no proxy. A command gets our environment without our own variables, for venue keys are among them.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct

from engine.kernel.clock import show_span
from engine.receivers import Kind, Receiver, refused

OURS: Final = "STEELYARD_"
AGAIN: Final = frozenset({408, 425, 429})
"""Answers of the 400s that another try may turn."""


class Message(Struct, frozen=True, kw_only=True):
    """What a receiver is told, as JSON. Instants are ISO 8601, UTC."""

    schema: int = 1
    what: str
    """`raised` or `cleared`."""
    cause: str
    key: str
    text: str
    grave: bool
    run: str
    case: str
    environment: str
    at: str
    """Market time."""
    wall: str
    repeats: int
    """How often it came and went without being told."""
    dropped: int = 0
    """Messages before this one that had to be thrown away, because this receiver took none."""


class Failed(Struct, frozen=True):
    """It was not told."""

    reason: str
    final: bool = False
    """Another try would end in the same way."""


Try = Callable[[Message], Awaitable[Failed | None]]
"""`None` once the receiver has it."""


def way(receiver: Receiver, environment: str) -> Try:
    """How this receiver is reached. What the environment forbids fails without a try, whoever let it into a config."""
    if receiver.kind is Kind.COMMAND:
        return lambda message: command(receiver, message)
    forbidden = "; ".join(refused(receiver.url, environment))
    if forbidden:
        return lambda message: _never(forbidden)
    return lambda message: webhook(receiver, message)


async def _never(reason: str) -> Failed:
    return Failed(reason, final=True)


async def command(receiver: Receiver, message: Message) -> Failed | None:
    """Start it, give it the message as one line, and wait until it ends with 0; it dies when its time is over.

    It leads a process group of its own, so that Ctrl-C is not for it, and its children die with it.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment |= {f"{OURS}CAUSE": message.cause, f"{OURS}WHAT": message.what}
    try:
        process = await asyncio.create_subprocess_exec(
            *receiver.run,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return Failed(f"{receiver.run[0]}: {error.strerror}", final=isinstance(error, FileNotFoundError))
    try:
        async with asyncio.timeout(receiver.timeout / 1e9):
            await process.communicate(msgspec.json.encode(message) + b"\n")
    except TimeoutError:
        return Failed(f"not done after {show_span(receiver.timeout)}")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return None if process.returncode == 0 else Failed(f"ended with {process.returncode}")


async def webhook(receiver: Receiver, message: Message) -> Failed | None:
    """Post it; any answer of the 200s is its receipt. Where an answer points elsewhere, nobody follows."""
    import aiohttp  # slow to import, and needed only where a config names an address

    waiting = aiohttp.ClientTimeout(total=receiver.timeout / 1e9)
    headers = {"Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=waiting, trust_env=False) as session,
            session.post(
                receiver.url, data=msgspec.json.encode(message), headers=headers, allow_redirects=False
            ) as answer,
        ):
            status = answer.status
    except TimeoutError:
        return Failed(f"no answer after {show_span(receiver.timeout)}")
    except (aiohttp.ClientError, OSError) as error:
        return Failed(f"no answer: {type(error).__name__}")
    if 200 <= status < 300:
        return None
    return Failed(f"answered {status}", final=300 <= status < 500 and status not in AGAIN)
