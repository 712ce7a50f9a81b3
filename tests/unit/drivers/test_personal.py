"""A personal key: made once, readable by its owner, and opened by its passphrase alone."""

import stat
from pathlib import Path

import pytest

from engine.drivers import keys, personal
from engine.kernel.errors import BadInput
from engine.mandate.signatures import verified

PASSPHRASE = "correct horse"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keys, "_from_keyring", lambda name: None)
    monkeypatch.delenv(personal.PASSPHRASE, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    return tmp_path / "keys"


def test_what_a_key_signs_its_public_key_proves(folder: Path) -> None:
    personal.create("li", folder, PASSPHRASE)
    signer = personal.open_key("li", folder, PASSPHRASE)
    signature = signer.sign(b"a plan")
    assert verified(b"a plan", signature, signer.public_key())
    assert not verified(b"A plan", signature, signer.public_key())


def test_only_its_owner_may_read_it_and_it_is_encrypted(folder: Path) -> None:
    path = personal.create("li", folder, PASSPHRASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_wrong_passphrase_opens_nothing(folder: Path) -> None:
    personal.create("li", folder, PASSPHRASE)
    with pytest.raises(BadInput, match="does not open: the passphrase is wrong"):
        personal.open_key("li", folder, "battery staple")


def test_a_key_that_is_not_encrypted_is_not_taken(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    folder.mkdir()
    pem = Ed25519PrivateKey.generate().private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    (folder / "li.pem").write_bytes(pem)
    with pytest.raises(BadInput, match="it is no encrypted key"):
        personal.open_key("li", folder, PASSPHRASE)


def test_a_key_is_never_replaced(folder: Path) -> None:
    before = personal.create("li", folder, PASSPHRASE).read_bytes()
    with pytest.raises(BadInput, match="is there already"):
        personal.create("li", folder, PASSPHRASE)
    assert (folder / "li.pem").read_bytes() == before


def test_a_short_passphrase_makes_no_key(folder: Path) -> None:
    with pytest.raises(BadInput, match="fewer than 8"):
        personal.create("li", folder, "short")
    assert not folder.exists()


def test_a_name_is_not_a_path(folder: Path) -> None:
    with pytest.raises(BadInput, match="is no name of a key"):
        personal.create("../li", folder, PASSPHRASE)


def test_who_has_no_key_is_told_how_to_make_one(folder: Path) -> None:
    with pytest.raises(BadInput, match="`steelyard key new li` makes a key"):
        personal.open_key("li", folder, PASSPHRASE)


def test_a_passphrase_comes_from_the_environment_then_the_keyring(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_from_keyring", {"passphrase-li": "from the keyring"}.get)
    assert personal.passphrase_of("li") == "from the keyring"
    monkeypatch.setenv(personal.PASSPHRASE, PASSPHRASE)
    assert personal.passphrase_of("li") == PASSPHRASE


def test_without_either_and_without_a_terminal_nobody_waits_for_an_answer(folder: Path) -> None:
    with pytest.raises(BadInput, match="there is no terminal to ask at"):
        personal.passphrase_of("li")
