"""A state as bytes, field by field, so that two can be compared and the difference named."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from engine.core.state import State
from engine.kernel import codec
from engine.ledger.balances import Balances


def dump(state: State) -> dict[str, bytes]:
    """The state field by field, in canonical bytes."""
    return {field.name: codec.encode(_plain(getattr(state, field.name))) for field in fields(state)}


def _plain(value: Any) -> Any:
    """Containers that the codec does not know, as lists of pairs."""
    if isinstance(value, Balances):
        return _plain(value._units)
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [[str(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, set):
        return sorted(value)
    if not isinstance(value, str | bytes) and isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value
