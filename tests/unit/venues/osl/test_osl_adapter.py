"""OSL in the registry: how it is opened, what it can do, and that everything invented in it is said to be."""

import inspect
import re
from pathlib import Path

import pytest

from engine.drivers.clocks import WallClock
from engine.kernel.clock import SECOND, Span
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from tests.unit.venues.osl.stub import SECRET
from venues import osl
from venues.adapter import Site
from venues.osl.adapter import ADAPTER
from venues.osl.mock import MOCKS, SIGNATURE_AHEAD_MAX
from venues.registry import adapter, names

PAGE = Path(__file__).parents[4] / "docs" / "venues" / "osl.md"


def site(**changed: object) -> Site:
    values: dict[str, object] = {
        "name": VenueName("osl-1"),
        "capabilities": ADAPTER.sandbox,
        "clock": WallClock(),
        "address": "http://127.0.0.1:9",
        "key": ("the-key", SECRET),
    }
    return Site(**{**values, **changed})  # type: ignore[arg-type]


async def test_the_registry_opens_it_under_the_name_of_the_config() -> None:
    """The account and its market; nothing is sent yet, and the market needs no key."""
    assert "osl" in names()
    offered = adapter("osl")
    venue, market = offered.venue(site()), offered.market(site(key=None))
    assert (venue.name, market.name) == ("osl-1", "osl-1")
    assert venue.capabilities == ADAPTER.sandbox
    await venue.aclose()
    await market.aclose()


@pytest.mark.parametrize(
    "changed",
    [
        {"key": None},
        {"key": ("the-key", "not base64!")},
        {"key": ("the\nkey", SECRET)},
        {"address": "https://trade-hk.osl.com"},
        {"address": "http://10.0.0.1"},
        {"address": ""},
    ],
)
def test_a_site_that_can_not_be_opened_is_bad_input(changed: dict[str, object]) -> None:
    """No key, a key that signs nothing, the real exchange without production, another machine."""
    with pytest.raises(BadInput, match=r"venues\.osl-1"):
        ADAPTER.venue(site(**changed))


async def test_production_goes_to_the_venues_own_host_and_nowhere_else() -> None:
    """Whatever address the site carries."""
    venue = ADAPTER.venue(site(production=True, address="http://127.0.0.1:9"))
    assert venue._calls.endpoints.rest == "https://trade-hk.osl.com"  # type: ignore[attr-defined]
    await venue.aclose()


def test_a_signature_lives_no_longer_than_the_declared_validity() -> None:
    """Whole seconds, of which one is kept back; the venue's own bound is far off."""
    for capabilities in (ADAPTER.capabilities, ADAPTER.sandbox):
        assert capabilities.validity >= 2 * SECOND
        assert capabilities.validity % SECOND == 0
        assert capabilities.validity < SIGNATURE_AHEAD_MAX // 2
    assert ADAPTER.capabilities.poll == Span(2 * SECOND)
    assert not ADAPTER.capabilities.private_stream
    assert not ADAPTER.capabilities.client_id_lookup


def test_the_page_of_the_adapter_names_every_invention_and_no_other() -> None:
    """Row by row, in the order of the code."""
    section = PAGE.read_text().split("## What is a mock choice")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)[1:]
    assert [row for row in rows if not set(row[0]) <= {"-"}] == [(mock.what, mock.chosen) for mock in MOCKS]


def test_invented_paths_and_names_stand_in_one_file() -> None:
    """No other module of the adapter spells one of them out."""
    folder = Path(inspect.getfile(osl)).parent
    invented = re.compile(r"/mock/|IP_BANNED|PRICE_OUT_OF_BAND|POST_ONLY_WOULD_TAKE|DUPLICATE_CLORDID|MARKET_CLOSED")
    found = {file.name for file in folder.glob("*.py") if invented.search(file.read_text())}
    assert found == {"mock.py"}
