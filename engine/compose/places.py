"""Where a run's venues are, and the ports that reach them: a sandbox of our own, or one pointed at.

The refusal to reach a production venue from any other environment is made here, before an address is ever used; the
adapters refuse on their own as well.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from engine.drivers.clocks import ScaledClock
from engine.drivers.perform import Switch
from engine.kernel.clock import MILLISECOND, SECOND, Span, of_datetime
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, plain
from engine.orders.reports import Capabilities
from engine.ports import Clock, Market, Venue

if TYPE_CHECKING:
    from venues.hashkey.endpoints import Endpoints

HASHKEY: Final = VenueName("hashkey")
READY_S: Final = 60.0
"""For a sandbox to say that it is ready."""
CLOCK_PATH: Final = "/sandbox/v1/clock"
SANDBOX: Final = Capabilities(ioc=True, post_only=True, validity=Span(2 * SECOND), read_lag=Span(300 * MILLISECOND))
"""What the sandbox promises; its windows are short, so that an unknown order is cleared up in seconds."""


class Place(Struct, frozen=True):
    """Ports and clock of one venue, and where it is."""

    venue: Venue
    market: Market
    clock: Clock
    address: str
    switch: Switch
    """Thrown by a halt; the adapter asks it when an order's turn has come."""


class Wanted(Struct, frozen=True, kw_only=True):
    """The sandbox that a run starts for itself."""

    seed: int
    speed: Decimal
    faults: Path | None
    recorded: bool
    strict_tif: bool
    account: str
    balances: Mapping[Asset, Decimal]


class OwnSandbox:
    """A sandbox server in a process of its own, which ends when we do, however we end."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self._draining = asyncio.create_task(_drain(process.stderr))
        self.address: str = ready["venues"][HASHKEY]["rest"]
        account = ready["venues"][HASHKEY]["accounts"][0]
        self.keys: tuple[str, str] = (account["key"], account["secret"])

    @classmethod
    async def start(cls, wanted: Wanted) -> "OwnSandbox":
        """Start it and wait for its ready line; `BadInput` with what it said when it would not start."""
        command = [sys.executable, "-m", "engine", "sandbox", "--dialect", "hashkey", "--port", "0", "--until-eof"]
        command += ["--seed", str(wanted.seed), "--speed", plain(wanted.speed), "--account", wanted.account]
        command += [] if wanted.recorded else ["--synthetic"]
        command += ["--strict-tif"] if wanted.strict_tif else []
        command += ["--faults", str(wanted.faults)] if wanted.faults else []
        for asset, units in wanted.balances.items():
            command += ["--balance", f"{asset}={plain(units)}"]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to answer; the exchange must outlive it
        )
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), READY_S)
        except TimeoutError:
            process.kill()
            line = b""
        if not line:
            said = (await process.stderr.read()).decode(errors="replace").strip()
            raise BadInput([Mistake("sandbox", f"did not start: {said or 'it said nothing'}")])
        return cls(process, json.loads(line))

    async def stop(self) -> None:
        """Let it end by itself, and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
        self._draining.cancel()


async def _drain(stream: asyncio.StreamReader | None) -> None:
    """Read on, so that a talkative exchange never blocks on a full pipe."""
    while stream is not None and await stream.read(65536):
        pass


def sandbox_address(url: str) -> str:
    """The root of a sandbox that a run is pointed at; `BadInput` unless it is on this machine."""
    root = url.rstrip("/")
    try:
        _endpoints(root)
    except ValueError as error:
        raise BadInput([Mistake("--venue", str(error))]) from error
    return root


async def reach_sandbox(address: str, pair: tuple[str, str], *, ioc: bool) -> Place:
    """The HashKey adapter on a sandbox at `address`, on the sandbox's own clock; `BadInput` when none answers there."""
    from venues.hashkey.calls import LIMITS
    from venues.hashkey.market import HashKeyMarket
    from venues.hashkey.signing import Keys, Secret
    from venues.hashkey.venue import HashKeyVenue
    from venues.pacing import Pacer
    from venues.transport import AiohttpTransport, HttpRequest, NoAnswer, NotSent

    transport = AiohttpTransport()
    try:
        answer = await transport.call(HttpRequest("GET", address + CLOCK_PATH, {}))
        clock = _scaled(answer.body)
    except (NotSent, NoAnswer, ValueError, KeyError) as error:
        await transport.aclose()
        raise BadInput([Mistake("venues.hashkey", f"no sandbox answers at {address}: {error}")]) from error
    endpoints, secrets = _endpoints(address), Keys(Secret(pair[0]), Secret(pair[1]))
    capabilities, switch = msgspec.structs.replace(SANDBOX, ioc=ioc), Switch()
    venue = HashKeyVenue(
        endpoints,
        secrets,
        transport,
        clock,
        Pacer(clock, LIMITS),
        capabilities=capabilities,
        withheld=lambda: switch.reason,
    )
    return Place(venue, HashKeyMarket(endpoints, AiohttpTransport(), clock), clock, address, switch)


def _endpoints(root: str) -> "Endpoints":
    from venues.hashkey.endpoints import Endpoints

    streams = root.replace("http", "ws", 1)
    return Endpoints(root, f"{streams}/quote/ws/v1", f"{streams}/api/v1/ws")


def _scaled(answer: bytes) -> ScaledClock:
    shown = json.loads(answer)
    origin, started = (of_datetime(datetime.fromisoformat(shown[name])) for name in ("origin", "started_wall"))
    return ScaledClock(origin, started, Fraction(shown["speed"]))
