"""What must not start does not start: exit 2, every mistake on a line of its own, and no trace of a run anywhere."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from engine.kernel.money import trimmed
from tests.support.configs import PRODUCTION, holding, written
from tests.support.processes import Engine, Exchange, Person, exchange, summary

PRODUCTION_KEYS: Final = ("STEELYARD_PRODUCTION_HASHKEY_KEY", "STEELYARD_PRODUCTION_HASHKEY_SECRET")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange at which nobody ever gets as far as placing an order."""
    with exchange(tmp_path_factory.mktemp("quiet"), seed=3) as venue:
        yield venue


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path / "shell")


def on_the_register(person: Person) -> list[str]:
    """The runs that a state folder knows."""
    file = person.home / "register.sqlite"
    if not file.exists():
        return []
    with sqlite3.connect(file) as database:
        rows = database.execute("SELECT run FROM runs").fetchall()
    database.close()
    return [run for (run,) in rows]


def nothing_was_started(person: Person, venue: Exchange) -> bool:
    """No run folder, no entry on the register, no order at the exchange."""
    folders = list(person.folder.rglob("journal.sqlite")) + list(person.folder.rglob("origin.json"))
    return (folders, on_the_register(person), venue.truth().orders) == ([], [], [])


@pytest.mark.parametrize("verb", ["check", "run", "plan"])
def test_every_mistake_in_a_config_is_listed_at_once(quiet: Exchange, person: Person, verb: str) -> None:
    """Mistakes of shape and of meaning in one file: none hides another."""
    config = written(
        person.folder,
        surprise=1,
        strategy__slices="eight",
        mandate__venues=["hashkey", "seychelles"],
        mandate__deadline="2020-01-01T00:00:00Z",
        mandate__assets=[{"asset": "BTC", "entrusted": "0.123456789", "released": 0.2}],
        path__hops=["BTC>USD"],
        path__stable={},
    )
    refused = person.says(verb, config, *([] if verb == "check" else quiet.option))
    assert refused.code == 2
    for mistake in (
        "surprise: unknown key",
        "strategy.slices: Expected `int`, got `str`",
        "mandate.assets[0].released: should be text in quotes",
        "mandate.assets[0].entrusted: 0.123456789 is finer than the smallest unit of BTC",
        "path.hops[0]: BTC>USD goes from volatile to fiat",
        "mandate.deadline: 2020-01-01T00:00:00Z lies in the past",
        "mandate.venues[1]: seychelles is not on the licence register",
    ):
        assert any(line.startswith(mistake) for line in refused.mistakes), (mistake, refused.err)
    assert nothing_was_started(person, quiet)


def test_the_mistakes_of_a_config_and_of_its_options_come_together(quiet: Exchange, person: Person) -> None:
    config = written(person.folder, surprise=1)
    (person.folder / "faults.json").write_text('{"rules": [{"do": "explode"}]}')
    refused = person.says("run", config, "--sandbox", "--faults", "faults.json", "--speed", "fast")
    assert refused.code == 2
    for place in ("surprise: unknown key", "rules[0]: ", "--speed: "):
        assert any(line.startswith(place) for line in refused.mistakes), (place, refused.err)
    assert nothing_was_started(person, quiet)


def test_a_missing_secret_is_named_and_nothing_is_begun(quiet: Exchange, person: Person) -> None:
    refused = person.says("run", written(person.folder), *quiet.option)
    assert refused.code == 2
    for name in ("STEELYARD_SANDBOX_HASHKEY_KEY", "STEELYARD_SANDBOX_HASHKEY_SECRET"):
        assert f"{name} is in neither the environment nor the keyring" in refused.err
    assert nothing_was_started(person, quiet)


def test_a_sandbox_run_never_reads_production_keys(quiet: Exchange, person: Person) -> None:
    """The very keys that would open this exchange, under the names of production, open nothing."""
    person.env |= dict(zip(PRODUCTION_KEYS, (quiet.key, quiet.secret), strict=True))
    refused = person.says("run", written(person.folder), *quiet.option)
    assert (refused.code, len(refused.mistakes)) == (2, 2)
    assert nothing_was_started(person, quiet)


