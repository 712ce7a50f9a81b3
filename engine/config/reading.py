"""From TOML to `ConfigFile`, with every mistake in shape at once, each with its place.

A decoder stops at the first thing that is wrong; a trader should not have to run `check` ten times.
"""

import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from engine.config.schema import ConfigFile
from engine.kernel.errors import Mistake
from engine.kernel.money import exact


def read(raw: bytes) -> ConfigFile | list[Mistake]:
    """The file's shape, or everything that is wrong with it."""
    try:
        tree = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [Mistake("file", f"is not TOML: {error}")]
    mistakes = list(_struct(tree, ConfigFile, ""))
    return mistakes or msgspec.convert(tree, ConfigFile)


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
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        yield from _value(value, next(a for a in arguments if a is not type(None)), where)
    elif isinstance(hint, type) and issubclass(hint, Struct):
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
