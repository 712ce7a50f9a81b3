"""How an answer goes out: as it is, in pieces, or with something else said in its place."""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Span
from venues.sandbox.door import Answer, Dialect
from venues.sandbox.faults import Do, Fault

_LIMITS: Final = (418, 429)
_HTML: Final = "text/html"


def response(answer: Answer) -> web.Response:
    """An answer in one piece."""
    return web.Response(
        status=answer.status, body=answer.body, content_type=answer.content_type, headers=dict(answer.headers)
    )


async def in_pieces(request: web.BaseRequest, answer: Answer, size: int) -> web.StreamResponse:
    """An answer whose body is sent `size` bytes at a time."""
    said = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
    said.content_type, said.content_length = answer.content_type, len(answer.body)
    await said.prepare(request)
    for begin in range(0, len(answer.body), size):
        await said.write(answer.body[begin : begin + size])
    await said.write_eof()
    return said


def failure(dialect: Dialect, fault: Fault) -> Answer:
    """What a proxy or the venue says in place of the answer."""
    if fault.do is Do.CODE:
        return dialect.coded(fault.code)
    if fault.do is Do.REPLACE:
        return Answer(fault.status, fault.body.encode(), fault.content_type)
    if fault.status in _LIMITS:
        limited = dialect.limited(fault.status)
        return patient(limited, fault.span) if fault.span else limited
    known = {status.value: status.phrase for status in HTTPStatus}
    what = f"{fault.status} {known.get(fault.status, 'Error')}"
    return Answer(
        fault.status, f"<html><head><title>{what}</title></head><body><h1>{what}</h1></body></html>".encode(), _HTML
    )


def patient(answer: Answer, span: Span) -> Answer:
    """The answer with the header that says for how long nobody should ask, in whole seconds."""
    return replace(answer, headers={**answer.headers, "Retry-After": str(-(-span // SECOND))})
