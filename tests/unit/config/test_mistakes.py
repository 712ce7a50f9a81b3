"""Every mistake is found at once, each with its place and what would be right."""

import re
from pathlib import Path

import pytest

from engine.config import load
from engine.config.register_file import listed
from engine.kernel.errors import BadInput, Mistake
from tests.support.builders import START

DEMO = (Path(__file__).parents[3] / "examples" / "demo.toml").read_text()


@pytest.fixture
def mistakes(tmp_path: Path) -> "type[Checked]":
    Checked.folder = tmp_path
    return Checked


class Checked:
    """The mistakes of the demonstration after some of its lines were changed."""

    folder: Path

    def __init__(self, *changes: tuple[str, str]) -> None:
        text = DEMO
        for line, instead in changes:
            text, count = re.subn(rf"(?m)^{line}.*$", instead.replace("\\", r"\\"), text)
            assert count == 1, line
        self.file = self.folder / "config.toml"
        self.file.write_text(text)

    @property
    def all(self) -> list[Mistake]:
        with pytest.raises(BadInput) as caught:
            load(self.file, START)
        return list(caught.value.mistakes)

    @property
    def where(self) -> list[str]:
        return [mistake.where for mistake in self.all]


ONE_BY_ONE = [
    ("schema", "schema = 2", "schema"),
    ("schema", "schema = true", "schema"),
    ("environment", 'environment = "prod"', "environment"),
    ("environment", 'environment = "sandbox"\ncolour = "red"', "colour"),
    ("case", 'case = "../../etc"', "mandate.case"),
    ("case", "", "mandate.case"),
    ("venues =", 'venues = "hashkey"', "mandate.venues"),
    ("deadline", 'deadline = "soon"', "mandate.deadline"),
    ("deadline", 'deadline = "2026-12-01T16:00:00"', "mandate.deadline"),
    ("deadline", 'deadline = "2026-05-01T00:00:00Z"', "mandate.deadline"),
    ("deadline", 'deadline = "401d"', "mandate.deadline"),
    ("deadline", 'deadline = "28m30s"', "strategy.window"),
    ("released", "released = 1.5", "mandate.assets[0].released"),
    ("released", "released = 1", "mandate.assets[0].released"),
    ("released", 'released = "1.6"', "mandate.assets[0].released"),
    ("released", 'released = "1.000000001"', "mandate.assets[0].released"),
    ("released", 'released = "NaN"', "mandate.assets[0].released"),
    ("released", 'released = "1,5"', "mandate.assets[0].released"),
    ("asset", 'asset = "btc"', "mandate.assets[0].asset"),
    ("floor", 'floor = { price = "0", currency = "USDT", scope = "fill" }', "mandate.assets[0].floor.price"),
    ("floor", 'floor = { price = "1", currency = "HKD", scope = "fill" }', "mandate.assets[0].floor.currency"),
    ("floor", 'floor = { price = "1", currency = "USDT", scope = "slice" }', "mandate.assets[0].floor.fees"),
    ("floor", 'floor = { price = "1", currency = "USDT", scope = "day" }', "mandate.assets[0].floor.scope"),
    ("floor", 'floor = { price = "1", currency = "USDT" }', "mandate.assets[0].floor.scope"),
    ("participation_max", 'participation_max = "100%"', "mandate.assets[0].participation_max"),
    ("participation_max", 'participation_max = "0%"', "mandate.assets[0].participation_max"),
    ("participation_max", 'participation_max = "0.25"', "mandate.assets[0].participation_max"),
    ("par =", 'par = "0"', "path.stable.USDT.par"),
    ("band_bp", 'band_bp = "0"', "path.stable.USDT.band_bp"),
    ("age_max", 'age_max = "six minutes"', "path.stable.USDT.age_max"),
    ("sweep =", 'sweep = "30001"', "path.stable.USDT.sweep"),
    ("sweep_age", 'sweep_age = "7m"', "path.stable.USDT.sweep_age"),
    ("schedule", 'schedule = "crystal_ball"', "strategy.schedule"),
    ("schedule", 'schedule = "vwap"', "strategy.curve"),
    ("slices", "slices = 0", "strategy.slices"),
    ("slices", "slices = 1681", "strategy.slices"),
    ("time_jitter", 'time_jitter = "100%"', "strategy.time_jitter"),
    ("size_jitter", 'size_jitter = "5.1%"', "strategy.size_jitter"),
    ("catch_up", 'catch_up = "0.9"', "strategy.catch_up"),
    ("kind", 'kind = "feng_shui"', "tactic.kind"),
    ("collar_bp", 'collar_bp = "0"', "limits.collar_bp"),
    ("collar_bp", 'collar_bp = "10000"', "limits.collar_bp"),
    ("order_notional_max", 'order_notional_max = "-1"', "limits.order_notional_max"),
    ("minute_orders_max", "minute_orders_max = 0", "limits.minute_orders_max"),
    ("adapter", 'adapter = "binance"', "venues.hashkey.adapter"),
    ("adapter", 'adapter = "hashkey"\noptions = { speed = "1" }', "venues.hashkey.options.speed"),
    ("adapter", 'adapter = "hashkey"\nurl = "https://example.org"', "venues.hashkey.url"),
]


