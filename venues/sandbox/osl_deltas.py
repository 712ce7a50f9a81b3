"""The changes of a book as OSL's v4 socket tells them: levels that are new, changed and gone, under one shared id.

Pure: two pictures of a book in, messages out. Nothing in them lets a client notice that one was lost.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from engine.kernel.money import ZERO, plain
from venues.sandbox.model import Depth
from venues.sandbox.osl_rows import QUANTITY_PLACES, Wire, millis, padded

TABLE: Final = "orderBookL2"
_Levels = dict[tuple[str, Decimal], Decimal]


def wrapped(count: int) -> int:
    """A counter as a signed number of 32 bits, which it overflows into the negative."""
    return (count + 2**31) % 2**32 - 2**31


def partial(depth: Depth, version_id: int) -> Wire:
    """The whole book. Its `sendTime` is when the book last changed, which may be long ago."""
    return _message("partial", depth, version_id, millis(depth.changed_at), _levels(depth).items())


def changes(before: Depth, after: Depth, version_id: int, sent_ms: int) -> list[Wire]:
    """One message for each kind of change that there is: insert, then update, then delete."""
    old, new = _levels(before), _levels(after)
    groups = {
        "insert": [(key, size) for key, size in new.items() if key not in old],
        "update": [(key, size) for key, size in new.items() if old.get(key, size) != size],
        "delete": [(key, size) for key, size in old.items() if key not in new],  # with the size that it had
    }
    return [_message(action, after, version_id, sent_ms, rows) for action, rows in groups.items() if rows]


def _levels(depth: Depth) -> _Levels:
    """Size by side and price; bids first, best first."""
    sides = (("Buy", depth.bids), ("Sell", depth.asks))
    return {(side, price): size for side, levels in sides for price, size in levels if size > ZERO}


def _message(
    action: str, depth: Depth, version_id: int, sent_ms: int, rows: Iterable[tuple[tuple[str, Decimal], Decimal]]
) -> Wire:
    return {
        "table": TABLE,
        "action": action,
        "symbol": depth.symbol,
        "bookVersionId": version_id,
        "sendTime": sent_ms,
        "data": [
            {"symbol": depth.symbol, "side": side, "size": padded(size, QUANTITY_PLACES), "price": plain(price)}
            for (side, price), size in rows
        ],
    }
