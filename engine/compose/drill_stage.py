"""The stage of a drill: a sandbox and an engine as processes of their own, with an order that rests at every venue.

The orders wait at a floor above the market, so that nothing is sold unless somebody fails to stop it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.drivers import control, keys
from engine.drivers.folder import RunFolder
from engine.kernel.ids import RunId, VenueName

CASE: Final = "DRILL-1"
RUN: Final = RunId(f"{CASE}.1")
EACH: Final = "0.2"
"""BTC at each venue, all of it in one order."""
SPEED: Final = "5"
PATIENCE_S: Final = 60.0
_LOOK_S: Final = 0.1
_ENDED: Final = frozenset({"FILLED", "CANCELED", "PARTIALLY_CANCELED", "REJECTED"})

_CONFIG: Final = """schema = 1
environment = "sandbox"

[mandate]
case = "{case}"
authority = "Drill"
venues = {venues}
account = "main"
deadline = "60m"

[[mandate.assets]]
asset = "BTC"
entrusted = "{total}"
released = "{total}"
floor = {{ price = "80000", currency = "USDT", scope = "fill" }}

[path]
hops = ["BTC>USDT", "USDT>USD"]
settlement = "USD"

[path.stable.USDT]
par = "1"
band_bp = "80"
inventory_max = "{ceiling}"
age_max = "30m"
sweep = "3000"
sweep_age = "20s"
tail = "1m"

[strategy]
schedule = "twap"
window = "40m"
at_end = "extend"
slices = 1
catch_up = "4"

[tactic]
kind = "peg"
every = "60s"
before = "5s"

[limits]
collar_bp = "40"
order_notional_max = "40000"
minute_notional_max = "200000"
minute_orders_max = 60
"""


class Failed(Exception):
    """The stage could not be set; the message says what was seen."""


class Books:
    """The exchanges' own books, which no engine and no program can colour."""

    def __init__(self, venues: Sequence[str], truth: Path, process: "subprocess.Popen[bytes]") -> None:
        self._venues, self._truth, self._process = venues, truth, process

    def open_orders(self) -> dict[str, list[dict[str, Any]]]:
        """What can still trade at each venue, as it stands now."""
        return {
            name: [order for order in account["orders"] if order["status"] not in _ENDED]
            for name, account in self._accounts().items()
        }

    def trades(self) -> int:
        """How often our account traded anywhere."""
        return sum(len(account["trades"]) for account in self._accounts().values())

    def _accounts(self) -> dict[str, dict[str, Any]]:
        self._truth.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        wait_for(self._truth.exists, lambda: "the exchange did not write its books")
        books = json.loads(self._truth.read_bytes())
        named = books if len(self._venues) > 1 else {self._venues[0]: books}
        return {name: named[name]["accounts"]["main"] for name in self._venues}


class Stage:
    """Everything that stands while one act is played."""

    def __init__(self, folder: Path, ready: dict[str, Any], books: Books, engine: "subprocess.Popen[bytes]") -> None:
        self.folder, self.books, self.engine = folder, books, engine
        self.run = RunFolder(folder / "run")
        self.secrets = {name: venue["accounts"][0] for name, venue in ready["venues"].items()}
        self._venues = tuple(ready["venues"])

    def ask(self, do: str) -> dict[str, Any] | None:
        """The engine's answer over its own socket."""
        return control.call(control.address(self.folder / "state", RUN), do, "the drill")

    def key_file(self) -> Path:
        """What `steelyard-kill` is given."""
        path = self.folder / "keys.toml"
        path.touch(mode=0o600)
        tables = (
            f'[{name}]\nkey = "{account["key"]}"\nsecret = "{account["secret"]}"\nenvironment = "sandbox"\n'
            for name, account in self.secrets.items()
        )
        path.write_text("\n".join(tables))
        return path

    def until_resting(self) -> dict[str, int]:
        """Wait for an order at every venue; how many there are at each."""

        def resting() -> bool:
            if self.engine.poll() is not None:
                raise Failed(f"the engine ended before anything rested: {_tail(self.folder / 'engine.err')}")
            return all(self.books.open_orders().values())

        wait_for(resting, lambda: f"no order rests at every venue: {_tail(self.folder / 'engine.out')}")
        return {name: len(orders) for name, orders in self.books.open_orders().items()}


@contextmanager
def staged(folder: Path, venues: Sequence[VenueName], seed: int) -> Iterator[Stage]:
    """A sandbox and an engine that sells there; both end with the block, however it ends."""
    folder.mkdir(parents=True)
    truth = folder / "truth.json"
    words = ["sandbox", "--synthetic", "--seed", str(seed), "--speed", SPEED, "--account", "main", "--until-eof"]
    words += ["--truth", str(truth)]
    for venue in venues:
        words += ["--dialect", venue, "--balance", f"{venue}:BTC={EACH}"]
    with _process(words, folder, "sandbox", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sandbox:
        assert sandbox.stdout is not None
        line = sandbox.stdout.readline()
        if not line:
            raise Failed(f"the sandbox did not start: {_tail(folder / 'sandbox.err')}")
        ready = json.loads(line)
        books = Books(venues, truth, sandbox)
        config = folder / "config.toml"
        config.write_text(_config(venues))
        run = ["run", str(config), "--out", str(folder / "run"), "--home", str(folder / "state"), "--plain"]
        for name, venue in ready["venues"].items():
            run += ["--venue", f"{name}={venue['rest']}"]
        with (
            (folder / "engine.out").open("wb") as out,
            _process(run, folder, "engine", env=_environment(ready), stdout=out) as engine,
        ):
            yield Stage(folder, ready, books, engine)


def wait_for(true: Callable[[], bool], what: Callable[[], str], within_s: float = PATIENCE_S) -> None:
    """Wait for what another process does; `Failed` with `what` when it does not come."""
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            raise Failed(what())
        time.sleep(_LOOK_S)


@contextmanager
def _process(
    words: Sequence[str], folder: Path, name: str, *, env: dict[str, str] | None = None, stdin: int | None = None,
    stdout: Any,
) -> "Iterator[subprocess.Popen[bytes]]":  # fmt: skip
    with (folder / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-m", "engine", *words],
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=stdout,
            stderr=err,
            env=env,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _environment(ready: dict[str, Any]) -> dict[str, str]:
    """Ours, with the sandbox's keys."""
    found = dict(os.environ)
    for name, venue in ready["venues"].items():
        key, secret = keys.names("sandbox", VenueName(name))
        found |= {key: venue["accounts"][0]["key"], secret: venue["accounts"][0]["secret"]}
    return found


def _config(venues: Sequence[VenueName]) -> str:
    total = Decimal(EACH) * len(venues)
    text = _CONFIG.format(
        case=CASE, venues=json.dumps(list(venues)), total=f"{total:f}", ceiling=f"{total * 100_000:f}"
    )
    return text + "".join(f'\n[venues.{name}]\nadapter = "{name}"\n' for name in venues)


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-800:].strip() if path.exists() else "it said nothing"
