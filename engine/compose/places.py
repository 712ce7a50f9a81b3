"""Where a run's venues are, and the ports that reach them: sandboxes of our own, or ones pointed at.

The refusal to reach a production venue from any other environment is made here, before an address is ever used; the
adapters refuse on their own as well.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from engine.drivers.clocks import ScaledClock
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.clock import of_datetime
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, plain
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from engine.ports import Clock, Custody, Market, Venue
from venues import registry
from venues.adapter import Adapter, Site

READY_S: Final = 60.0
"""For a sandbox to say that it is ready."""
CLOCK_PATH: Final = "/sandbox/v1/clock"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
STRICT: Final = (TimeInForce.GTC, TimeInForce.POST_ONLY)
"""What is left where orders that end at once are refused."""


class Target(Struct, frozen=True, kw_only=True):
    """One venue that is to be reached."""

    name: VenueName
    adapter: str
    address: str
    key: tuple[str, str] | None
    """`None` for a venue whose public prices are all that is wanted."""
    options: Mapping[str, str] = {}
    production: bool = False
    """At the venue's own addresses."""

    @property
    def whereabouts(self) -> Whereabouts:
        """For whoever continues the run."""
        options, reference = dict(self.options), self.key is None
        return Whereabouts(adapter=self.adapter, address=self.address, options=options, reference=reference)


class Place(Struct, frozen=True):
    """One venue within reach."""

    venue: Venue
    market: Market
    whereabouts: Whereabouts


class Outlook(Struct, frozen=True):
    """One venue within sight: its public prices and nothing else."""

    market: Market
    whereabouts: Whereabouts


class Places(Struct, frozen=True):
    """All venues of a run, on one clock."""

    places: Mapping[VenueName, Place]
    """Those that sell."""
    clock: Clock
    switch: Switch
    """Thrown by a halt; an adapter asks it when an order's turn has come."""
    outlooks: dict[VenueName, Outlook] = {}
    """Those that are for reference only."""
    custody: Custody | None = None
    """Who holds the coin that no venue holds yet; `None` where all of it lies at the venues."""
    custodian: dict[str, str] = {}
    """How that one is reached again."""

    @property
    def venues(self) -> dict[VenueName, Venue]:
        return {name: place.venue for name, place in self.places.items()}

    @property
    def markets(self) -> dict[VenueName, Market]:
        return {name: place.market for name, place in self.places.items()}

    @property
    def references(self) -> dict[VenueName, Market]:
        return {name: outlook.market for name, outlook in self.outlooks.items()}

    @property
    def capabilities(self) -> dict[VenueName, Capabilities]:
        return {name: place.venue.capabilities for name, place in self.places.items()}

    @property
    def whereabouts(self) -> dict[str, Whereabouts]:
        there: dict[str, Whereabouts] = {name: place.whereabouts for name, place in self.places.items()}
        return there | {name: outlook.whereabouts for name, outlook in self.outlooks.items()}

    async def aclose(self) -> None:
        """Let go of all of them."""
        if self.custody is not None:
            await self.custody.aclose()
        for place in self.places.values():
            await place.venue.aclose()
            await place.market.aclose()
        for outlook in self.outlooks.values():
            with suppress(Exception):  # the run does not depend on it, not even at its end
                await outlook.market.aclose()


class Wanted(Struct, frozen=True, kw_only=True):
    """The sandbox that a run starts for itself: every venue of it holds `balances`, so that any can finish alone."""

    dialects: Sequence[str]
    seed: int
    speed: Decimal
    faults: Path | None
    recorded: bool
    strict_tif: bool
    account: str
    balances: Mapping[Asset, Decimal]
    custody: Mapping[Asset, Decimal] = {}
    """What lies with the sandbox's custodian; there is none when it is empty."""


