"""What may be named in a config: adapters, schedules, tactics, licences. Whoever loads a config says what there is."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.config.register_file import listed
from engine.mandate.register import Register

OWN_SCHEDULES: Final = frozenset({"twap", "vwap", "dynamic_vwap", "pov", "shortfall"})
"""Their parameters are the keys of `[strategy]`."""
OWN_TACTICS: Final = frozenset({"cross", "peg", "iceberg", "chase", "snipe", "stop"})
"""Their parameters are the keys of `[tactic]`."""


class Known(Struct, frozen=True, kw_only=True):
    """What is installed here, and who is licensed."""

    adapters: Mapping[str, Mapping[str, str]]
    """Per adapter its options, each with a line of help."""
    schedules: frozenset[str]
    tactics: frozenset[str]
    register: Register


OURS: Final = Known(
    adapters={"hashkey": {}, "osl": {}, "generic": {}}, schedules=OWN_SCHEDULES, tactics=OWN_TACTICS, register=listed()
)
"""What the package brings, as far as it can be told without asking an adapter."""
