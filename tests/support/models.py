"""Volume models for tests: that of the example, for another window, or with another rule."""

import json
from pathlib import Path
from typing import Any, Final

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "models" / "btc_10m.json"


def learned(chosen: str = "direct", window: str = "1h", **changes: Any) -> str:
    """The example's ten slices, over `window`."""
    return json.dumps(json.loads(EXAMPLE.read_bytes()) | {"chosen": chosen, "window": window} | changes)
