"""The kill switch as it is met in an emergency: a process with a key file and a run folder."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from hashlib import sha256
from hmac import new as hmac
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from tests.support.processes import ROOT, Exchange

RESTING: Final[dict[str, Any]] = {
    "mandate__venues": ["hashkey", "osl"],
    "mandate__deadline": "60m",
    "path__stable__USDT__inventory_max": "40000",
    "path__stable__USDT__age_max": "30m",
    "mandate__assets": [
        {
            "asset": "BTC",
            "entrusted": "0.4",
            "released": "0.4",
            "floor": {"price": "80000", "currency": "USDT", "scope": "fill"},
        }
    ],
    "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl"}},
    "strategy__window": "40m",
    "strategy__slices": 1,
    "tactic": {"kind": "peg", "every": "60s", "before": "5s"},
}
"""An order at each of two venues that waits at its floor, above a market that does not come up to it."""


class Killed(NamedTuple):
    """What the program said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """With `--json`."""
        said: dict[str, Any] = json.loads(self.out)
        return said

    @property
    def venues(self) -> dict[str, dict[str, Any]]:
        return {row["venue"]: row for row in self.record["venues"]}


def kills(keys: Path, *words: str | Path, within: float = 90.0) -> Killed:
    """`steelyard-kill --keys FILE WORDS --json`, to its end, in a bare shell that names a proxy where nobody is."""
    command = [sys.executable, "-m", "engine.kill", "--keys", str(keys), "--json", *map(str, words)]
    env = {"PYTHONPATH": str(ROOT), "http_proxy": "http://127.0.0.1:1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=env, timeout=within, check=False, stdin=subprocess.DEVNULL
    )
    return Killed(done.returncode, done.stdout, done.stderr)


def key_file(folder: Path, tables: Mapping[str, Mapping[str, str]], mode: int = 0o600) -> Path:
    """A key file with these tables."""
    path = folder / "keys.toml"
    lines = [f"[{venue}]\n" + "".join(f'{k} = "{v}"\n' for k, v in table.items()) for venue, table in tables.items()]
    path.write_text("\n".join(lines))
    path.chmod(mode)
    return path


def keys_of(exchange: Exchange, folder: Path) -> Path:
    """The key file for every venue of a sandbox."""
    accounts = {name: venue["accounts"][0] for name, venue in exchange.ready["venues"].items()}
    return key_file(
        folder,
        {
            name: {"key": account["key"], "secret": account["secret"], "environment": "sandbox"}
            for name, account in accounts.items()
        },
    )


def sells_by_hand(exchange: Exchange, client_id: str) -> None:
    """Somebody else's order at HashKey, on the very account and with the very key of the run."""
    import http.client

    account = exchange.ready["venues"]["hashkey"]["accounts"][0]
    text = (
        f"timestamp={time.time_ns() // 1_000_000}&symbol=ETHUSDT&side=SELL&type=LIMIT&quantity=0.5&price=2600"
        f"&newClientOrderId={client_id}"
    )
    body = f"{text}&signature={hmac(account['secret'].encode(), text.encode(), sha256).hexdigest()}"
    parts = urlsplit(exchange.ready["venues"]["hashkey"]["rest"])
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"X-HK-APIKEY": account["key"], "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/api/v1/spot/order", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 200, said
