"""Kinds of orders: which are left to a venue, what is done instead, and whether the guide says the same."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.cli.listing import as_data, in_words
from engine.cli.ordertypes import AS_SUCH, KINDS, sent, taken
from engine.compose.offers import Offers
from engine.kernel.clock import parse_instant
from engine.orders.order import TimeInForce
from strategies import registry as strategies
from tests.support.builders import CAPABILITIES
from venues.registry import OWN

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "tactics.md"
NOW = parse_instant("2026-05-02T00:00:00Z")
ADAPTERS = {name: adapter() for name, adapter in OWN.items()}


def test_the_table_of_the_guide_is_what_our_adapters_can_do() -> None:
    """A venue that learns or loses an order type changes its row."""
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("| ")]
    begins = rows.index("| order type | sent as such to | elsewhere |") + 2
    named = {kind: [a.name for a in ADAPTERS.values() if sent(kind, a.capabilities)] for kind in KINDS}
    assert rows[begins : begins + len(KINDS)] == [
        f"| {kind.name} | {', '.join(names) or 'nobody'} | {kind.instead} |" for kind, names in named.items()
    ]


def test_what_a_venue_lacks_is_told_with_what_is_done_instead() -> None:
    lacking = replace(CAPABILITIES, tifs=(TimeInForce.GTC,))
    assert taken(CAPABILITIES)["immediate-or-cancel"] == AS_SUCH
    assert taken(lacking)["immediate-or-cancel"].startswith("placed, cancelled as soon as it stands, and read back")
    assert taken(lacking)["limit, until cancelled"] == AS_SUCH


@pytest.mark.parametrize("name", ADAPTERS)
def test_one_venue_is_listed_with_its_order_types_and_many_are_not(name: str) -> None:
    adapter = ADAPTERS[name]
    found = Offers(adapters=[adapter], packages={}, register={}, plugins=[], broken=[])
    told = in_words(found, NOW, width=400, whole=True).splitlines()
    assert [line for line in told if line.startswith("  order ")] == [
        f"  order     {kind}: {way}" for kind, way in taken(adapter.capabilities).items()
    ]
    assert "  order " not in in_words(found, NOW, width=400)
    assert as_data(found, NOW)["adapters"][0]["orders"] == taken(adapter.capabilities)


def test_every_tactic_that_is_named_there_is_one_of_ours() -> None:
    named = {kind.instead.partition("tactic `")[2].partition("`")[0] for kind in KINDS} - {""}
    assert named <= set(strategies.TACTICS)
