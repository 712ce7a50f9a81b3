"""From TOML to `ConfigFile`, with every mistake in shape at once, each with its place.

A decoder stops at the first thing that is wrong; a trader should not have to run `check` ten times.
"""

import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct

from engine.config.schema import ConfigFile
from engine.config.shapes import (
    AssetName,
    DaysText,
    HopText,
    Name,
    OffsetText,
    Percent,
    PortionText,
    SpanText,
    TimeText,
)
from engine.kernel.errors import Mistake
from engine.kernel.money import exact

_EXAMPLES: Final = {
    SpanText: "365d",
    Percent: "1%",
    PortionText: "1%",
    Name: "hashkey",
    AssetName: "BTC",
    HopText: "BTC>USDT",
    DaysText: "mon",
    TimeText: "00:00",
    OffsetText: "+00:00",
}


def read(raw: bytes) -> tuple[ConfigFile | None, list[Mistake]]:
    """The file, and every mistake in its shape.

    Where the shape is wrong, a neutral value stands in, so that mistakes of meaning elsewhere can be found as well;
    the file is `None` when it is not even TOML.
    """
    try:
        tree = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [Mistake("file", f"is not TOML: {error}")]
    mistakes = list(_struct(tree, ConfigFile, ""))
    return msgspec.convert(_mended(tree, ConfigFile) if mistakes else tree, ConfigFile), mistakes


def _mended(value: object, hint: Any) -> object:
    """The value where its shape is right, and something harmless of the right shape where it is not."""
    hint = _plain(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        tree = value if isinstance(value, Mapping) else {}
        hints = typing.get_type_hints(hint, include_extras=True)
        fields = msgspec.structs.fields(hint)
        return {
            f.encode_name: _mended(tree.get(f.encode_name), hints[f.name])
            for f in fields
            if f.encode_name in tree or f.required
        }
    if origin is tuple:
        return [_mended(item, arguments[0]) for item in value] if isinstance(value, list) else []
    if isinstance(origin, type) and issubclass(origin, Mapping):
        tree = value if isinstance(value, Mapping) else {}
        return {key: _mended(item, arguments[1]) for key, item in tree.items()}
    return _neutral(hint) if list(_leaf(value, hint, "")) else value


def _neutral(hint: Any) -> object:
    """A leaf that breaks no rule of its own, and none of its neighbours'."""
    return {Decimal: "1000000000000", int: 1}.get(origin_of(hint)) or _EXAMPLES.get(hint, "")


def _plain(hint: Any) -> Any:
    """The type under an optional one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(hint) if a is not type(None))
    return hint


def _struct(tree: object, shape: type[Struct], where: str) -> Iterator[Mistake]:
    if not isinstance(tree, Mapping):
        yield Mistake(where or "file", f"should be a table, not {_called(tree)}")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for key in tree:
        if key not in fields:
            yield Mistake(_join(where, key), f"unknown key; known here: {', '.join(fields)}")
    hints = typing.get_type_hints(shape, include_extras=True)
    for name, field in fields.items():
        if name in tree:
            yield from _value(tree[name], hints[field.name], _join(where, name))
        elif field.required:
            yield Mistake(_join(where, name), "is missing")


def _value(value: object, hint: Any, where: str) -> Iterator[Mistake]:
    hint = _plain(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield from _struct(value, hint, where)
    elif origin is tuple:
        if not isinstance(value, list):
            yield Mistake(where, f"should be a list, not {_called(value)}")
            return
        for index, item in enumerate(value):
            yield from _value(item, arguments[0], f"{where}[{index}]")
    elif origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            yield Mistake(where, f"should be a table, not {_called(value)}")
            return
        for key, item in value.items():
            yield from _value(item, arguments[1], _join(where, str(key)))
    else:
        yield from _leaf(value, hint, where)


def _leaf(value: object, hint: Any, where: str) -> Iterator[Mistake]:
    note = _note(hint)
    if origin_of(hint) is Decimal:
        if not isinstance(value, str):
            yield Mistake(where, f"should be text in quotes, so that no digit is lost, not {_called(value)}")
            return
        try:
            exact(value)
        except ValueError as error:
            yield Mistake(where, str(error))
        return
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        yield Mistake(where, f"{value!r} will not do: {note}" if note else str(error))


def origin_of(hint: Any) -> Any:
    """The bare type under `Annotated`."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _note(hint: Any) -> str:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta) and extra.description:
            return f"it takes {extra.description}"
    return ""


def _called(value: object) -> str:
    names = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
