"""Nothing of the engine, and nothing that has to be installed: what it is to stop can't stop it."""

import subprocess
import sys

from tests.support.processes import ROOT

STRANGERS = (
    "import sys; before = set(sys.modules); import engine.kill.program;"
    "new = set(sys.modules) - before;"
    "print(*sorted(n for n in new if n.split('.')[0] not in sys.stdlib_module_names))"
)


def test_it_imports_itself_and_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-c", STRANGERS], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "engine.kill.program" in loaded
    assert [name for name in loaded if name != "engine" and not name.startswith("engine.kill")] == []


def test_it_starts_without_anything_installed() -> None:
    """An interpreter that sees no installed package: `-I -S`."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from engine.kill.program import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:21]) == (0, "usage: steelyard-kill"), done.stderr


def test_it_starts_at_once() -> None:
    """The best of three, in processor time, so that a busy machine does not count."""
    script = "import engine.kill.program, time; print(time.process_time())"
    took = [
        float(subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(took) < 0.3
