"""`key new`, `key show`, `key sign`: a person's own key, and files that are signed with it."""

import base64
from pathlib import Path

import typer

from engine.cli.saying import key_of
from engine.drivers import personal
from engine.drivers.folder import write_whole
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.mandate.people import Role
from engine.ports import Signer


def new(name: str) -> ExitCode:
    """Make a key, and say what of it is public."""
    passphrase = personal.passphrase_of(name, new=True)
    path = personal.create(name, personal.folder(), passphrase)
    typer.echo(f"# {path}: keep it, and the passphrase elsewhere; there is no other copy", err=True)
    typer.echo(_entry(personal.open_key(name, personal.folder(), passphrase)))
    return ExitCode.DONE


def show(name: str) -> ExitCode:
    """Say again what of a key is public."""
    typer.echo(_entry(key_of(name)))
    return ExitCode.DONE


def sign(path: Path, name: str) -> ExitCode:
    """Write `FILE.sig`, which replaces an older one whole."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from error
    beside = Path(f"{path}.sig")
    write_whole(beside, base64.b64encode(key_of(name).sign(text)) + b"\n")
    typer.echo(f"{beside}: signed by {name}")
    return ExitCode.DONE


def _entry(signer: Signer) -> str:
    key = base64.b64encode(signer.public_key()).decode()
    return f'[people.{signer.name}]\nroles = []  # of: {", ".join(Role)}\nkey = "{key}"'
