"""What the guide tells people to type lets two of them agree to a plan."""

import os
import re
import subprocess
import sys
from pathlib import Path

from engine.mandate.people import Role
from engine.mandate.statements import Why

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "approvals.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_its_commands_end_with_an_approved_plan(tmp_path: Path) -> None:
    """Everybody has the same passphrase here, in the environment; the keys are those that its commands made."""
    command = tmp_path / "bin" / "steelyard"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m engine "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "STEELYARD_PASSPHRASE": "correct horse",
        "STEELYARD_PEOPLE": "people.toml",
    }

    def typed(text: str) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", text], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(name: str) -> str:
        return (tmp_path / f"{name}.txt").read_text().partition('key = "')[2].partition('"')[0]

    make_keys, sign, decide = blocks("sh")
    typed(make_keys)
    env["STEELYARD_PEOPLE_KEY"] = key("admin")
    people = re.sub(r"\"(\w+)'s key\"", lambda found: f'"{key(found[1])}"', blocks("toml")[0])
    (tmp_path / "people.toml").write_text(people)
    (tmp_path / "plan.json").write_text('{"plan":"sell 1 BTC"}')
    typed(sign)
    assert "approved by chen, wang; good until" in typed(decide).splitlines()[-2]


def test_it_names_every_role_and_every_reason() -> None:
    missing = {str(word) for word in (*Role, *Why) if f"`{word}`" not in GUIDE}
    assert missing == set()
