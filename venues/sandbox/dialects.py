"""Which dialects are spoken here. To add one: a class that is a `door.Dialect`, and a line below."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # a look at the names needs no server
    from venues.sandbox.door import Dialect, House


def _hashkey(house: "House") -> "Dialect":
    from venues.sandbox.hashkey_door import HashkeyDialect

    return HashkeyDialect(house)


def _osl(house: "House") -> "Dialect":
    from venues.sandbox.osl_door import OslDialect

    return OslDialect(house)


DIALECTS: Final["Mapping[str, Callable[[House], Dialect]]"] = {"hashkey": _hashkey, "osl": _osl}
