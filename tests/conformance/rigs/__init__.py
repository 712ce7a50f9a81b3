"""The rigs of our own four, and how those of other people are found."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

GROUP: Final = "steelyard.conformance"
OWN: Final = {
    "in_process": "tests.conformance.rigs.in_process",
    "hashkey": "tests.conformance.rigs.hashkey",
    "osl": "tests.conformance.rigs.osl",
    "generic": "tests.conformance.rigs.generic",
}
PLANTED: Final = "planted."
"""What the names of the deliberately wrong adapters begin with; see `tests/conformance/planted.py`."""

Opening = Callable[[], AbstractAsyncContextManager[Any]]


def opening(name: str) -> Opening:
    """How the rig of that name is opened; `KeyError` when nobody offers it."""
    if name in OWN:
        found: Opening = import_module(OWN[name]).rig
        return found
    if name.startswith(PLANTED):
        from tests.conformance.planted import planted

        return planted(name.removeprefix(PLANTED))
    for point in entry_points(group=GROUP):
        if point.name == name:
            offered: Opening = point.load()
            return offered
    raise KeyError(name)


def has_wire(name: str) -> bool:
    """Do bytes travel between the adapter and its exchange? Not in process: there, cases about bytes do not exist."""
    return bool(getattr(opening(name), "wire", True))
