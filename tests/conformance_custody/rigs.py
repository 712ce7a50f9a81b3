"""What the kit is run against: a folder with people beside it, and the sandbox's custodian with and without wire."""

import json
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.kernel.clock import DAY, MILLISECOND, Instant, Span, iso
from engine.kernel.money import plain
from engine.ports import Custody
from tests.conformance_custody.kit import HELD, NOON, Rig
from venues.custody.files import FileCustody
from venues.custody.sandbox import SandboxCustody
from venues.sandbox.clock import MarketClock
from venues.sandbox.custodian import NAME, Custodian, Manner
from venues.sandbox.custodian_server import CustodianServer
from venues.sandbox.custody import CustodyCounter, InProcessCustody
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults
from venues.transport import AiohttpTransport

CASE: Final = "CASE-1"


class People:
    """The custodian's people beside a shared folder. They read what is asked, write by hand, and keep a statement."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reason = ""
        self.draw_up()

    def draw_up(self) -> None:
        gone = sum((Decimal(r["quantity"]) for r in self.requests() if self.answered(r["id"]) == "sent"), Decimal(0))
        said = {"schema": 1, "case": CASE, "at": iso(NOON), "holdings": {"BTC": plain(HELD - gone)}}
        (self.folder / "statement.json").write_text(json.dumps(said))

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted((self.folder / "requests").glob("*.json"))]

    def answered(self, named: str) -> str:
        path = self.folder / "answers" / f"{named}.json"
        found: str = json.loads(path.read_text())["state"] if path.exists() else ""
        return found

    def write(self, state: str) -> None:
        for request in self.requests():
            said = {"id": request["id"], "state": state}
            if state == "refused":
                said["reason"] = self.reason
            else:
                said |= {"reference": f"tx-{request['id']}", "at": iso(NOON + 1_000)}
            (self.folder / "answers" / f"{request['id']}.json").write_text(json.dumps(said))


class FolderRig:
    """A folder; its line is cut by a disk that fails."""

    def __init__(self, folder: Path) -> None:
        self.people = People(folder)
        self._fails = ""
        self.custody: Custody = FileCustody(folder, CASE, sync=self._sync)

    def _sync(self, handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        if kind == self._fails:
            self._fails = ""
            raise OSError(5, "Input/output error")
        os.fsync(handle)

    def refuse(self, reason: str) -> None:
        self.people.reason = reason

    def answer(self) -> None:
        self.people.write("refused" if self.people.reason else "sent")
        self.people.draw_up()

    def confirm(self) -> None:
        self.people.write("confirmed")

    def lose_request(self) -> None:
        self._fails = "file"

    def lose_answer(self) -> None:
        self._fails = "folder"

    def movements(self) -> list[Decimal]:
        refused = {r["id"] for r in self.people.requests() if self.people.answered(r["id"]) == "refused"}
        return [Decimal(r["quantity"]) for r in self.people.requests() if r["id"] not in refused]


class Later:
    """A clock that moves when it is told to, or when somebody waits by it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Instant:
        return self.now

    async def sleep(self, span: Span) -> None:
        self.now = Instant(self.now + span)


class SandboxRig:
    """The sandbox's custodian; `custody` opens a way to it."""

    def __init__(self, custody: Callable[["SandboxRig"], Custody]) -> None:
        self.time = Later()
        exchanges = {name: Exchange([], {"main": {}}, [], start=NOON) for name in ("hashkey", "osl")}
        self.custodian = Custodian({"main": {"BTC": HELD}}, exchanges, Manner())
        self.faults = _OnDemand()
        self.custody = custody(self)

    def refuse(self, reason: str) -> None:
        self.custodian.manner = Manner(refuse=reason)

    def answer(self) -> None:
        self.time.now = Instant(self.time.now + self.custodian.manner.handling)

    def confirm(self) -> None:
        manner = self.custodian.manner
        self.time.now = Instant(self.time.now + manner.block * manner.confirmations)

    def lose_request(self) -> None:
        self.faults.next = Channel.REQUEST

    def lose_answer(self) -> None:
        self.faults.next = Channel.ANSWER

    def movements(self) -> list[Decimal]:
        rows = self.custodian.truth(Instant(self.time.now + DAY))["movements"]
        return [Decimal(row["quantity"]) for row in rows if row["state"] != "refused"]


class _OnDemand(Faults):
    """Drops one message on the channel that was named last."""

    def __init__(self) -> None:
        super().__init__(FaultPlan(), NAME)
        self.next: Channel | None = None

    def at(self, channel: str, op: str) -> tuple[Fault, ...]:
        if self.next is None or channel != self.next:
            return ()
        self.next = None
        return (Fault(Do.DROP, span=Span(5 * MILLISECOND)),)


@asynccontextmanager
async def folder(path: Path) -> AsyncIterator[Rig]:
    """A folder and its people."""
    yield FolderRig(path)


@asynccontextmanager
async def in_process(path: Path) -> AsyncIterator[Rig]:
    """The sandbox's custodian without sockets."""

    def custody(rig: SandboxRig) -> Custody:
        counter = CustodyCounter(rig.custodian, "main", rig.faults, rig.time, seed=1)
        return InProcessCustody(counter, rig.time)  # type: ignore[arg-type]  # of a clock it only sleeps

    yield SandboxRig(custody)


@asynccontextmanager
async def over_the_wire(path: Path) -> AsyncIterator[Rig]:
    """The sandbox's custodian on a loopback port."""
    started: list[CustodianServer] = []

    def custody(rig: SandboxRig) -> Custody:
        clock = MarketClock(NOON, mono=lambda: rig.time.now - NOON, wall=rig.time)
        started.append(CustodianServer(rig.custodian, clock, rig.faults))
        return SandboxCustody(AiohttpTransport(), "", "main")

    rig = SandboxRig(custody)
    address = await started[0].start("127.0.0.1")
    rig.custody = SandboxCustody(AiohttpTransport(), address, "main")
    try:
        yield rig
    finally:
        await rig.custody.aclose()
        await started[0].stop()


Opened = Callable[[Path], AbstractAsyncContextManager[Rig]]
RIGS: Final[Mapping[str, Opened]] = {"folder": folder, "in_process": in_process, "over_the_wire": over_the_wire}