def test_keys_that_the_exchange_does_not_know_are_refused_and_never_repeated(quiet: Exchange, person: Person) -> None:
    canaries = {"KEY": "canary-key-4711", "SECRET": "canary-secret-0815"}
    person.env |= {f"STEELYARD_SANDBOX_HASHKEY_{name}": value for name, value in canaries.items()}
    refused = person.says("run", written(person.folder), *quiet.option)
    assert refused.code == 2
    assert "venues.hashkey: did not answer the preflight" in refused.err
    assert "canary" not in refused.out + refused.err
    assert nothing_was_started(person, quiet)


@pytest.mark.parametrize("where", [["--sandbox"], ["--sandbox", "--in-process"], []])
def test_production_is_refused_without_people_who_approve(quiet: Exchange, person: Person, where: list[str]) -> None:
    person.env |= dict.fromkeys(PRODUCTION_KEYS, "canary")
    refused = person.says("run", written(person.folder, **PRODUCTION), *where)
    assert refused.code == 2
    assert "people: is missing: a production run starts only with a plan that people approved" in refused.err
    assert "environment: a production run could not be continued after a crash: not yet" in refused.err
    assert "canary" not in refused.out + refused.err
    assert nothing_was_started(person, quiet)


@pytest.mark.parametrize("url", ["https://api-pro.hashkey.com", "http://192.0.2.1:80", "http://127.0.0.1.example"])
def test_a_sandbox_run_is_never_pointed_beyond_this_machine(quiet: Exchange, person: Person, url: str) -> None:
    refused = person.knows(quiet).says("run", written(person.folder), "--venue", f"hashkey={url}")
    assert refused.code == 2
    assert [line.split(":")[0] for line in refused.mistakes] == ["--venue"]
    assert nothing_was_started(person, quiet)


def test_an_address_where_nothing_listens_is_a_mistake(quiet: Exchange, person: Person) -> None:
    refused = person.knows(quiet).says("run", written(person.folder), "--venue", "hashkey=http://127.0.0.1:1")
    assert refused.code == 2
    assert "venues.hashkey: no sandbox answers at http://127.0.0.1:1" in refused.err
    assert nothing_was_started(person, quiet)


def test_more_than_the_account_holds_is_refused_with_both_numbers(quiet: Exchange, person: Person) -> None:
    config = written(person.folder, mandate__assets=holding("0.7"))
    refused = person.knows(quiet).says("run", config, *quiet.option)
    assert refused.code == 2
    assert "mandate.BTC: 0.7 are to be sold and hashkey holds 0.2" in refused.err
    assert nothing_was_started(person, quiet)


def test_options_that_exclude_each_other_are_all_named(quiet: Exchange, person: Person) -> None:
    refused = person.says("run", written(person.folder), "--sandbox", *quiet.option, "--venue", "osl=http://x")
    assert refused.code == 2
    assert "points at a running sandbox, and --sandbox starts another" in refused.err
    assert "osl is not a venue of this config" in refused.err
    assert nothing_was_started(person, quiet)


def test_a_sandbox_refuses_a_port_that_is_in_use(quiet: Exchange, person: Person) -> None:
    port = quiet.url.rsplit(":", 1)[1]
    refused = person.says("sandbox", "--synthetic", "--port", port)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"port: 127.0.0.1:{port} cannot be had")


def test_a_sandbox_lists_all_that_is_wrong_with_its_options(person: Person) -> None:
    options = ["--speed", "0", "--balance", "BTC=-1", "--keys", "0", "--dialect", "esperanto"]
    refused = person.says("sandbox", *options)
    assert (refused.code, refused.out) == (2, "")
    assert sorted(line.split(":")[0] for line in refused.mistakes) == ["balance", "dialect", "keys", "speed"]


class Running:
    """A run at work, slowly."""

    def __init__(self, person: Person, engine: Engine, venue: Exchange, folder: Path) -> None:
        self.person, self.engine, self.venue, self.folder = person, engine, venue, folder


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    with exchange(folder / "exchange", speed="1") as venue:
        person = Person(folder / "shell").knows(venue)
        config, out = written(person.folder), person.folder / "run"
        with person.starts("run", config, *venue.option, "--out", out, "--plain") as engine:
            engine.wait_for("private stream up")
            yield Running(person, engine, venue, out)


def test_a_second_run_of_a_case_is_refused_while_the_first_goes_on(running: Running, tmp_path: Path) -> None:
    """From another folder and with another --out, but over the same register."""
    other = Person(tmp_path / "other", state=running.person.home).knows(running.venue)
    refused = other.says("run", written(other.folder), *running.venue.option, "--out", "elsewhere")
    assert refused.code == 2
    assert "a run of case SHORT-1 is going on in another process" in refused.err
    assert not (other.folder / "elsewhere").exists()
    assert on_the_register(other) == ["SHORT-1.1"]


