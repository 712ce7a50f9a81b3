"""Two options of the conformance kit, which stand here so that `pytest --venue NAME` is understood from the root.

And guards: ccxt sets how the whole process rounds decimals, so each test is given back what it began with; no drawn
example fails for having been slow, since the first one of a fresh checkout builds tables of Unicode; no test reads or
writes what is the user's own; and among several processes one begins with what looks at the wall clock (`pytest -n 3`).
"""

import decimal
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steelyard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steelyard")

KIT = Path(__file__).parent / "conformance"
OUR_FOLDERS: Final = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
"""Where what is kept goes, unless a test says otherwise: the register, keys of people, witnesses."""
THEIR_OWN: Final = ("HOME", "KEYS", "WITNESS", "PEOPLE", "PEOPLE_KEY", "PASSPHRASE", "LICENCE_KEY")
"""After `STEELYARD_`: what the user may have set for themselves."""
NICE: Final = 10
_numbers = count()


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files stay whole, and one process begins with what looks at the wall clock."""
    from tests.support.workers import Sharing

    return Sharing(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Who only computes makes way for the one process that looks at the wall clock, and for what that one starts."""
    if getattr(config, "workerinput", {}).get("workerid", "gw0") != "gw0":
        os.nice(NICE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among several processes, what takes long begins first."""
    if hasattr(config, "workerinput"):
        from tests.support.workers import long_first

        long_first(items)


@pytest.fixture(scope="session", autouse=True)
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is made once for many tests finds none of the user's own either."""
    with pytest.MonkeyPatch.context() as patch:
        _own(patch, tmp_path_factory.getbasetemp() / "nobody")
        yield


@pytest.fixture(autouse=True)
def own_folders(nobody: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each test has folders of its own, which are made only when something is kept there."""
    with pytest.MonkeyPatch.context() as patch:
        _own(patch, tmp_path_factory.getbasetemp() / f"own-{next(_numbers)}")
        yield


def _own(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in OUR_FOLDERS:
        patch.setenv(name, str(folder / name.lower()))
    for name in THEIR_OWN:
        patch.delenv(f"STEELYARD_{name}", raising=False)


@pytest.fixture(autouse=True)
def decimals() -> Iterator[None]:
    """No test rounds as another one left it."""
    with decimal.localcontext():
        yield
