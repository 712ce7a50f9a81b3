"""Small configs for runs that last seconds of wall time, with whatever a test wants otherwise."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

SHORT: Final[dict[str, Any]] = {
    "schema": 1,
    "environment": "sandbox",
    "mandate": {
        "case": "SHORT-1",
        "authority": "Nobody",
        "venues": ["hashkey"],
        "account": "main",
        "deadline": "30m",
        "assets": [{"asset": "BTC", "entrusted": "0.2", "released": "0.2"}],
    },
    "path": {
        "hops": ["BTC>USDT", "USDT>USD"],
        "settlement": "USD",
        "stable": {
            "USDT": {
                "par": "1",
                "band_bp": "80",
                "inventory_max": "20000",
                "age_max": "4m",
                "sweep": "3000",
                "sweep_age": "20s",
                "tail": "1m",
            }
        },
    },
    "strategy": {"schedule": "twap", "window": "80s", "slices": 8, "catch_up": "4", "at_end": "extend"},
    "tactic": {"kind": "cross"},
    "limits": {
        "collar_bp": "40",
        "order_notional_max": "40000",
        "minute_notional_max": "60000",
        "minute_orders_max": 60,
    },
    "venues": {"hashkey": {"adapter": "hashkey"}},
}
"""Market of 80 seconds; at speed 20 that is four seconds of wall time. The deadline leaves room for processes that die
and for five more to start on a busy machine: a run that has sold all does not wait for it."""

PRODUCTION: Final[dict[str, Any]] = {
    "environment": "production",
    "venues": {"hashkey": {"adapter": "hashkey"}, "kraken": {"adapter": "generic", "use": "reference"}},
    "reference": {"quorum": 2},
}
"""What the short config has to say otherwise, to be one of production: two sources of prices."""

PEG: Final = {"kind": "peg", "every": "5s", "before": "5s"}


def short(**changes: Any) -> str:
    """The short config as TOML; a change names its place with two underscores: `mandate__case="X"`."""
    config = deepcopy(SHORT)
    for name, value in changes.items():
        *way, last = name.split("__")
        section = config
        for step in way:
            section = section[step]
        section[last] = value
    return toml(config)


def toml(config: Mapping[str, Any]) -> str:
    """A config as TOML, one line for each key at the top."""
    return "\n".join(f"{key} = {_toml(value)}" for key, value in config.items()) + "\n"


def holding(units: str, **more: Any) -> list[dict[str, Any]]:
    """`mandate.assets` of one BTC holding, all of it released unless `more` says otherwise."""
    return [{"asset": "BTC", "entrusted": units, "released": units, **more}]


def written(folder: Path, name: str = "config.toml", **changes: Any) -> Path:
    """The short config as a file."""
    path = folder / name
    path.write_text(short(**changes))
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
