"""The sandbox's custodian over the wire: what each answer means, and that no key goes along."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.compose.custodians import open_custody
from engine.config.custody_use import CustodyUse
from engine.kernel.errors import BadInput
from engine.orders.reports import Outcome, Refused, Transient, Unknown
from engine.orders.tranche import NoTidings, TrancheState
from tests.architecture.test_structure import ROOT, imported
from tests.conformance_custody.kit import tranche
from venues.custody.sandbox import SandboxCustody
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent, Socket

ROW = {
    "id": tranche().id, "asset": "BTC", "quantity": "0.5", "venue": "hashkey", "account": "main", "state": "requested",
}  # fmt: skip


class Says:
    """A network with one answer, which keeps what was asked."""

    def __init__(self, status: int = 200, body: Any = b"", error: Exception | None = None) -> None:
        self._answer = HttpResponse(status, {}, body if isinstance(body, bytes) else msgspec.json.encode(body))
        self._error = error
        self.asked: list[HttpRequest] = []

    async def call(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        if self._error is not None:
            raise self._error
        return self._answer

    async def connect(self, url: str) -> Socket:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to let go of."""


def at(network: Says) -> SandboxCustody:
    return SandboxCustody(network, "http://127.0.0.1:1/", "main")


@pytest.mark.parametrize(
    ("network", "ends"),
    [
        (Says(error=NotSent("no connection")), Transient),
        (Says(429), Transient),
        (Says(418), Transient),
        (Says(error=NoAnswer("TimeoutError")), Unknown),
        (Says(500, b"<html>"), Unknown),
        (Says(200, b"<html>"), Unknown),
        (Says(200, {**ROW, "id": "another"}), Unknown),
        (Says(200, {**ROW, "quantity": "0.6"}), Unknown),
        (Says(200, {**ROW, "account": "thief"}), Unknown),
        (Says(400, b"<html>"), Unknown),
        (Says(404, {"error": "gone"}), Unknown),
        (Says(400, {"error": "insufficient"}), Refused),
    ],
)
async def test_a_request_that_is_not_clearly_lodged_or_refused_is_open(network: Says, ends: type[Outcome]) -> None:
    assert isinstance(await at(network).ask(tranche()), ends)
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    "network",
    [
        Says(error=NoAnswer("TimeoutError")),
        Says(502, b""),
        Says(404, b"<html>"),
        Says(200, {**ROW, "id": "another"}),
        Says(200, {**ROW, "state": "perhaps"}),
        Says(200, {**ROW, "state": "sent", "at": "2026-05-02T10:00:00Z"}),
        Says(200, {**ROW, "state": "sent", "reference": "tx", "at": "yesterday"}),
    ],
)
async def test_an_answer_that_makes_no_sense_proves_nothing(network: Says) -> None:
    state: TrancheState = await at(network).look(tranche().id)
    assert isinstance(state, NoTidings)


@pytest.mark.parametrize("held", [{"BTC": "-1"}, {"BTC": "much"}, {"BTC": 1.5}])
async def test_holdings_that_are_no_quantities_are_a_mistake(held: dict[str, Any]) -> None:
    body = {"owner": "main", "at": "2026-05-02T10:00:00Z", "holdings": held}
    with pytest.raises(BadInput):
        await at(Says(200, body)).holdings()


async def test_the_holdings_of_another_owner_are_a_mistake() -> None:
    body = {"owner": "other", "at": "2026-05-02T10:00:00Z", "holdings": {"BTC": "1"}}
    with pytest.raises(BadInput, match="not of main"):
        await at(Says(200, body)).holdings()


async def test_holdings_that_are_not_said_raise_and_are_not_nothing() -> None:
    with pytest.raises(ConnectionError):
        await at(Says(503)).holdings()
    with pytest.raises(ConnectionError):
        await at(Says(error=NotSent("no connection"))).holdings()


async def test_nothing_that_is_asked_of_a_custodian_carries_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a venue's key in the environment: no header but the kind of body, nothing signed, no key in any byte."""
    monkeypatch.setenv("STEELYARD_SANDBOX_HASHKEY_KEY", "key-of-a-venue")
    monkeypatch.setenv("STEELYARD_SANDBOX_HASHKEY_SECRET", "secret-of-a-venue")
    network = Says(200, ROW)
    custody = at(network)
    await custody.ask(tranche())
    await custody.look(tranche().id)
    assert [dict(one.headers) for one in network.asked] == [{"Content-Type": "application/json"}, {}]
    assert not any(b"of-a-venue" in one.url.encode() + one.body for one in network.asked)
    assert msgspec.json.decode(network.asked[0].body).keys() == {
        "owner", "id", "asset", "quantity", "venue", "account",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / "venues" / "custody").glob("*.py")), ids=lambda path: path.name)
def test_no_way_to_a_custodian_can_read_or_use_a_key(path: Path) -> None:
    """Neither the stores of keys nor what signs with them is within its reach."""
    assert imported(path).isdisjoint({"keyring", "cryptography", "hmac", "secrets"})
    text = path.read_text()
    assert not [word for word in ("venues.secrets", "engine.drivers", "environ", "signing") if word in text]


async def test_a_config_opens_a_folder_or_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    there: dict[str, Any] = {"case": "CASE-1", "account": "main", "beside": tmp_path}
    folder = open_custody(CustodyUse(kind="files", folder="shared"), **there)
    await folder.ask(tranche())
    assert (tmp_path / "shared" / "requests" / f"{tranche().id}.json").exists()
    pointed = open_custody(CustodyUse(kind="sandbox", address="http://127.0.0.1:9"), **there)
    assert isinstance(await pointed.ask(tranche()), Transient)
    await pointed.aclose()
    with pytest.raises(BadInput, match=r"custody\.address"):
        open_custody(CustodyUse(kind="sandbox"), **there)
