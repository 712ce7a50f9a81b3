"""OSL's adapter over HTTP, against the sandbox that speaks its dialect."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from tests.conformance.rig import Op
from tests.conformance.rigs.served import Front, served
from venues.sandbox.stalls import OSL, OSL_LISTINGS

KINDS: Final = {
    ("POST", "/api/v4/order"): Op.CREATE,
    ("DELETE", "/api/v4/order"): Op.CANCEL,
    ("GET", "/api/v4/order"): Op.READ,
    ("GET", "/api/v4/execution"): Op.READ,
    ("GET", "/api/v4/execution/order"): Op.READ,
    ("GET", "/api/v4/user/wallet"): Op.READ,
    ("POST", "/api/3/retail/quote"): Op.QUOTE,
    ("POST", "/api/3/retail/trade"): Op.ACCEPT,
    ("POST", "/api/3/transaction/list"): Op.READ,
}


def kind(method: str, path: str) -> Op | None:
    """What sort of call this is; `None` for public data."""
    return KINDS.get((method, path))


def named(path: str, body: bytes) -> str:
    """The client id that a cancel names, wherever in the body it stands."""
    found = _texts(json.loads(body), "clOrdID")
    return found[0]


def _texts(value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        own = value.get(name, [])
        return [*(own if isinstance(own, list) else [own]), *(t for v in value.values() for t in _texts(v, name))]
    return [text for each in value for text in _texts(each, name)] if isinstance(value, list) else []


FRONT: Final = Front(
    adapter="osl",
    dialect="osl",
    listings=OSL_LISTINGS,
    kind=kind,
    private=lambda path: False,
    named=named,
    terms=OSL.dealer,
    polls=True,
)


def rig() -> AbstractAsyncContextManager[Any]:
    """A fresh one."""
    return served(FRONT)
