"""Other processes of a benchmark: a module that serves us, on loopback or line by line, until we let go of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_S: Final = 20.0
"""For it to end once its standard input has ended."""


class Beside:
    """A process that has said that it is ready. It ends when its standard input does, and so when we do."""

    def __init__(self, process: "subprocess.Popen[bytes]", ready: str) -> None:
        self._process, self.ready = process, ready

    def ask(self, line: str) -> str:
        """Say a line to it, and hear one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()

    def last(self) -> str:
        """Let it end, and hear what it still has to say."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        said = self._process.stdout.read()
        self._process.wait(PATIENCE_S)
        return said.decode()


@contextmanager
def beside(module: str, *words: str) -> Iterator[Beside]:
    """`python -m module WORDS`, from its first line to its end; `SystemExit` when it would not start."""
    command = [sys.executable, "-m", module, *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = process.stdout.readline().decode().strip()
        if not ready:
            raise SystemExit(f"{module} did not start")
        yield Beside(process, ready)
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
