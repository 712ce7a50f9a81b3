"""A licence register of the operator's own: read only when the key that is trusted here has signed it."""

from pathlib import Path
from typing import Final

from engine.config import signed_file
from engine.config.register_file import parse
from engine.config.signed_file import Trust
from engine.mandate.register import Register

TRUST: Final = Trust("licences", "STEELYARD_LICENCE_KEY", "registers")


def read(path: Path) -> Register:
    """The entries of a signed register file; `BadInput` with all that is wrong with file, signature and key."""
    return parse(signed_file.read(path, TRUST))
