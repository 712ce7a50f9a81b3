"""Frames that a venue never sent: golden ones, damaged by a seed in the ways in which wires and proxies do damage.

The same seed gives the same frames. Nothing here knows what a frame means.
"""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

_RAW: Final[Sequence[bytes]] = (
    b"1e400", b"-1e400", b"1e999999999", b"1e-999999999", b"-0", b"-0.0", b"0.1", b"0.30000000000000004", b"NaN",
    b"Infinity", b"-Infinity", b"9" * 400, b"-1", b"18446744073709551616", b"1.7976931348623157e308", b"1e-13",
    b"[" * 3000 + b"]" * 3000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b'"\\ud800"', b'"\\u0000"', b"\xff", b"01",
    b"0x10", b"",
)  # fmt: skip
"""What stands in the place of a value, as bytes, since no JSON library would write most of it."""
_VALUES: Final[Sequence[Any]] = (
    None, True, False, "", "0", "-1", "FROBBED", "1e5", "NaN", "Infinity", "1_000", " 7 ", "٣", "0.1", "sell", "BUY",
    "Buy", "null", [], {}, [[]], [None], 0, 1, -1, 7, 2**53 + 1, 10**30, "9" * 40, "0.0000000000001", "FILLED",
    "Filled", "9999-99-99T99:99:99Z", "1969-12-31T23:59:59Z",
)  # fmt: skip
_MARK: Final = "@raw"


class Damage:
    """An endless run of damaged frames."""

    def __init__(self, golden: Sequence[bytes], seed: int) -> None:
        self._golden, self._dice = golden, random.Random(seed)

    def frames(self, count: int) -> Iterator[bytes]:
        """So many of them; the first ones are the golden frames as they are."""
        yield from self._golden[:count]
        for _ in range(count - len(self._golden)):
            whole = self._dice.choice(self._golden)
            yield self._bytes(whole) if self._dice.random() < 0.3 else self._values(whole)

    def _bytes(self, frame: bytes) -> bytes:
        """Bits flipped, parts cut out, doubled or put in."""
        dice, damaged = self._dice, bytearray(frame)
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            at = dice.randrange(len(damaged) + 1) if damaged else 0
            match dice.randrange(5):
                case 0 if at < len(damaged):
                    damaged[at] ^= 1 << dice.randrange(8)
                case 1:
                    del damaged[at:]
                case 2:
                    del damaged[at : at + dice.randrange(1, 9)]
                case 3:
                    damaged[at:at] = damaged[at : at + dice.randrange(1, 30)]
                case _:
                    damaged[at:at] = dice.choice((b"\x00", b'"', b"{", b"}", b",", b"0", b"9", b"-", b"e", b"."))
        return bytes(damaged)

    def _values(self, frame: bytes) -> bytes:
        """Values of another kind, missing fields, doubled rows, swapped fields."""
        dice, told = self._dice, json.loads(frame)
        raw: list[bytes] = []
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            places = _places(told)
            holder, key = dice.choice(places) if places else ([told], 0)
            match dice.randrange(8):
                case 0:
                    raw.append(dice.choice(_RAW))
                    holder[key] = f"{_MARK}{len(raw) - 1}"
                case 1:
                    del holder[key]
                case 2 if isinstance(holder, list):
                    holder.append(holder[key])
                case 3:
                    other, place = dice.choice(places) if places else (holder, key)
                    if _reaches(other, place) and _reaches(holder, key):
                        holder[key], other[place] = _plain(other[place]), _plain(holder[key])
                case 4 if isinstance(holder[key], str | int) and not isinstance(holder[key], bool):
                    holder[key] = str(holder[key]) if isinstance(holder[key], int) else _number(holder[key])
                case _:
                    holder[key] = _plain(dice.choice(_VALUES))
        text = json.dumps(told, separators=(",", ":")).encode()
        for number, value in enumerate(raw):
            text = text.replace(f'"{_MARK}{number}"'.encode(), value)
        return text


def _places(told: Any) -> list[tuple[Any, Any]]:
    """Every value in a document, as who holds it and under which key."""
    found: list[tuple[Any, Any]] = []
    items = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for key, value in items:
        found.append((told, key))
        found.extend(_places(value))
    return found


def _reaches(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _plain(value: Any) -> Any:
    """A copy, so that no document comes to hold itself."""
    return json.loads(json.dumps(value))


def _number(text: str) -> Any:
    """The number that a text spells, if it spells one."""
    try:
        return json.loads(text)
    except ValueError:
        return len(text)
