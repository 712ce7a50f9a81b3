"""Who can agree on the price of each pair of a plan, by what the venues list; and what is said where too few can."""

from typing import Final

import pytest

from engine.compose.quorums import Quorum, Standing, doubts, mistakes, quorums
from engine.compose.references import Sight
from engine.kernel.clock import SECOND
from engine.kernel.errors import Mistake
from engine.kernel.ids import Symbol, VenueName
from engine.market.reference import ReferenceRules
from tests.support.builders import BTCUSDT, VENUE, d, plan

KRAKEN, OSL = VenueName("kraken"), VenueName("osl")
BOTH: Final = {Symbol("XBTUSDT"): "BTC/USDT", Symbol("USDTZUSD"): "USDT/USD"}
COIN: Final = {Symbol("XBTUSDT"): "BTC/USDT"}
ABROAD: Final = {Symbol("XXBTZUSD"): "BTC/USD"}
STABLE: Final = {Symbol("USDTZUSD"): "USDT/USD"}


def shows(venue: VenueName, pairs: dict[Symbol, str]) -> Sight:
    return Sight(venue, tuple(pairs), pairs=pairs)


def judged(quorum: int, *sights: Sight, sources: tuple[VenueName, ...] = (), dark: bool = False) -> list[Quorum]:
    rules = ReferenceRules(60 * SECOND, d("200"), quorum, sources)
    return quorums(plan(), rules, sights, {(VENUE, BTCUSDT)} if dark else ())


def refused(quorum: int, *sights: Sight, production: bool = False) -> list[Mistake]:
    return list(mistakes(judged(quorum, *sights), production=production))


def test_a_pair_has_the_venues_that_sell_it_and_those_for_reference_that_list_it() -> None:
    coin, stable = judged(2, shows(KRAKEN, BOTH))
    assert (coin.pair, coin.sources, coin.met) == ("BTC/USDT", [VENUE, KRAKEN], True)
    assert (stable.pair, stable.sources, stable.met) == ("USDT/USD", [VENUE, KRAKEN], True)


def test_each_pair_that_too_few_list_is_told_with_who_does_who_does_not_and_what_would_be_right() -> None:
    """Kraken lists the coin and not the stablecoin, OSL neither: of three that are needed two and one are there."""
    nothing = Sight(OSL, lack="it lists no pair of the plan")
    assert refused(3, shows(KRAKEN, COIN), nothing) == [
        Mistake(
            "reference.quorum",
            "BTC/USDT has 2 of the 3 sources needed: hashkey, kraken. osl is left out: it lists no pair of the plan. "
            'None of it would be sold: add a venue with use = "reference" where BTC/USDT is listed, or say quorum = 2',
        ),
        Mistake(
            "reference.quorum",
            "USDT/USD has 1 of the 3 sources needed: hashkey. kraken does not list it; osl is left out: it lists no "
            'pair of the plan. None of it would be sold: add 2 venues with use = "reference" where USDT/USD is '
            "listed, or say quorum = 1",
        ),
    ]


def test_in_production_a_single_source_is_never_the_advice() -> None:
    (found,) = refused(2, shows(KRAKEN, COIN), production=True)
    assert found.what.endswith('None of it would be sold: add a venue with use = "reference" where USDT/USD is listed')


def test_a_price_in_fiat_counts_where_the_stablecoin_between_has_a_rate() -> None:
    """Kraken shows the coin in dollars alone; with OSL's dollars for the stablecoin there is a rate."""
    coin, _ = judged(2, shows(KRAKEN, ABROAD), shows(OSL, STABLE))
    assert coin.sources == [VENUE, KRAKEN]


def test_a_price_in_fiat_is_none_where_the_stablecoin_has_too_few_sources() -> None:
    coin, stable = refused(2, shows(KRAKEN, ABROAD))
    assert "kraken lists BTC/USD, and USDT/USD has 1 of the 2 sources that a rate needs" in coin.what
    assert stable.what.startswith("USDT/USD has 1 of the 2 sources needed: hashkey. kraken does not list it.")


@pytest.mark.parametrize("lack", ["it did not answer in time", ""])
def test_a_source_that_is_silent_may_still_come_and_is_a_line_and_no_mistake(lack: str) -> None:
    found = judged(2, Sight(KRAKEN, lack=lack, silent=True))
    assert list(mistakes(found, production=True)) == []
    why = f"kraken is silent: {lack}" if lack else "kraken is silent"
    assert list(doubts(found)) == [
        f"warning: {pair} has 1 of the 2 sources needed: hashkey. {why}. "
        "None of it is sold before enough of them are heard"
        for pair in ("BTC/USDT", "USDT/USD")
    ]


def test_a_source_that_is_silent_is_no_help_where_one_more_is_lacking() -> None:
    found = judged(3, Sight(KRAKEN, silent=True))
    assert [one.missing for one in found] == [1, 1]
    assert list(doubts(found)) == []


def test_a_rate_that_waits_for_somebody_leaves_the_price_in_fiat_in_doubt() -> None:
    coin, stable = judged(2, shows(KRAKEN, ABROAD), Sight(OSL, silent=True))
    assert [voice.standing for voice in coin.voices] == [Standing.SHOWS, Standing.SILENT, Standing.SILENT]
    assert not stable.met


def test_a_pair_of_the_plan_that_shows_no_book_waits_too() -> None:
    (line,) = doubts(judged(1, dark=True))
    assert line.startswith("warning: BTC/USDT has 0 of the 1 sources needed. hashkey shows no book.")


def test_only_the_sources_that_the_config_names_are_counted() -> None:
    """HashKey sells, and the price is that of the two others; a name that neither sells nor is watched has none."""
    named = (KRAKEN, OSL, VenueName("third"))
    coin, _ = judged(2, shows(KRAKEN, BOTH), shows(OSL, BOTH), sources=named)
    assert coin.sources == [KRAKEN, OSL]
    assert coin.voices[-1].reason == "does not sell it in this plan"
