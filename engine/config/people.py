"""The people file of this host: read only when the key that is trusted here has signed it.

Who could change it unseen could make themselves two approvers; so it is believed as little as a licence register is.
"""

from pathlib import Path
from typing import Final

from engine.config import signed_file
from engine.config.people_file import parse
from engine.config.signed_file import Trust
from engine.mandate.people import People

TRUST: Final = Trust("people", "STEELYARD_PEOPLE_KEY", "people files")


def read(path: Path) -> People:
    """Everybody in a signed people file; `BadInput` with all that is wrong with file, signature and key."""
    return parse(signed_file.read(path, TRUST))
