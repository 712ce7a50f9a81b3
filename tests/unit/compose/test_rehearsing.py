"""A rehearsal before anybody is asked anything, and what an adapter is told that is asked for public prices."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from msgspec.structs import replace

from engine.compose import rehearsing
from engine.compose.mirroring import mirrored
from engine.compose.request import Request
from engine.config import load
from engine.drivers.clocks import WallClock
from engine.kernel.errors import BadInput
from engine.market.instrument import Instrument
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities
from tests.support.builders import COIN, STABLE, START, VENUE, d
from tests.support.configs import PRODUCTION, written
from venues import registry
from venues.adapter import Site
from venues.sandbox.venue import CAPABILITIES

HOST: Final = "https://prices.example"
FORBIDDEN: Final = replace(COIN, symbol="BTCUSD", quote="USD")


class Door:
    """An adapter that shows nothing but a list of pairs, and remembers who asked."""

    def __init__(self, *pairs: Instrument) -> None:
        self.pairs, self.sites, self.closed = pairs, list[Site](), 0
        self.name, self.public_hosts = "hashkey", ("prices.example",)
        fees = {"taker_fee": d("0.002"), "maker_fee": d("0.001"), "fee_min": d("1.99")}
        self.capabilities: Capabilities = replace(CAPABILITIES, tifs=(TimeInForce.GTC,), quotes=True, **fees)

    def market(self, site: Site) -> Any:
        self.sites.append(site)
        return SimpleNamespace(name=site.name, listed=self._listed, drain=lambda _: (), aclose=self._aclose)

    def venue(self, site: Site) -> Any:
        pytest.fail("an account was asked for")

    async def _listed(self) -> Sequence[Instrument]:
        if not self.pairs:
            raise LookupError("closed today")
        return self.pairs

    async def _aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """In place of every adapter."""
    door = Door(COIN, STABLE, FORBIDDEN)
    monkeypatch.setattr(registry, "adapter", lambda name: door)
    return door


def production(folder: Path, host: str = HOST) -> Request:
    path = written(folder, **PRODUCTION, rehearsal={"hosts": {"hashkey": host}})
    return Request(config=load(path, START), config_path=path, rehearse=True, out=folder / "run")


def test_a_production_config_is_rehearsed_without_a_key_and_without_an_approval(door: Door, tmp_path: Path) -> None:
    assert rehearsing.mistakes(production(tmp_path)) == []


@pytest.mark.parametrize("host", ["https://prices.example.org", "https://example", "https://api.prices.example"])
def test_a_host_that_the_adapter_would_not_ask_is_refused(host: str, door: Door, tmp_path: Path) -> None:
    (mistake,) = rehearsing.mistakes(production(tmp_path, host))
    assert (mistake.where, "prices.example" in mistake.what) == ("rehearsal.hosts.hashkey", True)


def test_an_adapter_that_names_no_host_can_not_be_held_to_one(door: Door, tmp_path: Path) -> None:
    door.public_hosts = ()
    (mistake,) = rehearsing.mistakes(production(tmp_path))
    assert "it names no host" in mistake.what


async def test_the_adapter_is_given_no_key_and_goes_to_its_own_addresses(door: Door, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        places = await mirrored(production(tmp_path), stack)
        assert type(places.clock) is WallClock
    (site,) = door.sites
    assert (site.name, site.key, site.production, site.address) == (VENUE, None, True, "")
    assert door.closed == 1


async def test_the_mirror_lists_the_pairs_of_the_path_alone_on_the_terms_of_the_venue(
    door: Door, tmp_path: Path
) -> None:
    """No pair that leads from a volatile asset to fiat is so much as listed; quotes are not played."""
    async with AsyncExitStack() as stack:
        venue = (await mirrored(production(tmp_path), stack)).places[VENUE].venue
        assert list(await venue.instruments()) == [COIN, STABLE]
        assert [(row.asset, row.free) for row in await venue.holdings()] == [("BTC", d("0.2"))]
    can = venue.capabilities
    assert (can.tifs, can.quotes) == ((TimeInForce.GTC,), False)
    assert (can.taker_fee, can.maker_fee, can.fee_min) == (d("0.002"), d("0.001"), d("1.99"))


async def test_a_venue_that_lists_nothing_is_a_mistake_with_a_place(door: Door, tmp_path: Path) -> None:
    door.pairs = ()
    with pytest.raises(BadInput) as caught:
        async with AsyncExitStack() as stack:
            await mirrored(production(tmp_path), stack)
    (mistake,) = caught.value.mistakes
    assert str(mistake) == "rehearsal.hosts.hashkey: did not list its pairs: closed today"
    assert door.closed == 1
