"""What every request of ccxt passes on its way out: the right place, once, and no redirection.

aiohttp repeats a GET, PUT or DELETE when a kept-alive connection breaks, and follows redirections with whatever was
signed. It does so for its own exceptions and answers only; named by what they mean they leave it nothing to repeat.
"""

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from venues.generic.addresses import Origin
from venues.transport import NoAnswer, NotSent


def guarded(allowed: frozenset[Origin], *, production: bool) -> ClientMiddlewareType:
    """A middleware that lets through what goes to one of `allowed`; encrypted, in production."""

    async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        url = request.url
        if ((url.host or "").lower(), url.port) not in allowed:
            raise NotSent("an address that was not looked at")
        if production and url.scheme not in ("https", "wss"):
            raise NotSent("an address that is not encrypted")
        try:
            response = await handler(request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from None
        if 300 <= response.status < 400:
            response.close()
            raise NoAnswer("a redirection")
        return response

    return once
