"""`steelyard sandbox`: every venue that is asked for, each on its own port, and one line when all are ready."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
from msgspec import Struct, field

from engine.kernel import codec
from engine.kernel.clock import iso
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import plain
from venues.sandbox import faults as planned
from venues.sandbox.bank import Bank
from venues.sandbox.bank_server import BankServer
from venues.sandbox.clock import MarketClock
from venues.sandbox.custodian import NAME as CUSTODY
from venues.sandbox.custodian import Custodian, Manner
from venues.sandbox.custodian_server import CustodianServer
from venues.sandbox.dialects import DIALECTS
from venues.sandbox.door import TRADER, Account, Right
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.limits import Limits
from venues.sandbox.server import HOST, SandboxServer

READER: Final = frozenset({Right.READ})
PAYER: Final = frozenset({Right.READ, Right.WITHDRAW})


class ServeOptions(Struct, frozen=True, kw_only=True):
    """What `steelyard sandbox` was asked for."""

    dialects: tuple[str, ...] = ("hashkey",)
    port: int = 0
    """The first venue's; the others take those behind it. 0: free ones."""
    seed: int = 1
    speed: Decimal = Decimal(1)
    faults: Path | None = None
    recorded: bool = True
    strict_tif: bool = False
    forbidden: bool = False
    """List also a pair that the lawful path never uses."""
    fee_min: Decimal | None = None
    """What a completely executed order at HashKey pays at least, in US dollars."""
    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(2)})
    """Units by `ASSET`, which every account gets at every venue, or by `VENUE:ASSET`, which goes first."""
    truth: Path | None = None
    rate_limit: bool = True
    accounts: tuple[str, ...] = ("desk",)
    keys: int = 1
    """How many API keys open each account, to read and to trade."""
    withdraw_key: bool = False
    """One more key for each account, to read and to withdraw."""
    read_key: bool = False
    """One more key for each account, to read."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Switches of dialects by `NAME.KEY`."""
    custody: Mapping[str, Decimal] = field(default_factory=dict)
    """Units by `ASSET` that lie in the vault of every account, outside all venues. Empty: there is no custodian."""
    custody_manner: Manner = Manner()


class Sandbox:
    """Every venue that is served, the bank, and the custodian where there is one."""

    def __init__(
        self,
        venues: Mapping[str, SandboxServer],
        keys: Mapping[str, Mapping[str, Account]],
        bank: BankServer,
        custodian: CustodianServer | None = None,
    ) -> None:
        self.venues, self._keys, self._bank, self._custodian = dict(venues), keys, bank, custodian
        for server in self.venues.values():
            server.peers = self.venues

    async def start(self, port: int) -> dict[str, Any]:
        """Listen on every port; what the ready line says."""
        said: dict[str, Any] = {}
        for at, (name, server) in enumerate(self.venues.items()):
            url = await server.start(port + at if port else 0)
            streams = url.replace("http://", "ws://", 1)
            said[name] = {
                "rest": url,
                **{what: streams + path for what, path in server.dialect.streams.items()},
                "accounts": [_key_row(key, account) for key, account in self._keys[name].items()],
            }
        clock = next(iter(self.venues.values())).clock
        ready = {
            "venues": said,
            "bank": {"rest": await self._bank.start(HOST)},
            "clock": {"origin": iso(clock.origin), "speed": plain(clock.speed)},
        }
        return ready if self._custodian is None else {**ready, CUSTODY: {"rest": await self._custodian.start(HOST)}}

    async def stop(self) -> None:
        """Close everything; the exchanges stay as they are."""
        for server in self.venues.values():
            await server.stop()
        await self._bank.stop()
        if self._custodian is not None:
            await self._custodian.stop()

    async def until_broken(self) -> None:
        """Returns never; raises what went wrong at any venue."""
        await _first(*(server.until_broken() for server in self.venues.values()))

    def truth(self) -> dict[str, Any]:
        """What the one exchange knows, or each of several by its name; and beside it the custodian."""
        known = {name: server.truth() for name, server in self.venues.items()}
        told = next(iter(known.values())) if len(known) == 1 else known
        return told if self._custodian is None else {**told, CUSTODY: self._custodian.truth()}


def prepared(options: ServeOptions) -> Sandbox:
    """What the options ask for, not yet listening; `BadInput` with every mistake in them."""
    mistakes = list(_mistakes(options))
    plan = FaultPlan(options.seed)
    if options.faults is not None:
        try:
            plan = planned.load(options.faults.read_bytes())
        except OSError as bad:
            mistakes.append(Mistake("faults", f"{options.faults}: {bad.strerror}"))
        except BadInput as bad:
            mistakes += bad.mistakes
        mistakes += _absent(plan, (*options.dialects, *([CUSTODY] if options.custody else [])))
    if mistakes:
        raise BadInput(mistakes)
    from venues.sandbox.hall import sandbox_hall  # numpy comes with it

    hall = sandbox_hall(
        options.seed,
        venues=options.dialects,
        balances={name: {one: _held(options, name) for one in options.accounts} for name in options.dialects},
        recorded=options.recorded,
        strict_tif=options.strict_tif,
        forbidden=options.forbidden,
        fee_min=options.fee_min,
    )
    hall.expect(plan.moves)
    clock = MarketClock(hall.now, options.speed)
    keys = {name: dict(_keys(options, name)) for name in hall.venues}
    servers = {}
    for name in hall.venues:
        try:
            servers[name] = SandboxServer(
                hall.exchange(name),
                keys[name],
                clock,
                Faults(plan, name),
                speaks=name,
                dealer=hall.dealer(name),
                options=_options(options, name),
                limits=Limits() if options.rate_limit else None,
                seed=options.seed,
            )
        except ValueError as bad:
            mistakes.append(Mistake("option", str(bad)))
    if mistakes:
        raise BadInput(mistakes)
    exchanges = {name: hall.exchange(name) for name in hall.venues}
    custodian = _custodian(options, exchanges, clock, plan) if options.custody else None
    return Sandbox(servers, keys, BankServer(Bank(exchanges), clock), custodian)


