"""What the folders promise: who may import whom, who may make what, and how large a file may become."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "venues", "strategies", "backtests")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = ("pandas", "pyarrow", "altair", "ccxt", "numpy", "jinja2", "scipy", "vl_convert", "keyring", "beancount")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), named(path))


def made(name: str) -> Iterator[str]:
    """Where a value of this type is constructed by name."""
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                called = node.func
                if name in (getattr(called, "id", ""), getattr(called, "attr", "")):
                    yield named(path)


def replaced(module: ast.Module) -> Iterator[str]:
    """Names of variables that hold an approved order, where `replace` is given one."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "replace":
            yield from (arg.id for arg in node.args[:1] if isinstance(arg, ast.Name) and "approved" in arg.id)


def imported(path: Path) -> set[str]:
    """The first names of all that a file imports, at any depth of it."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 60


def test_only_the_gate_makes_an_order_approved() -> None:
    assert set(made("Approved")) == {"engine/risk/gate.py"}


def test_nobody_changes_what_was_approved() -> None:
    assert [named(path) for path in FILES if list(replaced(parsed(path)))] == []


def test_only_the_core_asks_the_gate() -> None:
    askers = [named(path) for path in FILES if re.search(r"\bgate\.check\(", path.read_text())]
    assert askers == ["engine/core/pursuing.py"]


def test_only_pacing_knows_the_throttle() -> None:
    assert [named(path) for path in FILES if "asyncio_throttle" in imported(path)] == ["venues/pacing.py"]


def test_nobody_asks_for_the_time_of_a_datetime() -> None:
    asked = re.compile(r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(")
    assert [named(path) for path in FILES if asked.search(path.read_text())] == []


def test_chance_comes_from_named_draws_wherever_something_is_decided() -> None:
    ours = [path for path in FILES if path.is_relative_to(ROOT / "engine") or path.is_relative_to(ROOT / "strategies")]
    assert [named(path) for path in ours if imported(path) & {"random", "uuid"}] == []


def test_the_import_contracts_are_kept() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_module_says_why_it_is_there(path: Path) -> None:
    assert ast.get_docstring(parsed(path)), "no docstring"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_and_a_function_have_one_subject(path: Path) -> None:
    """400 lines and 60 lines: beyond these another subject is hiding there."""
    assert len(path.read_text().splitlines()) <= 400
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60] == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_is_left_to_be_done(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", path.read_text())


def test_what_decides_and_drives_is_light_to_import() -> None:
    """`steelyard --help` answers in a fifth of a second; tables and charts are imported by whoever draws them."""
    script = (
        "import engine.drivers.live, engine.config, engine.core.turn, sys;"
        f"print(*sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(record.name[:4]) for record in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_registered_by_name_can_be_written_in_a_config() -> None:
    """Tables that must not drift apart: what a config may name unless it is told otherwise, and what there is."""
    from engine.config import OURS, schedule_checks
    from strategies import registry as strategies
    from venues import registry as venues

    assert OURS.schedules == set(strategies.SCHEDULES) - strategies.FOR_LEG_TWO
    assert OURS.tactics == set(strategies.TACTICS)
    assert OURS.schedules == set(schedule_checks.KEYS)
    assert set(venues.OWN) <= set(OURS.adapters)
