"""What came over a wire is a value, or it is odd. Every parser of an adapter raises `Odd` and nothing else."""

from typing import TypeVar

import msgspec
from msgspec import Raw

T = TypeVar("T")


class Odd(ValueError):
    """An answer that can't be believed, and why; it proves nothing."""


def parsed(raw: bytes | Raw, kind: type[T]) -> T:
    """`raw` as a `kind`, or `Odd`; numbers may come as text, as they do here."""
    try:
        if isinstance(raw, bytes):
            raw.decode()  # the decoder looks only at what it reads, and would pass damage in a field that it skips
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (ValueError, ArithmeticError, RecursionError) as error:  # malformed, not UTF-8, absurd, or nested too deep
        name = getattr(kind, "__name__", "list").strip("_")
        raise Odd(f"not a {name}: {error}"[:200]) from None
