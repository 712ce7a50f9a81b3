"""What the guide tells people to type makes a register that is trusted."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import licences
from engine.kernel.clock import parse_instant
from engine.kernel.ids import VenueName
from engine.mandate.register import gap

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "licences.md").read_text()
NOW = parse_instant("2026-12-01T00:00:00Z")


def block(language: str) -> str:
    """The first block of code in that language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None, language
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's own register, signed by its commands, and the key that they print in the environment."""
    (tmp_path / "licences.toml").write_text(block("toml"))
    typed = subprocess.run(["sh", "-e", "-c", block("sh")], cwd=tmp_path, capture_output=True, text=True, check=False)
    if "rawin" in typed.stderr:
        pytest.skip("this OpenSSL is older than 3")
    assert typed.returncode == 0, typed.stderr
    monkeypatch.setenv("STEELYARD_LICENCE_KEY", typed.stdout.strip())
    return tmp_path


pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no OpenSSL here")


def test_its_commands_make_a_register_that_is_trusted(folder: Path) -> None:
    assert gap(licences.read(folder / "licences.toml"), VenueName("osl"), NOW) == ""


def test_its_python_signs_as_its_commands_do(folder: Path) -> None:
    signature = folder / "licences.toml.sig"
    by_openssl = "".join(signature.read_text().split())
    signature.unlink()
    subprocess.run([sys.executable, "-c", block("python")], cwd=folder, check=True)
    assert signature.read_text() == by_openssl
