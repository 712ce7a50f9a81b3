"""`run --rehearse` at the public prices of a sandbox: everything is sold, and the sandbox has heard of no order.

The sandbox plays the public host. Its own books say what happened there.
"""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from engine.cli import starting
from engine.compose import rehearsing
from engine.drivers.register import CaseRegister
from engine.kernel.errors import BadInput, ExitCode
from engine.kernel.ids import CaseId
from engine.reports.screen import PlainScreen
from tests.support.configs import PEG, PRODUCTION, written
from tests.support.people import entry, people_toml, public, sign
from tests.support.processes import Exchange, Finished, Person, eventually, exchange, fills, steelyard, summary
from venues import transport

TWO: Final[dict[str, Any]] = {
    "mandate__venues": ["hashkey", "osl"],
    "venues": {"hashkey": {"adapter": "hashkey"}, "osl": {"adapter": "osl"}},
}
SECRETS: Final = {
    f"STEELYARD_{environment}_{venue}_{word}": f"{environment}-{venue}-{word}-not-to-be-sent".lower()
    for environment in ("PRODUCTION", "SANDBOX")
    for venue in ("HASHKEY", "OSL")
    for word in ("KEY", "SECRET")
}
CLOCK: Final = "/sandbox/v1/clock"
"""A sandbox lives by a time of its own; a real venue is never asked for this."""
PUBLIC: Final = {
    *("/api/v1/exchangeInfo", "/quote/ws/v1"),
    *("/api/v5/symbols", "/api/v4/instrument", "/api/v4/orderBook/L2", "/api/v4/trade", "/ws/v4"),
}
"""What any visitor may ask: lists of pairs, and the feeds of books and trades."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Two venues at twenty times the speed, each with an account that holds 0.2 BTC."""
    folder = tmp_path_factory.mktemp("host")
    with exchange(folder, "--dialect", "hashkey", "--dialect", "osl") as venues:
        yield venues


def hosts(venues: Exchange) -> dict[str, Any]:
    return {"rehearsal": {"hosts": {name: venue["rest"] for name, venue in venues.ready["venues"].items()}}}


def untouched(venues: Exchange) -> None:
    """No order was ever placed, no trade made, and every balance is what it was."""
    for name, truth in venues.truths().items():
        assert (truth.orders, truth.trades, truth.held) == ([], [], {"BTC": Decimal("0.2")}), name


@pytest.mark.parametrize("tactic", [{"kind": "cross"}, PEG], ids=["cross", "peg"])
def test_a_rehearsal_sells_everything_and_the_exchange_hears_of_nothing(
    tactic: dict[str, str], host: Exchange, tmp_path: Path
) -> None:
    """From a shell that knows no key, with a state folder that stays as it is."""
    person = Person(tmp_path)
    config = written(tmp_path, tactic=tactic, **TWO, **hosts(host))
    ended = person.says("run", config, "--rehearse", "--out", "run")
    assert ended.code == 0, ended
    untouched(host)
    result = summary(tmp_path / "run")
    assert [(leg["sell"], leg["buy"]) for leg in result["legs"]] == [("BTC", "USDT"), ("USDT", "USD")]
    assert (result["status"], Decimal(result["legs"][0]["sold"])) == ("done", Decimal("0.2"))
    assert (result["unknown"], result["differences"]) == (0, 0)
    assert sum(Decimal(f["quantity"]) for f in fills(tmp_path / "run") if f["sell"] == "BTC") == Decimal("0.2")
    assert not person.home.exists()


def test_it_is_told_apart_from_a_run_everywhere(host: Exchange, tmp_path: Path) -> None:
    """By name, origin and report; its decisions are taken again alike, and nobody can resume it into a sale."""
    person = Person(tmp_path)
    assert person.says("run", written(tmp_path, **TWO, **hosts(host)), "--rehearse").code == 0
    (run,) = (tmp_path / "runs").iterdir()
    origin = json.loads((run / "origin.json").read_bytes())
    assert (run.name, summary(run)["run"], origin["kind"]) == ("rehearsal-SHORT-1", "SHORT-1.rehearsal", "rehearsal")
    assert {there["address"] for there in origin["venues"].values()} == {"memory"}
    page = (run / "report.html").read_text()
    assert "<title>REHEARSAL: nothing was sold: SHORT-1</title>" in page
    assert "No impact" in page
    assert "No latency of the venue" in page
    assert person.says("report", str(run)).code == 0
    assert (run / "report.html").read_text() == page
    assert person.says("audit", str(run)).code == 0
    assert person.says("resume", str(run)).code == 2
    assert person.says("compare", str(run), str(run)).code == 0


