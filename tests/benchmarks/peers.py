"""Other people's libraries that are measured beside ours, from a folder of their own; `make bench` fills it."""

import importlib
import sys
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(sys.prefix) / "peers"


def peer(module: str) -> Any | None:
    """The module, or `None` where nobody has installed it."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # at the end, so that nothing of ours is ever replaced
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
