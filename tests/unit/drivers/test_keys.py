"""A key goes where its name says, and nowhere else."""

import pytest

from engine.drivers import keys
from engine.kernel.ids import VenueName

OSL = VenueName("osl")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(keys, "_from_keyring", lambda name: None)
    for where in ("sandbox", "production"):
        for name in keys.names(where, OSL):
            monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_both_parts_of_a_key_are_missed_at_once(environment: pytest.MonkeyPatch) -> None:
    found = keys.find("production", OSL)
    assert isinstance(found, list)
    assert [m.what.split()[0] for m in found] == ["STEELYARD_PRODUCTION_OSL_KEY", "STEELYARD_PRODUCTION_OSL_SECRET"]


def test_a_key_is_found_under_its_own_environment_only(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STEELYARD_SANDBOX_OSL_KEY", "sandbox-1")
    environment.setenv("STEELYARD_SANDBOX_OSL_SECRET", "s")
    assert keys.find("sandbox", OSL) == ("sandbox-1", "s")
    assert isinstance(keys.find("production", OSL), list)


def test_a_sandbox_key_is_never_sent_to_the_real_venue(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STEELYARD_PRODUCTION_OSL_KEY", "sandbox-1")
    environment.setenv("STEELYARD_PRODUCTION_OSL_SECRET", "s")
    found = keys.find("production", OSL)
    assert isinstance(found, list)
    assert "holds a sandbox's key" in found[0].what


def test_the_production_key_is_never_sent_to_a_sandbox(environment: pytest.MonkeyPatch) -> None:
    for where in ("SANDBOX", "PRODUCTION"):
        environment.setenv(f"STEELYARD_{where}_OSL_KEY", "the real one")
        environment.setenv(f"STEELYARD_{where}_OSL_SECRET", "s")
    found = keys.find("sandbox", OSL)
    assert isinstance(found, list)
    assert "holds the production key" in found[0].what


def keyring(environment: pytest.MonkeyPatch, **holds: str) -> None:
    environment.setattr(keys, "_from_keyring", holds.get)


def test_nor_where_the_production_key_lies_in_the_keyring(environment: pytest.MonkeyPatch) -> None:
    """Another one in the environment does not hide it."""
    environment.setenv("STEELYARD_SANDBOX_OSL_KEY", "the real one")
    environment.setenv("STEELYARD_SANDBOX_OSL_SECRET", "s")
    keyring(environment, STEELYARD_PRODUCTION_OSL_KEY="the real one")
    assert isinstance(keys.find("sandbox", OSL), list)
    environment.setenv("STEELYARD_PRODUCTION_OSL_KEY", "another")
    assert isinstance(keys.find("sandbox", OSL), list)


def test_the_production_secret_signs_for_no_sandbox(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STEELYARD_SANDBOX_OSL_KEY", "of some other sandbox")
    environment.setenv("STEELYARD_SANDBOX_OSL_SECRET", "the real one")
    keyring(environment, STEELYARD_PRODUCTION_OSL_SECRET="the real one")
    found = keys.find("sandbox", OSL)
    assert isinstance(found, list)
    assert [mistake.what for mistake in found] == [
        "STEELYARD_SANDBOX_OSL_SECRET holds the production secret; it signs for no sandbox"
    ]


def test_a_key_that_is_no_production_key_goes_to_a_sandbox(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STEELYARD_SANDBOX_OSL_KEY", "of some other sandbox")
    environment.setenv("STEELYARD_SANDBOX_OSL_SECRET", "s")
    keyring(environment, STEELYARD_PRODUCTION_OSL_KEY="the real one", STEELYARD_PRODUCTION_OSL_SECRET="its secret")
    assert keys.find("sandbox", OSL) == ("of some other sandbox", "s")


def test_with_a_key_of_our_own_sandbox_no_production_name_is_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STEELYARD_SANDBOX_OSL_KEY", "sandbox-1")
    environment.setenv("STEELYARD_SANDBOX_OSL_SECRET", "s")
    environment.setattr(keys, "_from_keyring", lambda name: pytest.fail(f"{name} was read"))
    assert keys.find("sandbox", OSL) == ("sandbox-1", "s")
