"""The typed confirmation: what is shown, what has to be typed, and that anything else is a no."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from engine.compose.confirming import Ask, challenge, confirm
from engine.compose.places import Place, Places
from engine.compose.request import Request
from engine.config import load
from engine.drivers.folder import Whereabouts
from engine.drivers.perform import Switch
from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.errors import BadInput
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import Asset
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.planning.plan import Plan
from tests.support.builders import BTCUSDT, COIN, STABLE, START, USDTUSD, VENUE, d, leg_one, leg_two, plan
from tests.support.configs import PRODUCTION, written

SANDBOX: Final = "sell 10 BTC on hashkey in sandbox"


class Clock:
    """A second passes when somebody sleeps one."""

    def __init__(self) -> None:
        self.now = START

    def market(self) -> Instant:
        return self.now

    def wall(self) -> Instant:
        return self.now

    def mono(self) -> int:
        return self.now

    async def sleep(self, span: Span) -> None:
        self.now = Instant(self.now + span)

    async def until(self, at: Instant) -> None:
        self.now = max(self.now, at)


class Market:
    """A public feed that has told what a test puts into it."""

    name = VENUE

    def __init__(self, *facts: MarketFact) -> None:
        self.told = list(facts)

    async def listed(self) -> Sequence[Instrument]:
        return (COIN, STABLE)

    async def start(self, symbols: Sequence[Any]) -> None:
        """Nothing has to be set up."""

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        told, self.told = self.told, []
        return told

    async def aclose(self) -> None:
        """Nothing to let go of."""


def book(symbol: Any, bid: str, ask: str) -> BookSeen:
    return BookSeen(VENUE, symbol, START, START, (Level(d(bid), d("1")),), (Level(d(ask), d("1")),))


def trade(quantity: str) -> Print:
    return Print(VENUE, BTCUSDT, START, START, quantity, d("100"), d(quantity), False)


BOOKS: Final = (book(BTCUSDT, "99", "101"), book(USDTUSD, "0.98", "1.00"))


class Desk:
    """One venue, a request, and somebody at a keyboard."""

    def __init__(self, folder: Path, *facts: MarketFact, environment: str = "sandbox", **options: Any) -> None:
        path = written(folder, **(PRODUCTION if environment == "production" else {}))
        self.request = Request(config=load(path, START), config_path=path, **options)
        self.market, self.shown = Market(*facts), list[str]()
        here = Place(None, self.market, Whereabouts(adapter="hashkey", address=""))  # type: ignore[arg-type]
        self.places = Places({VENUE: here}, Clock(), Switch())
        self.plan = plan()

    async def confirms(self, ask: Ask | None = None) -> Places:
        return await confirm(self.request, self.plan, self.places, self.shown.append, ask)

    async def refuses(self, ask: Ask | None = None) -> str:
        with pytest.raises(BadInput) as caught:
            await self.confirms(ask)
        (mistake,) = caught.value.mistakes
        return str(mistake)


def typing(text: str | None) -> Ask:
    async def typed() -> str | None:
        return text

    return typed


async def never() -> str | None:
    raise AssertionError("nobody should have been asked")


# When


def test_somebody_confirms_in_production_always_and_in_a_sandbox_when_that_is_asked_for(tmp_path: Path) -> None:
    assert Desk(tmp_path, environment="production").request.confirms
    assert Desk(tmp_path, confirm=True).request.confirms
    assert Desk(tmp_path, confirmed="yes").request.confirms
    assert not Desk(tmp_path).request.confirms


def test_nobody_confirms_a_rehearsal(tmp_path: Path) -> None:
    assert not Desk(tmp_path, environment="production", rehearse=True).request.confirms


async def test_a_run_that_nobody_has_to_confirm_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *BOOKS)
    assert await desk.confirms(never) is desk.places
    assert (desk.shown, len(desk.market.told)) == ([], 2)


# What


def test_what_is_typed_names_quantities_venues_and_environment() -> None:
    osl = replace(COIN, venue=VenueName("osl"))
    ether = leg_one(id=LegId("3"), sell=Asset("ETH"), quantity=d("2.50"))
    both: Plan = plan(leg_one(instruments=(COIN, osl)), ether, leg_two())
    assert challenge(both, "production") == "sell 10 BTC and 2.5 ETH on hashkey, osl in production"


async def test_exactly_that_goes_on(tmp_path: Path) -> None:
    await Desk(tmp_path, *BOOKS, confirm=True).confirms(typing(SANDBOX))


@pytest.mark.parametrize(
    "text", ["", " ", "yes", "sell", SANDBOX.upper(), SANDBOX + " ", SANDBOX.replace("10", "1"), SANDBOX[:-1]]
)
async def test_anything_else_is_a_no(text: str, tmp_path: Path) -> None:
    assert "nothing was started" in await Desk(tmp_path, *BOOKS, confirm=True).refuses(typing(text))


async def test_in_production_the_word_of_a_sandbox_is_a_no(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *BOOKS, environment="production")
    assert "sell 10 BTC on hashkey in production" in await desk.refuses(typing(SANDBOX))
    await Desk(tmp_path, *BOOKS, environment="production").confirms(typing("sell 10 BTC on hashkey in production"))


async def test_where_there_is_no_terminal_the_text_has_to_be_given_and_is_told(tmp_path: Path) -> None:
    assert f"--confirmed '{SANDBOX}'" in await Desk(tmp_path, *BOOKS, confirm=True).refuses(typing(None))


async def test_the_text_that_was_given_is_held_to_the_same_letters(tmp_path: Path) -> None:
    await Desk(tmp_path, *BOOKS, confirmed=SANDBOX).confirms(never)
    assert "nothing was started" in await Desk(tmp_path, *BOOKS, confirmed="yes").refuses(never)
    assert "nothing was started" in await Desk(tmp_path, *BOOKS, confirmed="").refuses(never)


async def test_who_never_types_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def silent() -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr("engine.compose.confirming.PATIENCE", Span(SECOND // 100))
    assert "nobody typed anything" in await Desk(tmp_path, *BOOKS, confirm=True).refuses(silent)


# What is shown


async def shown(desk: Desk) -> str:
    await desk.confirms(typing(SANDBOX))
    return "\n".join(desk.shown)


async def test_value_is_at_the_mids_on_the_whole_way_to_the_settlement_currency(tmp_path: Path) -> None:
    """10 BTC at 100 USDT at 0.99 USD."""
    assert "hashkey: 10 BTC; value at the mid: 990 USD" in await shown(Desk(tmp_path, *BOOKS, confirm=True))


async def test_a_value_without_a_mid_is_not_known(tmp_path: Path) -> None:
    lost = FeedDown(VENUE, USDTUSD, START, "cut")
    assert "value at the mid: not known" in await shown(Desk(tmp_path, BOOKS[0], confirm=True))
    assert "value at the mid: not known" in await shown(Desk(tmp_path, *BOOKS, lost, confirm=True))


async def test_the_share_of_volume_is_of_what_was_seen_and_else_not_known(tmp_path: Path) -> None:
    seen = await shown(Desk(tmp_path, *BOOKS, trade("3"), trade("1"), confirm=True))
    assert "share of volume: 250% of the 4 BTC traded in 3s" in seen
    assert "share of volume: not known" in await shown(Desk(tmp_path, *BOOKS, confirm=True))


async def test_case_environment_and_limits_are_shown(tmp_path: Path) -> None:
    text = await shown(Desk(tmp_path, *BOOKS, confirm=True))
    for words in ("case SHORT-1", "environment sandbox", "collar 40 bp", "60 orders", "floor none", SANDBOX):
        assert words in text, words


# What the run is handed


async def test_the_run_is_handed_the_last_books_and_no_trade_of_the_time_before_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *BOOKS, trade("3"), confirm=True)

    async def types_slowly() -> str:
        desk.market.told += [newer, trade("2")]
        return SANDBOX

    newer = replace(BOOKS[0], seen_at=Instant(START + MINUTE))
    market = (await desk.confirms(types_slowly)).markets[VENUE]
    desk.market.told.append(trade("1"))
    assert list(market.drain(START)) == [newer, BOOKS[1], trade("1")]
    assert list(market.drain(START)) == []
