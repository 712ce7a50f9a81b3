"""A key file is for its owner alone, and a key goes to the place it is for and to no other."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from engine.drivers import folder as engine_folder
from engine.drivers import keys as engine_keys
from engine.drivers.folder import HALT_FILE, Origin, RunFolder, Whereabouts
from engine.journal import reading, record
from engine.journal.store import MemoryStore
from engine.kill import journal, keyfile, marker, places, plan, program
from engine.kill.desks import hashkey_signature, osl_signature
from engine.kill.mistakes import BadInput
from tests.support import journals
from tests.support.journals import FIRST, Journal
from tests.support.killing import key_file
from venues.hashkey import opening as hashkey_opening
from venues.osl import opening as osl_opening

HERE: Final = "http://127.0.0.1:8700"
SANDBOX: Final = {"key": "sandbox-1", "secret": "czE=", "environment": "sandbox"}
REAL: Final = {"key": "k-1", "secret": "czE=", "environment": "production"}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A sandbox run at HashKey with one live order, in a folder of its own."""
    found = RunFolder(tmp_path / "run")
    found.create(Origin(kind="pointed", home="", venues={"hashkey": Whereabouts(adapter="hashkey", address=HERE)}))
    story = Journal()
    story.write(journals.at("10:00:00"), journals.opened())
    story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    MemoryStore([record for record, _ in story.rows]).save(found.journal)
    return found


def refused(run: RunFolder, keys: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is said against this key file, before anything is sent."""
    with pytest.raises(BadInput) as error:
        plan.errands(plan.cases([run.path], []), keyfile.load(key_file(run.path.parent, keys)))
    return [str(mistake) for mistake in error.value.mistakes]


def says(path: Path, **changes: object) -> None:
    """Change what stands in an `origin.json`."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o001])
def test_a_key_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadInput, match="others may read it"):
        keyfile.load(key_file(tmp_path, {"hashkey": SANDBOX}, mode))


def test_all_that_is_wrong_with_a_key_file_is_said_at_once(tmp_path: Path) -> None:
    tables = {
        "hashkey": {"key": "", "environment": "sandbox"},
        "osl": {"key": "k", "secret": "s", "environment": "test", "passphrase": "p"},
    }
    with pytest.raises(BadInput) as error:
        keyfile.load(key_file(tmp_path, tables))
    assert [mistake.where for mistake in error.value.mistakes] == [
        "hashkey.key", "hashkey.secret", "osl.passphrase", "osl.environment",
    ]  # fmt: skip


def test_a_key_file_that_can_t_be_parsed_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('[hashkey]\nsecret = "hush" hush\n')
    path.chmod(0o600)
    with pytest.raises(BadInput) as error:
        keyfile.load(path)
    assert "hush" not in str(error.value)


def test_a_key_is_not_shown_with_the_value_that_holds_it(tmp_path: Path) -> None:
    keys = keyfile.load(key_file(tmp_path, {"osl": SANDBOX | {"secret": "aHVzaA=="}}))
    assert "aHVzaA" not in repr(keys)
    assert "sandbox-1" not in f"{keys}"


def test_a_sandbox_s_key_goes_to_this_machine(run: RunFolder, tmp_path: Path) -> None:
    [errand] = plan.errands(plan.cases([run.path], []), keyfile.load(key_file(tmp_path, {"hashkey": SANDBOX})))
    assert errand.place is not None
    assert errand.place.root == HERE


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.5:8700",
        "https://api-pro.hashkey.com",
        "http://127.0.0.1.example.org:80",
        "http://127.0.0.1:8700@example.org",
        "http://example.org:80/127.0.0.1:8700",
        "http://127.0.0.1:8700/",
    ],
)
def test_a_sandbox_s_key_goes_nowhere_else(run: RunFolder, address: str) -> None:
    says(run.path / "origin.json", venues={"hashkey": {"adapter": "hashkey", "address": address}})
    assert refused(run, {"hashkey": SANDBOX}) == [
        f"hashkey: {address} is not a sandbox on this machine: http://127.0.0.1:PORT"
    ]