class OwnSandbox:
    """A sandbox server in a process of its own, which ends when we do, however we end."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self._draining = asyncio.create_task(_drain(process.stderr))
        self._venues = ready["venues"]
        self.custodian: str = ready.get("custody", {}).get("rest", "")
        """The root of its custodian; empty where there is none."""

    def address(self, dialect: str) -> str:
        """The root of the venue that speaks it."""
        address: str = self._venues[dialect]["rest"]
        return address

    def key(self, dialect: str) -> tuple[str, str]:
        """Key and secret of the account there."""
        account = self._venues[dialect]["accounts"][0]
        return account["key"], account["secret"]

    @classmethod
    async def start(cls, wanted: Wanted) -> "OwnSandbox":
        """Start it and wait for its ready line; `BadInput` with what it said when it would not start."""
        command = [sys.executable, "-m", "engine", "sandbox", "--port", "0", "--until-eof"]
        for dialect in wanted.dialects:
            command += ["--dialect", dialect]
        command += ["--seed", str(wanted.seed), "--speed", plain(wanted.speed), "--account", wanted.account]
        command += [] if wanted.recorded else ["--synthetic"]
        command += ["--strict-tif"] if wanted.strict_tif else []
        command += ["--faults", str(wanted.faults)] if wanted.faults else []
        for asset, units in wanted.balances.items():
            command += ["--balance", f"{asset}={plain(units)}"]
        for asset, units in wanted.custody.items():
            command += ["--custody", f"{asset}={plain(units)}"]
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


def loopback(url: str) -> str:
    """The root of a sandbox that a run is pointed at; `BadInput` unless it is on this machine."""
    root = url.rstrip("/")
    parts = urlsplit(root)
    try:
        odd = parts.port is None or parts.path or parts.query or parts.username
    except ValueError:
        odd = True
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or odd:
        raise BadInput([Mistake("--venue", f"{root} is not a sandbox on this machine: http://127.0.0.1:PORT")])
    return root


async def reach_sandboxes(
    targets: Sequence[Target],
    *,
    seed: int,
    capabilities: Mapping[VenueName, Capabilities],
    all_of_them: bool = True,
) -> Places:
    """The adapters at their sandboxes, on the sandboxes' own clock; `BadInput` for each that can't be had.

    `capabilities` are those that a run began with; the adapter's own stand where there are none. Without
    `all_of_them` one that answers is enough. Nothing is asked of a venue for reference.
    """
    clock = await one_clock([target for target in targets if target.key is not None], all_of_them=all_of_them)
    switch, mistakes = Switch(), list[Mistake]()
    places: dict[VenueName, Place] = {}
    outlooks: dict[VenueName, Outlook] = {}
    for target in targets:
        adapter = registry.adapter(target.adapter)
        site = site_of(target, clock, capabilities.get(target.name, adapter.sandbox), switch, seed)
        try:
            if target.key is None:
                outlooks[target.name] = Outlook(adapter.market(site), target.whereabouts)
            else:
                places[target.name] = Place(adapter.venue(site), adapter.market(site), target.whereabouts)
        except BadInput as error:
            mistakes += error.mistakes
    found = Places(places, clock, switch, outlooks)
    if mistakes:
        await found.aclose()
        raise BadInput(mistakes)
    return found


def site_of(target: Target, clock: Clock, capabilities: Capabilities, switch: Switch, seed: int) -> Site:
    """What the target's adapter is told."""
    return Site(
        name=target.name,
        capabilities=capabilities,
        clock=clock,
        address=target.address,
        production=target.production,
        key=target.key,
        options=target.options,
        withheld=lambda: switch.why,
        seed=seed,
    )


def strict(adapter: Adapter) -> Capabilities:
    """What its sandbox can do when it refuses orders that end at once."""
    return replace(adapter.sandbox, tifs=STRICT)


async def one_clock(targets: Sequence[Target], *, all_of_them: bool) -> ScaledClock:
    """The time of all of them: several sandboxes with times of their own are no market."""
    from venues.transport import AiohttpTransport, HttpRequest, NoAnswer, NotSent

    transport = AiohttpTransport()
    shown: dict[str, tuple[Any, ...]] = {}
    silent, mistakes = [], []
    try:
        for target in targets:
            try:
                answer = await transport.call(HttpRequest("GET", target.address + CLOCK_PATH, {}))
                shown[target.name] = _clock(answer.body)
            except (NotSent, NoAnswer, ValueError, KeyError) as error:
                silent.append(Mistake(f"venues.{target.name}", f"no sandbox answers at {target.address}: {error}"))
    finally:
        await transport.aclose()
    if len(set(shown.values())) > 1:
        names = " and ".join(shown)
        mistakes.append(Mistake("--venue", f"{names} live by different clocks: point at one sandbox's venues"))
    if mistakes or (silent and (all_of_them or not shown)):
        raise BadInput([*silent, *mistakes])
    return ScaledClock(*next(iter(shown.values())))


def _clock(answer: bytes) -> tuple[Any, ...]:
    shown = json.loads(answer)
    origin, started = (of_datetime(datetime.fromisoformat(shown[name])) for name in ("origin", "started_wall"))
    return origin, started, Fraction(shown["speed"])
