"""What is changed in an exchange of ccxt before it is used: exact numbers, our pace, one look at each answer.

ccxt's string mode leaves three floats behind: the numbers of JSON itself, the levels of a book, and what its sockets
decode. They are replaced here. Where ccxt can't read an answer it finds nothing in it, and a socket falls silent; here
both end with a reason.
"""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from math import ceil
from typing import Any, Final

from msgspec import Struct
from yarl import URL

from engine.kernel.clock import SECOND, Span
from engine.orders.reports import Wire
from venues.generic.mapping import Odd
from venues.pacing import KINDS, Pacing
from venues.transport import Lost

LIMITED_WAIT: Final = Span(2 * SECOND)
BANNED_WAIT: Final = Span(60 * SECOND)
_LIMITED, _BANNED = 429, 418
_CODE: Final = re.compile(r"-?[A-Za-z0-9]{1,12}")
"""Short enough to repeat no key."""


class Heard(Struct):
    """One request and its answer by their digests, and the code of a complaint. No answer yet: status 0."""

    wire: Wire
    status: int = 0
    code: str = ""
    said: Any = None
    """The answer as JSON."""


class Turn(Struct, frozen=True):
    """How the requests of a call wait. One whose turn has come waits no more."""

    urgent: bool = False
    come: bool = False


HEARD: Final[ContextVar[list[Heard] | None]] = ContextVar("heard", default=None)
"""What the call that is under way has sent and heard."""
TURN: Final[ContextVar[Turn]] = ContextVar("turn", default=Turn())  # noqa: B039 - frozen


def harden(exchange: Any, pacer: Pacing, heaviest: int) -> None:
    """Replace what can't be relied on; `heaviest` is the weight that no single call may exceed."""
    exchange.number = str
    exchange.on_json_response = exact_json
    exchange.safe_float = exact_field
    _pace(exchange, pacer, heaviest)
    _listen(exchange, pacer)
    _wake(exchange)


def exact_json(text: str) -> Any:
    """JSON whose fractions stay the text that they were; `ValueError` for what is none."""
    return json.loads(text, parse_float=str, parse_constant=_no_number)


def exact_field(row: Any, key: Any, default: Any = None) -> Any:
    """A field as `Decimal`, in place of ccxt's float; `default` where there is none, `Odd` for a float."""
    try:
        value = row[key]
    except (LookupError, TypeError):
        return default
    if value is None or value == "":
        return default
    if isinstance(value, float):
        raise Odd(f"a float where a number must be exact: {value}")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Odd(f"not a number: {str(value)[:40]}") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _pace(exchange: Any, pacer: Pacing, heaviest: int) -> None:
    plain = exchange.fetch2

    async def paced(
        path: str, api: Any = "public", method: str = "GET", params: Any = None, config: Mapping[str, Any] | None = None
    ) -> Any:
        parameters, settings = params or {}, config or {}
        turn = TURN.get()
        if turn.come:
            TURN.set(Turn(turn.urgent))
        else:
            cost = exchange.calculate_rate_limiter_cost(api, method, path, parameters, settings)
            await pacer.acquire("query", min(heaviest, max(1, ceil(cost))), urgent=turn.urgent)
        return await plain(path, api, method, parameters, settings)

    exchange.fetch2 = paced


def _listen(exchange: Any, pacer: Pacing) -> None:
    plain, said = exchange.fetch, exchange.on_rest_response

    async def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        mine = Heard(Wire(request=_request(url, method, body)))
        if (heard := HEARD.get()) is not None:
            heard.append(mine)
        mine.said = await plain(url, method, headers, body)
        if not isinstance(mine.said, dict | list):  # ccxt reads a page for people as a list without entries
            raise Odd("an answer that is no JSON")
        return mine.said

    def answered(status: int, reason: str, url: str, method: str, headers: Any, text: str, *request: Any) -> Any:
        digest = _request(url, method, request[1] if len(request) > 1 else None)
        for each in reversed(HEARD.get() or ()):
            if each.wire.request == digest:
                each.wire = Wire(digest, sha256(text.encode()).hexdigest())
                each.status, each.code = status, _code(status, text)
                break
        if status in (_LIMITED, _BANNED):
            for kind in KINDS:
                pacer.hold(kind, BANNED_WAIT if status == _BANNED else LIMITED_WAIT)
        return said(status, reason, url, method, headers, text, *request)

    exchange.fetch, exchange.on_rest_response = fetch, answered


def _wake(exchange: Any) -> None:
    plain = getattr(exchange, "client", None)
    if plain is None:
        return

    def client(url: str) -> Any:
        made = plain(url)

        def told(data: Any) -> None:
            try:
                text = data.decode() if isinstance(data, bytes) and made.decompressBinary else data
                readable = isinstance(text, str) and len(text) > 1 and text[0] in "{["
                made.on_message_callback(made, exact_json(text) if readable else text)
            except Exception as error:  # noqa: BLE001 - ccxt would go on without reading, and say nothing
                made.on_error(Lost(f"a frame that can't be read: {type(error).__name__}"))

        made.handle_text_or_binary_message = told
        return made

    exchange.client = client


def _request(url: str, method: str, body: Any) -> str:
    """SHA-256 of method, path with query, and body, one after another."""
    raw = body if isinstance(body, bytes) else str(body or "").encode()
    return sha256(method.encode() + URL(url, encoded=True).raw_path_qs.encode() + raw).hexdigest()


def _code(status: int, text: str) -> str:
    """The code of a complaint, when it comes with a status that may carry one."""
    if not 400 <= status < 500:
        return ""
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    code = said.get("code") if isinstance(said, dict) else None
    return str(code) if isinstance(code, str | int) and _CODE.fullmatch(str(code)) else ""