def test_the_demonstration_itself_has_no_mistake(mistakes: type[Checked]) -> None:
    assert load(mistakes().file, START).terms.case == "DEMO-2026-001"


@pytest.mark.parametrize(("line", "instead", "where"), ONE_BY_ONE)
def test_one_wrong_line_is_found_at_its_place_and_nowhere_else(
    mistakes: type[Checked], line: str, instead: str, where: str
) -> None:
    assert mistakes((line, instead)).where == [where]


@pytest.mark.parametrize(
    ("line", "instead", "where", "follows"),
    [
        ("venues =", "venues = []", "mandate.venues", "venues.hashkey"),
        ("entrusted", 'entrusted = "0"', "mandate.assets[0].entrusted", "mandate.assets[0].released"),
        ("settlement", 'settlement = "EUR"', "path.settlement", "path.hops"),
        ("inventory_max", 'inventory_max = "-1"', "path.stable.USDT.inventory_max", "path.stable.USDT.sweep"),
    ],
)
def test_what_follows_from_a_mistake_is_said_beside_it(
    mistakes: type[Checked], line: str, instead: str, where: str, follows: str
) -> None:
    assert mistakes((line, instead)).where == [where, follows]


def test_a_float_is_refused_because_digits_were_lost_already(mistakes: type[Checked]) -> None:
    (mistake,) = mistakes(("released", "released = 1.5")).all
    assert "text in quotes, so that no digit is lost" in mistake.what


def test_a_word_that_is_unknown_is_answered_with_those_that_are(mistakes: type[Checked]) -> None:
    (mistake,) = mistakes(("collar_bp", 'collar_bp = "40"\ncollar = "40"')).all
    assert (mistake.where, "collar_bp" in mistake.what) == ("limits.collar", True)


def test_several_mistakes_of_shape_are_listed_together(mistakes: type[Checked]) -> None:
    """An unknown key, a float, wrong types, a missing table, a table that holds no asset's tactic: ten in all."""
    found = mistakes(
        ("schema", 'schema = "1"'),
        ("environment", 'environment = 1\nmood = "good"'),
        ("case", 'case = ""'),
        ("released", "released = 1.5"),
        ("floor", "floor = 70000"),
        ("hops", 'hops = ["BTC-USDT", "USDT>USD"]'),
        ("slices", 'slices = "56"'),
        (r"\[tactic\]", "[tactics]"),
    )
    assert sorted(found.where) == sorted(
        [
            "schema", "environment", "mood", "mandate.case", "mandate.assets[0].released", "mandate.assets[0].floor",
            "path.hops[0]", "strategy.slices", "tactics.kind", "tactic",
        ]
    )  # fmt: skip


def test_several_mistakes_of_meaning_are_listed_together(mistakes: type[Checked]) -> None:
    """A forbidden hop, an unlicensed venue, too fine a quantity, a deadline that has passed, and more: ten in all."""
    found = mistakes(
        ("environment", 'environment = "prod"'),
        ("venues =", 'venues = ["binance"]'),
        ("deadline", 'deadline = "2020-01-01T00:00:00Z"'),
        ("entrusted", 'entrusted = "1"'),
        ("released", 'released = "1.000000001"'),
        ("hops", 'hops = ["BTC>USD", "USDT>USD"]'),
        ("schedule", 'schedule = "astrology"'),
        ("kind", 'kind = "feng_shui"'),
        ("collar_bp", 'collar_bp = "0"'),
        (r"\[venues.hashkey\]", "[venues.binance]"),
    )
    assert {
        "environment", "mandate.venues[0]", "mandate.deadline", "mandate.assets[0].released", "path.hops[0]",
        "path.hops", "strategy.schedule", "tactic.kind", "limits.collar_bp",
    } <= set(found.where)  # fmt: skip
    assert found.where.count("mandate.assets[0].released") == 2