def test_a_folder_that_holds_a_live_run_takes_no_other(running: Running, tmp_path: Path) -> None:
    """Another case, and even another register: the folder itself says no."""
    other = Person(tmp_path / "other").knows(running.venue)
    config = written(other.folder, mandate__case="OTHER-1")
    refused = other.says("run", config, *running.venue.option, "--out", running.folder)
    assert refused.code == 2
    assert refused.err.startswith(f"--out: {running.folder} holds a run already")
    assert on_the_register(other) == []


def test_resuming_a_folder_whose_engine_lives_only_passes_the_wish_on(running: Running) -> None:
    answer = running.person.says("resume", running.folder)
    assert (answer.code, answer.out) == (0, f"{running.folder} goes on\n")
    shown = running.person.status(str(running.folder))
    assert (shown["epoch"], shown["running"], running.engine.over) == (1, True, False)


def test_of_two_runs_started_at_once_one_is_refused(tmp_path: Path) -> None:
    with exchange(tmp_path / "exchange", speed="1") as venue:
        first, second = (Person(tmp_path / name, state=tmp_path / "state").knows(venue) for name in "ab")
        with (
            first.starts("run", written(first.folder), *venue.option) as one,
            second.starts("run", written(second.folder), *venue.option) as two,
        ):
            loser = _first_over(one, two)
            assert loser.end().code == 2
            winner = two if loser is one else one
            winner.wait_for("private stream up")
            assert on_the_register(first) == ["SHORT-1.1"]


def _first_over(one: Engine, two: Engine) -> Engine:
    from tests.support.processes import eventually

    eventually(lambda: one.over or two.over, 20, lambda: one.said + two.said)
    return one if one.over else two


def test_a_floor_above_the_market_is_waited_for_in_vain_and_ends_short(tmp_path: Path) -> None:
    """Two market minutes with a floor of 200,000: nothing is sold, and the distance is shown meanwhile."""
    floor = {"price": "200000", "currency": "USDT", "scope": "fill"}
    with exchange(tmp_path / "exchange", speed="20") as venue:
        person = Person(tmp_path / "shell").knows(venue)
        config = written(person.folder, mandate__assets=holding("0.2", floor=floor), mandate__deadline="2m20s")
        with person.starts("run", config, *venue.option, "--out", "run", "--plain") as engine:
            engine.wait_for("private stream up")
            shown = person.sees("SHORT-1.1", lambda s: "the floor of 200000" in s["legs"][0]["hindrance"])
            coin = shown["legs"][0]
            assert f"% above the best bid {trimmed(Decimal(coin['bid']))}" in coin["hindrance"]
            assert (shown["phase"], coin["sold"]) == ("running", "0")
            assert engine.end().code == 1
        coin, stable = summary(person.folder / "run")["legs"]
        assert (coin["sold"], coin["residue"], stable["sold"]) == ("0", "0.2", "0")
        assert "the floor of 200000 USDT (BTC, fixed) is" in coin["residue_reason"]
        assert venue.truth().orders == []


@pytest.mark.slow
def test_no_key_of_an_account_is_in_anything_that_a_run_leaves_behind(tmp_path: Path) -> None:
    with exchange(tmp_path / "exchange", speed="40") as venue:
        person = Person(tmp_path / "shell").knows(venue)
        run = person.says("run", written(person.folder), *venue.option, "--out", "run", "--plain")
        assert run.code == 0, run
        said = [run.out.encode(), run.err.encode(), person.says("status", "run", "--json").out.encode()]
        left = [path.read_bytes() for path in [*person.folder.rglob("*"), *person.home.rglob("*")] if path.is_file()]
        tape = [_cells(path) for path in (person.folder / "run" / "tape").glob("*.parquet")]
        assert len(left) > 8
        assert tape
        for canary in (venue.key, venue.secret):
            assert [canary.encode() in content for content in (*said, *left, *tape)].count(True) == 0


def _cells(path: Path) -> bytes:
    """What a Parquet file says once it is unpacked."""
    import pyarrow.parquet

    return str(pyarrow.parquet.read_table(path).to_pylist()).encode()
