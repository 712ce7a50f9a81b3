"""`[[fees.NAME]]`: every mistake with its place, and what is meant."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import load
from engine.config.fees import too_late
from engine.kernel.clock import parse_instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.market.fees import FeeRow
from tests.support.builders import START, d
from tests.support.configs import short, written

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "fees.md").read_text()
HASHKEY = VenueName("hashkey")


def row(begins: str = "2026-01-01T00:00:00+08:00", **changes: Any) -> dict[str, Any]:
    standard = {"from": begins, "tier": "1", "maker": "0.29%", "taker": "0.29%", "source": "a notice"}
    return standard | changes


def refused(folder: Path, *rows: dict[str, Any], venue: str = "hashkey") -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(written(folder, fees={venue: list(rows)}), START)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_rows_are_meant_as_fractions_from_an_instant_on(tmp_path: Path) -> None:
    """A minimum in dollars counts in every dollar coin as well, one to one."""
    rows = [row(minimum="1.99", asset="USD"), row("2026-05-03T00:00:00+08:00", taker="0.25%", pair="BTC>USDT")]
    first, second = load(written(tmp_path, fees={"hashkey": rows}), START).fees[HASHKEY]
    assert first == FeeRow(
        since=parse_instant("2025-12-31T16:00:00Z"),
        tier="1",
        maker=d("0.0029"),
        taker=d("0.0029"),
        minimum=d("1.99"),
        minimum_in=("FDUSD", "USD", "USDC", "USDT"),
        source="a notice",
    )
    assert (second.since, second.taker) == (parse_instant("2026-05-02T16:00:00Z"), d("0.0025"))
    assert (second.sell, second.buy) == ("BTC", "USDT")


def test_a_minimum_in_another_currency_counts_in_that_one_alone(tmp_path: Path) -> None:
    rows = [row(minimum="15.6", asset="HKD")]
    assert load(written(tmp_path, fees={"hashkey": rows}), START).fees[HASHKEY][0].minimum_in == ("HKD",)


def test_without_the_section_no_venue_has_a_schedule(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).fees == {}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"taker": "100%"}, "fees.hashkey[0].taker: 100% would take all that a sale brings, or more"),
        ({"maker": "130%"}, "fees.hashkey[0].maker: 130% would take all that a sale brings, or more"),
        ({"source": " "}, "fees.hashkey[0].source: is empty: the venue's name for the tier, and who says so"),
        ({"minimum": "1.99"}, "fees.hashkey[0].asset: is missing: a minimum is so much of an asset"),
        ({"asset": "USD"}, "fees.hashkey[0].minimum: is missing: a minimum is so much of an asset"),
        (
            {"minimum": "0", "asset": "USD"},
            "fees.hashkey[0].minimum: has to be above zero; leave it out where there is none",
        ),
        (
            {"minimum": "1", "asset": "BTC"},
            "fees.hashkey[0].asset: BTC is neither fiat nor a stablecoin that we know",
        ),
        ({"pair": "ETH>USDT"}, "fees.hashkey[0].pair: ETH>USDT is not among path.hops: BTC>USDT, USDT>USD"),
        (
            {"from": "2026-01-01T00:00:00"},
            "fees.hashkey[0].from: a time needs its zone: '2026-01-01T00:00:00' (end it with Z or +08:00)",
        ),
        (
            {"from": "2026-06-01T00:00:00+08:00"},
            "fees.hashkey[0].from: the first row begins at 2026-05-31T16:00:00Z, "
            "and a run that starts now has no rates",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place(changed: dict[str, Any], found: str, tmp_path: Path) -> None:
    assert refused(tmp_path, row(**changed)) == [found]


def test_a_rate_is_a_share_and_a_source_is_asked_for(tmp_path: Path) -> None:
    wanting = {name: value for name, value in row(taker="0.0029").items() if name != "source"}
    found = refused(tmp_path, wanting)
    assert [said.split(":")[0] for said in found] == ["fees.hashkey[0].taker", "fees.hashkey[0].source"]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        row("2026-03-01T00:00:00+08:00", taker="101%"),
        row("2026-02-01T00:00:00+08:00"),
        row("2026-03-01T00:00:00+08:00"),
        row("2026-04-01"),
        venue="binance",
    )
    assert found == [
        "fees.binance: is not among mandate.venues: hashkey",
        "fees.binance[0].taker: 101% would take all that a sale brings, or more",
        "fees.binance[1].from: 2026-02-01T00:00:00+08:00 comes before the row above",
        "fees.binance[2].from: 2026-03-01T00:00:00+08:00 overlaps the row above, which begins then too",
        "fees.binance[3].from: a time needs its zone: '2026-04-01' (end it with Z or +08:00)",
    ]


def test_a_pair_s_rows_have_an_order_of_their_own(tmp_path: Path) -> None:
    """Rows for all pairs and for one may begin together, and the one's may begin later than the run."""
    rows = [row(), row(pair="BTC>USDT", taker="0.2%"), row("2026-06-01T00:00:00Z", pair="BTC>USDT", taker="0.1%")]
    assert len(load(written(tmp_path, fees={"hashkey": rows}), START).fees[HASHKEY]) == 3


def test_a_pair_that_has_only_rows_of_its_own_needs_one_now(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, row("2026-06-01T00:00:00Z", pair="BTC>USDT"))
    assert found.startswith("fees.hashkey[0].from: the first row begins at 2026-06-01T00:00:00Z")


def test_a_venue_without_a_row_is_a_mistake(tmp_path: Path) -> None:
    assert refused(tmp_path) == ["fees.hashkey: has no row"]


def test_a_run_that_begins_before_the_first_row_by_its_venues_clock_is_told_so(tmp_path: Path) -> None:
    """A sandbox plays on a day of its own, whatever day it is for those who check its config."""
    fees = load(written(tmp_path, fees={"hashkey": [row()]}), START).fees
    assert list(too_late(fees, START)) == []
    (found,) = too_late(fees, parse_instant("2025-12-31T15:59:59Z"))
    assert str(found).startswith("fees.hashkey: no row is in force at 2025-12-31T15:59:59Z")


def test_the_guide_s_schedule_is_one(tmp_path: Path) -> None:
    block = GUIDE.split("```toml\n")[1].split("```")[0]
    (path := tmp_path / "config.toml").write_text(short() + block)
    rows = load(path, START).fees[HASHKEY]
    assert [(each.tier, each.taker) for each in rows] == [("VIP0", d("0.0029")), ("VIP1", d("0.0025"))]
