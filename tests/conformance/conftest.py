"""Each case of the kit for each rig. A case is skipped for a capability that the venue lacks, and for nothing else.

Markers: `needs("fok")` names a capability; `lever("halt")` names a lever of the rig; `wire` is for cases about bytes,
which do not exist for an exchange in process.
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from functools import wraps
from typing import Any, Final

import pytest

from engine.orders.order import TimeInForce
from tests.conformance import rigs
from tests.conformance.case import Case
from tests.conformance.rig import LEVERS

WITHIN: Final = 20.0
"""No case takes longer; one that does has come to a standstill (seconds)."""
RIG: Final = "rig_name"
"""Whose parameter this is, is a case of the kit; a test elsewhere may well call something a case."""
ABILITIES: Final = (
    "client_id_lookup",
    "private_stream",
    "market_orders",
    "quotes",
    "self_trade_prevention",
)
CAPABILITIES: Final = frozenset((*TimeInForce, *ABILITIES, "band"))
"""What a case may need; `band` stands with the instrument."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", "needs(capability): the case is skipped where the venue lacks it")
    config.addinivalue_line("markers", "lever(*names): what the rig must be able to do")
    config.addinivalue_line("markers", "wire: bytes travel between the adapter and its exchange")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every case for every rig that was asked for."""
    if RIG not in metafunc.fixturenames:
        return
    names = metafunc.config.getoption("--venue") or list(rigs.OWN)
    for name in names:
        try:
            rigs.opening(name)
        except KeyError:
            raise pytest.UsageError(f"nobody offers a rig {name!r}; ours are {', '.join(rigs.OWN)}") from None
    metafunc.parametrize(RIG, names)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Cases about bytes are left out where there are none, and a case that has come to a standstill fails."""
    kept, left_out = [], []
    for item in items:
        is_case = isinstance(item, pytest.Function) and RIG in item.fixturenames
        if not is_case and config.getoption("--venue"):
            left_out.append(item)
            continue
        if is_case and item.get_closest_marker("wire") and not rigs.has_wire(item.callspec.params["rig_name"]):
            left_out.append(item)
            continue
        if is_case:
            item.obj = _bounded(item.obj)
        kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _bounded(case: Any) -> Any:
    @wraps(case)
    async def bounded(**arguments: Any) -> None:
        async with asyncio.timeout(WITHIN):
            await case(**arguments)

    return bounded


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A skip for any other reason than a missing capability is a failure of the kit."""
    report = yield
    if report.skipped and RIG in getattr(item, "fixturenames", ()) and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        allowed = {f"no {name}" for name in CAPABILITIES}
        if item.config.getoption("--allow-missing-levers"):
            allowed |= {f"no lever {name}" for name in LEVERS}
        if reason not in allowed:
            report.outcome, report.longrepr = "failed", f"skipped for no missing capability: {reason}"
    return report


@pytest.fixture
async def case(rig_name: str, request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    """A fresh exchange, reached through the adapter."""
    opened = rigs.opening(rig_name)()
    async with opened as rig:
        for marker in request.node.iter_markers("needs"):
            _skip_without(rig, *marker.args)
        for marker in request.node.iter_markers("lever"):
            _skip_or_fail(request.config, rig, *marker.args)
        made = Case(rig)
        yield made
        await made.aclose()


def _skip_without(rig: Any, *needed: str) -> None:
    can = rig.venue.capabilities
    for name in needed:
        assert name in CAPABILITIES, f"no capability of the port: {name}"
        if name == "band":
            has = rig.instrument.band is not None
        elif name in ABILITIES:
            has = bool(getattr(can, name))
        else:
            has = can.takes(TimeInForce(name))
        if not has:
            pytest.skip(f"no {name}")


def _skip_or_fail(config: pytest.Config, rig: Any, *needed: str) -> None:
    for name in needed:
        assert name in LEVERS, f"no lever of a rig: {name}"
        if name not in rig.levers:
            if config.getoption("--allow-missing-levers"):
                pytest.skip(f"no lever {name}")
            pytest.fail(f"the rig has no lever {name}; --allow-missing-levers skips the case")
