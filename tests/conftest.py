"""Two options of the conformance kit, which stand here so that `pytest --venue NAME` is understood from the root.

And two guards: ccxt sets how the whole process rounds decimals, so each test is given back what it began with; and no
drawn example fails for having been slow, since the first one of a fresh checkout builds tables of Unicode.
"""

import decimal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steelyard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steelyard")

KIT = Path(__file__).parent / "conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--venue` runs nothing but the kit."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--venue",
        action="append",
        default=[],
        metavar="NAME",
        help="run the conformance kit, and nothing else, against the rig of this name (repeatable; default: our own)",
    )
    group.addoption(
        "--allow-missing-levers",
        action="store_true",
        help="skip cases of the kit that need a lever which the rig has not, instead of failing them",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--venue` nothing outside the kit is looked at."""
    if not config.getoption("--venue"):
        return None
    inside = collection_path in (KIT, *KIT.parents) or KIT in collection_path.parents
    return None if inside else True


@pytest.fixture(autouse=True)
def decimals() -> Iterator[None]:
    """No test rounds as another one left it."""
    with decimal.localcontext():
        yield
