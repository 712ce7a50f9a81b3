"""What goes wrong on purpose over real loopback sockets, and a venue that is switched while clients are there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.kernel.errors import BadInput
from tests.integration.test_sandbox_server import GONE, Client, eventually, frames, sandbox
from venues.sandbox.model import Mode
from venues.sandbox.serving import Sandbox, ServeOptions, prepared

MODE = "/sandbox/v1/mode"


def rule(channel: str, op: str, do: str, n: int = 0, **fields: Any) -> str:
    return msgspec.json.encode({"at": [channel, op, n], "do": do, **fields}).decode()


async def switch(client: Client, mode: str, **more: Any) -> tuple[int, Any]:
    async with client.session.post(f"{client.url}{MODE}", json={"mode": mode, **more}) as answer:
        return answer.status, await answer.json()


async def subscribed(client: Client, stream: aiohttp.ClientWebSocketResponse) -> Any:
    await stream.send_json({"symbol": "BTCUSDT", "topic": "depth", "event": "sub"})
    return await stream.receive_json(timeout=3)


async def test_an_answer_is_replaced_after_the_order_was_taken() -> None:
    page = rule("rest.resp", "order.create", "replace", status=200, body="<html>hello", content_type="text/html")
    async with sandbox(page) as client:
        assert await client.place("ord-1") == (200, b"<html>hello")
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


async def test_a_success_can_hide_a_failure_that_changed_nothing() -> None:
    inner = rule("rest.req", "order.create", "replace", status=200, body='{"code":"-1010","msg":"no"}')
    async with sandbox(inner) as client:
        assert await client.place("ord-1") == (200, {"code": "-1010", "msg": "no"})
        assert (await client.query("ord-1"))[0] == 400


async def test_one_value_of_an_answer_is_another() -> None:
    async with sandbox(rule("rest.resp", "order.query", "corrupt", path="status", value="FROBBED")) as client:
        placed = (await client.place("ord-1"))[1]
        said = (await client.query("ord-1"))[1]
        assert (said["status"], said["orderId"]) == ("FROBBED", placed["orderId"])
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


async def test_an_answer_is_cut_short_or_comes_in_pieces() -> None:
    async with sandbox(
        rule("rest.resp", "order.query", "truncate", count=20), rule("rest.resp", "order.query", "split", 1, count=3)
    ) as client:
        await client.place("ord-1")
        with pytest.raises(msgspec.DecodeError):
            await client.query("ord-1")
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


@pytest.mark.parametrize(("channel", "exists"), [("rest.req", False), ("rest.resp", True)])
async def test_a_reset_comes_before_or_after_the_order_was_taken(channel: str, exists: bool) -> None:
    async with sandbox(rule(channel, "order.create", "reset")) as client:
        with pytest.raises(GONE):
            await client.place("ord-1")
        assert ((await client.query("ord-1"))[0] == 200) is exists


async def test_a_stale_read_knows_nothing_of_what_has_just_happened() -> None:
    async with sandbox(
        rule("rest.req", "order.query", "stale", span="10m"), rule("rest.req", "account", "stale", span="10m")
    ) as client:
        await client.place("ord-1")
        assert (await client.query("ord-1"))[1]["code"] == "0211"
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


async def test_a_ban_lasts_until_nobody_has_asked_for_so_long() -> None:
    async with sandbox(rule("rest.req", "account", "ban", span="150ms")) as client:
        assert (await client.ask("GET", "/api/v1/account"))[0] == 418
        await asyncio.sleep(0.1)
        assert (await client.place("ord-1"))[0] == 418
        await asyncio.sleep(0.1)
        assert (await client.query("ord-1"))[0] == 418
        await asyncio.sleep(0.17)
        assert (await client.query("ord-1"))[1]["code"] == "0211"


async def test_a_429_says_when_to_come_again() -> None:
    async with (
        sandbox(rule("rest.req", "market", "status", status=429, span="1500ms")) as client,
        client.session.get(f"{client.url}/api/v1/time") as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")


async def test_a_stream_key_can_end_before_its_time() -> None:
    async with sandbox(rule("rest.resp", "listen_key", "expire", span="50ms")) as client, client.private() as stream:
        ended = await stream.receive(timeout=3)
        assert ended.type is not aiohttp.WSMsgType.TEXT


async def test_frames_are_damaged_and_missing_as_planned() -> None:
    """Of four reports the first has another status, the second is cut short, and the third and fourth are lost."""
    async with (
        sandbox(
            rule("ws.private", "order", "corrupt", 0, path="0.X", value="FROBBED"),
            rule("ws.private", "order", "truncate", 1, count=9),
            rule("ws.private", "order", "gap", 2, count=2),
        ) as client,
        client.private() as stream,
    ):
        for n in range(5):
            await client.place(f"ord-{n}", "0.1")
        (first,) = await frames(stream, 1, {"executionReport"})
        assert (first["c"], first["X"]) == ("ord-0", "FROBBED")
        while '"outboundAccountInfo"' in (text := await stream.receive_str(timeout=3)):
            pass
        assert len(text) == 9
        (last,) = await frames(stream, 1, {"executionReport"})
        assert last["c"] == "ord-4"


async def test_a_half_open_socket_says_nothing_and_stays_open() -> None:
    fault = rule("ws.private", "order", "half_open", span="150ms")
    async with sandbox(fault) as client, client.private() as stream:
        await client.place("ord-1", "0.1")
        with pytest.raises(TimeoutError):
            await stream.receive(timeout=0.05)
        assert not stream.closed
        await asyncio.sleep(0.15)
        await client.place("ord-2", "0.1")
        assert (await frames(stream, 1))[0]["c"] == "ord-2"


async def test_a_socket_is_turned_away_at_the_handshake() -> None:
    async with sandbox(
        rule("ws.public", "connect", "status", 0, status=503),
        rule("ws.public", "connect", "cut", 1),
        rule("ws.public", "connect", "cut", 2),  # the client tries again by itself, since its connection was an old one
    ) as client:
        for gone in (aiohttp.WSServerHandshakeError, aiohttp.ClientError):
            with pytest.raises(gone):
                await client.public()
        async with client.public() as stream:
            assert (await subscribed(client, stream))["f"] is True


async def test_a_venue_that_goes_dark_drops_everybody_and_comes_back() -> None:
    async with sandbox() as client, client.private() as private, client.public() as public:
        await client.place("ord-1")
        assert await switch(client, "dark") == (200, {"venue": "hashkey", "mode": "dark"})
        for stream in (private, public):
            while (ended := await stream.receive(timeout=3)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
        for path in ("/api/v1/time", "/sandbox/v1/clock", "/quote/ws/v1"):
            with pytest.raises(GONE):
                await client.session.get(f"{client.url}{path}")
        assert (await switch(client, "normal"))[0] == 200
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


async def test_maintenance_answers_nothing_and_takes_nothing() -> None:
    async with sandbox() as client, client.public() as stream:
        await client.place("ord-1")
        await switch(client, "maintenance", sweep=True)
        assert (await stream.receive(timeout=3)).type is aiohttp.WSMsgType.CLOSE
        assert (await client.query("ord-1"))[1]["code"] == "-2001"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.public()
        await switch(client, "normal")
        assert (await client.query("ord-1"))[1]["status"] == "CANCELED"


async def test_a_venue_that_only_cancels_refuses_orders_with_its_own_code() -> None:
    async with sandbox() as client:
        await client.place("ord-1")
        await switch(client, "cancel_only")
        assert (await client.place("ord-2"))[0] == 400
        assert (await client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1"))[0] == 200


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"mode": "asleep"}, "mode is one of"),
        ({"mode": "halt", "venue": "nowhere"}, "no venue"),
        ({"mode": "dark", "symbol": "BTCUSDT"}, "symbol"),
        ({"mode": "halt", "symbol": "NIX"}, "symbol"),
        ({"venue": "hashkey"}, "mode"),
    ],
)
async def test_a_wish_that_makes_no_sense_changes_nothing(body: dict[str, str], why: str) -> None:
    async with sandbox() as client:
        async with client.session.post(f"{client.url}{MODE}", json=body) as answer:
            assert answer.status == 400
            assert why in (await answer.json())["error"]
        assert client.server.exchange.mode is Mode.NORMAL
        assert not client.server.dark


async def test_a_plan_changes_modes_at_moments_of_the_market() -> None:
    """At a hundredfold pace: cancel-only for the first thirty seconds, and a pair halted from the fortieth on."""
    modes = ',"mode":[{"at":"0s","for":"30s","mode":"cancel_only"},{"at":"40s","mode":"halt","symbol":"BTCUSDT"}]'
    async with sandbox(more=modes, speed=100) as client:
        assert (await client.place("ord-1"))[0] == 400
        await eventually(lambda: client.server.exchange.mode is Mode.NORMAL)
        await eventually(lambda: not client.server.exchange.listings["BTCUSDT"].trading)
        assert (await client.place("ord-2"))[1]["code"] == "-1151"


async def test_a_wall_clock_that_is_off_refuses_what_is_signed_by_the_right_one() -> None:
    async with sandbox(more=',"skew":[{"at":"0s","by":"-6s"}]') as client:
        assert (await client.place("ord-1"))[1]["code"] == "-1021"
        said = (await client.ask("GET", "/api/v1/time"))[1]["serverTime"]
        assert 5_000 < client.server.clock.wall() // 10**6 + 6_000 - said + 500 < 7_000


@asynccontextmanager
async def several(**options: Any) -> AsyncIterator[tuple[Sandbox, dict[str, Any], aiohttp.ClientSession]]:
    served = prepared(ServeOptions(dialects=("hashkey", "osl"), recorded=False, accounts=("a", "b"), **options))
    ready = await served.start(0)
    try:
        async with aiohttp.ClientSession() as session:
            yield served, ready, session
    finally:
        await served.stop()


async def test_two_venues_and_a_bank_are_served_by_one_process() -> None:
    balances = {"BTC": Decimal(1), "osl:BTC": Decimal(3), "hashkey:HKD": Decimal(900)}
    async with several(balances=balances, withdraw_key=True, read_key=True) as (served, ready, session):
        assert list(ready["venues"]) == ["hashkey", "osl"]
        for venue in ready["venues"].values():
            assert [(one["name"], one["permissions"]) for one in venue["accounts"]] == [
                (name, rights) for name in "ab" for rights in (["read", "trade"], ["read", "withdraw"], ["read"])
            ]
            async with session.get(f"{venue['rest']}/sandbox/v1/clock") as answer:
                assert (await answer.json())["origin"] == ready["clock"]["origin"]
        keys = [one["key"] for venue in ready["venues"].values() for one in venue["accounts"]]
        assert len(set(keys)) == 12
        wish = {
            "venue": "hashkey", "account": "a", "coin": "HKD", "amount": "900", "bankAccountId": "x",
            "clientOrderId": "o-1",
        }  # fmt: skip
        async with session.post(f"{ready['bank']['rest']}/mock/v1/fiat/withdraw", json=wish) as answer:
            assert (answer.status, (await answer.json())["status"]) == (200, "processing")
        truth = served.truth()
        assert truth["hashkey"]["accounts"]["a"]["balances"]["HKD"]["free"] == "0"
        assert truth["hashkey"]["accounts"]["b"]["balances"]["BTC"]["free"] == "1"
        assert truth["osl"]["accounts"]["b"]["balances"]["BTC"]["free"] == "3"


async def test_one_venue_is_killed_from_the_others_port_and_the_other_goes_on() -> None:
    async with several() as (served, ready, session):
        here, there = (ready["venues"][name]["rest"] for name in ("hashkey", "osl"))
        async with session.post(f"{here}{MODE}", json={"venue": "osl", "mode": "dark"}) as answer:
            assert answer.status == 200
        with pytest.raises(GONE):
            await session.get(f"{there}/api/v5/time")
        async with session.get(f"{here}/api/v1/time") as answer:
            assert answer.status == 200
        before = served.venues["osl"].exchange.now
        await eventually(lambda: served.venues["osl"].exchange.now > before)  # its market goes on inside
        await session.post(f"{here}{MODE}", json={"venue": "osl", "mode": "normal"})
        async with session.get(f"{there}/api/v5/time") as answer:
            assert answer.status == 200


def test_the_command_line_tells_every_mistake_and_serves_nothing(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[rules]]\nat=["rest.req","depth",0]\ndo="nap"\n[[mode]]\nat="1s"\nmode="asleep"\n')
    refused = CliRunner().invoke(app, ["sandbox", "--dialect", "osl", "--faults", str(plan), "--port", "-1"])
    assert refused.exit_code == 2
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == ["port", "rules[0]", "mode[0]"]
    refused = CliRunner().invoke(app, ["sandbox", "--speed", "fast", "--option", "pending", "--fee-min", "x"])
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == ["--speed", "--fee-min", "--option"]


def test_what_cannot_be_served_is_refused_with_every_mistake(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[mode]]\nat="1s"\nmode="halt"\nvenue="osl"\n[[rules]]\nat=["rest.req","depth",0]\ndo="nap"\n')
    options = ServeOptions(
        dialects=("hashkey", "nix"), speed=Decimal(0), keys=0, accounts=("a", "a"), faults=plan,
        balances={"osl:BTC": Decimal(1), "BTC": Decimal(-1)}, options={"pending": "1s"},
    )  # fmt: skip
    with pytest.raises(BadInput) as bad:
        prepared(options)
    assert [mistake.where for mistake in bad.value.mistakes] == [
        "dialect", "speed", "keys", "account", "balance", "balance", "option", "rules[0]",
    ]  # fmt: skip
    plan.write_text('[[mode]]\nat="1s"\nmode="halt"\nvenue="osl"\n')
    with pytest.raises(BadInput, match=r"mode\[0\]"):
        prepared(ServeOptions(faults=plan))
    with pytest.raises(BadInput, match="osl knows no option"):
        prepared(ServeOptions(dialects=("osl",), recorded=False, options={"osl.nap": "1s"}))