def _custodian(
    options: ServeOptions, exchanges: Mapping[str, Exchange], clock: MarketClock, plan: FaultPlan
) -> CustodianServer:
    """One vault for each account; what leaves it can only go to these accounts."""
    vaults = {one: dict(options.custody) for one in options.accounts}
    return CustodianServer(Custodian(vaults, exchanges, options.custody_manner), clock, Faults(plan, CUSTODY))


def _mistakes(options: ServeOptions) -> Iterator[Mistake]:
    known = ", ".join(DIALECTS)
    for name in options.dialects:
        if name not in DIALECTS:
            yield Mistake("dialect", f"{name!r} is not spoken here; {known} are")
    if len(set(options.dialects)) < len(options.dialects):
        yield Mistake("dialect", "each is served once")
    if not options.speed.is_finite() or options.speed <= 0:
        yield Mistake("speed", f"must be above nothing: {options.speed}")
    if options.fee_min is not None and (not options.fee_min.is_finite() or options.fee_min <= 0):
        yield Mistake("fee-min", f"must be above nothing: {options.fee_min}")
    if not 0 <= options.port <= 65_536 - len(options.dialects):
        yield Mistake("port", f"not a port for each venue: {options.port}")
    if options.keys < 1:
        yield Mistake("keys", f"at least one is needed: {options.keys}")
    if not options.accounts or len(set(options.accounts)) < len(options.accounts):
        yield Mistake("account", "at least one, and none twice")
    for named, units in options.balances.items():
        if not units.is_finite() or units < 0:
            yield Mistake("balance", f"{named} must be a number not below nothing: {units}")
        venue, colon, _ = named.rpartition(":")
        if colon and venue not in options.dialects:
            yield Mistake("balance", f"{named}: {venue!r} is not served")
    for named, units in options.custody.items():
        if not units.is_finite() or units < 0:
            yield Mistake("custody", f"{named} must be a number not below nothing: {units}")
    for named in options.options:
        venue, dot, _ = named.partition(".")
        if not dot or venue not in options.dialects:
            yield Mistake("option", f"{named}: is NAME.KEY, with the name of a venue that is served")


def _absent(plan: FaultPlan, dialects: tuple[str, ...]) -> Iterator[Mistake]:
    """Entries about venues that nobody serves would do nothing."""
    named = [(f"rules[{at}]", rule.venue) for at, rule in enumerate(plan.rules)]
    named += [(f"mode[{at}]", mode.venue) for at, mode in enumerate(plan.modes)]
    named += [(f"skew[{at}]", skew.venue) for at, skew in enumerate(plan.skews)]
    for where, venue in named:
        if venue is not None and venue not in dialects:
            yield Mistake(where, f"venue {venue!r} is not served")


def _held(options: ServeOptions, venue: str) -> dict[str, Decimal]:
    everywhere = {name: units for name, units in options.balances.items() if ":" not in name}
    here = {
        name.removeprefix(f"{venue}:"): units
        for name, units in options.balances.items()
        if name.startswith(f"{venue}:")
    }
    return everywhere | here


def _options(options: ServeOptions, venue: str) -> dict[str, str]:
    mark = f"{venue}."
    return {name.removeprefix(mark): said for name, said in options.options.items() if name.startswith(mark)}


def _keys(options: ServeOptions, venue: str) -> Iterator[tuple[str, Account]]:
    """Every key of a venue, traders' first."""
    for name in options.accounts:
        first = venue == "hashkey" and name == options.accounts[0]
        mark = "" if first else f"{venue}|{name}|"
        rights = [TRADER] * options.keys
        rights += [PAYER] if options.withdraw_key else []
        rights += [READER] if options.read_key else []
        for n, allowed in enumerate(rights):
            key, secret = _credentials(options.seed, f"{mark}{n}")
            yield key, Account(name, secret, allowed)


def _credentials(seed: int, which: str) -> tuple[str, str]:
    """A key and its secret: of the seed, since a loopback exchange keeps nothing that is worth guessing for."""
    key, secret = (sha256(f"{seed}|{what}|{which}".encode()).hexdigest() for what in ("key", "secret"))
    return f"sandbox-{key[:24]}", secret


def _key_row(key: str, account: Account) -> dict[str, Any]:
    return {"name": account.name, "key": key, "secret": account.secret, "permissions": sorted(account.rights)}


async def serve(options: ServeOptions, out: TextIO | None = None) -> None:
    """Serve until told to stop; one line of JSON on `out` (standard output) says that all is ready, and where."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    sandbox = prepared(options)
    try:
        ready = await sandbox.start(options.port)
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        loop.add_signal_handler(signal.SIGUSR1, _write_truth, sandbox, options.truth)
        stream = out if out is not None else sys.stdout
        stream.write(msgspec.json.encode(ready).decode() + "\n")
        stream.flush()
        await _first(stop.wait(), sandbox.until_broken())
    finally:
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            loop.remove_signal_handler(name)
        await sandbox.stop()
        _write_truth(sandbox, options.truth)


async def _first(*waits: Any) -> None:
    """Until one of these ends; what it raises is raised here."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in done:
        task.result()


def _write_truth(sandbox: Sandbox, path: Path | None) -> None:
    """All at once or not at all."""
    if path is None:
        return
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(codec.encode(sandbox.truth()))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
