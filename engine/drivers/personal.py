"""A person's own key: an Ed25519 private key in a file of its own, encrypted with a passphrase that only they know.

The file is PKCS#8 in PEM, which OpenSSL reads as well. The passphrase comes from the environment, the keyring of the
operating system or the person, and is never written anywhere.
"""

import base64
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.drivers import keys
from engine.kernel import codec
from engine.kernel.errors import BadInput, Mistake
from engine.mandate.statements import Signed, Statement
from engine.ports import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER_NAME: Final = "STEELYARD_KEYS"
PASSPHRASE: Final = "STEELYARD_PASSPHRASE"  # noqa: S105 - the name of a variable
LENGTH_MIN: Final = 8
"""Characters of a passphrase; the file may be copied, and then nothing else protects it."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def folder() -> Path:
    """`STEELYARD_KEYS`, or a folder of this user's configuration."""
    named = os.environ.get(FOLDER_NAME)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "steelyard" / "keys"


class FileSigner:
    """A key that was read from its file, for as long as this process needs it."""

    def __init__(self, name: str, private: "Ed25519PrivateKey") -> None:
        self.name, self._private = name, private

    def public_key(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    def sign(self, text: bytes) -> bytes:
        return self._private.sign(text)


def create(name: str, where: Path, passphrase: str) -> Path:
    """A new key in a new file that only its owner may read; returns the file. An existing key is never replaced."""
    from cryptography.hazmat.primitives import serialization as s  # slow to import, and only needed for keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = _path(name, where)
    if len(passphrase) < LENGTH_MIN:
        raise BadInput([Mistake("passphrase", f"has fewer than {LENGTH_MIN} characters")])
    pem = Ed25519PrivateKey.generate().private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(passphrase.encode())
    )
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadInput([Mistake(name, f"{path} is there already; a key is never replaced")]) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return path


def open_key(name: str, where: Path, passphrase: str) -> Signer:
    """The key of that name; `BadInput` when there is none, or when the passphrase is another one's."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # slow to import
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = _path(name, where)
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase.encode())
    except OSError as error:
        what = f"{path} can't be read: {error.strerror}; `steelyard key new {name}` makes a key"
        raise BadInput([Mistake(name, what)]) from error
    except (ValueError, TypeError) as error:
        what = f"{path} does not open: the passphrase is wrong, or it is no encrypted key"
        raise BadInput([Mistake(name, what)]) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise BadInput([Mistake(name, f"{path} is a key of another kind than Ed25519")])
    return FileSigner(name, private)


def passphrase_of(name: str, *, new: bool = False) -> str:
    """What opens the key: from the environment, the keyring, or the person at the terminal (twice for a `new` one)."""
    found = os.environ.get(PASSPHRASE) or keys.secret(f"passphrase-{name}")
    if found:
        return found
    if not sys.stdin.isatty():
        what = f"is in neither {PASSPHRASE} nor the keyring (passphrase-{name}), and there is no terminal to ask at"
        raise BadInput([Mistake("passphrase", what)])
    from getpass import getpass

    typed = getpass(f"Passphrase of {name}: ")
    if new and getpass("Once more: ") != typed:
        raise BadInput([Mistake("passphrase", "the two differ; nothing was made")])
    return typed


def signed(statement: Statement, signer: Signer) -> Signed:
    """The statement, signed as it is."""
    text = codec.encode(statement)
    return Signed(text.decode(), base64.b64encode(signer.sign(text)).decode())


def _path(name: str, where: Path) -> Path:
    if not _NAME.fullmatch(name):
        raise BadInput([Mistake("name", f"{name!r} is no name of a key: letters, digits, . _ -")])
    return where / f"{name}.pem"
