"""An event loop whose time does not pass: it jumps to the next timer when nothing else is left to do.

No sockets and no threads. Nothing runnable and no timer is a deadlock, and is reported as one. It leans on three
private names of asyncio (`_selector`, `_scheduled`, `_clock_resolution`), which a test holds against the Python in use.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump:
    """A selector that never blocks: asked to wait, it moves the loop's time to the next timer."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout is None:
            raise RuntimeError("nothing can ever happen again: no task is runnable and no timer is set")
        if timeout > 0:
            self._loop.jump()
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Starts at time zero."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = _Jump(self)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._now

    def jump(self) -> None:
        """Go to the next timer."""
        self._now = max(self._now, self._scheduled[0]._when)  # type: ignore[attr-defined]  # noqa: SLF001

    def _process_events(self, event_list: object) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """No other thread can have woken us."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        raise RuntimeError("no threads under virtual time")


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop | None = None) -> T:
    """Run `main` to its end in virtual time; tasks that it leaves behind are cancelled."""
    loop = loop or VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
