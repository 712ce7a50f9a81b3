"""The preflight alone, for `steelyard plan`: nothing is claimed and nothing is sent."""

from contextlib import AsyncExitStack

from engine.compose import request as requests
from engine.compose import running
from engine.compose.preparing import Prepared, prepare
from engine.compose.rehearsal import START, in_process, stage
from engine.compose.request import Request
from engine.drivers.clocks import WallClock
from engine.drivers.register import CaseRegister
from engine.kernel.errors import BadInput


async def planned(request: Request) -> Prepared:
    """What a run would be started with; raises `BadInput` with everything that prevents it."""
    config = request.config
    async with AsyncExitStack() as stack:
        register = CaseRegister(request.state_folder)
        stack.callback(register.close)
        if found := requests.mistakes(request, register):
            raise BadInput(found)
        remaining = register.remaining(config.environment, config.terms.case, request.released)
        if request.in_process:
            clock = WallClock()
            return await prepare(
                config, remaining, in_process(stage(request, remaining, lambda: START), clock).venues, clock
            )
        reached = await running.reach(request, stack, remaining)
        return await prepare(config, remaining, reached.venues, reached.clock)
