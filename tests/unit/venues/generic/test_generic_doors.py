"""Which addresses are gone to, and that no other is."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from engine.drivers.clocks import WallClock
from engine.kernel.errors import BadInput
from engine.orders.reports import Permissions
from engine.ports import Market, Venue
from tests.unit.venues.generic.stand import KEY, SECRET, THERE, Stand, client
from venues import registry
from venues.adapter import Site
from venues.generic import addresses
from venues.generic.adapter import ADAPTER, OPTIONS
from venues.generic.client import Door, Failed, opened
from venues.generic.guard import guarded
from venues.generic.known import known
from venues.transport import NoAnswer, NotSent

ROOT = "http://127.0.0.1:9"


def site(**changed: Any) -> Site:
    values: dict[str, Any] = {
        "name": THERE,
        "capabilities": ADAPTER.sandbox,
        "clock": WallClock(),
        "address": ROOT,
        "key": (KEY, SECRET),
        "options": {"exchange": "hashkey"},
    }
    return Site(**(values | changed))


def mistakes(**changed: Any) -> list[str]:
    with pytest.raises(BadInput) as refused:
        ADAPTER.venue(site(**changed))
    return [str(mistake) for mistake in refused.value.mistakes]


def test_the_addresses_of_a_sandbox_are_written_with_ccxts_names() -> None:
    template = "public={rest}, private={rest}/v2, ws.public={ws}/quote"
    assert addresses.sandbox(template, ROOT) == {
        "public": ROOT,
        "private": f"{ROOT}/v2",
        "ws": {"public": "ws://127.0.0.1:9/quote"},
    }


@pytest.mark.parametrize(
    "root",
    [
        "",
        "https://127.0.0.1:9",
        "http://127.0.0.1:9/",
        "http://10.0.0.1:9",
        "http://127.0.0.1.example.org",
        "http://[::2]",
    ],
)
def test_a_sandbox_is_on_this_machine_and_nowhere_else(root: str) -> None:
    with pytest.raises(ValueError, match=r"sandbox|this machine"):
        addresses.sandbox("public={rest}", root)


@pytest.mark.parametrize(
    "template", ["public", "={rest}", "a={rest}, a.b={rest}", "public=https://api.example.org", "public=file:///x", ""]
)
def test_addresses_that_cannot_be_checked_or_lead_away_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"address|this machine"):
        addresses.sandbox(template, ROOT)


def test_in_production_every_address_is_encrypted_and_none_is_this_machine() -> None:
    tree = {"public": "https://api.example.org/v1", "ws": ["wss://s.example.org:9443/x", None]}
    assert addresses.origins(tree, production=True) == {("api.example.org", 443), ("s.example.org", 9443)}
    for wrong in ("http://api.example.org", "https://127.0.0.1", "https://{host}.example.org"):
        with pytest.raises(ValueError, match="address"):
            addresses.origins({**tree, "private": wrong}, production=True)


def test_one_address_that_leads_away_among_many_is_enough_to_refuse() -> None:
    with pytest.raises(ValueError, match=r"ws\.private is stream-glb"):
        addresses.origins({"public": ROOT, "ws": {"private": "wss://stream-glb.example.org/x"}}, production=False)


def test_all_addresses_that_ccxt_holds_are_those_of_the_sandbox() -> None:
    """Its simulators are gone from it, so `set_sandbox_mode` would find nothing to switch to."""
    exchange = client(ROOT).exchange
    urls = dict(addresses.leaves(exchange.urls["api"]))
    assert urls == {
        "public": ROOT,
        "private": ROOT,
        "ws.public": "ws://127.0.0.1:9/quote/ws/v1",
        "ws.private": "ws://127.0.0.1:9/api/v1/ws",
    }
    assert "test" not in exchange.urls
    with pytest.raises(Exception, match="sandbox"):
        exchange.set_sandbox_mode(True)
    assert dict(addresses.leaves(exchange.urls["api"])) == urls


@pytest.mark.parametrize("exchange", ["hashkey", "kraken", "bitstamp"])
def test_in_production_an_exchange_is_reached_at_its_own_addresses_only(exchange: str) -> None:
    over = opened(Door(exchange=exchange, production=True), known(exchange), WallClock())
    hosts = {host for host, _ in over._allowed}
    assert hosts
    assert not any("sim" in host or "sandbox" in host or addresses.loopback(host) for host in hosts)
    assert not {path for path, _ in addresses.leaves(over.exchange.urls) if path.split(".")[0] == "test"}


async def test_a_request_to_an_address_that_was_not_looked_at_does_not_leave() -> None:
    async with Stand({("GET", "/x"): {}}) as stand, Stand({}) as elsewhere:
        allowed = addresses.origins({"public": stand.root}, production=False)
        guard = guarded(allowed, production=False)
        async with aiohttp.ClientSession(middlewares=(guard,)) as session:
            await session.get(f"{stand.root}/x")
            with pytest.raises(NotSent, match="not looked at"):
                await session.get(f"{elsewhere.root}/x")
        async with aiohttp.ClientSession(middlewares=(guarded(allowed, production=True),)) as session:
            with pytest.raises(NotSent, match="not encrypted"):
                await session.get(f"{stand.root}/x")
    assert (len(stand.asked), len(elsewhere.asked)) == (1, 0)


async def test_an_address_that_ccxt_comes_by_later_is_not_gone_to() -> None:
    async with Stand({}) as stand, Stand({}) as elsewhere:
        over = client(stand.root)
        over.exchange.urls["api"]["public"] = elsewhere.root
        with pytest.raises(Failed, match="load_markets: NotSent"):
            await over.ready()
        await over.aclose()
    assert elsewhere.asked == stand.asked == []


async def test_a_redirection_is_followed_nowhere() -> None:
    async with Stand({("GET", "/x"): lambda _: aiohttp.web.Response(status=308, headers={"Location": "/y"})}) as stand:
        guard = guarded(addresses.origins({"public": stand.root}, production=False), production=False)
        async with aiohttp.ClientSession(middlewares=(guard,)) as session:
            with pytest.raises(NoAnswer, match="redirection"):
                await session.get(f"{stand.root}/x")
    assert len(stand.asked) == 1


def test_the_adapter_opens_an_account_and_prices() -> None:
    """Nothing is sent by either; prices need no key."""
    venue: Venue = ADAPTER.venue(site())
    market: Market = ADAPTER.market(site(key=None))
    reference: Market = ADAPTER.market(site(key=None, production=True, address="", options={"exchange": "kraken"}))
    assert venue.name == market.name == reference.name == THERE
    assert registry.adapter("generic") is ADAPTER


def test_every_mistake_in_a_config_is_told_at_once() -> None:
    options = {"exchange": "", "streams": "maybe", "poll": "soon", "key_permissions": "all", "colour": "red"}
    assert mistakes(options=options, key=None) == [
        "venues.there.options.streams: 'maybe' is none of: on; off",
        "venues.there.options.key_permissions: 'all' is none of: read; trade; trade,withdraw",
        "venues.there.options.poll: not a length of time: 'soon' (write 30m, 1h30m, 250ms, 3d)",
        f"venues.there.options.colour: not an option of this adapter: {', '.join(OPTIONS)}",
        "venues.there.options.exchange: which exchange of ccxt is meant?",
        "venues.there: a secret is empty, or holds characters that no header can carry",
    ]


@pytest.mark.parametrize("exchange", ["hashkey", "kraken"])
def test_in_production_nothing_is_sold_where_nobody_made_sure_of_the_licensed_company(exchange: str) -> None:
    """ccxt's `hashkey` is the sister company in Bermuda, and the licence register's is the one in Hong Kong."""
    [mistake] = mistakes(production=True, address="", options={"exchange": exchange})
    assert f"nothing is sold by ccxt's {exchange}" in mistake


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"options": {"exchange": "nowhere"}}, "ccxt knows no exchange 'nowhere'"),
        ({"options": {"exchange": "Exchange"}}, "ccxt knows no exchange 'Exchange'"),
        ({"options": {"exchange": "kraken"}}, "nobody knows the addresses of a sandbox of kraken"),
        ({"address": ""}, "not the root of a sandbox"),
        ({"address": "https://api-glb.hashkey.com"}, "not the root of a sandbox"),
        ({"options": {"exchange": "hashkey", "poll": "2m"}}, "a minute at the most"),
    ],
    ids=str,
)
def test_an_exchange_or_an_address_that_will_not_do_is_a_mistake(changed: Mapping[str, Any], expected: str) -> None:
    [mistake] = mistakes(**changed)
    assert expected in mistake


async def test_what_a_key_may_do_is_said_by_its_owner_or_not_at_all() -> None:
    silent = ADAPTER.venue(site())
    with pytest.raises(Exception, match="key_permissions"):
        await silent.permissions()
    told = ADAPTER.venue(site(options={"exchange": "hashkey", "key_permissions": "trade"}))
    assert await told.permissions() == Permissions(trade=True, withdraw=False)


def test_every_choice_that_nobody_confirmed_is_named() -> None:
    assert len(ADAPTER.mocks) >= 5
    assert all(each.what and each.chosen for each in ADAPTER.mocks)
