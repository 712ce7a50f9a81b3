"""OSL's public reads, server side, in both generations, and how often an address may ask."""

import pytest

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant
from tests.unit.venues.sandbox.osl_client import WALL, Client
from venues.sandbox.door import Call
from venues.sandbox.osl_limits import Caller, Lane

BTC = "symbol=BTCUSDT"


def test_the_band_is_five_per_cent_around_the_mid() -> None:
    client = Client()
    (row,) = client.public(f"/api/v4/instrument?{BTC}")[1]
    assert (row["minPrice"], row["maxPrice"]) == ("58900.00000", "65100.00000")
    client.sell(price="61999.9", orderQty="3")
    client.stand("BUY", "60000", "1")
    (row,) = client.public(f"/api/v4/instrument?{BTC}")[1]
    assert (row["minPrice"], row["maxPrice"]) == ("57950.00000", "64050.00000")
    assert (row["lastPrice"], row["volume"]) == ("61999.90000", "3")


def test_an_unknown_pair_has_no_instrument_and_every_pair_has_one() -> None:
    client = Client()
    assert client.public("/api/v4/instrument?symbol=NOPEUSD") == (200, [])
    assert [row["symbol"] for row in client.public("/api/v4/instrument")[1]] == ["BTCUSDT", "USDTUSD"]


def test_the_book_is_cut_to_the_depth_asked_for_and_zero_is_all_of_it() -> None:
    client = Client()
    for n in range(40):
        client.stand("SELL", f"6250{n // 10}.{n % 10}", "0.01")
    depths = {n: len(client.public(f"/api/v4/orderBook/L2?{BTC}{n}")[1]["asks"]) for n in ("", "&depth=3", "&depth=0")}
    assert depths == {"": 25, "&depth=3": 3, "&depth=0": 41}


def test_prints_are_those_of_the_last_hour_oldest_first() -> None:
    client = Client()
    for size in ("0.1", "0.2"):
        client.take("BUY", "62000.1", size)
        client.hours.passed += 10 * MINUTE
    rows = client.public(f"/api/v4/trade?{BTC}")[1]
    assert [(row["size"], row["side"]) for row in rows] == [("0.10000000", "Buy"), ("0.20000000", "Buy")]
    assert client.public(f"/api/v4/trade?{BTC}&reverse=true")[1] == rows[::-1]
    client.hours.passed = HOUR + MINUTE
    assert client.public(f"/api/v4/trade?{BTC}")[1] == []
    assert client.public(f"/api/v4/trade?{BTC}&lastHour=2")[1] == rows
    assert client.public(f"/api/v4/trade?{BTC}&startTime=2026-05-02T00:00:00Z")[1] == rows
    assert client.public(f"/api/v4/trade?{BTC}&startTime=2026-05-02")[1]["error"]["name"] == "INVALID_PARAMETERS"


