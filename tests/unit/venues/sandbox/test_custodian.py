"""Coin leaves a vault once, waits for its confirmations, and is credited to the venue at that very instant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Instant, Span
from engine.kernel.errors import BadInput
from engine.orders.reports import Done, Outcome, Transient, Unknown
from engine.orders.tranche import Requested, Unheard
from tests.conformance_custody.kit import NOON, tranche
from venues.custody.sandbox import SandboxCustody
from venues.sandbox.clock import MarketClock
from venues.sandbox.custodian import NAME, Custodian, CustodyReason, Manner, Movement, Wish
from venues.sandbox.custodian_server import MANNER, TRANCHES, CustodianServer
from venues.sandbox.custody import CustodyCounter
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.hall import sandbox_hall
from venues.sandbox.model import Mode
from venues.sandbox.serving import ServeOptions, prepared
from venues.transport import AiohttpTransport

D = Decimal
WISH = Wish("main", "t-1", "BTC", "0.5", "hashkey", "main")
SLOW = Manner(handling=MINUTE, block=Span(10 * SECOND), confirmations=3)
ARRIVES = Instant(NOON + MINUTE + 30 * SECOND)


def exchange(start: Instant = NOON) -> Exchange:
    return Exchange([], {"main": {}, "other": {}}, [], start=start)


def custodian(market: Exchange) -> Custodian:
    return Custodian({"main": {"BTC": D("1.5")}, "other": {}}, {"hashkey": market}, SLOW)


def at_venue(market: Exchange, account: str = "main") -> Decimal:
    return sum((row.free for row in market.balances(account) if row.asset == "BTC"), D(0))


def test_coin_is_at_the_venue_with_its_last_confirmation_and_not_before() -> None:
    market = exchange()
    assert isinstance(custodian(market).ask(WISH, NOON), Movement)
    market.advance(Instant(ARRIVES - 1))
    assert at_venue(market) == 0
    market.advance(Instant(ARRIVES + MINUTE))
    assert at_venue(market) == D("0.5")
    assert [row.at for row in market.flow("main")] == [ARRIVES]


def test_coin_is_in_the_vault_until_it_is_sent_and_then_nowhere_until_it_arrives() -> None:
    people = custodian(exchange())
    people.ask(WISH, NOON)
    assert people.holdings("main", Instant(NOON + MINUTE - 1)) == {"BTC": D("1.5")}
    assert people.holdings("main", Instant(NOON + MINUTE)) == {"BTC": D("1.0")}


def test_what_was_promised_is_not_promised_again() -> None:
    """1.5 BTC: 0.5 and 1.0 are asked for in one breath, and then one satoshi more."""
    people = custodian(exchange())
    assert isinstance(people.ask(WISH, NOON), Movement)
    assert isinstance(people.ask(replace(WISH, id="t-2", quantity="1.0"), NOON), Movement)
    assert people.ask(replace(WISH, id="t-3", quantity="0.00000001"), NOON) is CustodyReason.INSUFFICIENT


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "../x"}, CustodyReason.BAD_ID),
        ({"owner": "nobody"}, CustodyReason.UNKNOWN_OWNER),
        ({"venue": "nowhere"}, CustodyReason.UNKNOWN_VENUE),
        ({"account": "thief"}, CustodyReason.NOT_LISTED),
        ({"quantity": "0"}, CustodyReason.BAD_QUANTITY),
        ({"quantity": "-1"}, CustodyReason.BAD_QUANTITY),
        ({"quantity": "much"}, CustodyReason.BAD_QUANTITY),
        ({"quantity": "1.6"}, CustodyReason.INSUFFICIENT),
        ({"asset": "ETH"}, CustodyReason.INSUFFICIENT),
    ],
)
def test_what_cannot_be_sent_moves_nothing(changed: dict[str, str], reason: CustodyReason) -> None:
    market = exchange()
    people = custodian(market)
    assert people.ask(replace(WISH, **changed), NOON) is reason
    market.advance(Instant(ARRIVES + MINUTE))
    assert market.flow("main") == []
    assert people.holdings("main", ARRIVES) == {"BTC": D("1.5")}


def test_the_same_quantity_in_other_digits_is_the_same_request() -> None:
    people = custodian(exchange())
    first = people.ask(WISH, NOON)
    assert people.ask(replace(WISH, quantity="0.500"), Instant(NOON + SECOND)) == first


def test_what_is_turned_down_stays_and_may_be_promised_to_another() -> None:
    market = exchange()
    people = custodian(market)
    people.manner = replace(SLOW, refuse="no")
    people.ask(replace(WISH, quantity="1.5"), NOON)
    people.manner = SLOW
    assert isinstance(people.ask(replace(WISH, id="t-2", quantity="1.5"), NOON), Movement)
    market.advance(Instant(ARRIVES + MINUTE))
    assert at_venue(market) == D("1.5")


def test_a_venue_is_credited_in_any_mode() -> None:
    market = exchange()
    custodian(market).ask(WISH, NOON)
    market.mode = Mode.MAINTENANCE
    market.advance(ARRIVES)
    assert at_venue(market) == D("0.5")


def test_in_a_hall_coin_arrives_whoever_moves_the_market_along() -> None:
    """Two venues in lock-step; the coin is for the one, and time is brought along by the other."""
    hall = sandbox_hall(7, venues=("hashkey", "osl"), balances={"hashkey": {"main": {}}, "osl": {}}, recorded=False)
    exchanges = {name: hall.exchange(name) for name in hall.venues}
    people = Custodian({"main": {"BTC": D("1.5")}}, exchanges, Manner(handling=SECOND, block=SECOND, confirmations=1))
    people.ask(WISH, hall.now)
    exchanges["osl"].advance(Instant(hall.now + 3 * SECOND))
    assert at_venue(exchanges["hashkey"]) == D("0.5")


@asynccontextmanager
async def served(*rules: Rule) -> AsyncIterator[tuple[CustodianServer, SandboxCustody]]:
    """The custodian on a port, with a plan of faults."""
    clock = MarketClock(NOON, mono=lambda: 0, wall=lambda: NOON)
    server = CustodianServer(custodian(exchange()), clock, Faults(FaultPlan(1, rules), NAME))
    client = SandboxCustody(AiohttpTransport(), await server.start("127.0.0.1"), "main")
    try:
        yield server, client
    finally:
        await client.aclose()
        await server.stop()


def first(channel: Channel, do: Do, **said: Any) -> Rule:
    return Rule(channel=channel, op="custody.ask", at=0, fault=Fault(do, **said))


BRIEF = Span(5 * MILLISECOND)


@pytest.mark.parametrize(
    ("rule", "ends", "moves"),
    [
        (first(Channel.REQUEST, Do.DUP, count=2), Done, 1),
        (first(Channel.REQUEST, Do.DELAY, span=BRIEF), Done, 1),
        (first(Channel.REQUEST, Do.DROP, span=BRIEF), Unknown, 0),
        (first(Channel.REQUEST, Do.STATUS, status=503), Unknown, 0),
        (first(Channel.REQUEST, Do.STATUS, status=429), Transient, 0),
        (first(Channel.REQUEST, Do.LATE, span=BRIEF), Unknown, 1),
        (first(Channel.ANSWER, Do.DROP, span=BRIEF), Unknown, 1),
        (first(Channel.ANSWER, Do.STATUS, status=502), Unknown, 1),
        (first(Channel.ANSWER, Do.TRUNCATE, count=9), Unknown, 1),
        (first(Channel.ANSWER, Do.CORRUPT, path="quantity", value='"5"'), Unknown, 1),
    ],
    ids=lambda value: f"{value.channel}-{value.fault.do}" if isinstance(value, Rule) else None,
)
async def test_whatever_happens_to_a_request_there_is_one_movement_in_the_end(
    rule: Rule, ends: type[Outcome], moves: int
) -> None:
    """It is asked for until it is lodged, always under its one id."""
    async with served(rule) as (server, client):
        assert isinstance(await client.ask(tranche()), ends)
        await asyncio.sleep(2 * BRIEF / SECOND)  # what is late arrives
        assert len(server.truth()["movements"]) == moves
        assert isinstance(await client.look(tranche().id), Requested if moves else Unheard)
        assert isinstance(await client.ask(tranche()), Done)
        assert [row["quantity"] for row in server.truth()["movements"]] == ["0.5"]
        assert sum(server.truth()["faults_injected"].values()) == 1


def test_a_request_in_process_that_is_late_comes_later() -> None:
    """The caller hears nothing; three seconds later the custodian knows of it."""
    now = [NOON]
    late = Faults(FaultPlan(1, (first(Channel.REQUEST, Do.LATE, span=Span(3 * SECOND)),)), NAME)
    counter = CustodyCounter(custodian(exchange()), "main", late, lambda: now[0], seed=1)

    def play(script: Any) -> Any:
        while True:
            try:
                now[0] = Instant(now[0] + next(script))
            except StopIteration as ended:
                return ended.value

    assert isinstance(play(counter.ask(tranche())), Unknown)
    assert play(counter.look(tranche().id)) == Unheard()
    now[0] = Instant(now[0] + 2 * SECOND)
    assert play(counter.look(tranche().id)) == Requested()


def test_the_custodians_manner_is_changed_while_it_runs() -> None:
    clock = MarketClock(NOON, mono=lambda: 0, wall=lambda: NOON)
    server = CustodianServer(custodian(exchange()), clock, Faults(FaultPlan(), NAME))
    said = server.answer("POST", MANNER, "", b'{"handling": "2h", "refuse": "on holiday"}')
    assert msgspec.json.decode(said.body) == {
        "handling": "2h", "block": "10s", "confirmations": 3, "refuse": "on holiday",
    }  # fmt: skip
    assert server.custodian.manner.refuse == "on holiday"


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"handling": "soon"}', b'{"confirmations": -1}', b'{"mood": "good"}']
)
def test_a_manner_that_makes_no_sense_changes_nothing(body: bytes) -> None:
    clock = MarketClock(NOON, mono=lambda: 0, wall=lambda: NOON)
    server = CustodianServer(custodian(exchange()), clock, Faults(FaultPlan(), NAME))
    assert server.answer("POST", MANNER, "", body).status == 400
    assert server.custodian.manner == SLOW


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"id": 1}', b'{"owner": "main"}'])
def test_nonsense_lodges_nothing(body: bytes) -> None:
    clock = MarketClock(NOON, mono=lambda: 0, wall=lambda: NOON)
    server = CustodianServer(custodian(exchange()), clock, Faults(FaultPlan(), NAME))
    assert server.answer("POST", TRANCHES, "", body).status == 400
    assert server.answer("DELETE", TRANCHES, "", b"").status == 404


async def test_a_sandbox_may_begin_with_its_coin_in_custody_alone() -> None:
    """`--custody BTC=1.5`: nothing at the venue, a custodian in the ready line, and its books in the truth."""
    options = ServeOptions(
        recorded=False, accounts=("main",), balances={"BTC": D(0)}, custody={"BTC": D("1.5")},
        custody_manner=Manner(handling=SECOND, block=SECOND, confirmations=1),
    )  # fmt: skip
    sandbox = prepared(options)
    ready = await sandbox.start(0)
    client = SandboxCustody(AiohttpTransport(), ready["custody"]["rest"], "main")
    try:
        assert (await client.holdings()).holdings == {"BTC": D("1.5")}
        market = sandbox.venues["hashkey"].exchange
        assert at_venue(market) == 0
        assert isinstance(await client.ask(tranche()), Done)
        market.advance(Instant(market.now + MINUTE))
        assert at_venue(market) == D("0.5")
        assert [row["quantity"] for row in sandbox.truth()["custody"]["movements"]] == ["0.5"]
    finally:
        await client.aclose()
        await sandbox.stop()


async def test_a_sandbox_without_custody_says_nothing_of_a_custodian() -> None:
    sandbox = prepared(ServeOptions(recorded=False))
    ready = await sandbox.start(0)
    await sandbox.stop()
    assert "custody" not in ready
    assert "custody" not in sandbox.truth()


async def test_a_plan_may_name_the_custodian_where_there_is_one(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('seed = 1\n[[rules]]\nat = ["rest.resp", "custody.ask", 0]\ndo = "drop"\nvenue = "custody"\n')
    prepared(ServeOptions(recorded=False, custody={"BTC": D(1)}, faults=plan))
    with pytest.raises(BadInput, match="'custody' is not served"):
        prepared(ServeOptions(recorded=False, faults=plan))


def test_less_than_nothing_can_not_lie_in_custody() -> None:
    with pytest.raises(BadInput, match="custody: BTC"):
        prepared(ServeOptions(recorded=False, custody={"BTC": D(-1)}))
