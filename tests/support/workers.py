"""How the suite is shared out among processes: a file at a time, and what looks at the wall clock in one of them.

A file stays together since its fixtures are made once for all of it. Tests over sockets and processes wait rather than
work; one after another they have nobody beside them but the other processes' computing.
"""

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

TIMED: Final = ("tests/integration/", "tests/scenarios/", "tests/conformance/")
"""Served by one process, one after another, and first of all since they take the longest."""
LONG: Final = ("tests/simulation", "tests/fuzz/")
"""Whose files take longest; begun early, none of them is what everybody waits for in the end."""


def share(nodeid: str) -> str:
    """What is not divided: a file, or all that looks at the wall clock."""
    path = nodeid.partition("::")[0]
    return "the wall clock" if path.startswith(TIMED) else path


def rank(item: pytest.Item) -> int:
    """What is begun first has the lowest."""
    return 0 if item.nodeid.startswith(TIMED) else 1 if item.nodeid.startswith(LONG) else 2


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out whole shares, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)
