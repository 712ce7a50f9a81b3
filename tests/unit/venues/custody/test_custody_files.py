"""The shared folder: what is written is whole and lasting; what people write is read to the letter or named."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput
from engine.orders.reports import Done, Refused, Transient, Unknown
from engine.orders.tranche import NoTidings, Requested, Sent, Unheard
from tests.conformance_custody.kit import tranche
from venues.custody.files import FileCustody

HALF = tranche()


def answer(folder: Path, said: Any) -> None:
    text = said if isinstance(said, str) else json.dumps(said)
    (folder / "answers" / f"{HALF.id}.json").write_text(text)


async def test_a_request_says_all_that_a_custodian_needs(tmp_path: Path) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    done = await custody.ask(HALF)
    path = tmp_path / "requests" / f"{HALF.id}.json"
    assert json.loads(path.read_text()) == {
        "schema": 1, "case": "CASE-1", "id": HALF.id, "asset": "BTC", "quantity": "0.5", "venue": "hashkey",
        "account": "main", "asked_at": "2026-05-02T00:00:00.000000Z",
    }  # fmt: skip
    assert isinstance(done, Done)
    assert done.wire.request == sha256_hex(path.read_bytes())
    assert [one.name for one in (tmp_path / "requests").iterdir()] == [path.name]


async def test_a_request_has_its_name_only_when_all_of_it_is_on_disk(tmp_path: Path) -> None:
    """The file is made durable under another name, then renamed, then its folder is made durable."""
    seen: list[list[str]] = []

    def sync(handle: int) -> None:
        seen.append([one.name for one in (tmp_path / "requests").iterdir()])
        os.fsync(handle)

    await FileCustody(tmp_path, "CASE-1", sync=sync).ask(HALF)
    assert seen == [[f".{HALF.id}.json.part"], [f"{HALF.id}.json"]]


async def test_what_a_crash_left_half_written_is_no_request_and_is_written_anew(tmp_path: Path) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    (tmp_path / "requests" / f".{HALF.id}.json.part").write_text('{"schema": 1, "ca')
    assert await custody.look(HALF.id) == Unheard()
    assert isinstance(await custody.ask(HALF), Done)
    assert await custody.look(HALF.id) == Requested()


def failing(kinds: list[bool]) -> Callable[[int], None]:
    """A disk that fails, call by call."""
    left = list(kinds)

    def sync(handle: int) -> None:
        if left.pop(0):
            raise OSError(28, "No space left on device")

    return sync


async def test_a_full_disk_lodges_nothing_and_a_folder_that_may_forget_is_unknown(tmp_path: Path) -> None:
    full = FileCustody(tmp_path, "CASE-1", sync=failing([True]))
    assert isinstance(await full.ask(HALF), Transient)
    assert await full.look(HALF.id) == Unheard()
    forgetful = FileCustody(tmp_path, "CASE-1", sync=failing([False, True, False]))
    assert isinstance(await forgetful.ask(HALF), Unknown)
    assert isinstance(await forgetful.ask(HALF), Done)


async def test_another_case_under_the_same_id_is_refused(tmp_path: Path) -> None:
    await FileCustody(tmp_path, "CASE-1").ask(HALF)
    other = await FileCustody(tmp_path, "CASE-2").ask(HALF)
    assert isinstance(other, Refused)
    assert other.code == "other_terms"


async def test_an_answer_by_hand_is_read_with_its_zone_and_its_hash(tmp_path: Path) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    await custody.ask(HALF)
    answer(tmp_path, {"id": HALF.id, "state": "accepted"})
    assert await custody.look(HALF.id) == Requested()
    answer(tmp_path, {"id": HALF.id, "state": "sent", "reference": "tx-9", "at": "2026-05-02T10:00:00+08:00"})
    state = await custody.look(HALF.id)
    assert isinstance(state, Sent)
    assert (state.reference, state.at) == ("tx-9", 1_777_687_200_000_000_000)
    assert state.evidence == sha256_hex((tmp_path / "answers" / f"{HALF.id}.json").read_bytes())


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ('{"id": "x", "sta', "not JSON"),
        ("[]", "should be a table"),
        ('{"id": "I", "id": "I", "state": "sent"}', "stands there twice"),
        ({"state": "sent", "reference": "tx", "at": "2026-05-02T10:00:00Z"}, "id: is missing"),
        ({"id": "another", "state": "accepted"}, "id: is 'another'"),
        ({"id": HALF.id}, "state: is missing"),
        ({"id": HALF.id, "state": "done"}, "state: 'done' is none of: accepted, refused, sent, confirmed"),
        ({"id": HALF.id, "state": "sent", "at": "2026-05-02T10:00:00Z"}, "reference: is missing"),
        ({"id": HALF.id, "state": "sent", "reference": " ", "at": "2026-05-02T10:00:00Z"}, "reference: should be text"),
        ({"id": HALF.id, "state": "sent", "reference": "tx"}, "at: is missing"),
        ({"id": HALF.id, "state": "sent", "reference": "tx", "at": "2026-05-02T10:00:00"}, "at: a time needs its zone"),
        ({"id": HALF.id, "state": "sent", "reference": "tx", "at": "yesterday"}, "at: "),
        ({"id": HALF.id, "state": "refused"}, "reason: is missing"),
        ({"id": HALF.id, "state": "accepted", "refrence": "tx"}, "refrence: unknown key"),
        ({"schema": 2, "id": HALF.id, "state": "accepted"}, "schema: is 2"),
    ],
)
async def test_an_answer_that_is_not_clear_is_named_with_its_place_and_proves_nothing(
    said: Any, place: str, tmp_path: Path
) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    await custody.ask(HALF)
    answer(tmp_path, said)
    state = await custody.look(HALF.id)
    assert isinstance(state, NoTidings)
    assert f"answers/{HALF.id}.json" in state.reason
    assert place in state.reason


async def test_an_answer_to_what_was_never_asked_for_proves_nothing(tmp_path: Path) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    answer(tmp_path, {"id": HALF.id, "state": "accepted"})
    assert isinstance(await custody.look(HALF.id), NoTidings)


async def test_every_mistake_of_a_statement_is_told_at_once(tmp_path: Path) -> None:
    said = {"case": "CASE-2", "at": "today", "holdings": {"BTC": 1.5, "eth": "1", "USDT": "-3", "SOL": "many"}}
    (tmp_path / "statement.json").write_text(json.dumps(said))
    with pytest.raises(BadInput) as caught:
        await FileCustody(tmp_path, "CASE-1").holdings()
    places = [mistake.where.removeprefix("statement.json: ") for mistake in caught.value.mistakes]
    assert places == ["case", "at", "holdings.BTC", "holdings.eth", "holdings.USDT", "holdings.SOL"]


async def test_a_missing_statement_is_a_mistake_and_not_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing"):
        await FileCustody(tmp_path, "CASE-1").holdings()


async def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    shared, outside = tmp_path / "shared", tmp_path / "outside"
    shared.mkdir()
    outside.mkdir()
    custody = FileCustody(shared, "CASE-1")
    await custody.ask(HALF)
    said = {"id": HALF.id, "state": "accepted"}
    (outside / "answer.json").write_text(json.dumps(said))
    (shared / "answers" / f"{HALF.id}.json").symlink_to(outside / "answer.json")
    (shared / "statement.json").symlink_to(outside / "answer.json")
    assert isinstance(await custody.look(HALF.id), NoTidings)
    with pytest.raises(BadInput, match=re.escape("statement.json: can't be read")):
        await custody.holdings()


async def test_a_folder_that_became_a_link_takes_no_request(tmp_path: Path) -> None:
    shared, outside = tmp_path / "shared", tmp_path / "outside"
    shared.mkdir()
    outside.mkdir()
    custody = FileCustody(shared, "CASE-1")
    (shared / "requests").rmdir()
    (shared / "requests").symlink_to(outside)
    assert isinstance(await custody.ask(HALF), Transient)
    assert list(outside.iterdir()) == []
    with pytest.raises(BadInput, match="is a link"):
        FileCustody(shared, "CASE-1")


async def test_a_pipe_in_the_place_of_an_answer_blocks_nobody(tmp_path: Path) -> None:
    custody = FileCustody(tmp_path, "CASE-1")
    await custody.ask(HALF)
    os.mkfifo(tmp_path / "answers" / f"{HALF.id}.json")
    assert isinstance(await custody.look(HALF.id), NoTidings)


async def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        FileCustody(tmp_path / "nowhere", "CASE-1")
