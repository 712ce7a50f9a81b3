"""HashKey's adapter over HTTP, against the sandbox that speaks its dialect."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.conformance.rig import Op
from tests.conformance.rigs.served import Front, served
from venues.sandbox.listings import LISTINGS
from venues.sandbox.stalls import HASHKEY_DEALER

WRITES: Final = {
    ("POST", "/api/v1/spot/order"): Op.CREATE,
    ("POST", "/api/v1.1/spot/order"): Op.CREATE,
    ("DELETE", "/api/v1/spot/order"): Op.CANCEL,
    ("POST", "/api/v1/rfq/getQuote"): Op.QUOTE,
    ("GET", "/api/v1/rfq/getQuote"): Op.QUOTE,
    ("POST", "/mock/v1/rfq/execute"): Op.ACCEPT,
    ("POST", "/api/v1/rfq/execute"): Op.ACCEPT,
}
READS: Final = ("/api/v1/spot/", "/api/v1/account", "/api/v1/rfq/transactions")


def kind(method: str, path: str) -> Op | None:
    """What sort of call this is; `None` for public data and listen keys."""
    if (op := WRITES.get((method, path))) is not None:
        return op
    return Op.READ if method == "GET" and path.startswith(READS) else None


def named(path: str, body: bytes) -> str:
    """The client id that a cancel names."""
    return dict(parse_qsl(f"{path.partition('?')[2]}&{body.decode()}"))["clientOrderId"]


FRONT: Final = Front(
    adapter="hashkey",
    dialect="hashkey",
    listings=LISTINGS,
    kind=kind,
    private=lambda path: path.startswith("/api/v1/ws/"),
    named=named,
    terms=HASHKEY_DEALER,
)


def rig() -> AbstractAsyncContextManager[Any]:
    """A fresh one."""
    return served(FRONT)