def test_what_nobody_has_approved_and_no_deposit_covers_can_be_rehearsed(host: Exchange, tmp_path: Path) -> None:
    """A sale would wait for two signatures, and then for the deposit."""
    people = tmp_path / "people.toml"
    people.write_text(people_toml(entry("li", "trader"), entry("wang", "approver"), entry("chen", "approver")))
    sign(people)
    person = Person(tmp_path, variables={"STEELYARD_PEOPLE_KEY": public("admin")}).knows(host)
    strict = {"people": "people.toml", "deposit": {"ratio": "110%", "limit": "100%"}}
    config = written(tmp_path, **TWO, **hosts(host), **strict)
    refused = person.says("run", config, *host.option)
    assert (refused.code, "approv" in refused.err) == (2, True), refused
    assert person.says("run", config, "--rehearse", "--out", "run").code == 0
    assert summary(tmp_path / "run")["status"] == "done"


@pytest.mark.slow
def test_the_case_can_be_sold_after_as_many_rehearsals_as_one_likes(host: Exchange, tmp_path: Path) -> None:
    """They stand on no register, and each has a folder of its own."""
    person = Person(tmp_path)
    config = written(tmp_path, **TWO, **hosts(host))
    assert [person.says("run", config, "--rehearse").code for _ in range(2)] == [0, 0]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["rehearsal-SHORT-1", "rehearsal-SHORT-1-2"]
    sold = person.says("run", config, "--sandbox", "--synthetic", "--speed", "20")
    assert sold.code == 0, sold
    assert summary(tmp_path / "runs" / "SHORT-1.1")["status"] == "done"
    untouched(host)


