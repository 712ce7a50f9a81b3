"""One request that acts, sent once; and where no answer came, how certain it is that nothing was done."""

import asyncio
from typing import Final

from engine.kernel.clock import SECOND, Span
from engine.orders.reports import Transient, Unknown, Wire
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent, Transport

NO_CONNECTION_WAIT: Final = Span(SECOND)


async def once(transport: Transport, request: HttpRequest) -> HttpResponse | Transient | Unknown:
    """The answer as it came; `Transient` when certainly nothing left, `Unknown` for whatever else went wrong."""
    sent = Wire(request=request.digest)
    try:
        return await transport.call(request)
    except NotSent as error:
        return Transient(f"no connection: {error}", NO_CONNECTION_WAIT, sent)
    except NoAnswer as error:
        return Unknown(f"no answer: {error}", sent)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # whoever cancels us has to know that the order may have left
        return Unknown("the call was cancelled below us", sent)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the order may have left
        return Unknown(f"the call failed: {type(error).__name__}", sent)