MIXED = (
    ("environment", 'environment = "sandbox"\nmood = "good"'),
    ("venues =", 'venues = ["binance"]'),
    ("deadline", 'deadline = "2020-01-01T00:00:00Z"'),
    ("entrusted", 'entrusted = "1.000000001"'),
    ("released", "released = 1.5"),
    ("hops", 'hops = ["BTC>USD", "USDT>USD"]'),
    ("par =", "par = true"),
    ("schedule", 'schedule = "astrology"'),
    (r"\[tactic\]", "[tactics]"),
    ("collar_bp", 'collar_bp = "0"'),
)
PLACES = {
    "mood", "mandate.venues[0]", "mandate.deadline", "mandate.assets[0].entrusted", "mandate.assets[0].released",
    "path.hops[0]", "path.stable.USDT.par", "strategy.schedule", "tactic", "limits.collar_bp",
}  # fmt: skip


def test_mistakes_of_every_kind_are_listed_together(mistakes: type[Checked]) -> None:
    """Ten, of shape and of meaning; nobody should have to run `check` twice."""
    assert set(mistakes(*MIXED).where) >= PLACES


@pytest.mark.parametrize(
    "hops",
    [
        '["BTC>USD"]',
        '["BTC>USD", "USDT>USD"]',
        '["BTC>USDT", "USDT>USD", "BTC>USD"]',
        '["USDT>BTC", "BTC>USD"]',
        '["BTC>USDC", "USDC>USDT", "USDT>USD"]',
        '["BTC>USDT", "USD>USDT", "USDT>USD"]',
        '["BTC>ETH", "ETH>USDT", "USDT>USD"]',
        '["BTC>USDT", "BTC>BTC", "USDT>USD"]',
    ],
)
def test_no_hop_but_the_two_lawful_ones_passes(mistakes: type[Checked], hops: str) -> None:
    assert any("lawful are volatile>stable and stable>fiat" in m.what for m in mistakes(("hops", f"hops = {hops}")).all)


STABLE_BTC = """
[path.stable.BTC]
band_bp = "50"
inventory_max = "1"
age_max = "1m"

[path.stable.USDT]
"""


@pytest.mark.parametrize(
    "change",
    [
        (r"\[path.stable.USDT\]", STABLE_BTC),
        ("settlement", 'settlement = "USD"\nclasses = { BTC = "stable" }'),
        ("settlement", 'settlement = "BTC"'),
        ("account", 'account = "main"\nclasses = { BTC = "stable" }'),
        ("asset", 'asset = "BTC"\nclass = "stable"'),
        ("hops", 'hops = ["BTC>USDT", "USDT>USD", "BTC>USD"]'),
    ],
)
def test_no_config_makes_a_volatile_asset_stable(mistakes: type[Checked], change: tuple[str, str]) -> None:
    assert mistakes(change).all


def test_a_volatile_asset_that_we_do_not_know_is_refused_with_those_we_know(mistakes: type[Checked]) -> None:
    found = mistakes(("asset", 'asset = "DOGE"'), ("hops", 'hops = ["DOGE>USDT", "USDT>USD"]')).all
    assert {m.where for m in found} >= {"mandate.assets[0].asset", "path.hops[0]"}
    assert all("known: BTC" in m.what for m in found if m.where in ("mandate.assets[0].asset", "path.hops[0]"))


@pytest.mark.parametrize("venue", ["binance", "sandbox", "kraken", "Hashkey"])
def test_a_venue_without_a_licence_is_refused(mistakes: type[Checked], venue: str) -> None:
    found = mistakes(("venues =", f'venues = ["{venue}"]'), (r"\[venues.hashkey\]", f"[venues.{venue}]")).all
    assert any("not on the licence register" in m.what for m in found)
    assert venue not in listed()


def test_a_stablecoin_that_is_passed_through_needs_its_bounds(mistakes: type[Checked]) -> None:
    found = mistakes((r"\[path.stable.USDT\]", "[path.stable.USDC]")).all
    assert [m.where for m in found] == ["path.stable.USDT", "path.stable.USDC"]


def test_what_is_not_toml_is_one_mistake(mistakes: type[Checked]) -> None:
    assert mistakes(("schema", "schema = = 1")).where == ["file"]


def test_a_file_that_is_not_there_is_a_mistake_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "none.toml", START)


def test_a_number_of_a_hundred_digits_is_a_mistake_and_not_a_crash(mistakes: type[Checked]) -> None:
    assert mistakes(("released", f'released = "0.{"1" * 100}"')).where == ["mandate.assets[0].released"]


def test_a_window_that_cannot_fit_before_a_fixed_deadline_is_found(mistakes: type[Checked]) -> None:
    """Ten minutes from now, and the window is 28 minutes."""
    assert mistakes(("deadline", 'deadline = "2026-05-02T00:10:00Z"')).where == ["strategy.window"]