class Wire:
    """All that leaves through the transport, on its way to the real network."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.methods, self.paths, self.said = set[str](), set[str](), list[str]()
        call, connect = transport.AiohttpTransport.call, transport.AiohttpTransport.connect
        send = transport.AiohttpSocket.send

        async def called(its: Any, request: transport.HttpRequest) -> transport.HttpResponse:
            self.methods.add(request.method)
            self.paths.add(urlsplit(request.url).path)
            self.said += [request.url, *request.headers, *request.headers.values(), request.body.decode()]
            return await call(its, request)

        async def connected(its: Any, url: str) -> transport.Socket:
            self.paths.add(urlsplit(url).path)
            self.said.append(url)
            return await connect(its, url)

        async def sent(its: Any, text: str) -> None:
            self.said.append(text)
            await send(its, text)

        patch.setattr(transport.AiohttpTransport, "call", called)
        patch.setattr(transport.AiohttpTransport, "connect", connected)
        patch.setattr(transport.AiohttpSocket, "send", sent)


async def test_no_request_carries_a_key_and_none_is_about_anything_but_the_market(
    host: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the keys of production and of the sandbox in the environment, which nobody so much as looks at."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("engine.drivers.keys.secret", lambda name: pytest.fail(f"{name} was read"))
    wire = Wire(monkeypatch)
    config = written(tmp_path, **TWO, **hosts(host))
    request = starting.understand(config, venue=None, rehearse=True, out=tmp_path / "run")
    with (tmp_path / "said").open("w") as out:
        assert await rehearsing.run(request, PlainScreen(out)) is ExitCode.DONE
    assert wire.methods == {"GET"}
    assert {CLOCK, "/api/v1/exchangeInfo", "/api/v5/symbols"} <= wire.paths <= {CLOCK, *PUBLIC}
    said = "\n".join(wire.said).lower()
    for trace in (*SECRETS.values(), "sign", "api-key", "apikey", "listenkey", "x-hk", "recvwindow", "timestamp"):
        assert trace not in said, trace


def test_a_rehearsal_starts_nothing_so_it_takes_no_option_about_that(host: Exchange, tmp_path: Path) -> None:
    person = Person(tmp_path)
    config = written(tmp_path, **TWO, **hosts(host))
    words = ("--sandbox", "--in-process", "--venue", "hashkey=http://127.0.0.1:1", "--synthetic", "--strict-tif")
    ended = person.says("run", config, "--rehearse", *words, "--confirm")
    assert ended.code == 2
    named = ["--sandbox", "--in-process", "--venue", "--synthetic", "--strict-tif", "--confirm"]
    assert [line.split(":")[0] for line in ended.mistakes] == named


def test_without_hosts_nothing_is_rehearsed(tmp_path: Path) -> None:
    ended = Person(tmp_path).says("run", written(tmp_path), "--rehearse")
    assert (ended.code, ended.mistakes[0].split(":")[0], len(ended.mistakes)) == (2, "rehearsal.hosts", 1)


def test_a_host_that_is_not_there_is_named_and_no_folder_is_left(tmp_path: Path) -> None:
    config = written(tmp_path, rehearsal={"hosts": {"hashkey": "http://127.0.0.1:9"}})
    ended = Person(tmp_path).says("run", config, "--rehearse")
    assert (ended.code, "127.0.0.1:9" in ended.err) == (2, True), ended
    assert not (tmp_path / "runs").exists()


async def test_in_production_a_host_is_refused_at_which_the_adapter_would_not_ask(tmp_path: Path) -> None:
    """What the config names and where the adapter goes are never two places; nothing is asked before that."""
    hosts = {"hashkey": "https://prices.example"}
    config = written(tmp_path, **PRODUCTION, rehearsal={"hosts": hosts})
    request = starting.understand(config, venue=None, rehearse=True)
    with pytest.raises(BadInput) as caught:
        await rehearsing.run(request, PlainScreen())
    assert [mistake.where for mistake in caught.value.mistakes] == ["rehearsal.hosts.hashkey"]


# The typed confirmation, at a terminal

SELL: Final = "sell 0.2 BTC on hashkey in sandbox"
CONFIRM: Final = ("--sandbox", "--synthetic", "--speed", "20", "--confirm", "--out", "run")


def typed(person: Person, config: Path, text: bytes) -> Finished:
    """What becomes of a run whose trader types this when he is asked."""
    ours, theirs = pty.openpty()
    with closing(os.fdopen(ours, "r+b", buffering=0)) as keyboard:
        log = person.folder / "typed.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                steelyard("run", config, *CONFIRM), stdin=theirs, stdout=out, stderr=out, env=person.env,
                cwd=person.folder,
            )  # fmt: skip
        os.close(theirs)
        eventually(lambda: b"type exactly" in log.read_bytes(), 30, log.read_text)
        keyboard.write(text)
        return Finished(process.wait(60), log.read_text(), "")


def test_who_types_it_sells(tmp_path: Path) -> None:
    ended = typed(Person(tmp_path), written(tmp_path), SELL.encode() + b"\n")
    assert ended.code == 0, ended
    assert summary(tmp_path / "run")["status"] == "done"


@pytest.mark.parametrize("text", [b"sell 0.2 BTC\n", b"\n", b"\x04"], ids=["less", "nothing", "end of input"])
def test_who_types_anything_else_starts_nothing(text: bytes, tmp_path: Path) -> None:
    """No folder, and nothing of the case is taken."""
    person = Person(tmp_path)
    ended = typed(person, written(tmp_path), text)
    assert (ended.code, "nothing was started" in ended.out) == (2, True), ended
    assert not (tmp_path / "run").exists()
    with closing(CaseRegister(person.home)) as register:
        assert register.entered("sandbox", CaseId("SHORT-1")) == []


@pytest.mark.slow
def test_without_a_terminal_the_text_is_given(tmp_path: Path) -> None:
    person, config = Person(tmp_path), written(tmp_path)
    refused = person.says("run", config, *CONFIRM)
    assert (refused.code, f"--confirmed '{SELL}'" in refused.err) == (2, True), refused
    assert person.says("run", config, *CONFIRM, "--confirmed", SELL).code == 0
