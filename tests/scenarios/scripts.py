"""Days that a trader can read, and a test can play: Markdown with what is typed and what has to be answered.

A block ```` ```console ```` holds commands after `$ ` and, below each, lines that its answer must hold in this order.
`<name>` in such a line takes a word from the answer; `$name` in a later command or file gives it back. A line in
brackets says how: `[exit 2]` (it is 0 otherwise), `[goes on]` for a process that is left running and for which `$ wait`
waits, `[in the end]` for what is asked again until the answer is so. A block ```` ```toml NAME ```` is a file.
"""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.support.processes import ROOT, Engine, Finished

BLOCK: Final = re.compile(r"^```(console|toml \S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOW: Final = re.compile(r"\[(exit \d|goes on|in the end)(?:, (exit \d))?\]")
IN_THE_END_S: Final = 60.0
WITHIN_S: Final = 150.0


class Command(Struct, frozen=True, kw_only=True):
    """One line that is typed, and what has to come of it."""

    typed: str
    answer: tuple[str, ...]
    code: int = 0
    goes_on: bool = False
    in_the_end: bool = False


class File(Struct, frozen=True):
    """A file that lies in the desk's folder from then on."""

    name: str
    text: str


def read(path: Path, since: str = "", until: str = "") -> Iterator[Command | File]:
    """The steps of a script in order, from the heading `since` to the heading `until`."""
    text = path.read_text()
    assert {since, until} <= {"", *text.splitlines()}, f"{path.name} has no heading {since!r} or {until!r}"
    _, _, text = text.partition(f"\n{since}")
    text, _, _ = text.partition(f"\n{until}\n") if until else (text, "", "")
    for kind, block in BLOCK.findall(text):
        if kind != "console":
            yield File(kind.split()[1], block)
            continue
        for typed, *answer in (part.splitlines() for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]):
            yield _command(typed, [line.strip() for line in answer if line.strip()])


def verbs(path: Path) -> set[str]:
    """The first words of everything that is typed to `steelyard`."""
    typed = (step.typed for step in read(path) if isinstance(step, Command))
    words = [shlex.split(line) for line in typed if line.startswith(("steelyard ", "steelyard-kill "))]
    options = {"run --rehearse" for w in words if "--rehearse" in w} | {
        f"finish --by {w[4]}" for w in words if w[1] == "finish"
    }
    plain = {" ".join(w[1:3]) if w[1] in ("case", "key") else w[1] for w in words if w[0] == "steelyard"}
    return plain | options | {w[0] for w in words if w[0] != "steelyard"}


def _command(typed: str, answer: list[str]) -> Command:
    how = [match for line in answer if (match := HOW.fullmatch(line))]
    said = {part for match in how for part in match.groups() if part}
    codes = [int(part.split()[1]) for part in said if part.startswith("exit")]
    return Command(
        typed=typed,
        answer=tuple(line for line in answer if not HOW.fullmatch(line)),
        code=codes[0] if codes else 0,
        goes_on="goes on" in said,
        in_the_end="in the end" in said,
    )


class Shell:
    """Somebody's shell in a folder: plays steps one after another, and keeps what was learned on the way.

    `operator` is who answers `$ venue NAME MODE`: whoever runs the sandbox.
    """

    def __init__(self, folder: Path, env: dict[str, str], operator: Callable[[str, str], None]) -> None:
        self.folder, self.env, self._operator = folder, dict(env), operator
        self.env["PATH"] = f"{_program(folder)}:{env['PATH']}"
        self.engine: Engine | None = None
        self._engines = 0

    def play(self, step: Command | File) -> None:
        """Carry it out; `AssertionError` where the answer is another."""
        if isinstance(step, File):
            (self.folder / step.name).write_text(self._filled(step.text))
        elif step.typed.startswith("export "):
            name, _, value = self._filled(step.typed.removeprefix("export ")).partition("=")
            self.env[name] = value
        elif step.typed.startswith("venue "):
            self._operator(*step.typed.split()[1:])
        elif step.goes_on:
            self._begin(step)
        elif step.typed == "wait":
            assert self.engine is not None, "nothing goes on"
            self._check(step, self.engine.end(WITHIN_S))
        else:
            self._ask(step)

    def close(self) -> None:
        """Whatever still goes on is killed."""
        if self.engine is not None and not self.engine.over:
            self.engine.kill()

    def _begin(self, step: Command) -> None:
        self._engines += 1
        command = ["bash", "-c", f"exec {self._filled(step.typed)}"]
        self.engine = Engine(command, self.env, self.folder, self.folder / f"engine-{self._engines}.log")
        for line in step.answer:
            self.engine.wait_for(self._filled(line))

    def _ask(self, step: Command) -> None:
        until = time.monotonic() + IN_THE_END_S
        while True:
            done = subprocess.run(
                ["bash", "-c", self._filled(step.typed)], capture_output=True, text=True, env=self.env,
                cwd=self.folder, stdin=subprocess.DEVNULL, timeout=WITHIN_S, check=False,
            )  # fmt: skip
            finished = Finished(done.returncode, done.stdout, done.stderr)
            if not step.in_the_end or time.monotonic() > until or self._missing(step, finished) is None:
                self._check(step, finished)
                return
            time.sleep(0.1)

    def _check(self, step: Command, finished: Finished) -> None:
        missing = self._missing(step, finished)
        told = f"$ {step.typed}\n{finished.out}{finished.err}[exit {finished.code}]"
        beside = f"\nbeside it: {self.engine.said[-3000:]}{self.engine.complained}" if self.engine else ""
        assert missing is None, f"{missing}\n{told}{beside}"

    def _missing(self, step: Command, finished: Finished) -> str | None:
        """What the answer lacks; what it has is learned."""
        if finished.code != step.code:
            return f"exit {finished.code} and not {step.code}"
        text, at = finished.out + finished.err, 0
        for line in step.answer:
            found = re.compile(_pattern(self._filled(line))).search(text, at)
            if found is None:
                return f"not answered: {line}"
            at = found.end()
            self.env |= found.groupdict()
        return None

    def _filled(self, text: str) -> str:
        """With what was learned put in."""
        return re.sub(r"\$([a-z_]+)\b", lambda m: self.env.get(m[1], m[0]), text)


def _pattern(line: str) -> str:
    """A line as a regular expression: `<name>` is a word, `…` is anything on that line."""
    parts = re.split(r"(<[a-z_]+>|…)", line)
    return "".join(
        "[^\n]*?" if part == "…" else rf'(?P{part}[^\s"]+)' if part.startswith("<") and part.endswith(">")
        else r"\s+".join(map(re.escape, part.split(" ")))
        for part in parts
    )  # fmt: skip


def _program(folder: Path) -> Path:
    """A folder with the two commands that are typed."""
    there = folder / "bin"
    there.mkdir(exist_ok=True)
    for name, module in (("steelyard", "engine"), ("steelyard-kill", "engine.kill")):
        script = there / name
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m {module} "$@"\n'
        )
        script.chmod(0o755)
    return there
