"""What every port answers besides its dialect: the clock, and the mode of a venue, for those who rehearse outages."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from engine.kernel.clock import iso
from engine.kernel.money import plain
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import Answer
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import DARK
from venues.sandbox.model import Mode

PREFIX: Final = "/sandbox/"
CLOCK: Final = "/sandbox/v1/clock"
MODE: Final = "/sandbox/v1/mode"
"""Answered even while the venue is dark, or nobody could switch it on again."""


class Switched(Protocol):
    """A venue whose mode can be set."""

    exchange: Exchange

    def switch(self, mode: Mode | None, symbol: str | None = None, sweep: bool = False) -> None:
        """See `SandboxServer.switch`."""


class _Wish(Struct, forbid_unknown_fields=True):
    mode: str
    venue: str | None = None
    """Whoever is asked, when it is not given."""
    symbol: str | None = None
    sweep: bool = False


def clock(here: MarketClock, path: str) -> Answer:
    """How market time runs here; 404 for what nobody serves."""
    if path != CLOCK:
        return _said(404, {"error": f"nothing is served at {path}"})
    return _said(
        200,
        {
            "origin": iso(here.origin),
            "started_wall": iso(here.started_wall),
            "speed": plain(here.speed),
            "market": iso(here.market()),
        },
    )


def set_mode(venues: Mapping[str, Switched], here: str, method: str, body: bytes) -> Answer:
    """Switch a venue to the mode in the body, at once; 400 with what is wrong with it."""
    if method != "POST":
        return _said(405, {"error": 'POST {"venue", "mode"}'})
    try:
        wish = msgspec.json.decode(body, type=_Wish)
    except msgspec.DecodeError as bad:
        return _said(400, {"error": str(bad)})
    known = [*(mode.value for mode in Mode), DARK]
    venue = venues.get(wish.venue or here)
    if venue is None:
        return _said(400, {"error": f"no venue {wish.venue!r} here; {', '.join(venues)}"})
    if wish.mode not in known:
        return _said(400, {"error": f"mode is one of {', '.join(known)}, not {wish.mode!r}"})
    if wish.symbol is not None and (
        wish.symbol not in venue.exchange.listings or wish.mode not in (Mode.HALT, Mode.NORMAL)
    ):
        return _said(400, {"error": "symbol is a listed pair, and goes with halt and normal"})
    venue.switch(None if wish.mode == DARK else Mode(wish.mode), wish.symbol, wish.sweep)
    return _said(200, {"venue": wish.venue or here, "mode": wish.mode})


def _said(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, msgspec.json.encode(value))
