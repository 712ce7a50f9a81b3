"""The generic adapter over HTTP: ccxt's own class for HashKey, against the sandbox that speaks its dialect."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from msgspec.structs import replace

from tests.conformance.rig import VAGUE
from tests.conformance.rigs.hashkey import FRONT as HASHKEY
from tests.conformance.rigs.served import served

FRONT: Final = replace(
    HASHKEY,
    adapter="generic",
    vague=VAGUE,
    polls=True,
    options={"exchange": "hashkey", "key_permissions": "trade", "poll": "20ms"},
)


def rig() -> AbstractAsyncContextManager[Any]:
    """A fresh one."""
    return served(FRONT)