def test_v5_tells_wall_time() -> None:
    client = Client()
    client.hours.passed = 5 * SECOND
    assert client.public("/api/v5/time") == (200, {"serverTime": (WALL + 5 * SECOND) // 1_000_000})


def test_v5_puts_an_error_inside_an_http_200() -> None:
    client = Client()
    for target in ("order/depth?symbol=NOPEUSD", "symbols?symbol=NOPEUSD", "book/ticker?symbol=NOPEUSD"):
        assert client.public(f"/api/v5/{target}") == (200, {"code": -1107, "msg": "symbol not exist"})
    assert client.public(f"/api/v5/order/depth?{BTC}&limit=1001") == (200, {"code": -100011, "msg": "not supported"})


def test_v5_shows_what_it_is_written_in_when_an_argument_is_missing() -> None:
    answer = Client().dialect.answer(Call("GET", "/api/v5/order/depth"))
    assert answer.status == 500
    assert b"MissingServletRequestParameterException" in answer.body


def test_v5_does_not_say_that_it_speaks_json() -> None:
    assert Client().dialect.answer(Call("GET", "/api/v5/time")).content_type == "application/octet-stream"


def test_v5_depth_adds_the_last_price_and_an_id() -> None:
    client = Client()
    client.take("BUY", "62000.1", "0.1")
    said = client.public(f"/api/v5/order/depth?{BTC}&limit=1")[1]
    assert (said["price"], said["asks"], said["bids"]) == ("62000.1", [["62000.1", "2.9"]], [["61999.9", "3"]])
    assert said["lastUpdateId"].isdecimal()


def test_v5_tickers_tell_the_best_of_each_side() -> None:
    rows = {row["symbol"]: row for row in Client().public("/api/v5/book/ticker")[1]}
    assert (rows["BTCUSDT"]["bidPrice"], rows["BTCUSDT"]["askPrice"], rows["BTCUSDT"]["lastPrice"]) == (
        "61999.9", "62000.1", "0",
    )  # fmt: skip
    assert rows["USDTUSD"]["bidPrice"] == "0"


@pytest.mark.parametrize(("lane", "most"), [(Lane.V3, 30), (Lane.V3_TRADING, 100), (Lane.V4, 200)])
def test_so_many_requests_a_second_are_taken_and_no_more(lane: Lane, most: int) -> None:
    caller = Caller()
    assert [caller.charge(lane, 1, Instant(n)) for n in range(most + 1)] == [200] * most + [429]
    assert caller.charge(lane, 1, Instant(SECOND)) == 200
    assert caller.charge(lane, 1, Instant(SECOND)) == 429


def test_who_asks_on_is_banned_for_a_minute_and_then_let_in_again() -> None:
    caller = Caller()
    heard = [caller.charge(Lane.V3, 1, Instant(0)) for _ in range(30 + 50)]
    assert heard[30:] == [429] * 49 + [418]
    assert caller.wait_s(Instant(0)) == 60
    assert caller.charge(Lane.V4, 1, Instant(59 * SECOND)) == 418
    assert caller.charge(Lane.V3, 1, Instant(60 * SECOND)) == 200


def test_rejections_that_lie_further_apart_end_in_no_ban() -> None:
    """Forty-nine in one minute and forty-nine in the next."""
    caller = Caller()
    for minute in range(2):
        at = Instant(minute * 61 * SECOND)
        assert 418 not in [caller.charge(Lane.V3, 1, at) for _ in range(30 + 49)]


def test_an_address_is_told_when_to_come_back_and_another_is_let_in() -> None:
    client = Client(limits=True)
    call = Call("GET", "/api/v4/instrument", address="10.0.0.1")
    answers = [client.dialect.answer(call) for _ in range(201)]
    assert [answer.status for answer in answers] == [200] * 200 + [429]
    assert answers[-1].headers == {"Retry-After": "1"}
    assert client.dialect.answer(Call("GET", "/api/v4/instrument", address="10.0.0.2")).status == 200
    banned = [client.dialect.answer(call) for _ in range(49)][-1]
    assert (banned.status, banned.headers) == (418, {"Retry-After": "60"})
    assert b"RATE_LIMIT_EXCEEDED" in banned.body


def test_keys_share_what_their_address_may_ask() -> None:
    client = Client(limits=True)
    calls = [client.call_v3("/api/3/account", {}, key=f"k{n % 2 + 1}") for n in range(31)]
    assert [client.dialect.answer(call).status for call in calls] == [200] * 30 + [429]


def test_v5_tells_how_much_of_its_limit_is_used() -> None:
    client = Client(limits=True)
    call = Call("GET", "/api/v5/time", address="10.0.0.1")
    used = [client.dialect.answer(call).headers["x-sapi-used-ip-weight-1m"] for _ in range(3)]
    assert used == ["1", "2", "3"]
    client.hours.passed += MINUTE
    assert client.dialect.answer(call).headers["x-sapi-used-ip-weight-1m"] == "1"


def test_without_limits_anybody_may_ask_at_any_pace() -> None:
    client = Client()
    assert {client.public("/api/v5/time")[0] for _ in range(2_000)} == {200}


def test_what_is_not_served_is_not_found() -> None:
    status, said = Client().public("/api/v4/klines")
    assert (status, said["error"]["name"]) == (404, "NOT_FOUND")


def test_maintenance_is_a_503_with_a_name() -> None:
    answer = Client().dialect.closed()
    assert answer.status == 503
    assert b'"name":"MAINTENANCE"' in answer.body


@pytest.mark.parametrize("status", [429, 418])
def test_a_planned_refusal_says_when_to_come_back(status: int) -> None:
    answer = Client().dialect.limited(status)
    assert (answer.status, answer.headers) == (status, {"Retry-After": "60" if status == 418 else "1"})


@pytest.mark.parametrize("options", [{"pendng": "1s"}, {"pending": "soon"}, {"unknown_symbol": "maybe"}])
def test_a_switch_that_is_not_one_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"osl|length of time"):
        Client(options=options)
