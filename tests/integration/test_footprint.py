"""A run under a footprint, judged by somebody who counts prints and fills by himself."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from engine.cli import app
from engine.drivers.tape import read_prints
from engine.kernel.clock import MINUTE, Instant, parse_instant
from engine.kernel.ids import Symbol
from engine.market.facts import MarketFact, Print
from tests.support.processes import ROOT, fills, summary
from venues.sandbox.inprocess import Ticker

EXAMPLE: Final = ROOT / "examples" / "footprint.toml"
OSL: Final = '[venues.osl]\nadapter = "osl"\nuse = "reference"\n'
WASHED: Final = range(20, 24)
"""Minutes of the hour in which somebody trades with himself: about a twentieth of the run."""
Minutes = Mapping[int, Decimal]
Play = Callable[..., Path]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """The example in virtual time, with an hour's share of one's own and venues beside it where given; its folder."""

    def playing(seed: int, name: str, hour: str = "15%", beside: str = "") -> Path:
        monkeypatch.setenv("STEELYARD_HOME", str(tmp_path / f"home of {name}"))
        config = tmp_path / f"{name}.toml"
        config.write_text(EXAMPLE.read_text().replace('"15%"', f'"{hour}"') + beside)
        words = ("run", str(config), "--sandbox", "--in-process", "--synthetic", "--seed", str(seed))
        done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / name)])
        assert done.exit_code in (0, 1), done.output
        return tmp_path / name

    return playing


def sold(folder: Path) -> Minutes:
    """What we sold of BTC, by the minute in which it was traded."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for line in fills(folder):
        if line["sell"] == "BTC":
            found[parse_instant(line["at"]) // MINUTE] += Decimal(line["quantity"])
    return found


def traded(folder: Path) -> Minutes:
    """What others traded of it, washed or not, by the minute."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for seen in read_prints(folder, Symbol("BTCUSDT")):
        found[seen.at // MINUTE] += seen.quantity
    for minute, quantity in sold(folder).items():
        found[minute] -= quantity
    return found


def share(ours: Minutes, others: Minutes, minute: int, span: int) -> Decimal:
    """Ours in so many minutes up to this one, beside what others traded in as many up to the one before."""
    mine = sum((ours.get(minute - back, Decimal(0)) for back in range(span)), Decimal(0))
    return mine / (mine + sum((others.get(minute - 1 - back, Decimal(0)) for back in range(span)), Decimal(0)))


def within(ours: Minutes, others: Minutes, hour: str) -> bool:
    """Is no minute's share above a quarter, and no hour's above this?"""
    largest = max(share(ours, others, minute, 60) for minute in ours)
    return largest <= Decimal(hour) and all(share(ours, others, minute, 1) <= Decimal("0.25") for minute in ours)


@pytest.mark.parametrize("seed", [7, 8])
def test_every_minute_and_every_hour_of_a_run_keeps_its_share(seed: int, play: Play) -> None:
    folder = play(seed, "run")
    assert sum(sold(folder).values()) == Decimal("0.6")
    assert within(sold(folder), traded(folder), "0.15")


def test_the_report_s_own_count_agrees_with_the_gate(play: Play) -> None:
    """From the tape, and from what the gate wrote beside each order."""
    lines = {(x["venue"], x["over"]): x for x in summary(play(7, "run"))["legs"][0]["footprint"]["lines"]}
    for key in (("hashkey", "minute"), ("hashkey", "hour"), ("market", "day")):
        assert lines[key]["share_of_counted"] == lines[key]["approved"], key
        assert Decimal(lines[key]["approved"]) <= Decimal(lines[key]["limit"])


@pytest.mark.parametrize("seed", [7, 8])
def test_where_a_venue_for_reference_counts_for_the_gate_it_counts_in_the_report(seed: int, play: Play) -> None:
    """OSL shows the pair beside HashKey: the market is larger, and the report's own count is still the gate's."""
    folder = play(seed, "run", beside=OSL)
    lines = {(x["venue"], x["over"]): x for x in summary(folder)["legs"][0]["footprint"]["lines"]}
    for span in ("minute", "hour", "day"):
        line = lines["market", span]
        assert line["share_of_counted"] == line["approved"] != lines["hashkey", span]["share_of_counted"], span
    last = parse_instant(lines["market", "hour"]["at"]) // MINUTE
    recorded = sum(traded(folder).get(last - back, Decimal(0)) for back in range(60))
    assert Decimal(lines["market", "hour"]["others"]) == recorded
    assert lines["market", "run"]["others"] == lines["hashkey", "run"]["others"]


def test_who_trades_with_himself_makes_us_sell_no_more(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a twentieth of the minutes the venue shows prints a thousand times as large as they were.

    One per cent of an hour binds: even without them not all is sold.
    """
    fair = play(8, "fair", hour="1%")
    drain = Ticker.drain

    def washing(ticker: Ticker, at: Instant) -> list[MarketFact]:
        return [
            replace(fact, quantity=fact.quantity * 1000)
            if isinstance(fact, Print) and fact.at // MINUTE % 60 in WASHED and fact.symbol == "BTCUSDT"
            else fact
            for fact in drain(ticker, at)
        ]

    monkeypatch.setattr(Ticker, "drain", washing)
    foul = play(8, "foul", hour="1%")
    assert sum(traded(foul).values()) > 10 * sum(traded(fair).values())
    assert within(sold(foul), traded(fair), "0.01")
    assert sum(sold(foul).values()) <= sum(sold(fair).values()) < Decimal("0.5")
    ends = max(sold(fair))
    assert all(
        sum(units for at, units in sold(foul).items() if at <= minute)
        <= sum(units for at, units in sold(fair).items() if at <= minute)
        for minute in range(min(sold(fair)), ends + 1)
    )
