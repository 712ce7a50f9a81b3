"""How a message is damaged on its way: another value at a place in its JSON, or only its first bytes. Pure."""

from typing import Any

import msgspec

from venues.sandbox.faults import Do, Fault


def spoilt(message: bytes, fault: Fault) -> bytes:
    """The message as it arrives. A text frame that is cut short keeps whole characters, or nobody could decode it."""
    if fault.do is Do.TRUNCATE:
        return message[: fault.count].decode(errors="ignore").encode()
    if fault.do is Do.CORRUPT:
        return corrupted(message, fault.path, fault.value)
    return message


def corrupted(message: bytes, path: str, value: str) -> bytes:
    """JSON with `value`, JSON too, at a dotted `path`; numbers count into lists. As it was where nothing is there."""
    try:
        whole = msgspec.json.decode(message)
    except msgspec.DecodeError:
        return message
    *way, last = path.split(".")
    place: Any = whole
    for name in way:
        place = _inside(place, name)
    if _inside(place, last) is _NOTHING:
        return message
    place[last if isinstance(place, dict) else int(last)] = msgspec.json.decode(value)
    return msgspec.json.encode(whole)


class _Nothing:
    """Where a path leads when it leads nowhere; `null` is something."""


_NOTHING = _Nothing()


def _inside(place: Any, name: str) -> Any:
    if isinstance(place, dict):
        return place.get(name, _NOTHING)
    if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    return _NOTHING
