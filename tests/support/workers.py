"""How the suite is shared out among processes: a file at a time, and what looks at the wall clock first of all by one.

A file stays together since its fixtures are made once for all of it. Tests over sockets and processes wait rather than
work: one of our three processes takes them one after another, beside the others' computing, which makes way for them;
and the others help it only when they have nothing else left.
"""

from collections.abc import Iterable
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

TIMED: Final = ("tests/integration/", "tests/conformance/")
VIRTUAL: Final = tuple(
    f"tests/integration/test_{name}.py" for name in ("backtest", "days", "four_eyes", "in_process", "strategy_plugin")
)
"""These look at no wall clock: their markets pass in virtual time."""
LONG: Final = ("tests/simulation", "tests/fuzz/")
"""Files that take long though no test of theirs may be marked as slow."""


def timed(name: str) -> bool:
    """Does this test or file look at the wall clock?"""
    return name.startswith(TIMED) and not name.startswith(VIRTUAL)


def file(nodeid: str) -> str:
    """Where a test stands; such a share is never divided."""
    return nodeid.partition("::")[0]


def long_first(items: list[pytest.Item]) -> None:
    """Files that take long are begun early, so that none of them is what everybody waits for in the end."""
    slow = {file(item.nodeid) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: not (file(item.nodeid) in slow or item.nodeid.startswith(LONG)))


def next_share(waiting: Iterable[str], *, of_time: bool) -> str | None:
    """The first share that looks at the wall clock, or doesn't; `None` when there is none of that kind."""
    return next((share for share in waiting if timed(share) is of_time), None)


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole files in the order in which they were collected; to its first process those of the wall clock."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return file(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        share = next_share(self.workqueue, of_time=node is self.nodes[0])
        if share is not None:
            self.workqueue.move_to_end(share, last=False)
        super()._assign_work_unit(node)
