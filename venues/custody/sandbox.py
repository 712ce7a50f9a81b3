"""The sandbox's custodian over its own port on this machine. There is no key: whoever reaches it may ask.

Nothing is sent twice here. Asking again under the same id is for whoever drives this, and makes no second movement.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from engine.kernel.clock import parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import Asset, exact, plain
from engine.orders.reports import Done, Outcome, Refused, Transient, Unknown, Wire
from engine.orders.tranche import (
    Confirmed,
    CustodyStatement,
    NoTidings,
    Requested,
    Sent,
    Tranche,
    TrancheId,
    TrancheState,
    TurnedDown,
    Unheard,
)
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent, Transport

TRANCHES: Final = "/sandbox/v1/custody/tranches"
HOLDINGS: Final = "/sandbox/v1/custody/holdings"
T = TypeVar("T")
_BUSY: Final = frozenset({418, 429})


class _Row(Struct):
    id: str
    asset: str
    quantity: str
    venue: str
    account: str
    state: str
    reference: str = ""
    at: str = ""
    reason: str = ""


class _Failed(Struct):
    error: str
    detail: str = ""


class _Held(Struct):
    owner: str
    at: str
    holdings: dict[str, str]


class SandboxCustody:
    """`engine.ports.Custody` over the sandbox's custodian, for one owner's vault."""

    def __init__(self, transport: Transport, address: str, owner: str, *, name: str = "custody") -> None:
        """`address` is the root of a custodian on this machine."""
        self.name = name
        self._transport, self._address, self._owner = transport, address.rstrip("/"), owner

    async def holdings(self) -> CustodyStatement:
        """What lies in the vault now. `ConnectionError` when it is not said, `BadInput` when it makes no sense."""
        try:
            answer = await self._call("GET", f"{HOLDINGS}?owner={quote(self._owner, safe='')}")
        except (NotSent, NoAnswer) as error:
            raise ConnectionError(str(error)) from None
        if answer.status != 200:
            raise ConnectionError(f"HTTP {answer.status}")
        try:
            held = msgspec.json.decode(answer.body, type=_Held)
            units = {Asset(name): _units(text) for name, text in held.holdings.items()}
            at = parse_instant(held.at)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadInput([Mistake(f"{self.name}: holdings", str(error))]) from error
        if held.owner != self._owner:
            raise BadInput([Mistake(f"{self.name}: holdings", f"are those of {held.owner}, not of {self._owner}")])
        return CustodyStatement(at, units, answer.digest)

    async def ask(self, tranche: Tranche) -> Outcome:
        """Lodge a request, once."""
        wish = {
            "owner": self._owner,
            "id": tranche.id,
            "asset": tranche.asset,
            "quantity": plain(tranche.quantity),
            "venue": tranche.venue,
            "account": tranche.account,
        }
        request = self._request("POST", TRANCHES, msgspec.json.encode(wish))
        try:
            answer = await self._transport.call(request)
        except NotSent as error:
            return Transient(str(error), wire=Wire(request.digest))
        except NoAnswer as error:
            return Unknown(str(error), wire=Wire(request.digest))
        wire = Wire(request.digest, answer.digest)
        if answer.status in _BUSY:
            return Transient(f"HTTP {answer.status}", wire=wire)
        if answer.status == 400 and (failed := _decoded(answer, _Failed)) is not None:
            return Refused(failed.error, failed.detail, wire=wire)
        row = _decoded(answer, _Row) if answer.status == 200 else None
        if row is None:
            return Unknown(f"HTTP {answer.status}, and no answer in it", wire=wire)
        if not _is_about(row, wish):
            return Unknown("the answer is about another tranche", wire=wire)
        return Done(wire=wire)

    async def look(self, tranche: TrancheId) -> TrancheState:
        """Ask what became of a request."""
        try:
            answer = await self._call("GET", f"{TRANCHES}?id={quote(tranche, safe='')}")
        except (NotSent, NoAnswer) as error:
            return NoTidings(str(error))
        if answer.status == 404 and (failed := _decoded(answer, _Failed)) is not None and failed.error == "not_found":
            return Unheard()
        row = _decoded(answer, _Row) if answer.status == 200 else None
        if row is None:
            return NoTidings(f"HTTP {answer.status}, and no answer in it")
        if row.id != tranche:
            return NoTidings("the answer is about another tranche")
        return _state(row, answer.digest)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._transport.aclose()

    async def _call(self, method: str, path: str) -> HttpResponse:
        return await self._transport.call(self._request(method, path))

    def _request(self, method: str, path: str, body: bytes = b"") -> HttpRequest:
        return HttpRequest(method, self._address + path, {"Content-Type": "application/json"} if body else {}, body)


def _state(row: _Row, evidence: str) -> TrancheState:
    """A row in the engine's words; a word or a time that we do not know proves nothing."""
    match row.state:
        case "requested":
            return Requested()
        case "refused":
            return TurnedDown(row.reason, evidence)
        case "sent" | "confirmed" if row.reference:
            try:
                at = parse_instant(row.at)
            except ValueError as error:
                return NoTidings(str(error))
            return (Sent if row.state == "sent" else Confirmed)(row.reference, at, evidence)
    return NoTidings(f"state {row.state!r} with reference {row.reference!r} is not understood")


def _is_about(row: _Row, wish: Mapping[str, Any]) -> bool:
    """Are these the terms that were asked for?"""
    try:
        same = exact(row.quantity) == exact(wish["quantity"])
    except ValueError:
        return False
    return same and all(getattr(row, name) == wish[name] for name in ("id", "asset", "venue", "account"))


def _units(text: str) -> Decimal:
    units = exact(text)
    if units < 0:
        raise ValueError(f"below nothing: {text!r}")
    return units


def _decoded(answer: HttpResponse, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
