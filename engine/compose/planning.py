"""The preflight alone, for `steelyard plan`: nothing is claimed and nothing is sent."""

import asyncio
from contextlib import AsyncExitStack

from msgspec.structs import replace

from engine.compose import reaching
from engine.compose import request as requests
from engine.compose.places import Places
from engine.compose.preparing import Prepared, prepare
from engine.compose.references import sight
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
            reached = in_process(stage(request, remaining, lambda: START), WallClock())
        else:
            reached = await reaching.reach(request, stack, remaining)
        return await _seen(reached, await prepare(config, remaining, reached.venues, reached.clock))


async def _seen(reached: Places, prepared: Prepared) -> Prepared:
    """With what the venues for reference list of the plan's pairs."""
    sights = await asyncio.gather(*(sight(market, prepared.plan) for market in reached.references.values()))
    return replace(prepared, references=tuple(sights))
