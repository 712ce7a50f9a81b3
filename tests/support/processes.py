"""Steelyard as its users meet it: processes with an environment of their own, and an exchange that outlives them.

Nothing of a process is looked into. What it wrote, how it ended, and what the exchange's own books say is all there is.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from engine.drivers import control
from engine.kernel.ids import RunId

ROOT: Final = Path(__file__).parents[2]
READY_S: Final = 30.0
DUST: Final = Decimal("0.0001")
"""BTC: the smallest order of OSL; HashKey's least notional asks for more."""
ENDED: Final = ("FILLED", "CANCELED", "PARTIALLY_CANCELED", "REJECTED")


class Finished(NamedTuple):
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def mistakes(self) -> list[str]:
        """The lines on its standard error."""
        return self.err.splitlines()


class Engine:
    """A steelyard process at work; what it says goes to a file, so that it never waits for a reader."""

    def __init__(self, command: list[str], env: Mapping[str, str], cwd: Path, log: Path) -> None:
        self.log, self._errors = log, log.with_suffix(".err")
        with log.open("wb") as out, self._errors.open("wb") as err:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(env), cwd=cwd
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def complained(self) -> str:
        return self._errors.read_text(errors="replace")

    @property
    def over(self) -> bool:
        return self._process.poll() is not None

    def wait_for(self, text: str, within: float = 30.0) -> None:
        """Until `text` stands in what it said."""

        def there() -> bool:
            assert text in self.said or not self.over, f"ended without {text!r}: {self.said[-2000:]}{self.complained}"
            return text in self.said

        eventually(there, within, lambda: f"{text!r} in {self.said[-2000:]}{self.complained}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more, no `finally` either."""
        self._process.kill()
        self._process.wait()

    def end(self, within: float = 60.0) -> Finished:
        """How it ends."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {within} s: {self.said[-2000:]}{self.complained}") from None
        return Finished(code, self.said, self.complained)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.over:
            self.kill()


class Person:
    """Somebody at a shell: a working folder, a state folder, and variables in the environment."""

    def __init__(self, folder: Path, *, state: Path | None = None, variables: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.home = state if state is not None else folder / "state" / "steelyard"
        self._started = 0
        self.env = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "state"),
            "STEELYARD_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "TERM": "dumb",
            **(variables or {}),
        }

    def knows(self, exchange: "Exchange") -> Self:
        """Puts the keys of its venues into the environment."""
        for name, venue in exchange.ready["venues"].items():
            account = venue["accounts"][0]
            self.env |= {
                f"STEELYARD_SANDBOX_{name.upper()}_KEY": account["key"],
                f"STEELYARD_SANDBOX_{name.upper()}_SECRET": account["secret"],
            }
        return self

    def says(self, *words: str | Path, within: float = 90.0) -> Finished:
        """`steelyard WORDS`, to its end."""
        done = subprocess.run(
            steelyard(*words), capture_output=True, text=True, env=self.env, cwd=self.folder, timeout=within,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    def starts(self, *words: str | Path) -> Engine:
        """`steelyard WORDS`, and goes on with something else."""
        self._started += 1
        return Engine(steelyard(*words), self.env, self.folder, self.folder / f"engine-{self._started}.log")

    def status(self, run: str) -> dict[str, Any]:
        """`steelyard status RUN --json`."""
        answer = self.says("status", run, "--json")
        assert answer.code == 0, answer
        shown: dict[str, Any] = json.loads(answer.out)
        return shown

    def sees(self, run: str, true: Callable[[dict[str, Any]], bool], within: float = 30.0) -> dict[str, Any]:
        """The first status that is so: of the running engine, asked as the command line asks it, only more often."""
        shown: list[dict[str, Any]] = []

        def so() -> bool:
            answer = control.call(control.address(self.home, RunId(run)), "status", "a test")
            shown[:] = [answer if answer is not None else self.status(run)]
            return true(shown[0])

        eventually(so, within, lambda: str(shown))
        return shown[0]


class Exchange:
    """A sandbox in a process of its own; what is said of one venue is said of its first."""

    def __init__(self, process: "subprocess.Popen[bytes]", ready: dict[str, Any], truth: Path) -> None:
        self._process, self._truth = process, truth
        venue = next(iter(ready["venues"].values()))
        self.url: str = venue["rest"]
        self.key: str = venue["accounts"][0]["key"]
        self.secret: str = venue["accounts"][0]["secret"]
        self.ready = ready

    @property
    def option(self) -> list[str]:
        """What points a run at all its venues."""
        return [word for name, venue in self.ready["venues"].items() for word in ("--venue", f"{name}={venue['rest']}")]

    def truth(self) -> "Truth":
        """The books of the only venue, as they stand now."""
        return Truth(self._books())

    def truths(self) -> "dict[str, Truth]":
        """The books of each of several venues, as they stand now."""
        return {name: Truth(books) for name, books in self._books().items()}

    def set_mode(self, venue: str, mode: str) -> None:
        """`dark` takes a venue off the network at once; `normal` brings it back."""
        asked = json.dumps({"venue": venue, "mode": mode}).encode()
        request = urllib.request.Request(f"{self.url}/sandbox/v1/mode", asked, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def _books(self) -> dict[str, Any]:
        self._truth.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        eventually(self._truth.exists, 10.0, lambda: "no truth was written")
        books: dict[str, Any] = json.loads(self._truth.read_bytes())
        return books

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(10)


class Truth:
    """The exchange's own books of the account `main`."""

    def __init__(self, books: dict[str, Any]) -> None:
        account = books["accounts"]["main"]
        self.orders: list[dict[str, Any]] = account["orders"]
        self.trades: list[dict[str, Any]] = account["trades"]
        self.faults: dict[str, int] = books["faults_injected"]
        self.held = {name: Decimal(row["free"]) + Decimal(row["locked"]) for name, row in account["balances"].items()}

    def sold(self, symbol: str) -> Decimal:
        """What was sold in `symbol`, in its base."""
        return sum((Decimal(t["quantity"]) for t in self.trades if t["symbol"] == symbol), Decimal(0))

    @property
    def open(self) -> list[dict[str, Any]]:
        """Orders that still stand."""
        return [order for order in self.orders if order["status"] not in ENDED]

    @property
    def trade_ids(self) -> list[str]:
        return sorted(trade["trade_id"] for trade in self.trades)


@contextmanager
def exchange(
    folder: Path, *options: str | Path, seed: int = 5, speed: str = "20", balance: str = "BTC=0.2"
) -> Iterator[Exchange]:
    """A sandbox with seeded flow, ready; it ends with the block, whatever has happened."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / "truth.json"
    command = steelyard("sandbox", "--synthetic", "--seed", str(seed), "--speed", speed, "--truth", truth)
    command += ["--balance", balance, *map(str, options)]
    with (folder / "sandbox.err").open("wb") as err:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=err, stdin=subprocess.DEVNULL, cwd=folder,
            env=Person(folder / "operator").env,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the sandbox did not start: {(folder / 'sandbox.err').read_text()}"
        yield Exchange(process, json.loads(line), truth)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def steelyard(*words: str | Path) -> list[str]:
    """The command line, through this interpreter."""
    return [sys.executable, "-m", "engine", *map(str, words)]


def eventually(true: Callable[[], bool], within: float, what: Callable[[], str]) -> None:
    """Wait for what another process does."""
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, f"not within {within} s: {what()}"
        time.sleep(0.02)


def fills(run: Path) -> list[dict[str, Any]]:
    """The lines of `fills.jsonl`."""
    path = run / "fills.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def summary(run: Path) -> dict[str, Any]:
    """`summary.json`."""
    result: dict[str, Any] = json.loads((run / "summary.json").read_bytes())
    return result


def sold_out(run: Path, sold: Decimal, mandated: Decimal) -> bool:
    """Is all of it sold, by the exchanges' own books, but dust that the run names and no exchange would take?

    An exchange with fine lots that is away at the end may leave less than a lot of the other one.
    """
    left = Decimal(summary(run)["legs"][0]["residue"])
    return sold + left == mandated and left < DUST
