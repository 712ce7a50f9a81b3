"""What measurements of orders stand on: the live driver's own recording and waiting, without a run around it.

`Live` is built as a run would build it; only its turns are left out, since what is measured is what comes after one.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from engine.core.state import opened
from engine.drivers.clocks import WallClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live, _signal
from engine.drivers.offsets import Offsets
from engine.events import Entry, TapeSealed
from engine.journal.store import SqliteStore
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, OrderName, VenueName, client_order_id
from engine.market.facts import MarketFact
from engine.orders import commands as c
from engine.orders.order import Approved, Check
from engine.ports import Clock
from tests.support import builders as b
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer
from venues.sandbox.venue import CAPABILITIES as SANDBOX
from venues.secrets import Keys, Secret
from venues.transport import AiohttpTransport, Transport

CHECKS = tuple(Check(f"limit number {index}", "1600.7489892", "within 50 bp of 1") for index in range(23))
"""As many as a real order carries, and about as long: a placed order is a row of some 1.2 kB."""


class NoTape:
    """Market data is no part of this."""

    def append(self, facts: Sequence[MarketFact]) -> None:
        """Forget them."""

    def seal(self, at: Instant) -> TapeSealed | None:
        return None


class Desk:
    """A live driver over one journal; `place` makes an intent, `keep` makes it durable."""

    def __init__(self, path: Path) -> None:
        self.journal = SqliteStore.create(path)
        self.clock = WallClock()
        tape = NoTape()
        self._live = Live(opened(b.opened()), b.methods(), self.journal, self.clock, {}, Feeds([], {}, tape), tape, ())
        loop = asyncio.get_running_loop()
        self.journal.notify = lambda: _signal(loop, self._live._reached)

    async def keep(self, entry: Entry) -> None:
        """Journal the row, and wait until it is durable."""
        await self._live._durable(self._live._record([entry], urgent=True))

    def note(self, entry: Entry) -> None:
        """Journal the row; nobody waits for it."""
        self._live._record([entry], urgent=False)

    def close(self) -> None:
        """Commit what is there, and let go."""
        self.journal.close()


def intent(number: int) -> c.Place:
    """The command that places order `number`, with its own id and every check on record."""
    name = client_order_id(OrderName(b.TAG, LegId("1"), number, 1, 1))
    child = b.child(client_id=name, slice=number, quantity=Decimal("0.02052"), price=Decimal("78009.21"))
    return c.Place(Approved(child, CHECKS))


def endpoints(root: str) -> Endpoints:
    """HashKey's three addresses under one root."""
    streams = root.replace("http", "ws", 1)
    return Endpoints(rest=root, ws_public=f"{streams}/quote/ws/v1", ws_private=f"{streams}/api/v1/ws")


def hashkey(
    root: str,
    key: tuple[str, str] = ("key-of-a-benchmark", "secret-of-a-benchmark"),
    *,
    transport: Transport | None = None,
    name: VenueName = b.VENUE,
) -> HashKeyVenue:
    """HashKey's adapter at `root`, unpaced: what waiting costs is measured elsewhere."""
    return HashKeyVenue(
        endpoints(root),
        Keys(Secret(key[0]), Secret(key[1])),
        transport or AiohttpTransport(),
        WallClock(),
        FreePacer(),
        capabilities=SANDBOX,
        name=name,
    )


async def measured(venue: HashKeyVenue, clock: Clock) -> Offsets:
    """The clocks compared, as they are before a run sends anything."""
    offsets = Offsets(clock)
    if not await offsets._measured(venue):
        raise SystemExit("the server does not say what time it is there")
    return offsets
