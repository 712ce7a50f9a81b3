"""Every example is read whole, and means something."""

from pathlib import Path

import msgspec
import pytest

from engine.compose.methods import manner, methods
from engine.config import Config, load
from engine.config.schema import ConfigFile
from engine.kernel.clock import HOUR, MINUTE, SECOND
from engine.kernel.money import AssetClass
from engine.mandate.assets import KNOWN
from engine.market.instrument import Instrument
from engine.planning.draft import draft
from engine.planning.plan import Plan
from tests.support.builders import COIN, START, d

EXAMPLES = Path(__file__).parents[3] / "examples"
GOOD = sorted(path.name for path in EXAMPLES.glob("*.toml") if "faults" not in path.name)


def read(name: str) -> Config:
    return load(EXAMPLES / name, START)


def pair(sell: str, buy: str) -> Instrument:
    return msgspec.structs.replace(COIN, symbol=f"{sell}{buy}", base=sell, quote=buy)


def test_there_are_examples() -> None:
    assert len(GOOD) >= 4


@pytest.mark.parametrize("name", GOOD)
def test_an_example_that_works_means_something(name: str) -> None:
    config = read(name)
    assert config.environment == "sandbox"
    assert config.terms.holdings


@pytest.mark.parametrize("name", GOOD)
def test_an_example_that_works_makes_a_plan_and_methods_for_each_leg(name: str) -> None:
    config = read(name)
    listed = [pair(edge.sell, edge.buy) for edge in config.terms.edges]
    plan = draft(config.terms, {h.asset: h.released for h in config.terms.holdings}, listed, manner(config))
    assert isinstance(plan, Plan), plan
    assert set(methods(plan, START)) == {leg.id for leg in plan.legs}


@pytest.mark.parametrize("name", GOOD)
def test_classes_of_assets_are_those_of_our_own_table(name: str) -> None:
    classes = read(name).terms.classes
    assert classes == {asset: KNOWN[asset].klass for asset in classes}


def test_the_demonstration_says_what_it_says() -> None:
    config = read("demo.toml")
    (holding,) = config.terms.holdings
    assert (holding.asset, holding.released, holding.participation_max) == ("BTC", d("1.5"), d("0.25"))
    assert holding.floor is not None
    assert (holding.floor.price, holding.floor.currency) == (d("70000"), "USDT")
    assert (config.way.window, config.terms.deadline.after) == (28 * MINUTE, 30 * MINUTE)
    assert config.terms.stables[0].age_max == 6 * MINUTE
    assert (config.limits.collar_bp, config.limits.minute_orders_max) == (d("40"), 30)
    assert config.limits.reference.age_ns_max == 60 * SECOND


def test_only_what_was_released_is_ours_to_sell() -> None:
    (holding,) = read("tranche.toml").terms.holdings
    assert (holding.entrusted, holding.released) == (d("100"), d("30"))
    assert read("tranche.toml").terms.deadline.after == 8 * HOUR


def test_a_config_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_bytes((EXAMPLES / "demo.toml").read_bytes())
    assert load(copy, START).sha256 == read("demo.toml").sha256
    copy.write_bytes(copy.read_bytes() + b"\n")
    assert load(copy, START).sha256 != read("demo.toml").sha256


def test_a_json_schema_of_the_file_can_be_made_and_names_every_table() -> None:
    schema = msgspec.json.schema(ConfigFile)
    sections = schema["$defs"]["ConfigFile"]["properties"]
    assert {"mandate", "path", "strategy", "tactic", "limits", "venues"} <= set(sections)
    assert schema["$defs"]["ConfigFile"]["additionalProperties"] is False


def test_stablecoins_are_a_table_and_not_an_option() -> None:
    assert {a for a, kind in KNOWN.items() if kind.klass is AssetClass.STABLE} == {"USDT", "USDC", "FDUSD"}