def test_a_production_key_never_goes_to_a_sandbox(run: RunFolder) -> None:
    assert refused(run, {"hashkey": REAL}) == [
        "hashkey: the run was none of production, and its key in the key file is for production: nothing is sent"
    ]


def test_the_real_venue_is_not_reached_with_a_sandbox_s_key(run: RunFolder) -> None:
    """Also where only the first row of the journal knows that the run was one of a sandbox."""
    says(run.path / "origin.json", kind="production")
    assert "its journal is of sandbox, and its origin is production" in refused(run, {"hashkey": SANDBOX})[0]
    there = places.Whereabouts("hashkey", "hashkey", "")
    with pytest.raises(BadInput, match="was one of production, and its key in the key file is for sandbox"):
        places.place("production", there, keyfile.Keys("hashkey", "k", "s", "sandbox", "", ""))


def test_a_lost_origin_never_leads_to_the_real_venue(run: RunFolder) -> None:
    (run.path / "origin.json").unlink()
    assert "for production: nothing is sent" in refused(run, {"hashkey": REAL})[0]


def test_without_its_origin_a_run_is_found_by_the_key_file(run: RunFolder, tmp_path: Path) -> None:
    (run.path / "origin.json").unlink()
    keys = keyfile.load(key_file(tmp_path, {"hashkey": SANDBOX | {"address": HERE}}))
    [errand] = plan.errands(plan.cases([run.path], []), keys)
    assert errand.place is not None
    assert errand.place.root == HERE


@pytest.mark.parametrize(
    ("adapter", "own"), [("hashkey", hashkey_opening.PRODUCTION.rest), ("osl", osl_opening.PRODUCTION.rest)]
)
def test_production_goes_to_the_address_that_stands_here_whatever_a_file_says(adapter: str, own: str) -> None:
    keys = keyfile.Keys(adapter, "k", "czE=", "production", "", "http://127.0.0.1:1")
    there = places.Whereabouts(adapter, adapter, "https://example.org")
    assert places.place("production", there, keys).root == own


def test_a_venue_without_a_key_stops_nothing_at_the_others(run: RunFolder, tmp_path: Path) -> None:
    venues = {"hashkey": {"adapter": "hashkey", "address": HERE}, "osl": {"adapter": "osl", "address": HERE}}
    says(run.path / "origin.json", venues=venues)
    hashkey, osl = plan.errands(plan.cases([run.path], []), keyfile.load(key_file(tmp_path, {"hashkey": SANDBOX})))
    assert hashkey.place is not None
    assert (osl.place, osl.why) == (None, "the key file holds no key of it")


def test_bad_input_leaves_no_trace(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in run.path.iterdir())
    assert program.main(["--keys", str(key_file(tmp_path, {"hashkey": REAL})), str(run.path)]) == 2
    assert sorted(path.name for path in run.path.iterdir()) == before
    assert "nothing is sent" in capsys.readouterr().err


def test_signatures_are_those_of_the_venues_documents() -> None:
    text = "timestamp=1790000000000&orderId=1900000000000000001"
    assert hashkey_signature("sec", text) == "2c1df048f196ce14586b19cb8a0dfc96f25d506a1e53dbbde70cddd5167ef5db"
    secret, path = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "/api/v4/order?symbol=BTCUSD&open=true"
    expected = "gz7WW7d6BBahVuaeJ4bpSbO85tdEB701OSs6hTtgtQJHvl2s019en6GARc/XFh35rgzlIQVp0QQpDPt7rTiLqg=="
    assert osl_signature(secret, "GET", path, 1_790_000_010, b"") == expected


def test_what_both_sides_have_to_know_is_the_same() -> None:
    """The program imports nothing of the engine, so that these are written twice."""
    assert marker.HALT_FILE == HALT_FILE
    assert marker.LOCK == engine_folder.LOCK
    assert places.ORIGIN == engine_folder.ORIGIN
    assert plan.FILE == reading.FILE
    assert journal.APPLICATION == reading.APPLICATION
    assert record.FORMAT in journal.FORMATS
    assert keyfile.SANDBOX_KEYS == engine_keys.SANDBOX_KEYS
