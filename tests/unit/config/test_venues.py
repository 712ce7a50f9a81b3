"""Where a config may sell: licensed venues, by installed adapters with the options that they take."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.config import OURS, Config, VenueUse, load
from engine.config.register_file import listed
from engine.kernel.clock import Instant, parse_instant
from engine.kernel.errors import BadInput, Mistake
from tests.support.builders import START
from tests.support.configs import written
from tests.support.registers import SIGNER, STRANGER, entry, public, signed

KNOWN = replace(OURS, adapters={"hashkey": {"market_place": "permitted or not"}, "osl": {}, "village": {}})
BOTH = {"mandate__venues": ["hashkey", "osl"], "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl"}}}


def config(folder: Path, now: Instant = START, **changes: Any) -> Config:
    return load(written(folder, **changes), now, KNOWN)


def mistakes(folder: Path, now: Instant = START, **changes: Any) -> list[Mistake]:
    with pytest.raises(BadInput) as caught:
        config(folder, now, **changes)
    return list(caught.value.mistakes)


def of_hashkey(**more: Any) -> dict[str, Any]:
    """`[venues]` of hashkey alone."""
    return {"hashkey": {"adapter": "hashkey", **more}}


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEELYARD_LICENCE_KEY", public())


def test_a_mandate_may_name_several_venues(tmp_path: Path) -> None:
    found = config(tmp_path, **BOTH)
    assert found.terms.venues == ("hashkey", "osl")
    assert found.venues == {"hashkey": VenueUse(adapter="hashkey"), "osl": VenueUse(adapter="osl")}
    assert [held.entity for held in found.licences.values()] == [
        "Hash Blockchain Limited",
        "OSL Digital Securities Limited",
    ]


def test_a_venue_is_named_once(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, mandate__venues=["hashkey", "hashkey"])
    assert mistake == Mistake("mandate.venues[1]", "hashkey stands here twice")


def test_a_mandated_venue_needs_its_section(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, mandate__venues=["hashkey", "osl"])
    assert mistake == Mistake("mandate.venues[1]", "[venues.osl] is missing")


def test_an_entry_that_has_run_out_by_the_day_of_the_trade_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, parse_instant("2028-01-01T00:00:00Z"), **BOTH)
    assert [mistake.where for mistake in found] == ["mandate.venues[0]", "mandate.venues[1]"]
    assert all("ran out on 2027-09-23" in mistake.what for mistake in found)


def test_a_platform_whose_licence_nobody_confirmed_is_refused(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, mandate__venues=["yax"], venues={"yax": {"adapter": "hashkey"}})
    assert (mistake.where, "unconfirmed" in mistake.what) == ("mandate.venues[0]", True)


def test_a_venue_for_reference_needs_no_licence_and_no_mandate(tmp_path: Path) -> None:
    found = config(tmp_path, venues={**of_hashkey(), "binance": {"adapter": "osl", "use": "reference"}})
    assert found.venues["binance"] == VenueUse(adapter="osl", reference=True)
    assert list(found.licences) == list(found.terms.venues) == ["hashkey"]


def test_a_venue_is_for_reference_or_sold_on_and_never_both(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, venues=of_hashkey(use="reference"))
    assert mistake.where == "venues.hashkey.use"


def test_a_venue_that_is_not_mandated_is_told_how_it_could_be_quoted(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, venues={**of_hashkey(), "osl": {"adapter": "osl"}})
    assert mistake == Mistake("venues.osl", 'is not among mandate.venues; for its prices alone say use = "reference"')


def test_a_key_that_can_withdraw_is_refused_unless_it_is_permitted_in_words(tmp_path: Path) -> None:
    assert not config(tmp_path).venues["hashkey"].withdraw_key
    assert config(tmp_path, venues=of_hashkey(withdraw_key="permitted")).venues["hashkey"].withdraw_key


def test_options_go_to_the_adapter_as_they_are(tmp_path: Path) -> None:
    found = config(tmp_path, venues=of_hashkey(options={"market_place": "permitted"}))
    assert found.venues["hashkey"].options == {"market_place": "permitted"}


@pytest.mark.parametrize(
    ("section", "where", "what"),
    [
        ({"use": "gossip"}, "venues.hashkey.use", "'gossip' is neither of: execution, reference"),
        ({"withdraw_key": "yes"}, "venues.hashkey.withdraw_key", "'yes' is neither of: permitted, refused"),
        (
            {"options": {"speed": "1"}},
            "venues.hashkey.options.speed",
            "is no option of hashkey; it takes: market_place",
        ),
        ({"options": {"speed": 1}}, "venues.hashkey.options.speed", "Expected `str`, got `int`"),
        ({"adapter": "kraken"}, "venues.hashkey.adapter", "'kraken' is none of: hashkey, osl, village"),
    ],
)
def test_each_mistake_of_a_venue_is_told_at_its_place(
    tmp_path: Path, section: dict[str, Any], where: str, what: str
) -> None:
    assert mistakes(tmp_path, venues=of_hashkey(**section)) == [Mistake(where, what)]


def test_a_venue_for_reference_is_given_no_key(tmp_path: Path) -> None:
    quoted = {"adapter": "osl", "use": "reference", "withdraw_key": "permitted"}
    (mistake,) = mistakes(tmp_path, venues={**of_hashkey(), "osl": quoted})
    assert mistake.where == "venues.osl.withdraw_key"


VILLAGE = {"mandate__venues": ["village"], "venues": {"village": {"adapter": "village"}}, "licences": "own.toml"}


@pytest.mark.usefixtures("trusting")
def test_a_signed_file_licenses_a_venue_that_the_package_does_not_know(tmp_path: Path) -> None:
    signed(tmp_path / "own.toml", entry("village"))
    assert config(tmp_path, **VILLAGE).licences["village"].entity == "A Company"


@pytest.mark.usefixtures("trusting")
def test_a_signed_file_wins_over_the_package_and_leaves_the_rest_of_it(tmp_path: Path) -> None:
    signed(tmp_path / "own.toml", entry("hashkey", status="suspended"))
    (mistake,) = mistakes(tmp_path, licences="own.toml", **BOTH)
    assert mistake.where == "mandate.venues[0]"
    assert "hashkey is suspended" in mistake.what


@pytest.mark.usefixtures("trusting")
def test_an_entry_of_a_signed_file_runs_out_like_any_other(tmp_path: Path) -> None:
    signed(tmp_path / "own.toml", entry("village", until="2026-05-01"))
    (mistake,) = mistakes(tmp_path, **VILLAGE)
    assert "ran out on 2026-05-01" in mistake.what


@pytest.mark.usefixtures("trusting")
def test_a_file_that_was_changed_after_it_was_signed_is_refused(tmp_path: Path) -> None:
    path = signed(tmp_path / "own.toml", entry("village"))
    path.write_bytes(path.read_bytes() + b"\n")
    (mistake,) = mistakes(tmp_path, **VILLAGE)
    assert mistake.where == "licences"
    assert "is not the signature of" in mistake.what


@pytest.mark.usefixtures("trusting")
def test_a_file_that_a_stranger_signed_is_refused(tmp_path: Path) -> None:
    signed(tmp_path / "own.toml", entry("village"), signer=STRANGER)
    (mistake,) = mistakes(tmp_path, **VILLAGE)
    assert mistake.where == "licences"


def test_without_a_trusted_key_no_file_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEELYARD_LICENCE_KEY", raising=False)
    monkeypatch.setattr("keyring.get_password", lambda service, name: None)
    signed(tmp_path / "own.toml", entry("village"))
    (mistake,) = mistakes(tmp_path, **VILLAGE)
    assert "STEELYARD_LICENCE_KEY" in mistake.what


def test_the_trusted_key_may_lie_in_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEELYARD_LICENCE_KEY", raising=False)
    kept = {("steelyard", "STEELYARD_LICENCE_KEY"): public(SIGNER)}
    monkeypatch.setattr("keyring.get_password", lambda service, name: kept[service, name])
    signed(tmp_path / "own.toml", entry("village"))
    assert "village" in config(tmp_path, **VILLAGE).licences


def test_file_signature_and_key_that_are_all_wrong_are_told_together_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there, a signature that is none, a key of the wrong length; and a wrong line elsewhere."""
    monkeypatch.setenv("STEELYARD_LICENCE_KEY", "c2hvcnQ=")
    (tmp_path / "own.toml.sig").write_text("not base64!")
    found = mistakes(tmp_path, **VILLAGE, tactic__kind="feng_shui")
    assert [mistake.where for mistake in found] == ["licences", "licences", "licences", "tactic.kind"]
    for mistake, word in zip(found, ("can't be read", "64 bytes", "32 bytes"), strict=False):
        assert word in mistake.what


@pytest.mark.usefixtures("trusting")
def test_a_mistake_inside_a_signed_file_is_told_at_its_place(tmp_path: Path) -> None:
    signed(tmp_path / "own.toml", entry("village", status="famous"))
    (mistake,) = mistakes(tmp_path, **VILLAGE)
    assert mistake.where == "licences.village.status"


def test_no_config_can_license_a_venue_by_itself(tmp_path: Path) -> None:
    assert "binance" not in listed()
    found = mistakes(tmp_path, mandate__venues=["binance"], venues={"binance": {"adapter": "osl"}})
    assert [mistake.where for mistake in found] == ["mandate.venues[0]"]
