"""Where a config lets the coin lie before it is sold."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, load
from engine.config.custody_use import CustodyUse
from engine.kernel.errors import BadInput
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from tests.support.builders import START
from tests.support.configs import written

D = Decimal


def config(home: Path, **custody: Any) -> Config:
    return load(written(home, custody=custody), START)


def mistakes(home: Path, **custody: Any) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        config(home, **custody)
    return {mistake.where: mistake.what for mistake in caught.value.mistakes}


def test_without_the_section_all_coin_lies_at_the_venues(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).custody is None


def test_a_folder_with_every_bound(tmp_path: Path) -> None:
    read = config(
        tmp_path, kind="files", folder="shared", slices_ahead=2, tranche_min={"BTC": "0.05"},
        exposure_max={"hashkey": "500000"},
    )  # fmt: skip
    assert read.custody == CustodyUse(
        kind="files", folder="shared", slices_ahead=2, tranche_min={Asset("BTC"): D("0.05")},
        exposure_max={VenueName("hashkey"): D(500_000)},
    )  # fmt: skip


def test_a_sandbox_needs_no_more_than_its_kind(tmp_path: Path) -> None:
    assert config(tmp_path, kind="sandbox").custody == CustodyUse(kind="sandbox", slices_ahead=3)
    pointed = config(tmp_path, kind="sandbox", address="http://127.0.0.1:9/").custody
    assert pointed is not None
    assert pointed.address == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"kind": "bank"}, "custody.kind"),
        ({"kind": "files"}, "custody.folder"),
        ({"kind": "files", "folder": "f", "address": "http://127.0.0.1:9"}, "custody.address"),
        ({"kind": "sandbox", "folder": "f"}, "custody.folder"),
        ({"kind": "sandbox", "address": "http://example.com:80"}, "custody.address"),
        ({"kind": "sandbox", "address": "https://127.0.0.1:9"}, "custody.address"),
        ({"kind": "sandbox", "address": "http://127.0.0.1"}, "custody.address"),
        ({"kind": "sandbox", "address": "http://127.0.0.1:port"}, "custody.address"),
        ({"kind": "sandbox", "address": "http://me@127.0.0.1:9"}, "custody.address"),
        ({"kind": "sandbox", "slices_ahead": 0}, "custody.slices_ahead"),
        ({"kind": "sandbox", "tranche_min": {"ETH": "1"}}, "custody.tranche_min.ETH"),
        ({"kind": "sandbox", "tranche_min": {"BTC": "0"}}, "custody.tranche_min.BTC"),
        ({"kind": "sandbox", "tranche_min": {"BTC": "0.000000001"}}, "custody.tranche_min.BTC"),
        ({"kind": "sandbox", "tranche_min": {"BTC": "0.3"}}, "custody.tranche_min.BTC"),
        ({"kind": "sandbox", "exposure_max": {"osl": "1"}}, "custody.exposure_max.osl"),
        ({"kind": "sandbox", "exposure_max": {"hashkey": "-1"}}, "custody.exposure_max.hashkey"),
        ({"kind": "sandbox", "keys": "none"}, "custody.keys"),
        ({"folder": "f"}, "custody.kind"),
    ],
)
def test_each_mistake_has_its_place(said: dict[str, Any], where: str, tmp_path: Path) -> None:
    """The short config sells 0.2 BTC at hashkey."""
    assert where in mistakes(tmp_path, **said)


def test_all_of_them_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, kind="files", tranche_min={"BTC": "0", "ETH": "1"}, exposure_max={"osl": "0"})
    assert told.keys() >= {
        "custody.folder", "custody.tranche_min.BTC", "custody.tranche_min.ETH", "custody.exposure_max.osl",
    }  # fmt: skip


def test_no_sandbox_holds_the_coin_of_a_production_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"custody\.kind: no sandbox"):
        load(written(tmp_path, environment="production", custody={"kind": "sandbox"}), START)
