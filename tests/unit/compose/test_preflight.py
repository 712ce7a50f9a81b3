"""Before anything starts: every venue lists, holds and knows the time, and our key may do what it must and no more."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from engine.compose.preparing import Prepared, prepare
from engine.config import Config, load
from engine.drivers.clocks import WallClock
from engine.kernel.clock import SECOND, Instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.market.instrument import Instrument
from engine.orders.reports import Balance, Permissions
from engine.planning.plan import AtEnd
from tests.support.builders import BTC, CAPABILITIES, d
from venues.sandbox.inprocess import instrument
from venues.sandbox.listings import LISTINGS, START

HASHKEY, OSL = VenueName("hashkey"), VenueName("osl")
EXAMPLES: Final = Path(__file__).parents[3] / "examples"
TRADER: Final = Permissions(trade=True, withdraw=False)


class There:
    """A venue that answers the preflight as it is told to."""

    def __init__(self, name: VenueName, **told: Any) -> None:
        self.name, self.told = name, told
        self.capabilities = replace(CAPABILITIES, quotes=told.get("quotes", False))

    async def server_time(self) -> Instant:
        return Instant(WallClock().wall() + self.told.get("skew", 0))

    async def instruments(self) -> Sequence[Instrument]:
        listed = [instrument(self.name, listing) for listing in LISTINGS]
        return [pair for pair in listed if pair.symbol not in self.told.get("without", ())]

    async def holdings(self) -> Sequence[Balance]:
        return (Balance(BTC, d(self.told.get("coins", "1.5")), d("0")),)

    async def permissions(self) -> Permissions:
        rights = self.told.get("rights", TRADER)
        if rights is None:
            raise LookupError("no such path")
        return rights


def config(**permitted: bool) -> Config:
    read = load(EXAMPLES / "two_venues.toml", START)
    venues = {name: replace(use, withdraw_key=permitted.get(name, False)) for name, use in read.venues.items()}
    return replace(read, venues=venues)


def prepared(first: Mapping[str, Any], second: Mapping[str, Any], **permitted: bool) -> Prepared:
    venues = {HASHKEY: There(HASHKEY, **first), OSL: There(OSL, **second)}
    return asyncio.run(prepare(config(**permitted), {BTC: d("1.5")}, venues, WallClock()))  # type: ignore[arg-type]


def mistakes(first: Mapping[str, Any], second: Mapping[str, Any], **permitted: bool) -> list[str]:
    with pytest.raises(BadInput) as caught:
        prepared(first, second, **permitted)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_two_venues_that_answer_make_one_plan() -> None:
    legs = prepared({}, {}).plan.legs
    assert [[i.venue for i in leg.instruments] for leg in legs] == [[HASHKEY, OSL]] * 2


def test_a_key_that_can_withdraw_is_refused_unless_the_config_names_the_exception() -> None:
    free = {"rights": Permissions(trade=True, withdraw=True)}
    (said,) = mistakes({}, free)
    assert said.startswith("venues.osl: the key may withdraw; it is not used for trading unless")
    assert prepared({}, free, osl=True)


def test_a_key_that_can_not_trade_is_refused_whatever_the_config_says() -> None:
    reader = {"rights": Permissions(trade=False, withdraw=False)}
    assert mistakes(reader, {}, hashkey=True) == ["venues.hashkey: the key may not trade"]


def test_a_venue_that_does_not_say_what_the_key_may_do_needs_the_exception_as_well() -> None:
    (said,) = mistakes({"rights": None}, {})
    assert said.startswith("venues.hashkey: does not say what the key may do (no such path)")
    assert prepared({"rights": None}, {}, hashkey=True)


def test_a_clock_that_is_off_stops_the_start() -> None:
    (said,) = mistakes({}, {"skew": 3 * SECOND})
    assert said.startswith("venues.osl: its clock differs from ours by")


def test_coins_count_where_the_plan_sells_them() -> None:
    """OSL lists no way on for the stablecoin, so nothing is sold there, and what lies there is no help."""
    (said,) = mistakes({"coins": "1"}, {"without": ("USDTUSD",)})
    assert said == "mandate.BTC: 1.5 are to be sold and hashkey holds 1 free"


def test_every_gap_of_every_venue_is_told_at_once() -> None:
    told = mistakes({"rights": Permissions(trade=False, withdraw=True)}, {"skew": -2 * SECOND, "rights": None})
    assert [line.split(":")[0] for line in told] == ["venues.hashkey"] * 2 + ["venues.osl"] * 2


def test_a_price_that_too_few_venues_could_make_is_refused_with_the_other_gaps() -> None:
    """OSL is no place for the sale, since nothing goes on from there: one venue is left, and two have to agree."""
    both = config()
    limits = replace(both.limits, reference=replace(both.limits.reference, quorum=2))
    venues = {HASHKEY: There(HASHKEY, coins="1"), OSL: There(OSL, without=("USDTUSD",))}
    with pytest.raises(BadInput) as caught:
        asyncio.run(prepare(replace(both, limits=limits), {BTC: d("1.5")}, venues, WallClock()))  # type: ignore[arg-type]
    assert [mistake.where for mistake in caught.value.mistakes] == ["mandate.BTC"] + 2 * ["reference.quorum"]
    assert "hashkey. osl does not sell it in this plan." in caught.value.mistakes[1].what


@pytest.mark.parametrize(("desks", "told"), [((), 1), ((OSL,), 0)])
def test_a_window_that_is_to_end_by_quotes_needs_a_desk_somewhere(desks: tuple[VenueName, ...], told: int) -> None:
    ends = replace(config(), way=replace(config().way, at_end=AtEnd.RFQ))
    venues = {name: There(name, quotes=name in desks) for name in (HASHKEY, OSL)}
    found: list[str] = []
    try:
        asyncio.run(prepare(ends, {BTC: d("1.5")}, venues, WallClock()))  # type: ignore[arg-type]
    except BadInput as error:
        found = [mistake.where for mistake in error.mistakes]
    assert found == ["strategy.at_end"] * told
